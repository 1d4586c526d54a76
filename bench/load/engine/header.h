/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet, IP and UDP headers of what the generator sends, ready-made for each pair of addresses.
 *
 * All that is the same for two messages of a pair is laid out and summed up once; per message only
 * lengths, the identification and the checksums are filled in. The bytes come from net_out.c, so
 * there is one place that knows how a header looks. Pure but for the pointers; a table belongs to
 * one core.
 */
#pragma once

#include "dataplane/net_out.h"

#include <stdbool.h>
#include <stdint.h>

#define HEADER_SLOTS 1024u /* pairs that are remembered; a power of two */
#define HEADER_LEN_V4 \
	(sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr))

struct header {
	struct endpoint from, to; /* port 0 of from: the slot is free */
	uint16_t port;            /* index of the device */
	uint16_t len;             /* of all headers */
	uint16_t ip_sum;          /* of the IPv4 header without length and identification */
	uint16_t udp_sum;         /* of pseudo header and UDP header without lengths */
	uint32_t longest;         /* message that fits one frame */
	bool v6;
	struct path path; /* for fragments; points into this struct */
	uint8_t src_mac[6], dst_mac[6];
	uint8_t bytes[NET_OUT_HEADERS_MAX];
};

struct header_table {
	struct header slot[HEADER_SLOTS];
};

/** The slot where the header of this pair is or should be. */
static inline struct header *header_slot(struct header_table *t, const struct endpoint *from,
					 const struct endpoint *to)
{
	uint32_t a, b;
	uint64_t x;

	memcpy(&a, from->ip.b + 12, 4);
	memcpy(&b, to->ip.b + 12, 4);
	x = ((uint64_t)a << 32 | b) ^ ((uint64_t)from->port << 16 | (uint64_t)to->port << 40);
	return &t->slot[(x * 0x9e3779b97f4a7c15ull) >> 54];
}

/** True if @h is the header of this pair. */
static inline bool header_is(const struct header *h, const struct endpoint *from,
			     const struct endpoint *to)
{
	return memcmp(&h->from, from, sizeof(*from)) == 0 && memcmp(&h->to, to, sizeof(*to)) == 0;
}

/** Makes @h the header of messages by @path, from link address @src_mac. */
void header_build(struct header *h, const struct path *path, const uint8_t src_mac[6]);

/**
 * Writes the headers right before the @len bytes of message at @p, which fit one frame, with
 * identification @id (IPv4). The headers' length is in @h->len.
 */
void header_put(const struct header *h, uint8_t *p, uint32_t len, uint16_t id);
