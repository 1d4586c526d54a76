/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames for the flow tests, made and read byte by byte, without a line of the code under test: its
 * own checksum (16 bits at a time), its own header layouts, its own reassembly.
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <stdbool.h>
#include <stdint.h>

#define FRAME_MAX 70000

struct frame {
	uint32_t len;
	uint8_t b[FRAME_MAX];
};

enum sum_kind {
	SUM_RIGHT,
	SUM_WRONG,
	SUM_NONE,   /* field 0 */
	SUM_PARTIAL /* only the pseudo header, as a sender leaves it that trusts a NIC */
};

/* IPv6 extension headers before the UDP header, or IPv4 options. All zero is a plain datagram. */
struct datagram {
	const char *from, *to; /* "192.0.2.1:5060", "[2001:db8::1]:5060" */
	const void *payload;
	uint32_t len;
	enum sum_kind sum;
	int vlan_tags;       /* 0 to 3 */
	int pad;             /* bytes after the IP packet */
	int ip_options;      /* IPv4: bytes, a multiple of 4 */
	const char *headers; /* IPv6: one letter each: h hop-by-hop, d destination, r routing, R
				routing with segments left, a atomic fragment */
	int udp_len_off;     /* added to the UDP length field */
	int ip_len_off;      /* added to the IP length field */
	bool bad_ip_sum;
	const uint8_t *dst_mac; /* NULL = the port's */
};

/** Bytes of the Ethernet frame of @d, for the port with address @mac. */
void wire_build(const struct datagram *d, const uint8_t mac[6], struct frame *out);

/**
 * Cuts the datagram of @d into fragments of at most @step data bytes (a multiple of 8) and writes
 * them to @out, at most @max. Returns how many.
 */
int wire_fragments(const struct datagram *d, const uint8_t mac[6], uint32_t step, uint32_t id,
		   struct frame *out, int max);

/** Writes one fragment: @len bytes of @data at offset @off. Addresses and ports as in @d. */
void wire_fragment(const struct datagram *d, const uint8_t mac[6], uint32_t id, uint32_t off,
		   bool more, const void *data, uint32_t len, struct frame *out);

/**
 * The IP payload of @d: UDP header and bytes, with its checksum. Returns its length.
 */
uint32_t wire_udp(const struct datagram *d, uint8_t *out);

/** Writes an ICMP or ICMPv6 error about the IP packet in frame @about, from @from to its sender. */
void wire_icmp(const char *from, const struct frame *about, uint8_t type, uint8_t code,
	       uint32_t rest, const uint8_t mac[6], struct frame *out);

/* A frame as received from the code under test. */
struct seen {
	uint8_t dst_mac[6], src_mac[6];
	bool v6;
	struct endpoint src, dst; /* ports: of a whole datagram or its first fragment */
	uint8_t ttl;
	uint32_t ip_len; /* bytes of the IP packet */
	bool fragment, more;
	uint32_t id, off;
	const uint8_t *data; /* UDP payload; of a fragment: its data, UDP header included */
	uint32_t len;
};

/** Reads frame @f and checks everything in it; returns what is wrong, NULL = nothing. */
const char *wire_read(const struct frame *f, struct seen *out);

/**
 * Puts the @n fragments at @f, in any order, together: @out gets the UDP payload and the addresses.
 * Returns what is wrong, NULL = nothing.
 */
const char *wire_reassemble(const struct frame *f, int n, uint8_t *buf, struct seen *out);
