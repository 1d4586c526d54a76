/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a URI or a Via to an address, and from an address to the way out. Private to
 * dataplane/proxy.
 */
#pragma once

#include "dataplane/proxy/proxy.h"

/**
 * The address that @uri leads to over UDP: maddr or host, by value or from the hosts table, port or
 * 5060 (RFC 3261 19.1.2, 16.6 step 7 as far as it needs neither DNS nor a stream). SIP_OK with @dst
 * set, or the reason.
 */
enum sip_reason target_of_uri(const struct world *w, const uint8_t *p, const struct sip_uri *uri,
			      struct endpoint *dst);

/**
 * The address for a response to the request whose top Via is @via (RFC 3261 18.2.2, RFC 3581 4):
 * @seen is the source of the request, or NULL if only what stands in the Via is known. A maddr is
 * honoured only towards trusted addresses: else anyone could aim our responses at anybody.
 */
enum sip_reason target_of_via(const struct world *w, const uint8_t *p, const struct sip_via *via,
			      const struct endpoint *seen, struct endpoint *dst);

/**
 * Looks up how out->dst is reached and from which listener to send: for a request @preferred if it
 * stands there, for a response or an answer (out->target is TARGET_VIA) @preferred if only the
 * family fits, since it must leave from where the request came in (RFC 3581 4), whatever the routes
 * say. SIP_OK, or the reason.
 */
enum sip_reason target_way_out(const struct world *w, const struct fib *fib, uint16_t preferred,
			       struct proxy_out *out);

/** True if out->dst, whose way out was found, is a listener of this proxy. */
bool target_is_self(const struct world *w, const struct proxy_out *out);
