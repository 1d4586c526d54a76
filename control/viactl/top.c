/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * top: a live view of the proxy, drawn anew each second with curses, which sends the terminal only
 * what has changed.
 *
 * Three requests a second over one connection. If the proxy goes away, what was last known stays on
 * the screen, marked, and the connection is tried again each second.
 */
#include "control/viactl/top.h"

#include "control/viactl/run.h"

#include <curses.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MS 2000
#define PERIOD_MS 1000

static sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

static double clock_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void forget(struct top_look *look)
{
	json_decref(look->status);
	json_decref(look->pools);
	json_decref(look->counters);
	*look = (struct top_look){ 0 };
}

/* Reads responses until that of request @id; NULL if it was refused or never came. */
static json_t *receive(struct link *l, long id)
{
	json_t *error = NULL, *result;

	for (;;) {
		json_t *line = link_next(l, ANSWER_MS);

		if (!line)
			return NULL;
		if (json_integer_value(json_object_get(line, "id")) == id) {
			result = link_result(line, &error);
			json_decref(error);
			return result;
		}
		json_decref(line);
	}
}

/* Asks all that is shown. False if the connection is of no use any more. */
static bool ask(struct link *l, struct top_look *look)
{
	json_t *none = json_object();
	long status = link_send(l, "status", none);
	long pools = status < 0 ? -1 : link_send(l, "pools", none);
	long counters = pools < 0 ? -1 : link_send(l, "counters", none);

	json_decref(none);
	if (counters < 0)
		return false;
	look->status = receive(l, status);
	look->pools = look->status ? receive(l, pools) : NULL;
	look->counters = receive(l, counters);
	look->at = clock_s();
	return look->status != NULL;
}

static void refresh_data(struct top *t, struct link *l)
{
	struct top_look look = { 0 };

	t->why = NULL;
	if (l->fd < 0 && !link_open(l, t->socket)) {
		t->why = l->why;
		return;
	}
	if (!ask(l, &look)) {
		forget(&look);
		link_close(l);
		t->why = l->why;
		return;
	}
	forget(&t->before);
	t->before = t->now;
	t->now = look;
}

/* True if the key ends the view. */
static bool take_key(struct top *t, int key)
{
	int page = LINES > 10 ? LINES - 10 : 1;

	switch (key) {
	case 'q':
	case 'Q':
		return true;
	case KEY_DOWN:
	case 'j':
		t->scroll++;
		break;
	case KEY_UP:
	case 'k':
		t->scroll--;
		break;
	case KEY_NPAGE:
	case ' ':
		t->scroll += page;
		break;
	case KEY_PPAGE:
		t->scroll -= page;
		break;
	case KEY_HOME:
		t->scroll = 0;
		break;
	default:
		break;
	}
	if (t->scroll < 0)
		t->scroll = 0;
	return false;
}

/* Shows and waits for keys until the next look is due. True if the view is to end. */
static bool show(struct top *t)
{
	double until = clock_s() + PERIOD_MS / 1000.0, left;

	do {
		int key;

		top_draw(t);
		left = until - clock_s();
		timeout(left > 0.001 ? (int)(left * 1000) : 1);
		key = getch();
		if (ended || (key != ERR && take_key(t, key)))
			return true;
	} while (clock_s() < until);
	return false;
}

static void set_up_screen(void)
{
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	top_colors();
}

int run_top(const struct args *a)
{
	struct top t = { .socket = a->socket };
	struct sigaction act = { .sa_handler = on_signal };
	struct link l = { .fd = -1 };
	SCREEN *screen;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    !(screen = newterm(NULL, stdout, stdin))) {
		fputs("viactl: top needs a terminal; status, pools and counters do not\n", stderr);
		return VIACTL_WRONG;
	}
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	set_up_screen();
	do {
		refresh_data(&t, &l);
	} while (!show(&t));
	endwin();
	delscreen(screen);
	forget(&t.now);
	forget(&t.before);
	link_close(&l);
	return t.why ? VIACTL_NO_LINK : VIACTL_OBEYED;
}
