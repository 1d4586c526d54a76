/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who sent a request and under which branch: sent-by and branch of one Via (RFC 3261 17.2.3) in 96
 * canonical bytes. Hosts count in lower case or as addresses by value, a port that is absent as the
 * default one. Private to dataplane/proxy.
 *
 *    0        4       6      8         12       16                    48                      96
 *    +--------+-------+------+---------+--------+---------------------+-----------------------+
 *    | kind   | port  | zero | n_host  | n_bran | host, zeros behind  | branch, zeros behind  |
 *    +--------+-------+------+---------+--------+---------------------+-----------------------+
 *
 * The lengths keep two Vias apart whose host and branch concatenate alike. What does not fit its
 * place is stood for by its 128-bit hash; its length tells. Nearly all fit: branches of today's
 * stacks have 15 to 47 bytes.
 */
#pragma once

#include "dataplane/proxy/keys.h"
#include "dataplane/proxy/pad.h"
#include "dataplane/sip/via.h"

#include <assert.h>
#include <stddef.h>

#define VIAID_HOST_MAX 32
#define VIAID_BRANCH_MAX 48

struct viaid {
	uint32_t kind; /* enum host_kind */
	uint16_t port;
	uint16_t zero;
	uint32_t host_len; /* of a name; 0 for addresses */
	uint32_t branch_len;
	uint8_t host[VIAID_HOST_MAX];
	uint8_t branch[VIAID_BRANCH_MAX];
} __attribute__((aligned(16)));

static_assert(sizeof(struct viaid) == 96, "hashed as one block of constant size");

/** viaid_make() for hosts and branches that do not fit their places. */
void viaid_make_long(const struct keys *k, const uint8_t *p, const struct sip_via *via,
		     struct viaid *out);

/**
 * Makes the identity of @via, a Via of the message of @len readable bytes at @p. Whether the host
 * is a name or an address is no branch: nobody could predict it.
 */
static inline void viaid_make(const struct keys *k, const uint8_t *p, uint32_t len,
			      const struct sip_via *via, struct viaid *out)
{
	static_assert(offsetof(struct sip_via, host.ip) + VIAID_HOST_MAX <= sizeof(*via),
		      "as much is read at an address");
	const struct sip_host *host = &via->host;
	bool name = host->kind != HOST_IP;
	const uint8_t *src = name ? p + host->text.off : host->ip.b;
	uint32_t readable = name ? len - host->text.off : VIAID_HOST_MAX;
	uint32_t n = name ? host->text.len : sizeof(host->ip.b);

	out->kind = host->kind;
	out->port = via->port ? via->port : via->transport == SIP_TLS ? 5061 : 5060;
	out->zero = 0;
	out->host_len = name ? n : 0;
	out->branch_len = via->branch.len;
	if (__builtin_expect(n > VIAID_HOST_MAX || out->branch_len > VIAID_BRANCH_MAX, 0)) {
		viaid_make_long(k, p, via, out);
		return;
	}
	pad_copy_fold(out->host, src, n, readable, 2, _mm_set1_epi8(name ? 0x20 : 0));
	pad_copy(out->branch, p + via->branch.off, out->branch_len, len - via->branch.off, 3,
		 false);
}
