/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proxy/transport.h"

#include "dataplane/proxy/servers.h"

/* True if some listener of the family of @dst has the transport with @bit. */
static bool we_have(const struct world *w, uint32_t bit, const struct ip *dst)
{
	for (uint16_t i = 0; i < w->n_listeners; i++)
		if ((w->listeners[i].transports & bit) &&
		    ip_is_v4(&w->listeners[i].addr.ip) == ip_is_v4(dst))
			return true;
	return false;
}

/* The stream that server @b offers and we have a listener for; SIP_TRANSPORT_NONE = none. */
static enum sip_transport stream_to(const struct world *w, const struct backend *b)
{
	static const enum sip_transport streams[] = { SIP_TCP, SIP_TLS };

	for (unsigned int i = 0; i < 2; i++) {
		uint32_t bit = 1u << streams[i];

		if ((b->transports & bit) && we_have(w, bit, &b->addr.ip))
			return streams[i];
	}
	return SIP_TRANSPORT_NONE;
}

/* The server at out->dst, or NULL. */
static const struct backend *server_of(const struct world *w, const struct proxy_out *out)
{
	uint16_t number = out->backend;

	if (number == WORLD_NONE && w->servers)
		number = servers_find(w, &out->dst);
	if (number == WORLD_NONE || !endpoint_equal(&w->backends[number].addr, &out->dst))
		return NULL;
	return &w->backends[number];
}

bool transport_has_stream(const struct world *w, const struct proxy_out *out)
{
	const struct backend *b = server_of(w, out);

	return b && stream_to(w, b) != SIP_TRANSPORT_NONE;
}

void transport_take_stream(const struct world *w, struct proxy_out *out)
{
	const struct backend *b = out->transport == SIP_UDP ? server_of(w, out) : NULL;
	enum sip_transport stream = b ? stream_to(w, b) : SIP_TRANSPORT_NONE;

	if (stream == SIP_TRANSPORT_NONE)
		return;
	out->transport = (uint8_t)stream;
	out->dst.port = stream == SIP_TLS ? b->tls_port : b->addr.port;
}

bool transport_is_large_for(const struct world *w, const struct proxy_in *in, int64_t len,
			    const struct proxy_out *out)
{
	const struct backend *b = server_of(w, out);
	int64_t most = TRANSPORT_LARGE;

	if (out->transport != SIP_UDP || in->no_stream || !b ||
	    stream_to(w, b) == SIP_TRANSPORT_NONE)
		return false;
	if (b->path_mtu)
		most = (int64_t)b->path_mtu - TRANSPORT_BELOW_MTU;
	return len > most;
}
