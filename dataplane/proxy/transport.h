/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * By which transport a request leaves (contract 4; RFC 3261 16.1, 18.1.1; RFC 5630). Private to
 * dataplane/proxy; who builds worlds uses the lengths.
 */
#pragma once

#include "dataplane/proxy/proxy.h"

#define TRANSPORT_BELOW_MTU 200 /* bytes that a request must leave of a known path MTU (18.1.1) */
#define TRANSPORT_LARGE 1300    /* bytes of a request by UDP where the path's MTU is not known */

/**
 * The transport to a server that takes @offered (WORLD_UDP | ...): the one by which the request
 * came, else the other stream for a stream, else the other kind. @sips: TLS or none.
 * SIP_TRANSPORT_NONE if nothing fits.
 */
static inline enum sip_transport transport_choose(unsigned int arrival, unsigned int offered,
						  bool sips)
{
	/* By arrival, and by what is offered: UDP 1, TCP 2, TLS 4. */
	static const uint8_t choice[WORLD_N_TRANSPORTS][8] = {
		{ SIP_TRANSPORT_NONE, SIP_UDP, SIP_TCP, SIP_UDP, SIP_TLS, SIP_UDP, SIP_TCP,
		  SIP_UDP },
		{ SIP_TRANSPORT_NONE, SIP_UDP, SIP_TCP, SIP_TCP, SIP_TLS, SIP_TLS, SIP_TCP,
		  SIP_TCP },
		{ SIP_TRANSPORT_NONE, SIP_UDP, SIP_TCP, SIP_TCP, SIP_TLS, SIP_TLS, SIP_TLS,
		  SIP_TLS },
	};

	if (__builtin_expect(sips, 0))
		offered &= WORLD_TLS;
	return (enum sip_transport)choice[arrival][offered & 7];
}

/** True if out->dst is a server that takes a stream which we have a listener for. */
bool transport_has_stream(const struct world *w, const struct proxy_out *out);

/** Puts that stream in place of UDP into @out, if there is one. */
void transport_take_stream(const struct world *w, struct proxy_out *out);

/** transport_is_too_large() for what is long enough to ask. */
bool transport_is_large_for(const struct world *w, const struct proxy_in *in, int64_t len,
			    const struct proxy_out *out);

/** True if request @m with the edits of @out would leave by UDP, is too large for that as far as
 * the path is known (18.1.1), and its server takes a stream. */
static inline bool transport_is_too_large(const struct world *w, const struct proxy_in *in,
					  const struct sip_msg *m, const struct proxy_out *out)
{
	int64_t len = (int64_t)m->len + out->edits.delta;

	return __builtin_expect(len > (w->large ? w->large : TRANSPORT_LARGE), 0) &&
	       transport_is_large_for(w, in, len, out);
}
