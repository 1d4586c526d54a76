/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the rules found out about a request on their way to the verdict, for people: `explain` tells
 * it. The workers' proxy_message() keeps none of it.
 */
#pragma once

#include "dataplane/proxy/routes.h"

struct proxy_facts {
	enum sip_reason refused;  /* what ended it, before the answer to it was tried; SIP_OK = none
				   */
	bool options;             /* an OPTIONS to the proxy itself, answered 200 or 503 */
	enum proxy_target target; /* as far as it was known by then; dst, has_hop and hop likewise
				   */
	struct endpoint dst;      /* port 0 = was not known */
	bool has_hop;
	struct fib_hop hop;
	bool validated;       /* what follows is set */
	enum world_own own;   /* whether the Request-URI, as the route rules left it, is ours */
	struct sip_uri uri;   /* that Request-URI; spans of the message as received */
	bool uri_replaced;    /* by the route rules: other bytes, or another URI of the message */
	bool strict_upstream; /* the last Route was the Request-URI (16.4) */
	bool strict_next;     /* the next Route becomes the Request-URI (16.6 step 6) */
	bool signed_uri;      /* the Request-URI carries our signature of this call */
	bool signed_route;    /* a Route that was taken off does */
	struct routes routes; /* values that were taken out are marked gone */
};

/**
 * proxy_message() for the request @m, by the same lines of code, and what they found out besides.
 * Same @out. Not for the packet path.
 */
void proxy_request_facts(const struct world *w, const struct fib *fib, const struct proxy_in *in,
			 const struct sip_msg *m, struct proxy_out *out, struct proxy_facts *facts);
