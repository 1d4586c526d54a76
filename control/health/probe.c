/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Targets and their heap. Targets are found by number, the one that the branch of an answer names;
 * by address only for ICMP errors, which are few: from end to end.
 */
#include "control/health/probe.h"

#include "control/config/alloc.h"

#include <errno.h>
#include <string.h>

#define SEND_MAX 256  /* per run: others wait for a turn of the event loop */
#define T1_US 500000u /* RFC 3261 17.1.2.2 */
#define T2_US 4000000u
#define SOURCE_LIFE_US 10000000u /* after so long Linux is asked for the source again */
#define SPREAD_MAX_US 5000000u   /* the first turn of each comes within this time */
#define GOLDEN_RATIO 0x9e3779b9u /* of 2^32 */

struct target {
	struct endpoint remote, local;
	const struct probe_plan *plan;
	struct probe_id id;
	uint64_t due_us;  /* key of the heap */
	uint64_t turn_us; /* of the probe under way, or the next */
	uint64_t sent_us, resend_gap_us, resend_us;
	uint64_t source_us; /* when source was found; 0 = unknown */
	struct ip source;
	const char *hint;
	uint32_t at; /* place in the heap */
	bool waiting;
	bool reliable; /* sent by a stream: not again */
};

struct prober {
	struct probe_io io;
	probe_result_fn fn;
	void *arg;
	struct target **target; /* by number; n_room of them */
	uint32_t *heap;         /* numbers; n_room of them */
	uint32_t n_room, n;
	uint32_t spread; /* fraction of 2^32 */
};

struct prober *prober_new(const struct probe_io *io, probe_result_fn fn, void *arg)
{
	struct prober *p = mem_alloc(sizeof(*p));

	if (p)
		*p = (struct prober){ .io = *io, .fn = fn, .arg = arg };
	return p;
}

void prober_free(struct prober *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < p->n_room; i++)
		mem_free(p->target[i]);
	mem_free(p->target);
	mem_free(p->heap);
	mem_free(p);
}

bool prober_has(const struct prober *p, uint32_t number)
{
	return number < p->n_room && p->target[number];
}

/* --- heap -------------------------------------------------------------------------------- */

static uint64_t due_at(const struct prober *p, uint32_t at)
{
	return p->target[p->heap[at]]->due_us;
}

static void put_at(struct prober *p, uint32_t at, uint32_t number)
{
	p->heap[at] = number;
	p->target[number]->at = at;
}

