/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every forwarded message gets: our Via, Record-Route, Max-Forwards, received and rport (RFC
 * 3261 16.6 steps 3, 4, 8; 18.2.1; RFC 3581 4; RFC 5658; RFC 5393). Private to dataplane/proxy.
 */
#pragma once

#include "dataplane/proxy/branch.h"
#include "dataplane/proxy/plan.h"
#include "dataplane/proxy/token.h"

/* What leaves with the message and does not depend on where it goes. */
struct forwarding {
	bool marked; /* forward_prepare() was called */
	bool sips;   /* the call is secure hop by hop: Record-Route says so (16.6 step 4) */
	struct branch_hash branch;
	struct call_token token;
};

/**
 * Makes the branch, and the token where a Record-Route is due. Long chains of steps that need
 * nothing but the message: called first, they run beside all that follows.
 */
void forward_hash(const struct world *w, const struct sip_msg *m, struct forwarding *f);

/** Marks the sender's top Via with its true source: received (18.2.1) and the value of rport (RFC
 * 3581). */
void forward_mark_source(struct plan *p, const struct endpoint *src);

/** The start line says SIP/2.0 in upper case on the way out (7.1). */
void forward_version(struct plan *p);

/** A message without Content-Length that leaves by a stream gets one (16.6 step 9, 18.3). */
void forward_length(struct plan *p);

/** The changes to the request that came from @src which do not depend on the target, once. */
void forward_prepare(struct plan *p, const struct endpoint *src, struct forwarding *f);

/** Takes one off Max-Forwards, or adds 70; adds or lowers Max-Breadth if the world wants it; puts
 * our Via on top and, where it is due, Record-Route. After forward_hash(). */
void forward_headers(struct plan *p, const struct world *w, const struct proxy_in *in,
		     const struct forwarding *f);
