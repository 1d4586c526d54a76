/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The decision: what a stateless proxy does with one message (RFC 3261 16.11 with 16.3 to 16.6,
 * 18, 8.2.7; RFC 3581; RFC 5658).
 *
 * Pure: message, source, snapshots in; verdict, destination, edits or an answer out. UDP workers,
 * the control thread, `explain`, fuzzers, benches and tests all call these functions, so they can
 * never disagree. request.c and response.c hold the rules.
 */
#pragma once

#include "dataplane/proxy/fib.h"
#include "dataplane/proxy/window.h"
#include "dataplane/proxy/world.h"
#include "dataplane/sip/answer.h"
#include "dataplane/sip/edit.h"
#include "dataplane/sip/msg.h"

enum proxy_verdict {
	PROXY_DROP,    /* nothing is sent; reason says why */
	PROXY_FORWARD, /* apply edits, send to dst from listener */
	PROXY_ANSWER   /* send answer to dst from listener */
};

/* How a message came. */
struct proxy_in {
	struct endpoint src;
	uint16_t listener;     /* index into world.listeners */
	struct recent *recent; /* of this thread. NULL: nothing is remembered, not even in
				  world.began, and only began tells what is old (window.h) */
};

/* Where the message of a request goes, for people. */
enum proxy_target {
	TARGET_NONE,
	TARGET_POOL,        /* a backend, by the pool's table */
	TARGET_ROUTE,       /* first Route */
	TARGET_REQUEST_URI, /* Request-URI: in-dialog or relayed */
	TARGET_VIA          /* responses and answers */
};

#define PROXY_TEXT                                                                                 \
	67584 /* bytes of text that the edits of one message may need: a whole message and our own \
		 lines */

#define PROXY_SLACK 64 /* bytes behind the text that may be written and read, but mean nothing */

struct proxy_out {
	enum proxy_verdict verdict;
	enum sip_reason reason; /* SIP_OK when forwarded, also for the 200 to OPTIONS */
	enum proxy_target target;
	struct endpoint dst;
	uint16_t listener;      /* to send from; index into world.listeners */
	uint16_t pool, backend; /* TARGET_POOL; else WORLD_NONE. In a transaction window a backend
				   may come without a pool: that of a rule which is gone */
	uint64_t key;           /* hash of the affinity key, TARGET_POOL */
	uint8_t window;         /* enum window_choice, TARGET_POOL; else WINDOW_NONE */
	uint32_t epoch;         /* of the world that chose the backend, unless WINDOW_NONE */
	const uint8_t *branch;  /* of our Via on a request that is forwarded, in text; BRANCH_LEN
				   bytes */
	bool has_hop;           /* hop was looked up and is valid */
	struct fib_hop hop;
	struct edit_list edits; /* for PROXY_FORWARD; offsets in the message as received; then cut
				   to sip_msg.len */
	uint16_t answer_status; /* PROXY_ANSWER */
	uint32_t answer_len;
	uint8_t *answer; /* in text; sip bytes ready to send */
	uint32_t text_used;
	uint8_t text[PROXY_TEXT + PROXY_SLACK]; /* what the edits put in, and answers */
};

/**
 * Decides about message @m (sip_parse() was called; its result is in m->reason). @out is the
 * caller's, reused from message to message, not cleared by him. Never fails: bad input is a
 * verdict.
 */
void proxy_message(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		   const struct sip_msg *m, struct proxy_out *out);

/** True if @len bytes of SIP fit one UDP datagram to @dst: 65,507 for IPv4, 65,527 for IPv6. */
bool proxy_fits_udp(const struct ip *dst, int64_t len);
