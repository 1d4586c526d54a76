/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The XDP program of an xdp: interface: which frames go to a worker's queue. UDP datagrams for a
 * listener do; all else passes on to Linux as if nothing were here.
 *
 * It looks no further than it must: address and port decide, workers do every check (net_in.c).
 * What it does not understand passes, and Linux brings what of it is for a listener to the control
 * thread's socket. So does what a queue without a worker receives.
 *
 * Fragments: only the first shows the port. Whichever fragment of a datagram comes first settles
 * the way of all, so that neither the worker nor Linux is left with half of one: the first with a
 * listener's port sends them to the queue, any other one to Linux.
 *
 * Runs in the kernel, for each frame received, on the CPU that received it.
 */
#include "dataplane/xdp/steer.h"

#include <bpf/bpf_endian.h> /* these need the types of those above */
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#define TAGS_MAX 2
#define FRAGMENT_OFFSET 0x1fff /* of IPv4, in units of 8 bytes */
#define MORE_FRAGMENTS 0x2000

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, STEER_QUEUES);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(uint32_t));
} xsks_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STEER_LISTENERS);
	__type(key, struct steer_listener);
	__type(value, uint8_t);
} listeners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct steer_settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, STEER_DATAGRAMS);
	__type(key, struct steer_datagram);
	__type(value, struct steer_way);
} datagrams SEC(".maps");

struct tag {
	__be16 tci, type;
};

/* Options and routing headers of IPv6, and the fragment header. */
struct extension {
	uint8_t next, units, type, left;
	uint32_t id;
};

/* A frame while it is looked at. */
struct look {
	uint8_t *p;               /* next byte */
	uint8_t *end;             /* of the frame */
	struct steer_datagram of; /* addresses; id of a fragment */
	uint8_t proto;            /* of what is at p */
	uint8_t fragment;         /* part of a datagram ... */
	uint8_t later;            /* ... and not the first */
};

/* The @n bytes at p, which moves on; NULL if the frame ends before. */
static __always_inline void *take(struct look *l, uint32_t n)
{
	uint8_t *at = l->p;

	if (at + n > l->end)
		return NULL;
	l->p = at + n;
	return at;
}

static __always_inline void set_v4(uint8_t *ip, __be32 address)
{
	ip[10] = ip[11] = 0xff;
	__builtin_memcpy(ip + 12, &address, 4);
}

static __always_inline int is_listener(const struct look *l, __be16 port)
{
	struct steer_listener key = { .port_be = port };

	__builtin_memcpy(key.ip, l->of.dst, 16);
	return bpf_map_lookup_elem(&listeners, &key) != NULL;
}

/* Whether the first fragment, or the only packet, of a datagram is for a listener. */
static __always_inline int for_listener(struct look *l)
{
	const struct udphdr *h;

	if (l->proto != IPPROTO_UDP)
		return 0;
	h = take(l, sizeof(*h));
	return h && is_listener(l, h->dest);
}

/* --- fragments ----------------------------------------------------------------------------- */

static __always_inline int settle(const struct look *l, uint64_t now, uint32_t to_queue)
{
	struct steer_way way = { .since_ns = now, .to_queue = to_queue };

	/* Where that fails, the datagram is lost as if a fragment were. */
	bpf_map_update_elem(&datagrams, &l->of, &way, BPF_ANY);
	return to_queue;
}

static __always_inline int fragment_to_queue(struct look *l)
{
	const struct steer_way *way = bpf_map_lookup_elem(&datagrams, &l->of);
	uint64_t now = bpf_ktime_get_ns();
	int known = way && now - way->since_ns < STEER_WAIT_NS;

	if (l->later && known)
		return way->to_queue;
	if (l->later)
		return is_listener(l, 0) ? settle(l, now, 0) : 0;
	if (known && !way->to_queue)
		return 0; /* others of it came before */
	if (for_listener(l))
		return settle(l, now, 1);
	return known ? settle(l, now, 0) : 0; /* another datagram with a number used again */
}

/* --- IP ------------------------------------------------------------------------------------ */

