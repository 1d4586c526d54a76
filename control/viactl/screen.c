/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Colours, harmless text and tables.
 */
#include "control/viactl/screen.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2 /* spaces between columns */

static bool colored;

void screen_use_color(bool on)
{
	colored = on;
}

void screen_clean(char *text, size_t n, bool one_line)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c == '\n' && !one_line)
			continue;
		if (c < 0x20 || c == 0x7f)
			text[i] = '?';
		/* U+0080 to U+009F: C1, which some terminals obey. */
		if (c == 0xc2 && i + 1 < n && (uint8_t)text[i + 1] < 0xa0)
			text[i] = text[i + 1] = '?';
	}
}

size_t screen_width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((uint8_t)*text & 0xc0) != 0x80;
	return n;
}

static void put_colored(FILE *to, enum color color, const char *text)
{
	static const char *const codes[] = {
		[COLOR_GOOD] = "32", [COLOR_WARN] = "33", [COLOR_BAD] = "31",
		[COLOR_DIM] = "2",   [COLOR_HEAD] = "1",  [COLOR_KEY] = "36"
	};

	if (colored && color != COLOR_NONE)
		fprintf(to, "\033[%sm%s\033[0m", codes[color], text);
	else
		fputs(text, to);
}

void screen_put(FILE *to, enum color color, const char *text)
{
	screen_print(to, color, "%s", text);
}

__attribute__((format(printf, 1, 0))) static char *make_text(const char *fmt, va_list ap,
							     bool one_line)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	screen_clean(text, strlen(text), one_line);
	return text;
}

void screen_print(FILE *to, enum color color, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = make_text(fmt, ap, false);
	va_end(ap);
	put_colored(to, color, text);
	free(text);
}

static void add_cell(struct sheet *s, enum color color, char *text)
{
	if (s->n_cells == s->room) {
		s->room = s->room ? s->room * 2 : 64;
		s->cells = realloc(s->cells, s->room * sizeof(*s->cells));
		if (!s->cells)
			abort();
	}
	s->cells[s->n_cells++] = (struct sheet_cell){ text, color };
}

void sheet_column(struct sheet *s, const char *name, bool right)
{
	s->right[s->n_columns++] = right;
	add_cell(s, COLOR_HEAD, strdup(name));
}

void sheet_cell(struct sheet *s, enum color color, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_cell(s, color, make_text(fmt, ap, true));
	va_end(ap);
}

/* Width of column @c; 0 if it has nothing but its head. */
static size_t width_of(const struct sheet *s, unsigned int c)
{
	size_t widest = 0;

	for (size_t i = c + s->n_columns; i < s->n_cells; i += s->n_columns) {
		size_t w = screen_width(s->cells[i].text);

		widest = w > widest ? w : widest;
	}
	if (widest && screen_width(s->cells[c].text) > widest)
		return screen_width(s->cells[c].text);
	return widest;
}

/* Columns of the terminal that @to is, 0 if it is none: nothing is wrapped then. */
static size_t columns_of(FILE *to)
{
	struct winsize size;

	return isatty(fileno(to)) && ioctl(fileno(to), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Bytes of @text that fit into @room columns, up to a space if there is one. */
static size_t fitting(const char *text, size_t room)
{
	size_t n = 0, space = 0, width = 0;

	for (; text[n] && (width < room || ((uint8_t)text[n] & 0xc0) == 0x80); n++) {
		width += ((uint8_t)text[n] & 0xc0) != 0x80;
		if (text[n] == ' ')
			space = n;
	}
	return !text[n] || space == 0 ? n : space;
}

/* Prints @text from column @at on, in several lines if it does not fit. */
static void put_wrapped(FILE *to, enum color color, const char *text, size_t at)
{
	size_t columns = columns_of(to);

	while (columns > at + 20 && screen_width(text) > columns - at) {
		size_t n = fitting(text, columns - at);
		char *part = strndup(text, n);

		put_colored(to, color, part ? part : "");
		free(part);
		fprintf(to, "\n%*s", (int)at, "");
		text += n + strspn(text + n, " ");
	}
	put_colored(to, color, text);
}

/* Prints the cells from number @first on. */
static void print_from(const struct sheet *s, FILE *to, unsigned int indent, size_t first)
{
	size_t widths[SHEET_COLUMNS];
	size_t owed = 0; /* spaces before the next text: none at the end of a line */
	size_t at = 0;   /* column */

	for (unsigned int c = 0; c < s->n_columns; c++)
		widths[c] = width_of(s, c);
	for (size_t i = first; i < s->n_cells; i++) {
		unsigned int c = (unsigned int)(i % s->n_columns);
		const struct sheet_cell *cell = &s->cells[i];
		size_t pad;

		if (c == 0) {
			owed = indent;
			at = 0;
		}
		if (widths[c]) {
			pad = widths[c] - screen_width(cell->text);
			owed += s->right[c] ? pad : 0;
			if (*cell->text) {
				fprintf(to, "%*s", (int)owed, "");
				at += owed;
				put_wrapped(to, cell->color, cell->text, at);
				at += screen_width(cell->text);
				owed = 0;
			}
			owed += (s->right[c] ? 0 : pad) + GAP;
		}
		if (c + 1 == s->n_columns)
			fputc('\n', to);
	}
}

void sheet_print(const struct sheet *s, FILE *to, unsigned int indent)
{
	print_from(s, to, indent, 0);
}

void sheet_print_rows(const struct sheet *s, FILE *to, unsigned int indent)
{
	print_from(s, to, indent, s->n_columns);
}

void sheet_free(struct sheet *s)
{
	for (size_t i = 0; i < s->n_cells; i++)
		free(s->cells[i].text);
	free(s->cells);
	*s = (struct sheet){ 0 };
}
