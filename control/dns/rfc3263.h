/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RFC 3263 as a function: from a question, over the records that are known, to the places to send
 * to, in order (4.1, 4.2, 4.4, 5; RFC 2782; RFC 7984: addresses of both families).
 *
 * The function asks a store for records. What is not known yet the store notes, and the function
 * goes on where it can, so that all that can be asked at once is asked at once; when the records
 * have come it is called again, from the start. So there is no half-done state, and tests are
 * tables. Pure: no sockets, no clock, no memory of its own.
 */
#pragma once

#include "control/dns/dns.h"
#include "control/dns/dns_rrset.h"

/* Where records are. */
struct rfc3263_store {
	/* The records of @type and @name, alive until rfc3263_targets() returns; NULL: not known
	 * yet, and noted as asked for. */
	const struct dns_rrset *(*find)(void *arg, enum dns_type type, const char *name);
	void *arg;
};

struct rfc3263_query {
	const struct dns_question *q;
	const uint64_t *key; /* decides among equals; NULL: in the order of records and addresses */
	uint32_t hosts_most; /* hosts of SRV records to go through for addresses */
};

struct rfc3263_result {
	bool waits; /* for records; nothing else is set */
	bool cut;   /* there were more than DNS_TARGETS_MAX */
	int rc;     /* as for dns_answer; 0 if there is a target */
	uint32_t n;
	struct dns_target v[DNS_TARGETS_MAX];
};

/** Answers @query from @store into @out. */
void rfc3263_targets(const struct rfc3263_query *query, const struct rfc3263_store *store,
		     struct rfc3263_result *out);
