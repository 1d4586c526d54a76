/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What costs is the copy, so filters come first. The verdict is not known before the edits: a
 * message that is on its way out counts as what it will be if all goes well; one that is dropped
 * after its edits is recorded as it then is, for those who want drops.
 */
#include "dataplane/trace.h"

#include "dataplane/example.h"

#include <string.h>

/* --- filters ------------------------------------------------------------------------------- */

static bool is_text(const struct sip_msg *m, struct span s, const char *text, uint32_t len)
{
	return s.len == len && memcmp(m->p + s.off, text, len) == 0;
}

static struct span method_of(const struct sip_msg *m)
{
	return m->request ? m->method_text : m->cseq_method;
}

static bool is_about(const struct trace_filter *f, const struct trace_subject *s)
{
	return endpoint_equal(s->src, &f->server) ||
	       (s->out->verdict == PROXY_FORWARD && endpoint_equal(&s->out->dst, &f->server));
}

/* Whether @f wants the message, whatever becomes of it. */
static bool wants(const struct trace_filter *f, const struct trace_subject *s)
{
	const struct sip_msg *m = s->m;

	if (!f->used)
		return false;
	if (f->method_len && !is_text(m, method_of(m), f->method, f->method_len))
		return false;
	if (f->call_id_len && !is_text(m, m->call_id, f->call_id, f->call_id_len))
		return false;
	if (f->by_source && !prefix_has(&f->source, &s->src->ip))
		return false;
	return !f->by_server || is_about(f, s);
}

static bool wants_verdict(const struct trace_filter *f, enum trace_verdict verdict, uint16_t cause)
{
	return (!f->verdicts || f->verdicts & verdict) && (!f->by_cause || f->cause == cause);
}

static enum trace_verdict verdict_of(const struct proxy_out *out)
{
	return out->verdict == PROXY_FORWARD  ? TRACE_FORWARDED
	       : out->verdict == PROXY_ANSWER ? TRACE_ANSWERED
					      : TRACE_DROPPED;
}

static void ask(const struct trace_set *set, const struct trace_subject *s, struct trace_item *it)
{
	enum trace_verdict verdict = verdict_of(s->out);
	uint16_t cause = EXAMPLE_OF_REASON(s->out->reason);

	for (unsigned int i = 0; i < TRACE_SLOTS; i++) {
		const struct trace_filter *f = &set->slot[i];

		if (!wants(f, s))
			continue;
		if (wants_verdict(f, verdict, cause))
			it->slots |= 1u << i;
		else if (verdict != TRACE_DROPPED &&
			 (!f->verdicts || f->verdicts & (TRACE_DROPPED | TRACE_ABSORBED)))
			it->late |= 1u << i;
	}
}

/* --- bounds -------------------------------------------------------------------------------- */

static void set_limits(struct trace_tap *t, const struct trace_set *set, uint64_t now)
{
	t->generation = set->generation;
	limit_set(&t->kib, TRACE_KIB_PER_S, t->hz, now);
	for (unsigned int i = 0; i < TRACE_SLOTS; i++)
		limit_set(&t->rate[i], set->slot[i].rate, t->hz, now);
}

static void miss(struct trace_tap *t, unsigned int slots)
{
	for (unsigned int i = 0; i < TRACE_SLOTS; i++) {
		if (slots >> i & 1)
			stat_add(&t->missed[i], 1);
	}
}

/* Those of @slots whose rate allows one more; the others miss it. */
static uint16_t within_rate(struct trace_tap *t, uint16_t slots, uint64_t now)
{
	uint16_t pass = 0;

	for (unsigned int i = 0; i < TRACE_SLOTS; i++) {
		if (!(slots >> i & 1))
			continue;
		limit_refill(&t->rate[i], now);
		if (limit_take(&t->rate[i]))
			pass |= 1u << i;
	}
	miss(t, slots & (unsigned int)~pass);
	return pass;
}

/* Room for a record with so many bytes, if the caps and the ring have it. */
static struct trace_record *take_room(struct trace_tap *t, struct trace_item *it, uint32_t in_len,
				      uint32_t out_len, uint64_t now)
{
	uint32_t n = (uint32_t)sizeof(struct trace_record) + in_len + out_len;

	it->slots = within_rate(t, it->slots, now);
	if (!it->slots)
		return NULL;
	limit_refill(&t->kib, now);
	it->room = out_len;
	it->r = limit_take_n(&t->kib, n / 1024 + 1) ? byte_ring_reserve(&t->ring, n) : NULL;
	if (!it->r)
		miss(t, it->slots);
	return it->r;
}

