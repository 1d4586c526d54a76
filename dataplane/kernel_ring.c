/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/kernel_ring.h"

#include "dataplane/ip_clash.h"
#include "dataplane/net_bytes.h"

#include <rte_ether.h>
#include <rte_ip.h>

#define HOPS_UNTOUCHED 255

int kernel_ring_init(struct kernel_ring *r)
{
	*r = (struct kernel_ring){ 0 };
	return byte_ring_init(&r->ring, KERNEL_RING_SIZE);
}

void kernel_ring_fini(struct kernel_ring *r)
{
	byte_ring_fini(&r->ring);
}

bool kernel_frame_is_urgent(const uint8_t *f, uint32_t len)
{
	uint32_t off = RTE_ETHER_HDR_LEN;
	uint16_t type;

	if (len < off)
		return false;
	type = be16(f + off - RTE_ETHER_TYPE_LEN);
	for (int tags = 0; tags < 2; tags++) {
		if (type != RTE_ETHER_TYPE_VLAN && type != RTE_ETHER_TYPE_QINQ)
			break;
		if (len - off < RTE_VLAN_HLEN)
			return false;
		type = be16(f + off + 2);
		off += RTE_VLAN_HLEN;
	}
	if (type == RTE_ETHER_TYPE_IPV4)
		return len - off >= sizeof(struct rte_ipv4_hdr) &&
		       f[off + offsetof(struct rte_ipv4_hdr, time_to_live)] == HOPS_UNTOUCHED;
	if (type == RTE_ETHER_TYPE_IPV6)
		return len - off >= sizeof(struct rte_ipv6_hdr) &&
		       f[off + offsetof(struct rte_ipv6_hdr, hop_limits)] == HOPS_UNTOUCHED;
	return true;
}

uint8_t *kernel_ring_reserve(struct kernel_ring *r, uint32_t len, bool urgent)
{
	if (!urgent && byte_ring_used(&r->ring) + len > KERNEL_RING_COMMON)
		return NULL;
	r->room = byte_ring_reserve(&r->ring, (uint32_t)sizeof(*r->room) + len);
	return r->room ? (uint8_t *)(r->room + 1) : NULL;
}

void kernel_ring_commit(struct kernel_ring *r, uint16_t port, uint32_t len)
{
	*r->room = (struct kernel_frame){ .len = len, .port = port };
	byte_ring_commit(&r->ring, (uint32_t)sizeof(*r->room) + len);
	r->put = true;
}

bool kernel_ring_peek(struct kernel_ring *r, struct kernel_frame *out)
{
	const struct kernel_frame *rec = byte_ring_peek(&r->ring);

	if (!rec)
		return false;
	*out = *rec;
	out->data = (const uint8_t *)(rec + 1);
	return true;
}

void kernel_ring_drop(struct kernel_ring *r)
{
	byte_ring_drop(&r->ring);
}
