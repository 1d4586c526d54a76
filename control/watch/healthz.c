/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watch/healthz.h"

#include <stdarg.h>
#include <stdio.h>

struct report {
	bool verbose, ok;
	const char *why; /* first thing that is wrong */
	char *out;
	size_t used, room;
};

__attribute__((format(printf, 3, 4))) static void line(struct report *r, bool good, const char *fmt,
						       ...)
{
	va_list ap;
	int n;

	if (!r->verbose || r->used + 2 >= r->room)
		return;
	r->out[r->used++] = good ? '+' : '-';
	r->out[r->used++] = ' ';
	va_start(ap, fmt);
	n = vsnprintf(r->out + r->used, r->room - r->used, fmt, ap);
	va_end(ap);
	r->used += (size_t)n < r->room - r->used ? (size_t)n : r->room - r->used - 1;
}

/* One thing that must hold. */
static void must(struct report *r, bool good, const char *what, const char *why)
{
	line(r, good, "%s\n", good ? what : why);
	if (good)
		return;
	r->ok = false;
	r->why = r->why ? r->why : why;
}

static bool any_pool_live(struct report *r, const struct world *w)
{
	bool live = false;

	for (unsigned int i = 0; i < w->n_pools; i++) {
		const struct pool *p = &w->pools[i];

		line(r, p->n_live > 0, "pool %s: %u of %u backends live\n", p->name, p->n_live,
		     p->n_members);
		live |= p->n_live > 0;
	}
	return live;
}

bool healthz(const struct world *w, bool ready, bool verbose, char *out, size_t n)
{
	struct report r = { .verbose = verbose, .ok = true, .out = out, .room = n };

	must(&r, ready && w, "forwards", "not ready: does not forward yet");
	must(&r, !w || !w->draining, "takes new calls", "draining");
	if (w)
		must(&r, any_pool_live(&r, w), "a pool is live", "no pool has a live backend");
	snprintf(out + r.used, n - r.used, "%s\n", r.ok ? "ok" : r.why);
	return r.ok;
}
