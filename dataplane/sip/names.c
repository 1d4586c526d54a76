/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables behind names.h. Words and ids come from the .def files; the slots are written out, as
 * C cannot index by a letter of a string, and a unit test finds a name that has none. A second
 * name for a slot would be an error of the compiler (-Woverride-init).
 */
#include "dataplane/sip/names.h"

#include <assert.h>

#define AT(s, i) ((i) < sizeof(s) - 1 ? (uint8_t)(s)[(i) < sizeof(s) ? (i) : 0] : 0)
#define ALL(s, i) ((i) < sizeof(s) - 1 ? 0xff : 0)
#define EACH_OF_16(f, s)                                                                         \
	{                                                                                        \
		f(s, 0), f(s, 1), f(s, 2), f(s, 3), f(s, 4), f(s, 5), f(s, 6), f(s, 7), f(s, 8), \
			f(s, 9), f(s, 10), f(s, 11), f(s, 12), f(s, 13), f(s, 14), f(s, 15)      \
	}
#define TEXT(s) EACH_OF_16(AT, s)
#define MASK(s) EACH_OF_16(ALL, s)

enum header_word {
	W_NONE,
#define HEADER(id, name, compact, once) W_##id, C_##id,
#include "dataplane/sip/headers.def"
#undef HEADER
	N_HEADER_WORDS,
	W_ODD = 31 /* equals no name */
};

static_assert(N_HEADER_WORDS <= W_ODD, "the tables of names are too short");
static_assert(SIP_N_HEADERS <= 16, "names.count is too short");

const struct names header_names = {
	.slot = {
		['v' & 31][3] = W_VIA,
		['v' & 31][1] = C_VIA,
		['r' & 31][5] = W_ROUTE,
		['r' & 31][12] = W_RECORD_ROUTE,
		['m' & 31][12] = W_MAX_FORWARDS,
		['f' & 31][4] = W_FROM,
		['f' & 31][1] = C_FROM,
		['t' & 31][2] = W_TO,
		['t' & 31][1] = C_TO,
		['c' & 31][7] = W_CALL_ID,
		['i' & 31][1] = C_CALL_ID,
		['c' & 31][4] = W_CSEQ,
		['c' & 31][14] = W_CONTENT_LENGTH,
		['l' & 31][1] = C_CONTENT_LENGTH,
		['p' & 31][13] = W_PROXY_REQUIRE,
		['r' & 31][7] = W_REQUIRE,
		['m' & 31][11] = W_MAX_BREADTH,
	},
	.word = {
#define HEADER(id_, name, compact, once)     \
	[W_##id_] = { TEXT(name),            \
		      MASK(name),            \
		      { [SIP_H_##id_] = 1 }, \
		      SIP_H_##id_,           \
		      sizeof(name) - 1 },    \
	[C_##id_] = { { compact }, { 0xff }, { [SIP_H_##id_] = 1 }, SIP_H_##id_, 1 },
#include "dataplane/sip/headers.def"
#undef HEADER
		/* Equals no name: no folded byte is 0. */
		[W_ODD] = { { 0 }, { 0xff } },
	},
};

#define SLOT(a, b, n) (((a) + (b)) & 31) * 64 + (n)
#define ODD(h) [(h)*64] = W_ODD, [(h)*64 + 63] = W_ODD
#define ODD_4(h) ODD(h), ODD((h) + 1), ODD((h) + 2), ODD((h) + 3)

const uint8_t header_slots[32 * 64 + 1] = {
	[32 * 64] = W_ODD,
	ODD_4(0),
	ODD_4(4),
	ODD_4(8),
	ODD_4(12),
	ODD_4(16),
	ODD_4(20),
	ODD_4(24),
	ODD_4(28),
	[SLOT('v', 'i', 3)] = W_VIA,
	[SLOT('v', ':', 1)] = C_VIA,
	[SLOT('r', 'o', 5)] = W_ROUTE,
	[SLOT('r', 'e', 12)] = W_RECORD_ROUTE,
	[SLOT('m', 'a', 12)] = W_MAX_FORWARDS,
	[SLOT('f', 'r', 4)] = W_FROM,
	[SLOT('f', ':', 1)] = C_FROM,
	[SLOT('t', 'o', 2)] = W_TO,
	[SLOT('t', ':', 1)] = C_TO,
	[SLOT('c', 'a', 7)] = W_CALL_ID,
	[SLOT('i', ':', 1)] = C_CALL_ID,
	[SLOT('c', 's', 4)] = W_CSEQ,
	[SLOT('c', 'o', 14)] = W_CONTENT_LENGTH,
	[SLOT('l', ':', 1)] = C_CONTENT_LENGTH,
	[SLOT('p', 'r', 13)] = W_PROXY_REQUIRE,
	[SLOT('r', 'e', 7)] = W_REQUIRE,
	[SLOT('m', 'a', 11)] = W_MAX_BREADTH,
};

static_assert(SIP_N_METHODS <= 32, "the tables of names are too short");

const struct names method_names = {
	.slot = {
		['I' & 31][6] = SIP_M_INVITE,
		['A' & 31][3] = SIP_M_ACK,
		['C' & 31][6] = SIP_M_CANCEL,
		['B' & 31][3] = SIP_M_BYE,
		['O' & 31][7] = SIP_M_OPTIONS,
		['R' & 31][8] = SIP_M_REGISTER,
		['S' & 31][9] = SIP_M_SUBSCRIBE,
		['N' & 31][6] = SIP_M_NOTIFY,
		['R' & 31][5] = SIP_M_REFER,
		['U' & 31][6] = SIP_M_UPDATE,
		['P' & 31][5] = SIP_M_PRACK,
		['I' & 31][4] = SIP_M_INFO,
		['M' & 31][7] = SIP_M_MESSAGE,
		['P' & 31][7] = SIP_M_PUBLISH,
	},
	.word = {
#define METHOD(id_, name, rr) [SIP_M_##id_] = { TEXT(name), MASK(name), .id = SIP_M_##id_ },
#include "dataplane/sip/methods.def"
#undef METHOD
	},
};

enum sip_method sip_method_of(const uint8_t *p, struct span s)
{
	return s.len == 0 ? SIP_M_OTHER : method_id(p, s.off, s.len);
}

const char *sip_method_name(enum sip_method m)
{
	static const char *const text[SIP_N_METHODS] = {
		[SIP_M_OTHER] = "",
#define METHOD(id, name, rr) [SIP_M_##id] = name,
#include "dataplane/sip/methods.def"
#undef METHOD
	};

	return text[m];
}
