/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Path MTUs learned from ICMP: "fragmentation needed" (RFC 1191) and "packet too big" (RFC 8201).
 *
 * Anyone can send such a message (icmp_error.h), so one can only make messages smaller within
 * bounds: never below 552 bytes for IPv4, the least that Linux believes, nor below 1280 for
 * IPv6, and never larger than before until the entry is old. The table is bounded; the entry that
 * has not been confirmed for longest makes room. Pure but for memory; time comes in. Control thread
 * only.
 */
#pragma once

#include "dataplane/proxy/fib.h"
#include "dataplane/sip/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PMTU_MAX 4096 /* entries */
#define PMTU_LIFE_MS \
	(10u * 60u * 1000u) /* RFC 1191 6.3, RFC 8201 4: try larger ones again after 10 minutes */
#define PMTU_MIN_V4 552u    /* Linux's net.ipv4.route.min_pmtu */
#define PMTU_LEAST_V4 68u   /* no IPv4 link has less (RFC 791) */
#define PMTU_MIN_V6 1280u   /* RFC 8200 5 */

struct pmtu_entry {
	struct ip ip;
	uint32_t mtu; /* 0 = free */
	uint64_t at_ms;
};

struct pmtu_table {
	struct pmtu_entry v[PMTU_MAX];
	uint32_t n;
};

/**
 * Takes in that packets to @ip may have @mtu bytes, on an interface whose own limit is @limit. True
 * if that changes what pmtu_list() says.
 */
bool pmtu_learn(struct pmtu_table *t, const struct ip *ip, uint32_t mtu, uint32_t limit,
		uint64_t now_ms);

/** Forgets what is older than PMTU_LIFE_MS. True if there was such. */
bool pmtu_expire(struct pmtu_table *t, uint64_t now_ms);

/** Writes all entries to @out (PMTU_MAX) for fib_build(). Returns how many. */
uint32_t pmtu_list(const struct pmtu_table *t, struct fib_pmtu *out);
