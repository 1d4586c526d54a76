/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Third stage: headers for the way out. Next hop, addresses, checksums, MTU.
 */
#pragma once

#include "dataplane/proxy/fib.h"
#include "dataplane/sip_stage.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

struct worker;

/* Where a message goes and from where; borrows from the world and the worker. */
struct path {
	uint16_t port; /* index of the interface */
	bool v6;
	uint32_t mtu; /* bytes of IP packet that pass */
	const uint8_t *dst_mac;
	const struct endpoint *src, *dst;
};

#define NET_OUT_HEADERS_MAX \
	(sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv6_hdr) + sizeof(struct rte_udp_hdr))

/** Bytes of Ethernet, IP and UDP header of a message to @dst. */
static inline uint32_t net_out_headers(const struct ip *dst)
{
	return (uint32_t)(ip_is_v4(dst)
				  ? sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr) +
					    sizeof(struct rte_udp_hdr)
				  : NET_OUT_HEADERS_MAX);
}

/**
 * Writes the Ethernet and IPv4 header of a packet with @payload bytes after it to @f; @frag is the
 * flags and offset field in host order. Returns the byte after them.
 */
uint8_t *net_out_v4(uint8_t *f, const struct path *path, const uint8_t src_mac[6], uint32_t payload,
		    uint16_t id, uint16_t frag);

/** The same for IPv6, whose payload starts with header @next. */
uint8_t *net_out_v6(uint8_t *f, const struct path *path, const uint8_t src_mac[6], uint32_t payload,
		    uint8_t next);

/** Writes the UDP header to @at, with a full checksum for the bytes of @o. */
void net_out_udp(uint8_t *at, const struct path *path, const struct outgoing *o);

/** Makes the UDP checksum of frame @m, which asks for one (RTE_MBUF_F_TX_UDP_CKSUM), in place of a
 * device. */
void net_out_sum(struct rte_mbuf *m);

/**
 * Sends @o where w->out says, for packet @i of the batch: as one frame, as fragments, or through
 * Linux. Sets the verdict. If the message lies in the packet's own mbuf and goes out in it, the
 * batch loses the mbuf.
 */
void net_out(struct worker *w, uint16_t i, struct outgoing *o);
