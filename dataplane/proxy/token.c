/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Record-Route tokens and To tags: SipHash-2-4 under a key of its own for each, so that one can
 * never be passed off as the other. Workers call this for requests that open or continue a dialog
 * and for ACKs. A Call-ID is hashed where it lies, whatever its length: hashing it down with
 * something faster first would leave a MAC no stronger than that.
 */
#include "dataplane/proxy/token.h"

#include "dataplane/proxy/hex.h"
#include "dataplane/proxy/siphash.h"
#include "dataplane/proxy/viaid.h"

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

static_assert(sizeof(struct tag_input) == 96 + 32, "no padding");

static uint64_t token_value(const struct keys *k, const struct sip_msg *m)
{
	return siphash(k->token, span_ptr(m->p, m->call_id), m->call_id.len);
}

uint64_t call_token_of(const struct keys *k, const struct sip_msg *m, struct call_token *token)
{
	if (!token->known)
		*token = (struct call_token){ true, token_value(k, m) };
	return token->value;
}

bool token_is(const struct sip_msg *m, struct span s, uint64_t value)
{
	uint64_t found;

	return s.len == TOKEN_LEN && hex_read64_any(m->p + s.off, &found) && found == value;
}

void token_make(const struct keys *k, const struct sip_msg *m, uint8_t *out)
{
	hex_write64(token_value(k, m), out);
}

bool token_check(const struct keys *k, const struct sip_msg *m, struct span s)
{
	return s.len == TOKEN_LEN && token_is(m, s, token_value(k, m));
}

static uint64_t to_tag_value(const struct keys *k, const struct sip_msg *m)
{
	static const struct sip_via none; /* what the parser could not read is not looked at */
	struct tag_input in = { .zero = 0 };

	viaid_make(k, m->p, m->datagram_len, m->via_ok ? &m->via : &none, &in.via);
	in.from_tag = siphash(k->tag, span_ptr(m->p, m->from_tag), m->from_tag.len);
	in.call_id = siphash(k->tag, span_ptr(m->p, m->call_id), m->call_id.len);
	in.from_tag_len = m->from_tag.len;
	in.cseq = m->cseq_number;
	return siphash(k->tag, &in, sizeof(in));
}

void to_tag_make(const struct keys *k, const struct sip_msg *m, uint8_t *out)
{
	hex_write64(to_tag_value(k, m), out);
}

bool to_tag_check(const struct keys *k, const struct sip_msg *m)
{
	uint64_t value;

	/* The tags of most others are not 16 digits: then nothing is hashed. */
	return m->to_tag.len == TOKEN_LEN && hex_read64_any(m->p + m->to_tag.off, &value) &&
	       value == to_tag_value(k, m);
}
