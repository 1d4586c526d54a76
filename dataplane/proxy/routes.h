/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Route set of one request: RFC 3261 16.4 (preprocessing) and 16.6 step 6 (strict next hop).
 * Private to dataplane/proxy.
 *
 * All values are read in their outer form (a broken list must not travel on under our hand); only
 * the leading ones that name this proxy and the first that does not are decoded as URIs.
 */
#pragma once

#include "dataplane/proxy/plan.h"
#include "dataplane/sip/nameaddr.h"

#define ROUTES_MAX \
	70 /* values of one request; more are refused: Max-Forwards would not carry it so far */

struct route_value {
	uint16_t row;
	bool gone;         /* taken out on the way through */
	struct span value; /* the element, without comma */
	struct span uri;
	struct span token; /* of an own value: its signature of a call; len 0 = none */
};

struct routes {
	unsigned int n;     /* values in all */
	unsigned int next;  /* first value that stays; n = none */
	uint16_t listener;  /* listener named by the last of two or more own ones; WORLD_NONE = none
			     */
	struct sip_uri uri; /* of the value at next, if next < n */
	struct route_value v[ROUTES_MAX];
};

/**
 * Reads the Route set of @m and marks the leading values that name this proxy as gone (16.4; both
 * of a double Record-Route, RFC 5658). @in: the listener where the request came in has written the
 * Record-Route that is the likeliest to come back. SIP_OK, or SIP_R_BAD_ROUTE if a value is
 * malformed or there are too many.
 */
enum sip_reason routes_read(const struct world *w, const struct proxy_in *in,
			    const struct sip_msg *m, struct routes *r);

/** True if one of the values taken out as ours carries @token. */
bool routes_signed(const struct routes *r, const struct sip_msg *m, uint64_t token);

/** True if there are values taken out as ours that carry a signature of some call. */
bool routes_have_token(const struct routes *r);

/** Takes the last value out, for the Request-URI (16.4, strict upstream), and returns its URI.
 * Needs r->n > 0. */
struct span routes_take_last(struct routes *r);

/** Takes the value at r->next out, for the Request-URI (16.6 step 6, strict next hop). */
void routes_take_next(struct routes *r);

/** Adds the edits for all that is gone; @append (bytes of a URI that outlive the plan, NULL = none)
 * becomes the last value, in <>. */
void routes_edit(const struct routes *r, struct plan *p, const uint8_t *append,
		 uint32_t append_len);
