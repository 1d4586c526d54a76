/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Captures that Wireshark and tshark read: pcapng (draft-ietf-opsawg-pcapng) of SIP messages.
 *
 * What a trace knows is a message and its two ends; IP and UDP headers are made up around it, with
 * right checksums, so that the SIP dissector sees whole datagrams whatever fragments or tags there
 * were on the wire. One interface, of link type RAW (an IP header first), times in nanoseconds.
 * Pure: bytes into the caller's memory; the daemon's tests, viactl and others link it.
 *
 *   SHB | IDB | EPB EPB ...    little-endian, each block a multiple of 4 bytes
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAPNG_HEAD_MAX 256     /* bytes of section header and interface description */
#define PCAPNG_COMMENT_MAX 1024 /* longer comments are cut */
#define PCAPNG_PACKET_MAX (65575 + 128 + PCAPNG_COMMENT_MAX) /* bytes of the largest packet */

/* One datagram. */
struct pcapng_packet {
	uint64_t time_ns;         /* since 1970 */
	struct endpoint src, dst; /* of one family */
	const uint8_t *data;      /* SIP; borrowed */
	uint32_t len;
	bool sent;           /* it left the proxy; else it came */
	const char *comment; /* UTF-8, shown beside the packet; NULL = none */
};

/** Writes what a file begins with to @out; @program: who writes it, 64 bytes at most. Returns its
 * length, 0 if @size is too small. */
size_t pcapng_head(uint8_t *out, size_t size, const char *program);

/**
 * Writes @p as a packet to @out. Returns its length; 0 if @size is too small (PCAPNG_PACKET_MAX is
 * always enough), the families differ, or no UDP datagram can hold the message.
 */
size_t pcapng_packet(uint8_t *out, size_t size, const struct pcapng_packet *p);