/* Moves the entry at @at to its place. */
static void sift(struct prober *p, uint32_t at)
{
	uint32_t number = p->heap[at];
	uint64_t due = p->target[number]->due_us;

	while (at > 0 && due_at(p, (at - 1) / 2) > due) {
		put_at(p, at, p->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (;;) {
		uint32_t child = at * 2 + 1;

		if (child + 1 < p->n && due_at(p, child + 1) < due_at(p, child))
			child++;
		if (child >= p->n || due_at(p, child) >= due)
			break;
		put_at(p, at, p->heap[child]);
		at = child;
	}
	put_at(p, at, number);
}

static void set_due(struct prober *p, struct target *t, uint64_t due_us)
{
	t->due_us = due_us;
	sift(p, t->at);
}

/* --- targets ----------------------------------------------------------------------------- */

static int make_room(struct prober *p, uint32_t number)
{
	uint32_t n = p->n_room ? p->n_room : 64;
	struct target **target;
	uint32_t *heap;

	if (number < p->n_room)
		return 0;
	while (n <= number)
		n *= 2;
	target = mem_alloc(n * sizeof(struct target *));
	heap = mem_alloc(n * sizeof(*heap));
	if (!target || !heap) {
		mem_free(target);
		mem_free(heap);
		return -ENOMEM;
	}
	if (p->n_room) {
		memcpy(target, p->target, p->n_room * sizeof(struct target *));
		memcpy(heap, p->heap, p->n * sizeof(*heap));
	}
	mem_free(p->target);
	mem_free(p->heap);
	p->target = target;
	p->heap = heap;
	p->n_room = n;
	return 0;
}

/* A point of the interval that none of the targets before had. */
static uint64_t first_turn(struct prober *p, const struct probe_plan *plan, uint64_t now_us)
{
	uint64_t span = plan->interval_us < SPREAD_MAX_US ? plan->interval_us : SPREAD_MAX_US;

	p->spread += GOLDEN_RATIO;
	return now_us + (span * p->spread >> 32);
}

static int add(struct prober *p, uint32_t number, const struct endpoint *remote,
	       const struct probe_plan *plan, uint64_t now_us)
{
	int rc = make_room(p, number);
	struct target *t = rc ? NULL : mem_alloc(sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->remote = *remote;
	t->plan = plan;
	t->hint = "";
	t->turn_us = first_turn(p, plan, now_us);
	t->due_us = t->turn_us;
	t->id.target = number;
	p->target[number] = t;
	p->heap[p->n++] = number;
	t->at = p->n - 1;
	sift(p, t->at);
	return 0;
}

int prober_set(struct prober *p, uint32_t number, const struct endpoint *remote,
	       const struct probe_plan *plan, uint64_t now_us)
{
	struct target *t = prober_has(p, number) ? p->target[number] : NULL;

	if (number >= PROBE_TARGETS_MAX)
		return -E2BIG;
	if (t && !endpoint_equal(&t->remote, remote)) {
		prober_drop(p, number);
		t = NULL;
	}
	if (!t)
		return add(p, number, remote, plan, now_us);
	t->plan = plan;
	if (!t->waiting && t->due_us > now_us + plan->interval_us) {
		t->turn_us = first_turn(p, plan, now_us);
		set_due(p, t, t->turn_us);
	}
	return 0;
}

void prober_drop(struct prober *p, uint32_t number)
{
	struct target *t = prober_has(p, number) ? p->target[number] : NULL;
	uint32_t last, at;

	if (!t)
		return;
	at = t->at;
	last = p->heap[--p->n];
	if (last != number) {
		put_at(p, at, last);
		sift(p, at);
	}
	p->target[number] = NULL;
	mem_free(t);
}

/* --- one probe --------------------------------------------------------------------------- */

static uint64_t jittered(struct prober *p, uint64_t interval_us)
{
	uint64_t eighth = interval_us / 8;

	return interval_us - eighth / 2 + (eighth ? p->io.random(p->io.arg) % eighth : 0);
}

/* The turn after the present one: at its own pace, unless the node was held up. */
static void next_turn(struct prober *p, struct target *t, uint64_t now_us)
{
	t->turn_us += jittered(p, t->plan->interval_us);
	if (t->turn_us <= now_us)
		t->turn_us = first_turn(p, t->plan, now_us);
	t->waiting = false;
	set_due(p, t, t->turn_us);
}

static void end(struct prober *p, struct target *t, struct probe_result *r, uint64_t now_us)
{
	r->target = t->id.target;
	r->stream = t->reliable;
	r->hint = r->end == PROBE_TIMEOUT ? t->hint : "";
	if (r->end != PROBE_ANSWERED)
		t->source_us = 0; /* a route may have changed */
	next_turn(p, t, now_us);
	p->fn(p->arg, r);
}

static int find_source(struct prober *p, struct target *t, uint64_t now_us)
{
	static const struct ip none;
	int rc = 0;

	if (!ip_equal(&t->plan->source, &none)) {
		t->source = t->plan->source;
		return 0;
	}
	if (t->source_us && now_us - t->source_us < SOURCE_LIFE_US)
		return 0;
	rc = p->io.source(p->io.arg, &t->remote, &t->source);
	t->source_us = rc ? 0 : now_us;
	return rc;
}

static int transmit(struct prober *p, struct target *t)
{
	struct probe_text text = { .from = t->plan->from,
				   .request_uri = t->plan->request_uri,
				   .remote = t->remote,
				   .id = t->id };
	int rc = p->io.send(p->io.arg, &t->source, &text);

	t->reliable = text.transport != SIP_UDP;
	if (rc == 0)
		t->local = text.local;
	return rc;
}

/* When the probe under way has its next event. */
static void wait_on(struct prober *p, struct target *t)
{
	uint64_t over = t->sent_us + t->plan->timeout_us;

	set_due(p, t, t->resend_us < over ? t->resend_us : over);
}

/* Not sent by a stream for reasons that are not the server's. */
static bool is_own_fault(int rc)
{
	return rc == -ENOBUFS || rc == -ENOMEM || rc == -EMSGSIZE || rc == -EINVAL ||
	       rc == -EPROTONOSUPPORT;
}

static void begin(struct prober *p, struct target *t, uint64_t now_us)
{
	struct probe_result r = { .end = PROBE_UNSENT };
	int rc;

	if (t->plan->away) {
		next_turn(p, t, now_us);
		return;
	}
	t->id.branch = p->io.random(p->io.arg);
	t->id.call = p->io.random(p->io.arg);
	t->id.cseq = t->id.cseq % INT32_MAX + 1; /* 8.1.1.5: below 2^31, here never 0 */
	t->hint = "";
	t->reliable = false;
	rc = find_source(p, t, now_us);
	rc = rc ? rc : transmit(p, t);
	if (rc == -EADDRNOTAVAIL) {
		t->source_us = 0;
		next_turn(p, t, now_us);
		return;
	}
	if (rc) {
		r.end = t->reliable && !is_own_fault(rc) ? PROBE_REFUSED : PROBE_UNSENT;
		r.error = -rc;
		end(p, t, &r, now_us);
		return;
	}
	t->waiting = true;
	t->sent_us = now_us;
	t->resend_gap_us = T1_US;
	t->resend_us = t->reliable ? UINT64_MAX : now_us + T1_US;
	wait_on(p, t);
}

static void resend(struct prober *p, struct target *t)
{
	transmit(p, t); /* a failure is one of the ways not to arrive */
	t->resend_gap_us = t->resend_gap_us * 2 < T2_US ? t->resend_gap_us * 2 : T2_US;
	t->resend_us += t->resend_gap_us;
	wait_on(p, t);
}

uint64_t prober_run(struct prober *p, uint64_t now_us)
{
	for (int n = 0; n < SEND_MAX && p->n && due_at(p, 0) <= now_us; n++) {
		struct target *t = p->target[p->heap[0]];
		struct probe_result r = { .end = PROBE_TIMEOUT };

		if (!t->waiting)
			begin(p, t, now_us);
		else if (now_us >= t->sent_us + t->plan->timeout_us)
			end(p, t, &r, now_us);
		else
			resend(p, t);
	}
	return p->n ? due_at(p, 0) : UINT64_MAX;
}

void prober_answer(struct prober *p, const struct endpoint *from, const struct sip_msg *m,
		   uint64_t at_us)
{
	struct probe_result r = { .end = PROBE_ANSWERED, .code = m->status };
	struct target *t;
	const char *fault;
	uint32_t number;

	if (!probe_text_target(m, &number) || !prober_has(p, number))
		return;
	t = p->target[number];
	if (!t->waiting || !endpoint_equal(from, &t->remote))
		return;
	fault = probe_text_fault(&t->id, &t->local, m);
	if (fault[0]) {
		t->hint = fault;
		return;
	}
	if (m->status < 200) {
		t->resend_gap_us = T2_US / 2; /* 17.1.2.2: in "Proceeding" each T2 */
		return;
	}
	r.latency_us = at_us > t->sent_us ? at_us - t->sent_us : 0;
	end(p, t, &r, at_us > t->sent_us ? at_us : t->sent_us);
}

void prober_failed(struct prober *p, const struct probe_id *id, int error)
{
	struct probe_result r = { .end = PROBE_REFUSED, .error = error };
	struct target *t = prober_has(p, id->target) ? p->target[id->target] : NULL;

	if (t && t->waiting && t->id.branch == id->branch)
		end(p, t, &r, t->turn_us);
}

void prober_error(struct prober *p, const struct endpoint *to, int error)
{
	struct probe_result r = { .end = PROBE_REFUSED, .error = error };

	for (uint32_t i = 0; i < p->n_room; i++) {
		struct target *t = p->target[i];

		if (t && t->waiting && !t->reliable && endpoint_equal(&t->remote, to))
			end(p, t, &r, t->turn_us);
	}
}
