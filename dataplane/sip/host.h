/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * host [ ":" port ] as it stands in nearly every URI and Via: the part of host.c that is compiled
 * into their decoders. Private to dataplane/sip.
 */
#pragma once

#include "dataplane/sip/decode.h"
#include "dataplane/sip/ip4.h"
#include "dataplane/sip/lex.h"

/** host_decode() for all but IPv4 addresses; @out->text is set and @out->kind HOST_NONE. */
bool host_decode_odd(const uint8_t *p, uint32_t from, uint32_t to, bool bare_v6,
		     struct sip_host *out);

/** The position behind the IPv6 reference at @pos; @pos if there is none. */
uint32_t host_end_odd(const struct marks *k, uint32_t pos, uint32_t end);

/** host_parse() of [@from, @to); needs no maps. */
static inline bool host_decode(const uint8_t *p, uint32_t from, uint32_t to, bool bare_v6,
			       struct sip_host *out)
{
	uint32_t n = to - from;

	out->text = span_of(from, to);
	if (likely(n - 1 < IP4_TEXT_MAX) && ip4_read(lex_load16(p, from, n, 0), n, &out->ip)) {
		out->kind = HOST_IP;
		return true;
	}
	out->kind = HOST_NONE;
	return host_decode_odd(p, from, to, bare_v6, out);
}

/* The number [@from, @to); 0 if it is empty, more than any port if it is none. */
static inline uint64_t port_value(const uint8_t *p, uint32_t from, uint32_t to)
{
	uint64_t value;

	if (unlikely(to < 8 || to - from > 8))
		return from == to ? 0 : lex_number_slow(p, from, to);
	return lex_number_of_8(p, from, to, &value) ? value : UINT32_MAX;
}

/**
 * Reads host [ ":" port ] at @pos. Returns the position behind it, 0 if malformed. LWS around the
 * colon is allowed if @lws (RFC 3261 25.1 COLON in Via, not in URIs). @out->kind is HOST_NONE
 * unless the host was fine. Whether there is a port is a branch: to go on without one, so that
 * there is none, was tried and costs 45 instructions for each host without.
 */
static inline uint32_t hostport_decode(const struct marks *k, uint32_t pos, uint32_t end, bool lws,
				       struct sip_host *out, uint16_t *port)
{
	const uint8_t *p = k->p;
	uint32_t at = marks_token_end(k, pos), colon, digits, digits_end;
	uint64_t value;
	bool has;

	*port = 0;
	if (unlikely(at == pos))
		at = host_end_odd(k, pos, end);
	if (unlikely(!host_decode(p, pos, at, false, out)))
		return 0;
	/* Where @at is @end, the byte before it is of the host, neither a colon nor LWS. */
	colon = at;
	if (unlikely(lws && p[at < end ? at : end - 1] <= ' '))
		colon = lex_skip(p, at, end);
	has = p[colon < end ? colon : end - 1] == ':';
	if (!has)
		return likely(marks_token_end(k, at) == at) ? at : 0; /* "[::1]5060" */
	digits = colon + 1;
	if (unlikely(digits >= end))
		return 0;
	if (unlikely(lws && p[digits < end ? digits : end - 1] <= ' '))
		digits = lex_skip(p, digits, end);
	digits_end = marks_token_end(k, digits);
	value = port_value(p, digits, digits_end);
	if (unlikely(value - 1 > UINT16_MAX - 1u))
		return 0;
	*port = (uint16_t)value;
	return digits_end;
}
