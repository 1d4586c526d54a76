/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The screen of the live view, made for 80 columns and 24 lines:
 *
 *   node and state
 *   traffic, latency, a bar for each worker
 *   alarms, if there are any
 *   pools with their backends: as many as fit, the rest by scrolling
 *   what is dropped
 *   keys
 */
#include "control/viactl/fields.h"
#include "control/viactl/screen.h"
#include "control/viactl/show_pools.h"
#include "control/viactl/top.h"
#include "control/viactl/units.h"

#include <curses.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define BAR 20
#define WORKERS_MAX 8 /* with a bar of their own */

void top_colors(void)
{
	static const short colors[] = { [COLOR_GOOD] = 2, [COLOR_WARN] = 3, [COLOR_BAD] = 1 };

	if (!has_colors())
		return;
	start_color();
	use_default_colors();
	for (short i = COLOR_GOOD; i <= COLOR_BAD; i++)
		init_pair(i, colors[i], -1);
}

static attr_t attribute(enum color color)
{
	switch (color) {
	case COLOR_GOOD:
	case COLOR_WARN:
		return has_colors() ? COLOR_PAIR(color) : A_NORMAL;
	case COLOR_BAD:
		return (has_colors() ? COLOR_PAIR(color) : A_NORMAL) | A_BOLD;
	case COLOR_DIM:
		return A_DIM;
	case COLOR_HEAD:
		return A_BOLD;
	default:
		return A_NORMAL;
	}
}

/* Writes at the cursor, never beyond the end of the line. */
__attribute__((format(printf, 2, 3))) static void put(enum color color, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int room = COLS - getcurx(stdscr);

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	screen_clean(text, strlen(text), true);
	if (room <= 0)
		return;
	attron(attribute(color));
	addnstr(text, room);
	attroff(attribute(color));
}

static void draw_head(const struct top *t)
{
	const json_t *s = t->now.status;
	bool ready = field_true(s, "ready"), drain = field_true(s, "draining");
	char span[UNITS_MAX];

	move(0, 0);
	put(COLOR_HEAD, "viaduct %s", field_text(s, "node"));
	if (s)
		put(ready && !drain ? COLOR_GOOD : COLOR_WARN, "  %s",
		    drain   ? "draining"
		    : ready ? "ready"
			    : "waiting for an address");
	if (s)
		put(COLOR_NONE, "  up %s  generation %d",
		    units_span(span, field_number(s, "uptime_s")),
		    (int)field_int(json_object_get(s, "config"), "generation"));
	if (t->why)
		put(COLOR_BAD, "  NO CONNECTION: %s", t->why);
}

static void draw_traffic(const struct top *t)
{
	const json_t *r = json_object_get(t->now.status, "rates");
	const json_t *l = json_object_get(t->now.status, "latency_us");
	double dropped = field_number(r, "dropped");
	char a[UNITS_MAX], b[UNITS_MAX], c[UNITS_MAX];

	move(1, 0);
	put(COLOR_NONE, "in %s requests  %s responses   out %s",
	    units_rate(a, field_number(r, "requests")), units_rate(b, field_number(r, "responses")),
	    units_rate(c, field_number(r, "forwarded") + field_number(r, "answered")));
	put(dropped > 0 ? COLOR_WARN : COLOR_NONE, "   dropped %s", units_rate(a, dropped));
	move(2, 0);
	put(COLOR_NONE, "latency %s median  %s p99  %s p99.9",
	    units_time_us(a, field_number(l, "p50")), units_time_us(b, field_number(l, "p99")),
	    units_time_us(c, field_number(l, "p999")));
}

static void draw_bar(double busy)
{
	int filled = (int)(busy * BAR + 0.5);

	put(COLOR_NONE, "[");
	for (int i = 0; i < BAR; i++)
		put(busy > 0.9   ? COLOR_BAD
		    : busy > 0.7 ? COLOR_WARN
				 : COLOR_GOOD,
		    "%s", i < filled ? "|" : " ");
	put(COLOR_NONE, "]");
}

