/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names that are followed: looked at again when the first of their records is due, shortly before
 * it expires.
 *
 * What was known stays when it cannot be asked for, and also, for as long as expired records are
 * served, when a name or its records are suddenly denied: a zone that broke is likelier than a
 * service that went, and who means that can say it in our file.
 */
#include "control/config/alloc.h"
#include "control/dns/dns_state.h"

#include <errno.h>
#include <stdlib.h>

#define LOOK_LEAST_MS 1000u
#define LOOK_MOST_MS 3600000u
#define RETRY_LEAST_MS 2000u
#define RETRY_MOST_MS 60000u

static int compare(const void *a, const void *b)
{
	const struct dns_target *x = a, *y = b;
	int order = memcmp(x->at.ip.b, y->at.ip.b, sizeof(x->at.ip.b));

	if (x->priority != y->priority)
		return (int)x->priority - y->priority;
	if (order)
		return order;
	if (x->at.port != y->at.port)
		return (int)x->at.port - y->at.port;
	if (x->transport != y->transport)
		return (int)x->transport - (int)y->transport;
	return x->weight != y->weight ? (int)x->weight - y->weight : (int)x->host - y->host;
}

static void look_in(struct dns_watch *w, uint64_t ms)
{
	struct timeval tv = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	event_add(w->timer, &tv);
}

static uint64_t between(uint64_t least, uint64_t v, uint64_t most)
{
	return v < least ? least : v > most ? most : v;
}

/* Takes the targets of @out, which are sorted, for those told. False if nothing is new. */
static bool take(struct dns_watch *w, const struct rfc3263_result *out)
{
	struct dns_target *v;
	bool same = w->told && w->rc == 0 && w->n == out->n;

	for (uint32_t i = 0; i < out->n && same; i++)
		same = compare(&w->v[i], &out->v[i]) == 0;
	if (same)
		return false;
	v = mem_alloc(out->n * sizeof(*v));
	if (!v)
		return false;
	memcpy(v, out->v, out->n * sizeof(*v));
	mem_free(w->v);
	w->v = v;
	w->n = out->n;
	return true;
}

/* Nothing was found. False if what was told holds on. */
static bool lose(struct dns_watch *w, int rc, uint64_t now)
{
	if (w->n && now - w->good_ms < w->ticket.d->stale_ms)
		return false;
	if (w->told && w->rc == rc)
		return false;
	mem_free(w->v);
	w->v = NULL;
	w->n = 0;
	return true;
}

void dns_watch_found(struct dns_watch *w, const struct rfc3263_result *out)
{
	struct dns *d = w->ticket.d;
	uint64_t now = d->clock(), next = w->ticket.next_ms > now ? w->ticket.next_ms - now : 0;
	struct rfc3263_result sorted = *out;
	bool news;

	dns_ticket_stop_waiting(&w->ticket);
	qsort(sorted.v, sorted.n, sizeof(sorted.v[0]), compare);
	if (out->rc == 0) {
		w->good_ms = w->ticket.used_stale ? w->good_ms : now;
		w->failures = 0;
		look_in(w, between(LOOK_LEAST_MS, next, LOOK_MOST_MS));
	} else {
		uint64_t wait = RETRY_LEAST_MS << (w->failures < 5 ? w->failures : 5);

		w->failures++;
		look_in(w, between(wait, next, RETRY_MOST_MS));
	}
	news = out->rc == 0 ? take(w, &sorted) : lose(w, out->rc, now);
	if (!news)
		return;
	w->told = true;
	w->rc = out->rc;
	w->fn(w->arg, w->rc, w->v, w->n); /* may end the watch */
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
	struct dns_watch *w = arg;
	struct dns_ticket *t = &w->ticket;
	struct rfc3263_result out;

	(void)fd;
	(void)what;
	if (!LIST_EMPTY(&t->waits))
		return; /* it looks already */
	t->began_ms = t->d->clock();
	t->rounds = 0;
	t->refusal = 0;
	if (dns_ticket_run(t, &out))
		dns_watch_found(w, &out);
}

struct dns_watch *dns_watch(struct dns *d, const struct dns_question *q, dns_answer fn, void *arg)
{
	struct dns_watch *w = mem_alloc(sizeof(*w));

	if (!w)
		return NULL;
	w->ticket.d = d;
	w->ticket.q = *q;
	w->ticket.watches = true;
	LIST_INIT(&w->ticket.waits);
	w->fn = fn;
	w->arg = arg;
	w->timer = event_new(d->base, -1, 0, on_look, w);
	if (!w->timer) {
		mem_free(w);
		return NULL;
	}
	LIST_INSERT_HEAD(&d->watches, w, link);
	d->n_watches++;
	look_in(w, 0);
	return w;
}

void dns_unwatch(struct dns *d, struct dns_watch *w)
{
	if (!w)
		return;
	dns_ticket_stop_waiting(&w->ticket);
	LIST_REMOVE(w, link);
	d->n_watches--;
	event_free(w->timer);
	mem_free(w->v);
	mem_free(w);
}

void dns_watches_look(struct dns *d)
{
	struct dns_watch *w;

	LIST_FOREACH(w, &d->watches, link) {
		if (LIST_EMPTY(&w->ticket.waits))
			look_in(w, 0);
	}
}
