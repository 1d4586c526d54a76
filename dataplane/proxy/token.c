/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Record-Route tokens and To tags: SipHash-2-4 under a key of its own for each, so that one can
 * never be passed off as the other. Workers call this for requests that open or continue a dialog
 * and for ACKs. A Call-ID is hashed where it lies, whatever its length: hashing it down with
 * something faster first would leave a MAC no stronger than that.
 */
#include "dataplane/proxy/token.h"

#include "dataplane/proxy/hex.h"
#include "dataplane/proxy/viaid.h"

#include <sodium.h>

/* Input of the To tag: all that the ACK to a non-2xx has in common with its INVITE (RFC
 * 3261 17.1.1.3). */
struct tag_input {
	struct viaid via;
	uint64_t from_tag; /* MACs of the fields, so that none can run into the next */
	uint64_t call_id;
	uint32_t from_tag_len;
	uint32_t cseq;
	uint64_t zero;
};

static_assert(sizeof(struct tag_input) == 128 + 32, "no padding");

static uint64_t mac(const uint8_t *key, const void *in, size_t n)
{
	uint8_t out[crypto_shorthash_BYTES];
	uint64_t value;

	crypto_shorthash(out, in, n, key);
	memcpy(&value, out, sizeof(value));
	return value;
}

/* True if @s is the hex @want, any case. Takes the same time wherever they differ. */
static bool same(const uint8_t *p, struct span s, const uint8_t *want)
{
	uint8_t differ = 0;

	if (s.len != TOKEN_LEN)
		return false;
	for (int i = 0; i < TOKEN_LEN; i++) {
		uint8_t c = p[s.off + i];
		uint8_t fold = (uint8_t)(c - 'A') < 26 ? 0x20 : 0;

		differ |= (uint8_t)((c | fold) ^ want[i]);
	}
	return differ == 0;
}

void token_make(const struct keys *k, const struct sip_msg *m, uint8_t *out)
{
	hex_write64(mac(k->token, span_ptr(m->p, m->call_id), m->call_id.len), out);
}

bool token_check(const struct keys *k, const struct sip_msg *m, struct span s)
{
	uint8_t want[TOKEN_LEN];

	if (s.len != TOKEN_LEN)
		return false;
	token_make(k, m, want);
	return same(m->p, s, want);
}

void to_tag_make(const struct keys *k, const struct sip_msg *m, uint8_t *out)
{
	static const struct sip_via none; /* what the parser could not read is not looked at */
	struct tag_input in = { .zero = 0 };

	viaid_make(k, m->p, m->datagram_len, m->via_ok ? &m->via : &none, &in.via);
	in.from_tag = mac(k->tag, span_ptr(m->p, m->from_tag), m->from_tag.len);
	in.call_id = mac(k->tag, span_ptr(m->p, m->call_id), m->call_id.len);
	in.from_tag_len = m->from_tag.len;
	in.cseq = m->cseq_number;
	hex_write64(mac(k->tag, &in, sizeof(in)), out);
}

bool to_tag_check(const struct keys *k, const struct sip_msg *m)
{
	uint8_t want[TOKEN_LEN];

	if (m->to_tag.len != TOKEN_LEN)
		return false;
	to_tag_make(k, m, want);
	return same(m->p, m->to_tag, want);
}
