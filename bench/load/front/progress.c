/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Progress lines. A line is cut at the width of the terminal, since one that wraps cannot be
 * rewritten.
 */
#include "bench/load/front/progress.h"

#include "bench/load/front/numbers.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TERMINAL_EVERY 0.5 /* seconds */
#define LINES_EVERY 5.0
#define ERASE "\r\033[K"

void progress_begin(struct progress *p, const char *title, bool quiet)
{
	*p = (struct progress){ .title = title,
				.quiet = quiet,
				.terminal = isatty(STDERR_FILENO) == 1 };
	p->next = p->terminal ? 0 : LINES_EVERY;
}

static unsigned int width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return 79;
	return size.ws_col - 1u;
}

static void show(struct progress *p, const char *text)
{
	if (p->terminal)
		fprintf(stderr, ERASE "%.*s", (int)width(), text);
	else
		fprintf(stderr, "%s\n", text);
	fflush(stderr);
	p->dirty = true;
}

void progress_waits(struct progress *p)
{
	char text[160];

	if (p->quiet || !p->terminal || p->dirty)
		return;
	snprintf(text, sizeof(text), "%s: warming up", p->title);
	show(p, text);
}

void progress_sample(struct progress *p, const struct sample *s, double headroom)
{
	char n[7][NUMBER_MAX], text[512], room[32] = "";

	if (p->quiet || s->at < p->next)
		return;
	p->next = s->at + (p->terminal ? TERMINAL_EVERY : LINES_EVERY);
	if (headroom > 0)
		snprintf(room, sizeof(room), "  headroom %.1fx", headroom);
	snprintf(text, sizeof(text),
		 "%s %.1f s  sent %s/s  back %s/s  calls %s/s  lost %s  wrong %llu%s  p50 %s  "
		 "p99 %s  p99.9 %s",
		 p->title, s->at, number_short(n[0], s->sent), number_short(n[1], s->received),
		 number_short(n[2], s->calls), number_short(n[3], (double)s->lost),
		 (unsigned long long)s->wrong, room, number_time(n[4], s->latency[0]),
		 number_time(n[5], s->latency[2]), number_time(n[6], s->latency[3]));
	show(p, text);
}

void progress_end(struct progress *p)
{
	if (p->dirty && p->terminal)
		fputs(ERASE, stderr);
	p->dirty = false;
}
