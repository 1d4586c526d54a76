/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a URI or a Via to an address, and from an address to the way out. Private to
 * dataplane/proxy.
 */
#pragma once

#include "dataplane/proxy/proxy.h"

/** The transport that @uri asks for: its parameter, else UDP for sip and TLS for sips (RFC 3263
 * 4.1, RFC 3261 26.2.2). */
static inline enum sip_transport uri_transport(const struct sip_uri *uri)
{
	if (uri->scheme == URI_SIPS && uri->transport != SIP_UDP)
		return SIP_TLS;
	return uri->transport == SIP_TRANSPORT_NONE ? SIP_UDP : uri->transport;
}

/** The scheme whose default port holds for @uri: 5061 also for sip over TLS (RFC 3261 19.1.2). */
static inline enum uri_scheme uri_port_scheme(const struct sip_uri *uri)
{
	return uri->transport == SIP_TLS ? URI_SIPS : uri->scheme;
}

/**
 * The address and transport that @uri leads to: maddr or host, by value or from the hosts table,
 * port or the default one (RFC 3261 19.1.2, 16.6 step 7, RFC 3263 4). @sips: by TLS only. SIP_OK
 * with out->dst and out->transport set, NEEDS_DNS with out->question set, unless @found answers it,
 * or another reason.
 */
enum sip_reason target_of_uri(const struct world *w, const uint8_t *p, const struct sip_uri *uri,
			      bool sips, const struct proxy_found *found, struct proxy_out *out);

/**
 * The address for a response whose next Via is @via (RFC 3261 18.2.2, RFC 3581 4). A maddr is
 * honoured only towards trusted addresses: else anyone could aim our responses at anybody. SIP_OK
 * with out->dst set, VIA_NEEDS_DNS with out->question set, unless @found answers it, or another
 * reason.
 */
enum sip_reason target_of_via(const struct world *w, const uint8_t *p, const struct sip_via *via,
			      const struct proxy_found *found, struct proxy_out *out);

/** Likewise, for our own answer by UDP to the request from @seen whose top Via is @via. SIP_OK with
 * @dst set, or the reason. */
enum sip_reason target_of_sender(const struct world *w, const struct sip_via *via,
				 const struct endpoint *seen, struct endpoint *dst);

/**
 * Looks up how out->dst is reached and from which listener to send by out->transport: for a request
 * @preferred if it stands there, for a response or an answer (out->target is TARGET_VIA) @preferred
 * if only the family fits, since it must leave from where the request came in (RFC 3581 4),
 * whatever the routes say. SIP_OK, or the reason.
 */
enum sip_reason target_way_out(const struct world *w, const struct fib *fib, uint16_t preferred,
			       struct proxy_out *out);

/** True if the message of @len bytes, once out->edits are made, can be sent by out->transport: see
 * proxy_fits_udp(); by a stream what we would take ourselves. */
static inline bool proxy_fits(const struct proxy_out *out, uint32_t len)
{
	int64_t n = (int64_t)len + out->edits.delta;

	return out->transport == SIP_UDP ? proxy_fits_udp(&out->dst.ip, n) : n <= SIP_MAX_LEN;
}

/** True if out->dst, whose way out was found, is a listener of this proxy. */
bool target_is_self(const struct world *w, const struct proxy_out *out);
