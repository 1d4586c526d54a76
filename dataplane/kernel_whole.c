/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/kernel_whole.h"

#include "dataplane/checksum.h"
#include "dataplane/ip_clash.h"
#include "dataplane/net_bytes.h"

#include <rte_ether.h>
#include <rte_ip.h>

#define FRAGMENT_HEADER 8u

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t whole_v4(uint8_t *ip, uint32_t size, uint32_t len)
{
	struct rte_ipv4_hdr h;
	uint16_t sum;

	if (size < sizeof(h) || size + len > UINT16_MAX)
		return 0;
	put16(ip + offsetof(struct rte_ipv4_hdr, total_length), size + len);
	put16(ip + offsetof(struct rte_ipv4_hdr, fragment_offset), 0);
	put16(ip + offsetof(struct rte_ipv4_hdr, hdr_checksum), 0);
	sum = (uint16_t)~csum_bytes(ip, size);
	memcpy(ip + offsetof(struct rte_ipv4_hdr, hdr_checksum), &sum, sizeof(sum));
	return size;
}

/* The headers before the fragment header, the last of which names @proto now. */
static uint32_t whole_v6(uint8_t *ip, uint32_t size, uint32_t len, uint8_t proto)
{
	uint32_t fixed = sizeof(struct rte_ipv6_hdr), at = fixed;
	uint8_t *next = ip + offsetof(struct rte_ipv6_hdr, proto);

	if (size < fixed + FRAGMENT_HEADER || size - fixed - FRAGMENT_HEADER + len > UINT16_MAX)
		return 0;
	size -= FRAGMENT_HEADER;
	while (at < size) {
		next = ip + at;
		at += (ip[at + 1] + 1u) * 8;
	}
	if (at != size)
		return 0;
	*next = proto;
	put16(ip + offsetof(struct rte_ipv6_hdr, payload_len), size - fixed + len);
	return size;
}

uint32_t kernel_whole_head(uint8_t *h, uint32_t n, uint32_t data_off, uint32_t len, uint8_t proto)
{
	uint32_t off = RTE_ETHER_HDR_LEN, size;
	uint16_t type;

	if (data_off > n || data_off < off)
		return 0;
	type = be16(h + off - RTE_ETHER_TYPE_LEN);
	while (type != RTE_ETHER_TYPE_IPV4 && type != RTE_ETHER_TYPE_IPV6) {
		if (data_off - off < RTE_VLAN_HLEN)
			return 0;
		type = be16(h + off + 2);
		off += RTE_VLAN_HLEN;
	}
	size = type == RTE_ETHER_TYPE_IPV4 ? whole_v4(h + off, data_off - off, len)
					   : whole_v6(h + off, data_off - off, len, proto);
	return size ? off + size : 0;
}
