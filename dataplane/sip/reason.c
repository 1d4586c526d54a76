/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of reasons.def behind reason.h. The lower-case names are made by the compiler, letter
 * by letter, so that reasons.def states each name once.
 */
#include "dataplane/sip/reason.h"

#include <assert.h>
#include <stddef.h>

#define NAME_MAX_LEN 24

#define AT(s, i) ((s)[(i) < sizeof(s) ? (i) : sizeof(s) - 1])
#define LOW(s, i) (char)(AT(s, i) >= 'A' && AT(s, i) <= 'Z' ? AT(s, i) | 0x20 : AT(s, i))
#define LOW4(s, i) LOW(s, i), LOW(s, (i) + 1), LOW(s, (i) + 2), LOW(s, (i) + 3)
#define LOWER(s)                                                                          \
	{                                                                                 \
		LOW4(s, 0), LOW4(s, 4), LOW4(s, 8), LOW4(s, 12), LOW4(s, 16), LOW4(s, 20) \
	}

static const char names[SIP_N_REASONS][NAME_MAX_LEN] = {
	[SIP_OK] = "ok",
#define REASON(id, status, phrase, help) [SIP_R_##id] = LOWER(#id),
#include "dataplane/sip/reasons.def"
#undef REASON
};

#define REASON(id, status, phrase, help) \
	static_assert(sizeof(#id) <= NAME_MAX_LEN, "reason name " #id " is too long");
#include "dataplane/sip/reasons.def"
#undef REASON

static const struct sip_reason_info infos[SIP_N_REASONS] = {
	[SIP_OK] = { names[SIP_OK], "", "nothing wrong", 0 },
#define REASON(id, code, text, meaning) [SIP_R_##id] = { names[SIP_R_##id], text, meaning, code },
#include "dataplane/sip/reasons.def"
#undef REASON
};

const struct sip_reason_info *sip_reason_info(enum sip_reason reason)
{
	return &infos[reason];
}
