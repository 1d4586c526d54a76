/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bytes of a probe: an OPTIONS request outside of any dialog (RFC 3261 11.1) and the test
 * whether a datagram is its answer. Pure: what is random comes in.
 *
 * The branch says which target a probe was for, so that an answer finds it without a search, and
 * 64 random bits that nobody who did not see the probe can guess; the Call-ID has 64 more.
 */
#pragma once

#include "dataplane/sip/msg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_TEXT_MAX 1400 /* bytes; below what 18.1.1 lets go over UDP but for absurd URIs */

/* One probe: what makes it different from all others. */
struct probe_id {
	uint32_t target;
	uint32_t cseq;
	uint64_t branch, call; /* random */
};

struct probe_text {
	const char *from, *request_uri; /* URIs; NULL = made from the addresses */
	struct endpoint local;          /* where it is sent from */
	struct endpoint remote;         /* where it is sent to */
	enum sip_transport transport;   /* 0 = SIP_UDP */
	struct probe_id id;
};

/** Writes the request to @out, PROBE_TEXT_MAX bytes. Returns its length; 0 if it does not fit. */
size_t probe_text_write(const struct probe_text *t, char *out);

/** The target that response @m is for by its branch alone; false if @m is no answer to any probe.
 * @m may have any fault. */
bool probe_text_target(const struct sip_msg *m, uint32_t *target);

/**
 * What is wrong with @m as an answer to @id: "" = nothing, it is one. Branch, Call-ID, CSeq number
 * and method must be those of the request (17.1.3, 8.1.3.5).
 */
const char *probe_text_fault(const struct probe_id *id, const struct endpoint *local,
			     const struct sip_msg *m);
