/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way out of what is sent: network route, neighbour, listener; and its length against the path
 * MTU.
 */
#include "control/explain/explain_parts.h"
#include "dataplane/proxy/transport.h"

#include <stdio.h>

#define MTU_MIN_V4 552u /* less is not believed: net_out.c */
#define MTU_MIN_V6 1280u
#define HEADERS_V4 20u
#define HEADERS_V6 40u
#define FRAGMENT_V6 8u
#define UDP_HEADER 8u

static const struct explain_iface *iface_of(const struct explain *x)
{
	uint16_t i = x->out.hop.iface;

	return i < x->in->n_ifaces ? &x->in->ifaces[i] : NULL;
}

/* Largest IP packet on the way; 0 = unknown. */
static uint32_t way_mtu(const struct explain *x)
{
	const struct explain_iface *iface = iface_of(x);
	uint32_t least = ip_is_v4(&x->out.dst.ip) ? MTU_MIN_V4 : MTU_MIN_V6;
	uint32_t mtu = iface ? iface->mtu : 0;

	if (mtu == 0)
		return 0;
	if (x->out.hop.mtu && x->out.hop.mtu < mtu)
		mtu = x->out.hop.mtu;
	return mtu > least ? mtu : least;
}

static void set_next_hop(struct explain *x, const char *mac)
{
	const struct explain_iface *iface = iface_of(x);
	json_t *hop = json_object();

	explain_set(x, hop, "interface", iface ? json_string(iface->name) : json_null());
	explain_set(x, hop, "address", json_string(explain_ip(x, &x->out.hop.next)));
	explain_set(x, hop, "mac", mac ? json_string(mac) : json_null());
	explain_set(x, hop, "mtu", way_mtu(x) ? json_integer(way_mtu(x)) : json_null());
	explain_set(x, x->result, "next_hop", hop);
}

static const char *mac_text(struct explain *x)
{
	const uint8_t *m = x->out.hop.mac;

	return explain_text(x, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

/* True if Linux can send what no device of ours can. */
static bool any_shared(const struct explain *x)
{
	for (uint16_t i = 0; i < x->in->n_ifaces; i++)
		if (x->in->ifaces[i].shared)
			return true;
	return false;
}

/* The core decided to send, but there is no way out (net_out.c). */
static void cannot_send(struct explain *x, const char *counter, const char *why)
{
	explain_step(x, "network", "%s: dropped and counted as %s", why, counter);
	explain_set(x, x->result, "verdict", json_string("drop"));
	explain_set(x, x->result, "reason", json_string(counter));
}

static void tell_hop(struct explain *x, const struct explain_iface *iface, const char *mac)
{
	const struct ip *hop = &x->out.hop.next;
	const char *next = ip_equal(hop, &x->out.dst.ip)
				   ? "on link"
				   : explain_text(x, "by gateway %s", explain_ip(x, hop));

	if (mac)
		explain_step(x, "network", "interface %s, %s, link address %s", iface->name, next,
			     mac);
	else if (iface->shared)
		explain_step(x, "network",
			     "interface %s, %s, link address not known yet: Linux resolves it and "
			     "sends",
			     iface->name, next);
	else
		cannot_send(x, "drop_no_neighbor",
			    explain_text(x, "interface %s, %s, link address not known", iface->name,
					 next));
}

/* By which transport and connection it leaves, and what that takes. */
static void tell_transport(struct explain *x)
{
	const struct proxy_out *out = &x->out;
	const struct listener *from = &x->in->world->listeners[out->listener];

	if (out->verdict == PROXY_ANSWER && out->connection)
		explain_step(x, "RFC 3261 18.2.2", "sent by %s, down the connection it came by",
			     explain_transport(out->transport));
	else
		explain_step(x, "RFC 3261 18.1.1, 18.2.2",
			     "sent by %s to %s from listener %s at %s",
			     explain_transport(out->transport), explain_at(x, &out->dst),
			     from->name.s, explain_at(x, &from->addr));
	if (out->verdict == PROXY_FORWARD && out->crossing)
		explain_step(
			x, "RFC 3261 16.1",
			"between UDP and a stream reliability differs: the control thread keeps "
			"a transaction");
}

void explain_way(struct explain *x)
{
	const struct proxy_out *out = &x->out;
	const struct explain_iface *iface = iface_of(x);
	bool ours = out->hop.kind == FIB_UNICAST && iface;
	const char *mac = ours && out->hop.has_mac ? mac_text(x) : NULL;

	tell_transport(x);
	if (!out->has_hop)
		return;
	set_next_hop(x, mac);
	if (proxy_is_stream(out->transport))
		explain_step(x, "network", "Linux has the connection%s%s",
			     ours ? ", by interface " : "", ours ? iface->name : "");
	else if (ours)
		tell_hop(x, iface, mac);
	else if (any_shared(x))
		explain_step(x, "network", "not by an interface of ours: Linux sends it");
	else
		cannot_send(x, sip_reason_info(SIP_R_NO_NETWORK_ROUTE)->name,
			    "not by an interface of ours, and Linux has no part in this");
}

/* IP packets that @len bytes of SIP take. */
static uint32_t packets(bool v4, uint32_t len, uint32_t mtu)
{
	uint32_t payload = len + UDP_HEADER, room;

	if (payload + (v4 ? HEADERS_V4 : HEADERS_V6) <= mtu)
		return 1;
	room = v4 ? mtu - HEADERS_V4 : mtu - HEADERS_V6 - FRAGMENT_V6;
	room &= ~7u;
	return (payload + room - 1) / room;
}

void explain_size(struct explain *x)
{
	static const char rule[] = "RFC 3261 18.1.1";
	bool v4 = ip_is_v4(&x->out.dst.ip);
	uint32_t mtu = way_mtu(x), n = mtu ? packets(v4, x->sent_len, mtu) : 0;
	uint32_t known =
		x->out.backend == WORLD_NONE ? 0 : x->in->world->backends[x->out.backend].path_mtu;
	uint32_t limit = known ? known - TRANSPORT_BELOW_MTU : TRANSPORT_LARGE;
	const char *way = n == 0 ? ""
				 : explain_text(x, ", %u IP packet%s at an MTU of %u", n,
						n == 1 ? "" : "s", mtu);

	if (proxy_is_stream(x->out.transport))
		explain_step(x, rule, "%u bytes; a stream carries them whatever the path MTU is",
			     x->sent_len);
	else if (!x->m.request || x->out.verdict != PROXY_FORWARD)
		explain_step(x, rule, "%u bytes%s; the size rule is for requests only", x->sent_len,
			     way);
	else if (x->sent_len <= limit)
		explain_step(x, rule, "%u bytes%s; UDP may carry up to %u here (path MTU %s)",
			     x->sent_len, way, limit, known ? "known" : "unknown");
	else
		explain_step(x, rule,
			     "%u bytes%s; over %u bytes (path MTU %s) a stream should carry "
			     "it, but the server is not known to take one",
			     x->sent_len, way, limit, known ? "known" : "unknown");
}
