/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of any size and of any number of flows (scale.h).
 */
#include "bench/draft.h"
#include "bench/scale.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ID_DIGITS 8 /* of a Call-ID that scale_flows_next() writes */
#define LINE 80u    /* bytes of a header line that only fills */

static void fail(const char *what)
{
	fprintf(stderr, "scale: %s\n", what);
	exit(2);
}

static void *must_alloc(size_t n)
{
	void *p = aligned_alloc(4096, (n + 4095) & ~(size_t)4095);

	if (!p)
		fail("no memory");
	return memset(p, 0, (n + 4095) & ~(size_t)4095);
}

/* A message under construction in a slot. */
struct writer {
	char *p;
	uint32_t n, room;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(w->p + w->n, w->room - w->n, format, args);
	va_end(args);
	if (n < 0 || w->n + (uint32_t)n >= w->room)
		fail("a message is too long for its slot");
	w->n += (uint32_t)n;
}

static void put_vias(struct writer *w, unsigned int n)
{
	put(w, "Via: SIP/2.0/UDP 198.51.100.%u:5060;branch=z9hG4bK%08x%04x\r\n",
	    1 + draft_below(250), draft_below(UINT32_MAX), draft_below(65536));
	for (unsigned int i = 1; i < n; i++)
		put(w,
		    "Via: SIP/2.0/UDP 10.%u.%u.%u:%u;branch=z9hG4bK%08x%04x;received=10.0.0.%u\r\n",
		    draft_below(250), draft_below(250), 1 + draft_below(250),
		    1024 + draft_below(60000), draft_below(UINT32_MAX), draft_below(65536),
		    1 + draft_below(250));
}

static void put_filling(struct writer *w, uint32_t bytes)
{
	for (uint32_t end = w->n + bytes; w->n + LINE <= end;) {
		put(w, "X-Filling-%04u: ", draft_below(10000));
		for (unsigned int k = 0; k < LINE - 18; k += 4)
			put(w, "%04x", draft_below(65536));
		put(w, "\r\n");
	}
}

/* Returns the length. */
static uint32_t write_plain(uint8_t *p, uint32_t room, const struct scale_shape *s)
{
	struct writer w = { .p = (char *)p, .room = room };
	uint32_t body;

	put(&w, "OPTIONS sip:+49%08u@sip.carrier.example SIP/2.0\r\n", draft_below(100000000));
	put_vias(&w, s->n_vias);
	put(&w, "Max-Forwards: 70\r\nFrom: <sip:%08u@a.example>;tag=%08x\r\n",
	    draft_below(100000000), draft_below(UINT32_MAX));
	put(&w, "To: <sip:%08u@b.example>\r\nCall-ID: %08x%08x\r\nCSeq: %u OPTIONS\r\n",
	    draft_below(100000000), draft_below(UINT32_MAX), draft_below(UINT32_MAX),
	    1 + draft_below(99));
	put_filling(&w, s->more_headers);
	/* Five digits in any case, so that the body is all that grows. */
	if (s->total && s->total < w.n + 28)
		fail("a message cannot be that short");
	body = s->total ? s->total - w.n - (uint32_t)strlen("Content-Length: 00000\r\n\r\n") : 0;
	put(&w, "Content-Length: %05u\r\n\r\n", body);
	if (w.n + body > room)
		fail("a body is too long for its slot");
	memset(p + w.n, 'x', body);
	return w.n + body;
}

void scale_plain(uint32_t n, const struct scale_shape *shape, struct message_set *set)
{
	uint32_t most =
		shape->total ? shape->total : 800 + 100 * shape->n_vias + shape->more_headers;
	uint32_t room = (most + 64 + 63) & ~63u;

	set->n = n;
	set->stride = MESSAGE_HEADROOM + room + MESSAGE_TAILROOM;
	set->slots = must_alloc((size_t)n * set->stride + SIP_PAD);
	set->m = must_alloc(n * sizeof(*set->m));
	draft_seed(MESSAGES_SEED);
	for (uint32_t i = 0; i < n; i++) {
		struct message *m = &set->m[i];

		m->kind = MESSAGE_OPTIONS;
		m->p = set->slots + (size_t)i * set->stride + MESSAGE_HEADROOM;
		m->len = write_plain(m->p, room, shape);
		m->in.listener = OUTSIDE;
		m->in.src = lab_endpoint("198.51.100.9:5060");
	}
}

void scale_from_pools(const struct message_set *set, uint32_t n_pools, struct message_set *out)
{
	*out = *set;
	out->m = must_alloc(set->n * sizeof(*out->m));
	memcpy(out->m, set->m, set->n * sizeof(*out->m));
	for (uint32_t i = 0; i < set->n; i++)
		out->m[i].in.src = scale_source(i % n_pools);
}

void scale_flows_make(struct scale_flows *flows, const struct message_set *set, uint32_t n)
{
	static struct sip_msg msg;

	*flows = (struct scale_flows){ .n = n, .first = set->m };
	flows->off = must_alloc(set->n * sizeof(*flows->off));
	for (uint32_t i = 0; i < set->n; i++) {
		sip_parse(set->m[i].p, set->m[i].len, SIP_PADDED, &msg);
		if (msg.call_id.len < 2 * ID_DIGITS)
			fail("a Call-ID is too short");
		flows->off[i] = msg.call_id.off;
	}
}

void scale_flows_next(const struct message *m, void *arg)
{
	struct scale_flows *f = arg;
	/* Odd multiplier: all numbers below 2^32 once each, in no order; then those of the flows.
	 */
	uint32_t flow = (uint32_t)(f->at++ % f->n) * 2654435761u;
	uint8_t *p = m->p + f->off[m - f->first];

	for (unsigned int i = 0; i < ID_DIGITS; i++)
		p[i] = (uint8_t) "0123456789abcdef"[flow >> 4 * i & 15];
}
