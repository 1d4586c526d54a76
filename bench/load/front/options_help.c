/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of options for readers: --help, and the list in the manual page.
 */
#include "bench/load/front/options_table.h"

#include <string.h>

#define INDENT 8
#define WIDTH 78

static const char usage[] =
	"usage: viaload [OPTION...] SCENARIO             make calls and check them\n"
	"       viaload find-limit [OPTION...] SCENARIO  highest rate without loss\n"
	"\n"
	"viaload plays callers and servers on both sides of a SIP proxy.\n";

static const char status[] =
	"\n"
	"Exit status: 0 all is well; 1 something came back wrong, or more was lost than\n"
	"--loss allows; 2 wrong usage; 3 could not start. See viaload(8).\n";

/* Prints @text in lines of WIDTH, each indented. */
static void wrap(FILE *to, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column && column + 1 + n > WIDTH) {
			fputc('\n', to);
			column = 0;
		}
		column += (size_t)fprintf(to, "%*s%.*s", column ? 1 : INDENT, column ? " " : "",
					  (int)n, text);
		text += n + (text[n] == ' ');
	}
	fputc('\n', to);
}

static void help_row(FILE *to, const struct option_row *r)
{
	char text[1024];

	fputs("  ", to);
	if (r->letter)
		fprintf(to, "-%c, ", r->letter);
	fprintf(to, "--%s%s%s\n", r->name, r->arg ? " " : "", r->arg ? r->arg : "");
	snprintf(text, sizeof(text), "%s.%s%s%s", r->help, r->fallback ? " Default: " : "",
		 r->fallback ? r->fallback : "", r->fallback ? "." : "");
	wrap(to, text);
}

void options_help(FILE *to)
{
	fputs(usage, to);
	fputs("\nScenarios\n", to);
	for (unsigned int i = 0; i <= LOAD_FILE; i++)
		fprintf(to, "  %-10s %s\n", option_scenarios[i].name, option_scenarios[i].help);
	for (unsigned int g = 0; g < OPTION_GROUPS; g++) {
		fprintf(to, "\n%s\n", option_groups[g].title);
		for (const struct option_row *r = option_groups[g].rows; r->name; r++)
			help_row(to, r);
	}
	fputs(status, to);
}

/* mdoc wants a dash escaped in an option's name, and each sentence on a line of its own. */
static void mdoc_text(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (text[0] == '.' && text[1] == ' ')
			fputs(".\n", to), text++;
		else
			fputc(*text, to);
	}
	fputs(".\n", to);
}

static void mdoc_row(FILE *to, const struct option_row *r)
{
	fprintf(to, ".It Fl -%s", r->name);
	if (r->arg)
		fprintf(to, " Ar %s", r->arg);
	if (r->letter)
		fprintf(to, " , Fl %c", r->letter);
	if (r->letter && r->arg)
		fprintf(to, " Ar %s", r->arg);
	fputc('\n', to);
	mdoc_text(to, r->help);
	if (r->fallback)
		fprintf(to, "Default: %s.\n", r->fallback);
}

void options_mdoc(FILE *to)
{
	for (unsigned int g = 0; g < OPTION_GROUPS; g++) {
		fprintf(to, ".Ss %s\n.Bl -tag -width indent\n", option_groups[g].title);
		for (const struct option_row *r = option_groups[g].rows; r->name; r++)
			mdoc_row(to, r);
		fputs(".El\n", to);
	}
}
