/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reasons of reasons.def as an enum, with the answer that each one means.
 * SIP_OK (0) is "nothing wrong".
 */
#pragma once

#include <stdint.h>

enum sip_reason {
	SIP_OK = 0,
#define REASON(id, status, phrase, help) SIP_R_##id,
#include "dataplane/sip/reasons.def"
#undef REASON
	SIP_N_REASONS
};

struct sip_reason_info {
	const char *name;   /* lower case, as in counters: "bad_via" */
	const char *phrase; /* reason phrase of the answer; "" when none is sent */
	const char *help;   /* one line for people */
	uint16_t status;    /* status code of the answer; 0 = drop */
};

/** Facts about @reason; never NULL for 0 <= reason < SIP_N_REASONS. Static storage. */
const struct sip_reason_info *sip_reason_info(enum sip_reason reason);
