/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Branches: one hash of one 96-byte block for every request of our century, a longer one for RFC
 * 2543 requests. Called once for each request and each response on the workers; pure, bounded
 * stack, no state. A stateful proxy would draw a random branch and keep it; ours has to be found
 * again from the message alone.
 */
#include "dataplane/proxy/branch.h"

#include "dataplane/proxy/hex.h"
#include "dataplane/proxy/siphash.h"
#include "dataplane/proxy/viaid.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* What identifies a transaction of RFC 2543, each field as a digest, so that none can run into the
 * next. */
struct old_id {
	struct viaid via;
	uint8_t transport[16]; /* folded and cut: no known token is longer */
	XXH128_hash_t from_tag;
	XXH128_hash_t call_id;
	XXH128_hash_t uri;
	uint64_t cseq;
	uint64_t zero;
};

static_assert(sizeof(struct old_id) == 96 + 5 * 16, "no padding");

/* What of it a response repeats, after the first half of the branch. */
struct old_proof {
	uint64_t first;
	uint64_t zero;
	struct viaid via;
	XXH128_hash_t call_id;
};

static_assert(sizeof(struct old_proof) == 16 + 96 + 16, "no padding");

static XXH128_hash_t digest(const struct keys *k, const uint8_t *p, struct span s)
{
	return XXH3_128bits_withSecret(p + s.off, s.len, k->xxh, sizeof(k->xxh));
}

static XXH128_hash_t hash_modern(const struct keys *k, const struct sip_msg *m,
				 const struct sip_via *via)
{
	struct viaid id;

	viaid_make(k, m->p, m->datagram_len, via, &id);
	return XXH3_128bits_withSecret(&id, sizeof(id), k->xxh, sizeof(k->xxh));
}

static uint64_t old_first(const struct keys *k, const struct sip_msg *m)
{
	struct span transport = m->via.transport_text;
	struct old_id id = { .cseq = m->cseq_number };

	viaid_make(k, m->p, m->datagram_len, &m->via, &id.via);
	pad_copy(id.transport, m->p + transport.off, transport.len < 16 ? transport.len : 16,
		 m->datagram_len - transport.off, 1, true);
	id.from_tag = digest(k, m->p, m->from_tag);
	id.call_id = digest(k, m->p, m->call_id);
	id.uri = digest(k, m->p, m->uri_text);
	return XXH3_64bits_withSecret(&id, sizeof(id), k->xxh, sizeof(k->xxh));
}

static uint64_t old_second(const struct keys *k, const struct sip_msg *m, const struct sip_via *via,
			   uint64_t first)
{
	struct old_proof proof = { .first = first };

	viaid_make(k, m->p, m->datagram_len, via, &proof.via);
	proof.call_id = digest(k, m->p, m->call_id);
	return siphash(k->branch, &proof, sizeof(proof));
}

static void old_branch(const struct keys *k, const struct sip_msg *m, struct branch_hash *out)
{
	out->id = old_first(k, m);
	out->digits = hex_of128(out->id, old_second(k, m, &m->via, out->id));
}

static inline void modern_branch(const struct keys *k, const struct sip_msg *m,
				 const struct sip_via *via, struct branch_hash *out)
{
	XXH128_hash_t h = hash_modern(k, m, via);

	out->id = h.low64;
	out->digits = hex_of128(h.high64, h.low64);
}

void branch_hash(const struct keys *k, const struct sip_msg *m, struct branch_hash *out)
{
	if (__builtin_expect(m->via.cookie, 1))
		modern_branch(k, m, &m->via, out);
	else
		old_branch(k, m, out);
}

void branch_make(const struct keys *k, const struct sip_msg *m, uint8_t *out)
{
	struct branch_hash b;

	branch_hash(k, m, &b);
	memcpy(out, BRANCH_COOKIE, BRANCH_COOKIE_LEN);
	hex_put32(out + BRANCH_COOKIE_LEN, &b.digits);
}

bool branch_read(const struct keys *k, const struct sip_msg *m, const struct sip_via *below,
		 struct hex32 *digits)
{
	const uint8_t *branch = span_ptr(m->p, m->via.branch);
	struct branch_hash made;
	uint64_t first;

	if (m->via.branch.len != BRANCH_LEN ||
	    memcmp(branch, BRANCH_COOKIE, BRANCH_COOKIE_LEN) != 0)
		return false;
	branch += BRANCH_COOKIE_LEN;
	if (__builtin_expect(below->cookie, 1)) {
		modern_branch(k, m, below, &made);
		*digits = made.digits;
	} else {
		if (!hex_read64(branch, &first))
			return false;
		*digits = hex_of128(first, old_second(k, m, below, first));
	}
	return hex_is32(branch, digits);
}

bool branch_check(const struct keys *k, const struct sip_msg *m, const struct sip_via *below)
{
	struct hex32 digits;

	return branch_read(k, m, below, &digits);
}
