/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Templates of headers, and their use. The checksum over the message is a full one: an error of
 * the proxy's incremental sums must not meet the same shortcut here.
 */
#include "bench/load/engine/header.h"

#include "dataplane/checksum.h"

static_assert(sizeof(struct endpoint) == 18, "compared as bytes: no padding");
static_assert(HEADER_SLOTS == 1u << (64 - 54), "what header_slot() shifts by");

void header_build(struct header *h, const struct path *path, const uint8_t src_mac[6])
{
	uint32_t ip_len = path->v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr);
	struct rte_udp_hdr *udp;

	memset(h, 0, sizeof(*h));
	h->from = *path->src;
	h->to = *path->dst;
	h->port = path->port;
	h->v6 = path->v6;
	memcpy(h->src_mac, src_mac, sizeof(h->src_mac));
	memcpy(h->dst_mac, path->dst_mac, sizeof(h->dst_mac));
	h->path = *path;
	h->path.src = &h->from;
	h->path.dst = &h->to;
	h->path.dst_mac = h->dst_mac;
	h->len = (uint16_t)net_out_headers(&path->dst->ip);
	h->longest = path->mtu - ip_len - (uint32_t)sizeof(*udp);
	if (path->v6) {
		udp = (struct rte_udp_hdr *)net_out_v6(h->bytes, path, src_mac, 0, IPPROTO_UDP);
	} else {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(h->bytes + RTE_ETHER_HDR_LEN);

		udp = (struct rte_udp_hdr *)net_out_v4(h->bytes, path, src_mac, 0, 0, 0);
		ip->total_length = 0;
		ip->hdr_checksum = 0;
		h->ip_sum = csum_header(ip, sizeof(*ip));
	}
	udp->src_port = rte_cpu_to_be_16(path->src->port);
	udp->dst_port = rte_cpu_to_be_16(path->dst->port);
	h->udp_sum = csum_add(csum_pseudo(&path->src->ip, &path->dst->ip, IPPROTO_UDP, 0),
			      csum_header(udp, sizeof(*udp)));
}

static void put_udp(const struct header *h, struct rte_udp_hdr *udp, const uint8_t *p, uint32_t len)
{
	rte_be16_t udp_len = rte_cpu_to_be_16((uint16_t)(sizeof(*udp) + len));
	uint16_t sum = csum_add(h->udp_sum, csum_add(udp_len, udp_len));

	udp->dgram_len = udp_len;
	udp->dgram_cksum = csum_udp_field(csum_add(sum, csum_bytes(p, len)));
}

void header_put(const struct header *h, uint8_t *p, uint32_t len, uint16_t id)
{
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)p - 1;

	if (h->v6) {
		struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)udp - 1;

		memcpy(p - NET_OUT_HEADERS_MAX, h->bytes, NET_OUT_HEADERS_MAX);
		ip->payload_len = rte_cpu_to_be_16((uint16_t)(sizeof(*udp) + len));
	} else {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)udp - 1;
		uint16_t sum;

		memcpy(p - HEADER_LEN_V4, h->bytes, HEADER_LEN_V4);
		ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + sizeof(*udp) + len));
		ip->packet_id = rte_cpu_to_be_16(id);
		sum = csum_add(h->ip_sum, csum_add(ip->total_length, ip->packet_id));
		ip->hdr_checksum = (uint16_t)~sum;
	}
	put_udp(h, udp, p, len);
}
