/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules for requests and for responses, called by proxy_message(). Private to dataplane/proxy.
 */
#pragma once

#include "dataplane/proxy/proxy.h"

/** RFC 3261 16.3 to 16.6 as 16.11 has them for a stateless proxy. */
void proxy_request(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		   const struct sip_msg *m, struct proxy_out *out);

/** RFC 3261 16.11 last paragraph, 18.1.2, 18.2.2; RFC 3581. */
void proxy_response(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		    const struct sip_msg *m, struct proxy_out *out);

/** Makes @out ready for one message: nothing decided yet. */
static inline void proxy_open(struct proxy_out *out)
{
	out->verdict = PROXY_DROP;
	out->reason = SIP_OK;
	out->target = TARGET_NONE;
	out->transport = SIP_UDP;
	out->crossing = false;
	out->connection = 0;
	out->pool = out->backend = WORLD_NONE;
	out->window = WINDOW_NONE;
	out->has_hop = false;
	out->text_used = 0;
	out->answer_len = 0;
}
