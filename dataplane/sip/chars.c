/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table behind chars.h. Constant, shared by all threads. Written out by class, not computed at
 * start: no code has to run before the first message.
 */
#include "dataplane/sip/chars.h"

enum {
	EVERY = CH_TOKEN | CH_HOST | CH_USER | CH_PARAM,
	LETTER = EVERY | CH_ALPHA,
	MARK = CH_TOKEN | CH_USER | CH_PARAM,
	BOTH = CH_USER | CH_PARAM
};

const uint8_t char_classes[256] = {
	['\t'] = CH_LWS,
	['\n'] = CH_LWS,
	['\r'] = CH_LWS,
	[' '] = CH_LWS,
	['!'] = MARK,
	['#'] = CH_USER,
	['$'] = BOTH,
	['%'] = MARK,
	['&'] = BOTH,
	['\''] = MARK,
	['('] = BOTH,
	[')'] = BOTH,
	['*'] = MARK,
	['+'] = MARK,
	[','] = CH_USER,
	['-'] = EVERY,
	['.'] = EVERY,
	['/'] = BOTH,
	['0' ... '9'] = EVERY | CH_DIGIT | CH_HEX,
	[':'] = BOTH,
	[';'] = CH_USER,
	['='] = CH_USER,
	['?'] = CH_USER,
	['A' ... 'F'] = LETTER | CH_HEX,
	['G' ... 'Z'] = LETTER,
	['['] = BOTH,
	[']'] = BOTH,
	['_'] = EVERY,
	['`'] = MARK,
	['a' ... 'f'] = LETTER | CH_HEX,
	['g' ... 'z'] = LETTER,
	['~'] = MARK,
};
