/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading of ICMP errors about UDP packets of ours: too big (RFC 1191, RFC 8201), unreachable (RFC
 * 792, RFC 4443 3.1).
 *
 * Anyone can send such a message. The caller believes one only if what it quotes could have been
 * sent from here (source address and port of a listener, RFC 5927 4.1). Pure.
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum icmp_kind { ICMP_TOO_BIG, ICMP_UNREACHABLE };

/* What one ICMP message says. */
struct icmp_error {
	enum icmp_kind kind;
	struct endpoint src; /* sender of the packet that failed: one of our listeners? */
	struct endpoint dst; /* where it went */
	uint32_t mtu;        /* ICMP_TOO_BIG: what would have fitted */
};

/**
 * Reads the ICMP or ICMPv6 packet of @len bytes at @p, from its IP header on. True if it reports
 * one of the two about a UDP packet, is whole, and its checksum is right.
 */
bool icmp_error_read(const uint8_t *p, size_t len, struct icmp_error *out);
