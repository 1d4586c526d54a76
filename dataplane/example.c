/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A seqlock as in Boehm, "Can seqlocks get along with programming language memory models?" (MSPC
 * 2012), with release stores and acquire loads of the words in place of fences, which
 * ThreadSanitizer does not know; on x86 both are plain moves.
 */
#include "dataplane/example.h"

#include <string.h>

#define TRIES 4

void example_put(struct examples *e, unsigned int i, const struct example *x, uint64_t period)
{
	uint64_t words[EXAMPLE_WORDS] = { 0 };
	uint64_t sequence = atomic_load_explicit(&e->v[i].sequence, memory_order_relaxed);

	memcpy(words, x, sizeof(*x));
	atomic_store_explicit(&e->v[i].sequence, sequence + 1, memory_order_relaxed);
	/* Who sees one of these words sees the odd number too; pairs with example_get(). */
	for (unsigned int w = 0; w < EXAMPLE_WORDS; w++)
		atomic_store_explicit(&e->v[i].word[w], words[w], memory_order_release);
	/* Who sees this number sees all of the words; pairs with example_get(). */
	atomic_store_explicit(&e->v[i].sequence, sequence + 2, memory_order_release);
	e->v[i].next = x->tsc + period;
}

/* The IP header of a frame with up to two VLAN tags; its type goes to @type. 0 = none. */
static uint32_t ip_header(const struct example *x, uint32_t *type)
{
	uint32_t at = 12;

	for (int tags = 0; tags < 3 && at + 2 <= x->len; tags++, at += 4) {
		*type = (uint32_t)x->bytes[at] << 8 | x->bytes[at + 1];
		if (*type != 0x8100 && *type != 0x88a8)
			return at + 2;
	}
	return 0;
}

void example_read_source(struct example *x)
{
	uint32_t type, ip = ip_header(x, &type), udp = 0;
	const uint8_t *h = x->bytes + ip;

	if (ip && type == 0x0800 && ip + 20 <= x->len) {
		bool first = ((h[6] & 0x1f) | h[7]) == 0;

		x->src.ip = ip_from_v4(h + 12);
		udp = h[9] == 17 && first ? ip + (h[0] & 15u) * 4 : 0;
	} else if (ip && type == 0x86dd && ip + 40 <= x->len) {
		x->src.ip = ip_from_v6(h + 8);
		udp = h[6] == 17 ? ip + 40 : 0;
	}
	if (udp && udp + 2 <= x->len)
		x->src.port = (uint16_t)(x->bytes[udp] << 8 | x->bytes[udp + 1]);
}

bool example_get(const struct examples *e, unsigned int i, struct example *out)
{
	uint64_t words[EXAMPLE_WORDS];

	for (int tries = 0; tries < TRIES; tries++) {
		uint64_t before = atomic_load_explicit(&e->v[i].sequence, memory_order_acquire);

		if (before == 0)
			return false;
		for (unsigned int w = 0; w < EXAMPLE_WORDS; w++)
			words[w] = atomic_load_explicit(&e->v[i].word[w], memory_order_acquire);
		if (before % 2 == 0 &&
		    atomic_load_explicit(&e->v[i].sequence, memory_order_relaxed) == before) {
			memcpy(out, words, sizeof(*out));
			return true;
		}
	}
	return false;
}
