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
#include "dataplane/proxy/held.h"
#include "dataplane/proxy/window.h"
#include "dataplane/proxy/world.h"
#include "dataplane/sip/answer.h"
#include "dataplane/sip/edit.h"
#include "dataplane/sip/msg.h"

enum proxy_verdict {
	PROXY_DROP,     /* nothing is sent; reason says why */
	PROXY_FORWARD,  /* apply edits, send to dst from listener by transport */
	PROXY_ANSWER,   /* send answer to dst from listener by transport */
	PROXY_HAND_OVER /* a stream or a name is needed. Not able: decide again on the control
			   thread; able: answer the question and decide again */
};

/* What must be found out about a name before the message can go on (RFC 3263). */
struct proxy_question {
	struct span host;  /* bytes of the message */
	uint16_t port;     /* 0 = none was given */
	uint8_t transport; /* enum sip_transport that the URI or Via names, or SIP_TRANSPORT_NONE */
	bool sips;         /* TLS only */
	bool response;     /* asked for a Via (RFC 3263 section 5) */
};

/* The answer to it. */
struct proxy_found {
	struct endpoint at;
	uint8_t transport; /* SIP_UDP, SIP_TCP or SIP_TLS */
};

/* What proxy_look_ahead() found out of a request. */
struct proxy_ahead {
	const uint16_t *slot; /* of the pool's table, for the request's key; NULL = nothing was
				 found out */
	uint64_t key;
	uint16_t pool; /* that would serve the request; WORLD_NONE = no rule matches */
};

/* How a message came, and what may be done with it. All but src and listener 0: as on a worker. */
struct proxy_in {
	struct endpoint src;
	uint16_t listener;   /* index into world.listeners */
	uint8_t transport;   /* it came by: SIP_UDP, SIP_TCP or SIP_TLS */
	bool able;           /* streams and names are at hand: the control thread */
	bool no_stream;      /* a stream for a request that is large for UDP was refused: UDP
				after all (18.1.1) */
	uint64_t connection; /* it came by; 0 = none */
	const struct proxy_found
		*found;           /* answer to the question of the time before; NULL = none */
	const struct held *held;  /* NULL: no transaction is held */
	struct proxy_ahead ahead; /* of this message */
	struct recent *recent;    /* of this thread. NULL: nothing is remembered, not even in
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
	uint16_t listener;   /* to send from; index into world.listeners */
	uint8_t transport;   /* to send by: SIP_UDP, SIP_TCP or SIP_TLS */
	bool crossing;       /* PROXY_FORWARD: reliability differs between the two sides, which
				asks for transaction state (16.1) */
	uint64_t connection; /* to send by if it is still there, else a new one to dst; 0 = none */
	struct proxy_question question; /* PROXY_HAND_OVER with reason NEEDS_DNS, VIA_NEEDS_DNS */
	uint64_t transaction; /* with a question: what decides among equal answers (RFC 3263 4.4) */
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
 * Finds out of request @m, after sip_parse_lines(), which pool serves it, and asks for the memory
 * that says by which server: that comes from far away, and the values can be parsed meanwhile. For
 * pools keyed by the Call-ID, as most are; of others nothing is found out. @in->ahead is what
 * proxy_message() wants with the same @w; the verdict is the same without.
 */
void proxy_look_ahead(const struct world *w, const struct sip_msg *m, struct proxy_in *in);

/**
 * Decides about message @m (sip_parse() was called; its result is in m->reason). @out is the
 * caller's, reused from message to message, not cleared by him. Never fails: bad input is a
 * verdict.
 */
void proxy_message(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		   const struct sip_msg *m, struct proxy_out *out);

/** Makes of request @m, which was decided about before and could not be carried out, the answer
 * that
 * @reason asks for, or a drop. */
void proxy_refuse(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		  const struct sip_msg *m, enum sip_reason reason, struct proxy_out *out);

/** Makes answer @status to request @m, whatever its method, with where it goes: for who keeps its
 * transaction. A drop if it cannot be addressed. */
void proxy_answer(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		  const struct sip_msg *m, uint16_t status, const char *phrase,
		  struct proxy_out *out);

/** True if the transport is a stream: reliable, with connections. */
static inline bool proxy_is_stream(unsigned int transport)
{
	return transport == SIP_TCP || transport == SIP_TLS;
}

/** True if @len bytes of SIP fit one UDP datagram to @dst: 65,507 for IPv4, 65,527 for IPv6. */
bool proxy_fits_udp(const struct ip *dst, int64_t len);