/* --- records ------------------------------------------------------------------------------- */

static void describe(struct trace_record *r, const struct trace_set *set,
		     const struct trace_subject *s)
{
	const struct sip_msg *m = s->m;
	struct span method = method_of(m);

	*r = (struct trace_record){
		.generation = set->generation,
		.tsc = s->now,
		.status = m->request ? 0 : m->status,
		.call_id_off = (uint16_t)m->call_id.off,
		.call_id_len = (uint16_t)m->call_id.len,
		.method_off = (uint16_t)method.off,
		.method_len = (uint16_t)method.len,
		.request = m->request,
		.transport = s->transport,
		.src = *s->src,
		.listener = s->world->listeners[s->listener].addr,
		.pool = WORLD_NONE,
		.backend = WORLD_NONE,
	};
	if (s->out->verdict != PROXY_FORWARD && s->out->verdict != PROXY_ANSWER)
		return;
	r->has_out = true;
	r->out_transport = s->out->transport;
	r->dst = s->out->dst;
	r->from = s->world->listeners[s->out->listener].addr;
	r->pool = s->out->pool;
	r->backend = s->out->backend;
}

static uint32_t length_out(const struct trace_subject *s)
{
	switch (s->out->verdict) {
	case PROXY_FORWARD:
		return (uint32_t)((int)s->m->len + s->out->edits.delta);
	case PROXY_ANSWER:
		return s->out->answer_len;
	case PROXY_DROP:
	case PROXY_HAND_OVER:
		break;
	}
	return 0;
}

bool trace_begin(struct trace_tap *t, const struct trace_set *set, const struct trace_subject *s,
		 struct trace_item *it)
{
	*it = (struct trace_item){ 0 };
	ask(set, s, it);
	if (!it->slots && !it->late)
		return false;
	if (t->generation != set->generation)
		set_limits(t, set, s->now);
	if (it->slots && take_room(t, it, s->m->datagram_len, length_out(s), s->now)) {
		describe(it->r, set, s);
		it->r->in_len = s->m->datagram_len;
		memcpy(it->r + 1, s->m->p, s->m->datagram_len);
	}
	return it->r || it->late;
}

void trace_sent(struct trace_item *it, const uint8_t *p, uint32_t len)
{
	if (!it->r || len > it->room)
		return;
	it->r->out_len = len;
	memcpy((uint8_t *)(it->r + 1) + it->r->in_len, p, len);
}

/* Dropped after its edits: what there is of it. */
static void record_late(struct trace_tap *t, const struct trace_set *set,
			const struct trace_subject *s, struct trace_item *it,
			const struct trace_end *end)
{
	it->slots = it->late;
	if (!take_room(t, it, end->len, 0, s->now))
		return;
	describe(it->r, set, s);
	it->r->edited = true;
	it->r->call_id_len = 0;
	it->r->method_len = 0;
	it->r->in_len = end->len;
	memcpy(it->r + 1, end->bytes, end->len);
}

/* The filters of @slots that want it as it ended. */
static uint16_t still_wanted(const struct trace_set *set, uint16_t slots,
			     const struct trace_end *end)
{
	for (unsigned int i = 0; i < TRACE_SLOTS; i++) {
		if (!wants_verdict(&set->slot[i], end->verdict, end->cause))
			slots &= (uint16_t) ~(1u << i);
	}
	return slots;
}

void trace_finish(struct trace_tap *t, const struct trace_set *set, const struct trace_subject *s,
		  struct trace_item *it, const struct trace_end *end)
{
	it->slots = still_wanted(set, it->slots, end);
	it->late = still_wanted(set, it->late, end);
	if (!it->r && it->late)
		record_late(t, set, s, it, end);
	else
		it->slots |= within_rate(t, it->late, s->now);
	if (!it->r || !it->slots)
		return;
	it->r->slots = it->slots;
	it->r->verdict = (uint8_t)end->verdict;
	it->r->cause = end->cause;
	it->r->by_linux = end->by_linux;
	if (end->verdict == TRACE_DROPPED)
		it->r->out_len = 0;
	byte_ring_commit(&t->ring, (uint32_t)sizeof(*it->r) + it->r->in_len + it->r->out_len);
}