/* Two workers on a line. Returns the next line. */
static int draw_workers(const struct top *t, int y)
{
	const json_t *list = json_object_get(t->now.status, "workers");
	size_t n = json_array_size(list);
	char text[UNITS_MAX];

	for (size_t i = 0; i < n && i < WORKERS_MAX; i++) {
		const json_t *w = json_array_get(list, i);
		double busy = field_number(w, "busy");

		move(y + (int)(i / 2), i % 2 ? COLS / 2 : 0);
		put(COLOR_NONE, "worker %-3d ", (int)field_int(w, "id"));
		draw_bar(busy);
		put(COLOR_NONE, " %s", units_percent(text, busy));
	}
	if (n > WORKERS_MAX) {
		move(y + WORKERS_MAX / 2, 0);
		put(COLOR_DIM, "and %zu more workers", n - WORKERS_MAX);
		return y + WORKERS_MAX / 2 + 1;
	}
	return y + (int)(n + 1) / 2;
}

static int draw_alarms(const struct top *t, int y)
{
	json_t *alarm;
	size_t i;

	json_array_foreach(json_object_get(t->now.status, "alarms"), i, alarm)
	{
		const char *text = json_string_value(alarm);

		if (i == 3)
			break;
		move(y++, 0);
		put(COLOR_BAD, "! %s", text ? text : "");
	}
	return y;
}

/* The window of the list of pools: lines are counted, those inside drawn. */
struct pane {
	int top, lines; /* of the screen */
	int at;         /* number of the next line of the list, less the scroll */
};

/* True if the next line of the list is on the screen, with the cursor there. */
static bool next_line(struct pane *p)
{
	int y = p->at++;

	if (y < 0 || y >= p->lines)
		return false;
	move(p->top + y, 0);
	return true;
}

static void draw_backend(const json_t *b)
{
	const char *state = field_text(b, "state"), *cause = field_text(b, "cause");
	const char *why = field_text(b, "why");
	char share[UNITS_MAX], rate[UNITS_MAX];

	put(COLOR_NONE, "  %-20.20s ", field_text(b, "name"));
	put(show_state_color(state), "%-6.6s", state);
	put(COLOR_NONE, "%8s %10s  ", units_percent(share, field_number(b, "share")),
	    units_rate(rate, field_number(b, "rate")));
	if (strcmp(cause, "file") != 0)
		put(COLOR_DIM, "%s%s%s", cause, *why ? ": " : "", why);
}

static void draw_pool(struct pane *p, const json_t *pool)
{
	json_int_t live = field_int(pool, "live");
	char rate[UNITS_MAX];
	json_t *b;
	size_t i;

	if (next_line(p)) {
		put(COLOR_HEAD, "%-23.23s", field_text(pool, "name"));
		put(live ? COLOR_NONE : COLOR_BAD, "%d of %d live", (int)live,
		    (int)field_int(pool, "backends"));
		move(getcury(stdscr), 38);
		put(COLOR_NONE, "%10s", units_rate(rate, field_number(pool, "rate")));
		put(COLOR_BAD, "%s", field_true(pool, "panic") ? "  PANIC" : "");
	}
	json_array_foreach(json_object_get(pool, "members"), i, b)
	{
		if (next_line(p))
			draw_backend(b);
	}
}

static int pool_lines(const json_t *pools)
{
	json_t *pool;
	int n = 0;
	size_t i;

	json_array_foreach((json_t *)pools, i, pool) n +=
		1 + (int)json_array_size(json_object_get(pool, "members"));
	return n;
}

static void draw_pools(struct top *t, int y, int lines)
{
	json_t *pools = json_object_get(t->now.pools, "pools"), *pool;
	int n = pool_lines(pools), most = n > lines ? n - lines : 0;
	struct pane p = { .top = y, .lines = lines };
	size_t i;

	if (t->scroll > most)
		t->scroll = most;
	p.at = -t->scroll;
	json_array_foreach(pools, i, pool) draw_pool(&p, pool);
	if (n > lines && lines > 0) {
		move(y - 1, 0);
		put(COLOR_DIM, "lines %d to %d of %d", t->scroll + 1, t->scroll + lines, n);
	}
}

static void draw_foot(const struct top *t)
{
	char text[256];

	top_drops(t, text, sizeof(text));
	move(LINES - 2, 0);
	if (*text)
		put(COLOR_WARN, "dropped: %s", text);
	else
		put(COLOR_DIM, "nothing is dropped");
	move(LINES - 1, 0);
	put(COLOR_DIM, "q quit   arrows, page keys: scroll");
}

void top_draw(struct top *t)
{
	int y;

	erase();
	draw_head(t);
	draw_traffic(t);
	y = draw_workers(t, 3);
	y = draw_alarms(t, y) + 1;
	draw_pools(t, y, LINES - 2 - y);
	draw_foot(t);
	refresh();
}
