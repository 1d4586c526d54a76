/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A peer from its making to its end, and the starts of its calls. All memory is taken here, so that
 * nothing is when messages run.
 */
#include "bench/load/peer/file.h"
#include "bench/load/peer/state.h"

#include <stdlib.h>

#define CALLS_MIN 1024u
#define CALLS_MAX (1u << 22)
#define TRIES 64          /* numbers whose slots are taken before a start is given up */
#define AHEAD 8           /* calls whose slots are fetched before they start */
#define PREFETCH_SHAPE 16 /* lines */
#define PREFETCH_TEXT 12
#define SHAPE_EXTRA 1024 /* bytes that a message may gain behind the proxy, with its masks */

/* Slots for all calls that may be in progress at once, and as many again. */
static uint32_t slots(const struct load_plan *plan, double per_call, unsigned int n_cores)
{
	double calls = plan->calls;
	uint32_t n = CALLS_MIN;

	if (plan->pace == LOAD_OPEN)
		calls = plan->rate / per_call * (0.1 + plan->hold_ms * 3 / 1000.0);
	if (plan->pace != LOAD_OPEN && calls < 1)
		calls = 16384;
	while (n < CALLS_MAX && n < 2 * calls / n_cores)
		n *= 2;
	return n;
}

static bool queue_open(struct queue *q, uint32_t n)
{
	q->mask = n - 1;
	q->e = calloc(n, sizeof(*q->e));
	return q->e != NULL;
}

/* Room for a shape of each text, and a second one of some. */
static bool shapes_open(struct peer *p)
{
	const struct peer_templates *t = p->t;
	const struct template *last = &t->t[t->n - 1];
	uint32_t n = last->text + scripts[last->script].n;
	size_t bytes = 0;

	for (uint32_t i = 0; i < n; i++)
		bytes += shape_room(t->text[i]->len + SHAPE_EXTRA);
	p->shape = calloc(n, sizeof(struct shape *));
	return p->shape && arena_reserve(&p->arena, bytes + bytes / 2);
}

static bool tables_open(struct peer *p, unsigned int n_cores)
{
	uint32_t n = slots(p->plan, p->t->messages_per_call, n_cores);

	p->mask = n - 1;
	p->call = aligned_alloc(64, (size_t)n * sizeof(*p->call));
	if (!p->call)
		return false;
	memset(p->call, 0, (size_t)n * sizeof(*p->call));
	if (p->plan->retransmit && !(p->again = calloc(n, sizeof(*p->again))))
		return false;
	p->branches = calloc(BRANCHES, sizeof(*p->branches));
	return p->branches && queue_open(&p->holds, n) && queue_open(&p->repeats, AGAIN_MAX);
}

struct peer *peer_new(const struct peer_templates *t, unsigned int core, unsigned int n_cores,
		      uint64_t hz, struct load_counts *result)
{
	struct peer *p = calloc(1, sizeof(*p));
	bool ok;

	if (!p)
		return NULL;
	p->t = t;
	p->plan = t->plan;
	p->counts = result;
	p->core = core;
	p->here[PEER_CALLER] = t->plan->caller.n_devices > 0;
	p->here[PEER_SERVER] = t->plan->server.n_devices > 0;
	p->tick_ns = 1e9 / (double)hz;
	p->hold = hz / 1000 * t->plan->hold_ms;
	p->timeout = hz / 1000 * (t->plan->timeout_ms ? t->plan->timeout_ms : 1000);
	p->t1 = hz / 2;
	p->first = p->last = p->walk = NO_SLOT;
	memcpy(p->server, t->server, sizeof(p->server));
	memset(p->server_at, NO_SERVER, sizeof(p->server_at));
	if (t->file)
		ok = (p->file = file_state_new(p)) != NULL;
	else
		ok = tables_open(p, n_cores) && shapes_open(p);
	if (ok)
		return p;
	peer_free(p);
	return NULL;
}

void peer_free(struct peer *p)
{
	if (!p)
		return;
	file_state_free(p->file);
	arena_drop(&p->arena);
	free(p->shape);
	free(p->call);
	free(p->again);
	free(p->branches);
	free(p->holds.e);
	free(p->repeats.e);
	free(p);
}

unsigned int peer_start(struct peer *p, uint64_t due, struct peer_out *out)
{
	struct event e;

	if (p->file)
		return file_start(p, due, out);
	for (unsigned int i = 0; i < TRIES; i++) {
		uint64_t key = key_make(p->core, p->t->run, p->next_call++ & CALL_MASK);
		struct call *c = call_of(p, key);

		__builtin_prefetch(&p->call[(p->next_call + AHEAD) & p->mask], 1);
		if (c->state == CALL_LIVE)
			continue;
		call_open(p, c, key, due);
		event_open(&e, p, c, due, out, 1);
		event_send(&e, PEER_CALLER, 0, due, false);
		if (!e.n_out) {
			call_close(p, c, CALL_FREE);
			break;
		}
		count(p, L_CALLS_STARTED, 1);
		return 1;
	}
	count(p, L_NOT_STARTED, 1);
	return 0;
}

static inline void prefetch_lines(const void *from, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		__builtin_prefetch((const char *)from + 64 * i);
}

/* The call, the shape to compare with, and the text of what follows; the rest of the last two comes
 * by itself once they are read from front to end. */
void peer_prefetch(struct peer *p, const struct peer_in *in)
{
	const struct template *tmpl;
	unsigned int step;
	uint64_t id, time;

	if (p->file || !mark_get(in->p, in->len, &id, &time))
		return;
	tmpl = &p->t->t[template_of(p->t, id >> 8)];
	step = id & 255;
	if (step >= scripts[tmpl->script].n)
		return;
	prefetch_lines(call_of(p, id >> 8), 2);
	if (p->shape[tmpl->text + step])
		prefetch_lines(p->shape[tmpl->text + step], PREFETCH_SHAPE);
	if (p->t->facts[tmpl->script].n[step])
		prefetch_lines(p->t->text[tmpl->text + p->t->facts[tmpl->script].first[step]],
			       PREFETCH_TEXT);
}

void peer_late(struct peer *p, uint64_t until)
{
	p->late_until = until;
}

unsigned int peer_owner(const struct peer_templates *t, const struct peer_in *in)
{
	uint64_t id, time;

	if (t->file || !mark_get(in->p, in->len, &id, &time))
		return 0;
	return key_core(id >> 8);
}

uint32_t peer_in_progress(const struct peer *p)
{
	return p->file ? file_in_progress(p->file) : p->n_live;
}
