/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * First stage: is this frame a SIP datagram for one of our listeners, and is it sound?
 *
 * Ethernet with up to two VLAN tags (802.1Q, 802.1ad), IPv4 with options, IPv6 with extension
 * headers, UDP. Reads bytes, writes struct pkt; no mbuf is moved or freed. Works on any linear
 * bytes, so packets from one mbuf, from a chain and from fragments take the same checks.
 */
#pragma once

#include "dataplane/batch.h"
#include "dataplane/view.h"

struct port;

/**
 * Does what net_in_frame() does for a frame with no VLAN tag, IPv4 without options, a whole UDP
 * datagram for a listener: most frames, with few branches. False for all others, and for those with
 * anything wrong: @k has to go through net_in_frame() then.
 */
bool net_in_plain(const struct view *v, const struct port *port, const uint8_t *f, uint32_t len,
		  uint64_t ol_flags, struct pkt *k);

/**
 * Looks at the frame of @len bytes at @f, received by @port with the mbuf flags @ol_flags. Sets the
 * verdict: V_GO with flags for a SIP datagram (listener, src, off, len), a fragment or an ICMP
 * error about our packets; else the final one. @k->port was set by the caller.
 */
void net_in_frame(const struct view *v, const struct port *port, const uint8_t *f, uint32_t len,
		  uint64_t ol_flags, struct pkt *k);

/**
 * The same for a datagram put together from fragments: @len bytes at @d after the IP header, which
 * starts with header @proto; @k has src, dst and family. Sets the verdict; offsets count from @d.
 */
void net_in_whole(const struct view *v, const struct port *port, const uint8_t *d, uint32_t len,
		  uint8_t proto, struct pkt *k);

/**
 * The stage over a batch that came by @port with index @port_index: net_in_frame() for each that
 * lies in one mbuf of its own; chains and mbufs that others hold too get PKT_CHAIN.
 */
void net_in(const struct view *v, const struct port *port, uint16_t port_index, struct batch *b);
