/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hosts, ports and transport tokens: what URIs and Via have in common (RFC 3261 25.1, RFC 5954).
 *
 * The last label of a name may start with a digit ("core-1.5gc") but not consist of digits:
 * resolvers would read "10.1" as an address, and we must not differ from them.
 */
#include "dataplane/sip/host.h"

/* True if the last label of [@from, @to) is a number. */
static bool ends_in_number(const uint8_t *p, uint32_t from, uint32_t to)
{
	uint32_t at = to;

	if (at > from && p[at - 1] == '.')
		at--;
	if (at == from || !char_is(p[at - 1], CH_DIGIT))
		return false;
	while (at > from && char_is(p[at - 1], CH_DIGIT))
		at--;
	return at == from || p[at - 1] == '.';
}

/* Mask of those of 16 bytes that a host name may hold; @dots gets the mask of the dots. */
static inline unsigned int name_bytes(__m128i v, unsigned int *dots)
{
	static const uint8_t low[16] = { 0x2a, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e,
					 0x3e, 0x3e, 0x3c, 0x14, 0x14, 0x15, 0x15, 0x1c };
	static const uint8_t high[16] = { 0, 0, 0x01, 0x02, 0x04, 0x08, 0x10, 0x20 };
	__m128i nibble = _mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(0x0f));
	__m128i sets =
		_mm_and_si128(_mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)low), v),
			      _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)high), nibble));

	*dots = (unsigned int)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('.')));
	return 0xffff & ~(unsigned int)_mm_movemask_epi8(_mm_cmpeq_epi8(sets, _mm_setzero_si128()));
}

/* True if [@from, @to) is a host name: letters, digits, - . _, and no empty label. */
static bool name_ok(const uint8_t *p, uint32_t from, uint32_t to)
{
	unsigned int dot_before = 1;

	for (uint32_t at = from; at < to; at += 16) {
		uint32_t n = to - at < 16 ? to - at : 16;
		unsigned int dots, good = name_bytes(lex_load16(p, at, n, 0), &dots);

		if (good != (1u << n) - 1 || (dots & (dots << 1 | dot_before)) != 0)
			return false;
		dot_before = dots >> 15;
	}
	return !ends_in_number(p, from, to);
}

static bool has_colon(const uint8_t *p, uint32_t from, uint32_t to)
{
	return memchr(p + from, ':', to - from) != NULL;
}

bool host_decode_odd(const uint8_t *p, uint32_t from, uint32_t to, bool bare_v6,
		     struct sip_host *out)
{
	uint32_t n = to - from;

	if (n == 0)
		return false;
	if (p[from] == '[') {
		if (n < 4 || p[to - 1] != ']' || !ip_parse_v6(p + from + 1, n - 2, &out->ip))
			return false;
		out->kind = HOST_IP;
	} else if (name_ok(p, from, to)) {
		out->kind = HOST_NAME;
	} else if (bare_v6 && has_colon(p, from, to) && ip_parse_v6(p + from, n, &out->ip)) {
		out->kind = HOST_IP;
	}
	return out->kind != HOST_NONE;
}

uint32_t host_end_odd(const struct marks *k, uint32_t pos, uint32_t end)
{
	uint32_t at = pos;

	if (pos >= end || k->p[pos] != '[')
		return at;
	while (at < end && k->p[at] != ']')
		at = marks_token_end(k, at + 1);
	return at < end ? at + 1 : end;
}

bool hostport_parse(const uint8_t *p, struct span s, struct sip_host *host, uint16_t *port)
{
	struct scan_map map;
	struct marks k = marks_span(p, s, &map);

	return hostport_decode(&k, s.off, span_end(s), false, host, port) == span_end(s) &&
	       s.len > 0;
}

bool host_parse(const uint8_t *p, struct span s, bool bare_v6, struct sip_host *out)
{
	return host_decode(p, s.off, span_end(s), bare_v6, out);
}

enum sip_transport transport_decode(const uint8_t *p, uint32_t from, uint32_t to)
{
	uint64_t key;

	if (to - from != 3)
		return SIP_TRANSPORT_OTHER;
	key = lex_key(p, from, to);
	if (key == LEX_WORD("udp"))
		return SIP_UDP;
	if (key == LEX_WORD("tcp"))
		return SIP_TCP;
	return key == LEX_WORD("tls") ? SIP_TLS : SIP_TRANSPORT_OTHER;
}

enum sip_transport transport_parse(const uint8_t *p, struct span s)
{
	return transport_decode(p, s.off, span_end(s));
}
