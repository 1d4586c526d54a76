/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From and To as nearly all are: the part of nameaddr.c that is compiled into sip_parse(). Private
 * to dataplane/sip.
 */
#pragma once

#include "dataplane/sip/decode.h"
#include "dataplane/sip/lex.h"
#include "dataplane/sip/marks.h"
#include "dataplane/sip/nameaddr.h"

/** nameaddr_parse() of a trimmed value on maps that are there, for all shapes. */
bool address_decode_odd(const struct marks *k, struct span s, struct sip_nameaddr *out);

/** True if [@pos, @end) starts with a scheme, goes on behind the colon and has no blanks. */
static inline bool address_uri_ok(const struct marks *k, uint32_t pos, uint32_t end)
{
	uint32_t colon;

	if (pos >= end)
		return false;
	colon = marks_token_end(k, pos);
	return colon > pos && colon + 1 < end && k->p[colon] == ':' &&
	       char_is(k->p[pos], CH_ALPHA) && marks_blank(k, pos, end) == end;
}

/*
 * Where "<" is if it stands first, or behind tokens and blanks, or behind a quoted string without
 * escapes and one space or none; @end = another shape. Which of the three it is costs no branch,
 * for nobody could predict it.
 */
static inline uint32_t address_open(const struct marks *k, uint32_t pos, uint32_t end)
{
	const uint8_t *p = k->p;
	uint64_t strong = marks_window(k->map->strong, pos);
	uint64_t second = strong & (strong - 1);
	uint64_t words = marks_window(k->map->nontoken, pos) & ~marks_window(k->map->blank, pos);
	uint64_t before = (strong ^ (strong - 1)) >> 1; /* the first strong byte */
	bool quoted = p[pos] == '"';
	uint32_t open, quote;

	if (unlikely((words & before) != 0 || strong == 0 || (quoted & (second == 0))))
		return end;
	open = pos + (uint32_t)__builtin_ctzll(strong);
	quote = (uint32_t)__builtin_ctzll(second | 1ULL << 63) & -(uint32_t)quoted;
	__asm__("" : "+r"(quote)); /* or the compiler makes a branch of it */
	quote += pos;
	if (unlikely(quote + 1 >= end || (p[quote] == '"') != quoted || p[quote - quoted] == '\\'))
		return end;
	quote += 1 + (p[quote + 1] == ' ');
	open ^= (open ^ quote) & -(uint32_t)quoted;
	return open;
}

/*
 * The shapes that nearly all values have, without a loop: one of address_open(), then nothing or
 * ";tag=" and a token. True, and the parts set, only where address_decode_odd() would set the same.
 */
static inline bool address_decode_usual(const struct marks *k, uint32_t pos, uint32_t end,
					struct sip_nameaddr *out)
{
	const uint8_t *p = k->p;
	uint32_t open = address_open(k, pos, end), close, tag;

	if (unlikely(open >= end || p[open] != '<'))
		return false;
	close = marks_stop(k, open + 1, end);
	if (unlikely(close >= end || p[close] != '>'))
		return false;
	if (unlikely(close - open < 6 || !lex_is4(p + open + 1, 0x202020, LEX_WORD("sip:"))) &&
	    !address_uri_ok(k, open + 1, close))
		return false;
	out->uri = span_of(open + 1, close);
	out->brackets = true;
	out->params = out->tag = span_of(end, end);
	if (close + 1 == end)
		return true;
	tag = close + 6;
	if (unlikely(tag >= end || !lex_is4(p + close + 1, 0x20202000, LEX_WORD(";tag")) ||
		     p[tag - 1] != '=' || marks_token_end(k, tag) != end))
		return false;
	out->params = span_of(close + 1, end);
	out->tag = span_of(tag, end);
	return true;
}

/** nameaddr_parse() of a trimmed value on maps that are there. */
static inline bool address_decode(const struct marks *k, struct span s, struct sip_nameaddr *out)
{
	out->value = s;
	if (likely(s.len > 0 && address_decode_usual(k, s.off, span_end(s), out)))
		return true;
	return address_decode_odd(k, s, out);
}
