/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the targets of a name to the backends that they are: one for each address, with the
 * transports that lead there. SRV priorities become tiers: the first is the tier of the
 * configuration, the next one more, and so on. SRV weights multiply the configured weight, reduced
 * to the smallest whole numbers in a tier: with equal weights each address has just the configured
 * one. Addresses of one host share its weight. Pure.
 */
#pragma once

#include "control/dns/dns.h"

#define EXPAND_IPV4 1u
#define EXPAND_IPV6 2u

/* What the configuration says of the name. */
struct expand_name {
	uint32_t transports; /* 1u << enum sip_transport */
	uint16_t port;       /* 0 = none: by SRV records, asked for each transport */
	uint16_t tls_port;   /* of addresses without SRV records; 0 = as for DNS */
	uint32_t weight, tier;
	uint32_t families; /* that can be reached: EXPAND_IPV4, EXPAND_IPV6 */
};

/* What was found for one transport; with a port for all of them. */
struct expand_found {
	const struct dns_target *v;
	uint32_t n;
};

struct expand_server {
	struct endpoint at;
	uint32_t transports;
	uint16_t tls_port; /* 0 = no TLS */
	uint32_t weight, tier;
};

/** Writes the servers of @name, for which @found was found (udp, tcp, tls in this order, those
 * that were asked for), to @out, at most DNS_TARGETS_MAX. Returns how many. */
uint32_t expand(const struct expand_name *name, const struct expand_found *found, uint32_t n_found,
		struct expand_server out[DNS_TARGETS_MAX]);
