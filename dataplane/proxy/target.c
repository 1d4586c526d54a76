/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proxy/target.h"

#include "dataplane/sip/chars.h"

#define SIP_PORT 5060
#define SIPS_PORT 5061

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

/* Asks @question, unless @found answers it. */
static __attribute__((noinline, cold)) enum sip_reason ask(const struct proxy_question *question,
							   const struct proxy_found *found,
							   struct proxy_out *out)
{
	out->question = *question;
	if (!found)
		return question->response ? SIP_R_VIA_NEEDS_DNS : SIP_R_NEEDS_DNS;
	out->dst = found->at;
	out->transport = found->transport;
	return SIP_OK;
}

enum sip_reason target_of_uri(const struct world *w, const uint8_t *p, const struct sip_uri *uri,
			      bool sips, const struct proxy_found *found, struct proxy_out *out)
{
	const struct sip_host *host = uri->maddr.kind != HOST_NONE ? &uri->maddr : &uri->host;
	enum sip_transport transport = uri_transport(uri);

	if (uri->scheme > URI_SIPS)
		return SIP_R_BAD_SCHEME;
	if (transport > SIP_TLS)
		return SIP_R_OTHER_TRANSPORT;
	if (__builtin_expect(sips || uri->scheme == URI_SIPS, 0)) {
		if (uri->transport == SIP_UDP)
			return SIP_R_NO_SIPS;
		transport = SIP_TLS;
		sips = true;
	}
	out->transport = (uint8_t)transport;
	if (host_address(w, p, host, &out->dst.ip)) {
		uint16_t port = transport == SIP_TLS ? SIPS_PORT : SIP_PORT;

		out->dst.port = uri->port ? uri->port : port;
	} else {
		enum sip_reason e =
			ask(&(struct proxy_question){ .host = host->text,
						      .port = uri->port,
						      .transport = (uint8_t)uri->transport,
						      .sips = sips },
			    found, out);

		if (e != SIP_OK)
			return e;
	}
	return ip_is_unusable(&out->dst.ip) ? SIP_R_UNUSABLE_TARGET : SIP_OK;
}

static uint16_t via_port(const struct sip_via *via)
{
	return via->port ? via->port : via->transport == SIP_TLS ? SIPS_PORT : SIP_PORT;
}

/* A maddr that may be followed: only towards trusted addresses, else anyone could aim our responses
 * at anybody. */
static const struct ip *trusted_maddr(const struct world *w, const struct sip_via *via)
{
	const struct ip *maddr = via->maddr.kind == HOST_IP ? &via->maddr.ip : NULL;

	return maddr && !ip_is_unusable(maddr) && world_trusts(w, maddr) ? maddr : NULL;
}

enum sip_reason target_of_via(const struct world *w, const uint8_t *p, const struct sip_via *via,
			      const struct proxy_found *found, struct proxy_out *out)
{
	const struct ip *maddr = trusted_maddr(w, via);
	struct endpoint *dst = &out->dst;

	dst->port = via_port(via);
	if (maddr) {
		dst->ip = *maddr;
	} else if (via->received_host.kind == HOST_IP) {
		dst->ip = via->received_host.ip;
		/* A new connection goes to where the sender listens (18.2.2). */
		if (via->rport_value && !proxy_is_stream(via->transport))
			dst->port = via->rport_value;
	} else if (!host_address(w, p, &via->host, &dst->ip)) {
		enum sip_reason e =
			ask(&(struct proxy_question){ .host = via->host.text,
						      .port = via->port,
						      .transport = (uint8_t)via->transport,
						      .response = true },
			    found, out);

		if (e != SIP_OK)
			return e;
	}
	return ip_is_unusable(&dst->ip) ? SIP_R_BAD_NEXT_VIA : SIP_OK;
}

enum sip_reason target_of_sender(const struct world *w, const struct sip_via *via,
				 const struct endpoint *seen, struct endpoint *dst)
{
	const struct ip *maddr = trusted_maddr(w, via);

	dst->ip = maddr ? *maddr : seen->ip;
	dst->port = via->has_rport && !maddr ? seen->port : via_port(via);
	return ip_is_unusable(&dst->ip) ? SIP_R_BAD_NEXT_VIA : SIP_OK;
}

static bool listener_speaks(const struct world *w, uint16_t i, uint32_t transport,
			    const struct ip *dst)
{
	return i < w->n_listeners && ip_is_v4(&w->listeners[i].addr.ip) == ip_is_v4(dst) &&
	       (w->listeners[i].transports & transport);
}

enum sip_reason target_way_out(const struct world *w, const struct fib *fib, uint16_t preferred,
			       struct proxy_out *out)
{
	uint32_t transport = 1u << out->transport;
	uint16_t iface;

	out->has_hop = fib_lookup(fib, &out->dst.ip, &out->hop);
	if (__builtin_expect(!out->has_hop || out->hop.kind == FIB_REJECT, 0))
		return SIP_R_NO_NETWORK_ROUTE;
	if (out->target == TARGET_VIA && listener_speaks(w, preferred, transport, &out->dst.ip)) {
		out->listener = preferred;
		return SIP_OK;
	}
	iface = out->hop.kind == FIB_UNICAST ? out->hop.iface : FIB_NO_IFACE;
	out->listener = world_listener_for(w, preferred, iface, transport, &out->dst.ip);
	return out->listener == WORLD_NONE ? SIP_R_UNUSABLE_TARGET : SIP_OK;
}

bool target_is_self(const struct world *w, const struct proxy_out *out)
{
	return out->hop.kind == FIB_LOCAL && world_listener_at(w, &out->dst) != WORLD_NONE;
}
