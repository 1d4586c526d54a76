/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What servers did with what they were sent, for passive health: a sample of requests and of their
 * responses, and all 5xx.
 *
 * A request and its responses carry the same branch of ours, and nobody else can make one (RFC 3261
 * 16.11), so a look at two digits of it picks one transaction in ACCOUNT_ONE_IN with all that
 * belongs to it: no state, and both sides of the quotient are of the same transactions. Servers are
 * known by address: requests inside a dialog, which follow their Route, count like those that a
 * pool sends; backends of several pools at one address are one server. ACK gets no response and is
 * left out.
 *
 * While a server drains, all requests count for the servers they go to: one in 64 would let a drain
 * seem silent that is not.
 *
 * Counted where the message is forwarded, by the workers and the control thread, each in its own
 * struct stats.
 */
#pragma once

#include "dataplane/proxy/branch.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/stats.h"

#define ACCOUNT_ONE_IN 64         /* transactions of which one is sampled */
#define ACCOUNT_REST_MAX_S 86400u /* longer Retry-After count as so many seconds */

/** True for the branches of the sample: the last digit is 0, the one before 0, 4, 8 or d. */
static inline bool account_is_sampled(const uint8_t *branch)
{
	uint16_t last2;

	memcpy(&last2, branch + BRANCH_LEN - 2, sizeof(last2));
	return (last2 & 0xff03) == ('0' << 8 | ('0' & 3));
}

/* One message that is forwarded, when, and on which clock. */
struct accounted {
	const struct world *world;
	const struct endpoint *src;
	const struct sip_msg *m; /* as received */
	const struct proxy_out *out;
	uint64_t now; /* TSC */
	uint64_t hz;  /* of it */
};

/** Counts a message of the sample. */
void account_sample(struct stats *s, const struct accounted *a);

/** Counts a request while some server drains. */
void account_drain(struct stats *s, const struct accounted *a);

/** Counts a response of 500 and up. */
void account_error(struct stats *s, const struct accounted *a);

/** Counts message @m as received: by method or class of its status. What is no SIP is not. */
static inline void account_received(struct stats *s, const struct sip_msg *m)
{
	if (m->reason == SIP_R_KEEPALIVE || m->reason == SIP_R_STUN || m->reason == SIP_R_NOT_SIP)
		return;
	if (m->request) {
		stat_add(&s->c[C_RX_REQUESTS], 1);
		stat_add(&s->requests[m->method], 1);
	} else {
		stat_add(&s->c[C_RX_RESPONSES], 1);
		stat_add(&s->responses[m->status / 100], 1);
	}
}

/** Counts what there is to count of a message, if it is forwarded. */
static inline void account(struct stats *s, const struct accounted *a)
{
	const uint8_t *branch = a->m->request ? a->out->branch : a->m->p + a->m->via.branch.off;

	if (a->out->verdict != PROXY_FORWARD)
		return;
	if (__builtin_expect(account_is_sampled(branch), 0))
		account_sample(s, a);
	if (__builtin_expect(a->world->drains && a->m->request, 0))
		account_drain(s, a);
	if (__builtin_expect(a->m->status >= 500, 0))
		account_error(s, a);
}
