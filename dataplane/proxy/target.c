/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proxy/target.h"

#include "dataplane/sip/chars.h"

#define SIP_PORT 5060

/* Address of a host: itself, or of a name in the static hosts table. */
static bool host_address(const struct world *w, const uint8_t *p, const struct sip_host *host,
			 struct ip *ip)
{
	uint8_t name[NAME_MAX_LEN];
	uint16_t len = host->text.len;
	int64_t i;

	if (host->kind == HOST_IP) {
		*ip = host->ip;
		return true;
	}
	if (host->kind != HOST_NAME || len > NAME_MAX_LEN)
		return false;
	for (uint16_t k = 0; k < len; k++)
		name[k] = char_lower(p[host->text.off + k]);
	if (len > 1 && name[len - 1] == '.')
		len--;
	i = names_find(w->hosts, name, len);
	if (i < 0)
		return false;
	*ip = w->host_ips[i];
	return true;
}

enum sip_reason target_of_uri(const struct world *w, const uint8_t *p, const struct sip_uri *uri,
			      struct endpoint *dst)
{
	const struct sip_host *host = uri->maddr.kind != HOST_NONE ? &uri->maddr : &uri->host;

	if (uri->scheme > URI_SIPS)
		return SIP_R_BAD_SCHEME;
	if (uri->scheme == URI_SIPS ||
	    (uri->transport != SIP_UDP && uri->transport != SIP_TRANSPORT_NONE))
		return SIP_R_NEEDS_STREAM;
	if (!host_address(w, p, host, &dst->ip))
		return SIP_R_NEEDS_DNS;
	dst->port = uri->port ? uri->port : SIP_PORT;
	if (ip_is_unusable(&dst->ip))
		return SIP_R_UNUSABLE_TARGET;
	return SIP_OK;
}

enum sip_reason target_of_via(const struct world *w, const uint8_t *p, const struct sip_via *via,
			      const struct endpoint *seen, struct endpoint *dst)
{
	const struct ip *maddr = via->maddr.kind == HOST_IP ? &via->maddr.ip : NULL;
	bool received = seen || via->received_host.kind == HOST_IP;

	dst->port = via->port ? via->port : SIP_PORT;
	if (maddr && !ip_is_unusable(maddr) && world_trusts(w, maddr)) {
		dst->ip = *maddr;
	} else if (received) {
		dst->ip = seen ? seen->ip : via->received_host.ip;
		if (via->has_rport && seen)
			dst->port = seen->port;
		else if (via->rport_value)
			dst->port = via->rport_value;
	} else if (!host_address(w, p, &via->host, &dst->ip)) {
		return SIP_R_VIA_NEEDS_DNS;
	}
	if (ip_is_unusable(&dst->ip))
		return SIP_R_BAD_NEXT_VIA;
	return SIP_OK;
}

static bool listener_speaks(const struct world *w, uint16_t i, const struct ip *dst)
{
	return i < w->n_listeners && ip_is_v4(&w->listeners[i].addr.ip) == ip_is_v4(dst);
}

enum sip_reason target_way_out(const struct world *w, const struct fib *fib, uint16_t preferred,
			       struct proxy_out *out)
{
	uint16_t iface;

	out->has_hop = fib_lookup(fib, &out->dst.ip, &out->hop);
	if (__builtin_expect(!out->has_hop || out->hop.kind == FIB_REJECT, 0))
		return SIP_R_NO_NETWORK_ROUTE;
	if (out->target == TARGET_VIA && listener_speaks(w, preferred, &out->dst.ip)) {
		out->listener = preferred;
		return SIP_OK;
	}
	iface = out->hop.kind == FIB_UNICAST ? out->hop.iface : FIB_NO_IFACE;
	out->listener = world_listener_for(w, preferred, iface, &out->dst.ip);
	return out->listener == WORLD_NONE ? SIP_R_UNUSABLE_TARGET : SIP_OK;
}

bool target_is_self(const struct world *w, const struct proxy_out *out)
{
	return out->hop.kind == FIB_LOCAL && world_listener_at(w, &out->dst) != WORLD_NONE;
}
