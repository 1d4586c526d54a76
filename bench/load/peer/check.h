/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether a message that came through a proxy is what the proxy should have made of the one that
 * was sent: judged row by row, without a line of the proxy's code. Private to bench/load/peer.
 *
 * A request may gain one Via on top with a branch of RFC 3261, Record-Route rows, received and
 * rport in the sender's Via (18.2.1, RFC 3581), Max-Forwards where it was absent, Max-Breadth (RFC
 * 5393); its Max-Forwards is one less; Routes may be gone. A response has lost the
 * proxy's Via; its Record-Route may be rewritten (16.7). All else is as it was sent.
 */
#pragma once

#include "bench/load/peer/rows.h"
#include "dataplane/sip/ip.h"

#define CHECK_RANGES 24

/* Bytes of the arrived message that differ from call to call. */
struct check_range {
	uint16_t off, len;
	bool record_route; /* in a URI of a Record-Route row */
};

struct check_found {
	struct rows rows;          /* of the arrived message */
	struct check_range branch; /* of the proxy's Via, requests only; len 0 = none */
	unsigned int n_ranges;
	struct check_range range[CHECK_RANGES]; /* parameters of the proxy's Via and Record-Route */
};

/**
 * Compares @sent (a response with the Vias that it should come back with) with @came. @source:
 * where the request came from, for received and rport. NULL if all is well, then @found is filled;
 * else what is wrong, in words.
 */
const char *check_message(const uint8_t *sent, uint32_t sent_len, const uint8_t *came,
			  uint32_t came_len, const struct endpoint *source,
			  struct check_found *found);
