/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of explain share. Each tells one part of the story; steps are added in the order
 * in which the core decides.
 *
 *   explain_input.c     from pasted text to a datagram
 *   explain_request.c   validation, route set, relay rule, target (16.3 to 16.5)
 *   explain_pool.c      rule, key, table, backend
 *   explain_response.c  responses (16.11, 18.1.2, 18.2.2)
 *   explain_way.c       way out and size (18.1.1)
 *   explain_edits.c     what changes, in words and as a difference
 *   explain_text.c      steps, and bytes of messages as text
 */
#pragma once

#include "control/config/alloc.h"
#include "control/explain/explain.h"
#include "dataplane/proxy/facts.h"
#include "dataplane/proxy/proxy.h"

struct explain {
	const struct explain_in *in;
	struct arena arena; /* of texts */
	json_t *steps;
	json_t *result;
	bool no_memory;
	bool stopped; /* the step that ended it was told */
	struct proxy_in at;
	struct sip_msg m;
	struct proxy_facts facts; /* of a request */
	struct proxy_out out;
	uint32_t n; /* of bytes */
	uint32_t sent_len;
	uint8_t bytes[SIP_MAX_LEN + SIP_PAD]; /* the message as it is judged */
	uint8_t sent[SIP_MAX_LEN];            /* what would leave */
};

/* --- explain_text.c --- */

/** Adds a step: @rule ("RFC 3261 16.3") and what happens by it. */
__attribute__((format(printf, 3, 4))) void explain_step(struct explain *x, const char *rule,
							const char *fmt, ...);

/** Adds the step that refuses the message, and what @reason means. */
__attribute__((format(printf, 4, 5))) void explain_stop(struct explain *x, const char *rule,
							enum sip_reason reason, const char *fmt,
							...);

/** Formats into memory of @x; "" without memory. */
__attribute__((format(printf, 2, 3))) const char *explain_text(struct explain *x, const char *fmt,
							       ...);

/** @n bytes as UTF-8 text; what is none becomes U+FFFD, and so do NULs. Owned by the caller; NULL
 * without memory. */
json_t *explain_utf8(const uint8_t *p, size_t n);

/** Bytes of a message for one line of text: cut where they are long, control bytes as '.'. */
const char *explain_bytes(struct explain *x, const uint8_t *p, size_t n);

/** The same of the message that is explained. */
const char *explain_span(struct explain *x, struct span s);

/** "192.0.2.1:5060", "[2001:db8::1]:5060". */
const char *explain_at(struct explain *x, const struct endpoint *e);

/** "UDP", "TCP", "TLS". */
const char *explain_transport(unsigned int transport);

/** Says that the name of x->out.question stands in the way. */
void explain_question(struct explain *x);

/** "192.0.2.1". */
const char *explain_ip(struct explain *x, const struct ip *ip);

/** Sets @key of the result. Takes @value, which may be NULL: no memory. */
void explain_set(struct explain *x, json_t *object, const char *key, json_t *value);

/* --- the parts --- */

/** Makes x->bytes of the text that was given. */
void explain_take_text(struct explain *x);

/** Says whence the message is taken to come. Needs x->m. */
void explain_arrival(struct explain *x);

/** What the parser found. */
void explain_parse(struct explain *x);

/** All that the rules decide about a request. */
void explain_request(struct explain *x);

/** Rule, key, slot and backend of a request that goes to a pool. */
void explain_pool(struct explain *x);

/** All that the rules decide about a response. */
void explain_response(struct explain *x);

/** Network route, next hop and listener for what is sent. */
void explain_way(struct explain *x);

/** Length of what is sent against the path MTU. */
void explain_size(struct explain *x);

/** Each change of a forwarded message. */
void explain_edits(struct explain *x);