/* Reads the IPv4 header at p. */
static __always_inline int look_v4(struct look *l)
{
	const struct iphdr *h = take(l, sizeof(*h));
	uint32_t frag;

	if (!h || h->ihl < 5 || h->protocol != IPPROTO_UDP || !take(l, (h->ihl - 5u) * 4))
		return 0;
	frag = bpf_ntohs(h->frag_off);
	set_v4(l->of.src, h->saddr);
	set_v4(l->of.dst, h->daddr);
	l->of.id = h->id;
	l->proto = IPPROTO_UDP;
	l->later = (frag & FRAGMENT_OFFSET) != 0;
	l->fragment = (frag & (FRAGMENT_OFFSET | MORE_FRAGMENTS)) != 0;
	return 1;
}

/* Goes over one extension header. False at the last header, and if it is cut. */
static __always_inline int extension_v6(struct look *l)
{
	const struct extension *h;

	if (l->proto != IPPROTO_HOPOPTS && l->proto != IPPROTO_DSTOPTS &&
	    l->proto != IPPROTO_ROUTING && l->proto != IPPROTO_FRAGMENT)
		return 0;
	h = take(l, sizeof(*h));
	if (!h || (l->proto == IPPROTO_ROUTING && h->left))
		return 0;
	if (l->proto == IPPROTO_FRAGMENT) {
		uint32_t frag = (uint32_t)h->type << 8 | h->left;

		l->of.id = h->id;
		l->later = (frag & 0xfff8) != 0;
		l->fragment = (frag & 0xfff9) != 0; /* else it is whole (RFC 6946) */
	} else if (!take(l, h->units * 8u)) {
		return 0;
	}
	l->proto = h->next;
	return !l->later;
}

/* Reads the IPv6 header at p and those after it, up to UDP or the data of a fragment. */
static __always_inline int look_v6(struct look *l)
{
	const struct ipv6hdr *h = take(l, sizeof(*h));

	if (!h)
		return 0;
	__builtin_memcpy(l->of.src, &h->saddr, 16);
	__builtin_memcpy(l->of.dst, &h->daddr, 16);
	l->proto = h->nexthdr;
	for (int i = 0; i < STEER_V6_HEADERS; i++) {
		if (!extension_v6(l))
			break;
	}
	return l->proto == IPPROTO_UDP || (l->later && l->proto == IPPROTO_DSTOPTS);
}

/* --- Ethernet ------------------------------------------------------------------------------ */

static __always_inline int to_us(const struct ethhdr *h, const struct steer_settings *s)
{
	uint16_t a[3], b[3]; /* clang makes a call of a memcmp() */

	__builtin_memcpy(a, h->h_dest, ETH_ALEN);
	__builtin_memcpy(b, s->mac, ETH_ALEN);
	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

/* Reads the Ethernet header and VLAN tags at p. 0, or the type of what follows. */
static __always_inline __be16 look_ethernet(struct look *l, const struct steer_settings *s)
{
	const struct ethhdr *h = take(l, sizeof(*h));
	__be16 type;

	if (!h || !to_us(h, s))
		return 0;
	type = h->h_proto;
	for (int i = 0; i < TAGS_MAX; i++) {
		const struct tag *t;

		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		t = take(l, sizeof(*t));
		if (!t)
			return 0;
		type = t->type;
	}
	return type;
}

static __always_inline int to_queue(struct look *l, const struct steer_settings *s)
{
	__be16 type;

	if (s->all)
		return 1;
	type = look_ethernet(l, s);
	if (type == bpf_htons(ETH_P_IP) ? !look_v4(l)
					: type != bpf_htons(ETH_P_IPV6) || !look_v6(l))
		return 0;
	return l->fragment ? fragment_to_queue(l) : for_listener(l);
}

SEC("xdp")
int viaduct_steer(struct xdp_md *ctx)
{
	struct look l = { .p = (uint8_t *)(unsigned long)ctx->data,
			  .end = (uint8_t *)(unsigned long)ctx->data_end };
	uint32_t first = 0;
	const struct steer_settings *s = bpf_map_lookup_elem(&settings, &first);

	if (!s || !to_queue(&l, s))
		return XDP_PASS;
	/* A queue without a socket: Linux. */
	return (int)bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_PASS);
}

char _license[] SEC("license") = "BSD";
