/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * name-addr and addr-spec with header parameters (RFC 3261 20.10, 25.1): From, To, Route,
 * Record-Route.
 */
#pragma once

#include "dataplane/sip/uri.h"

struct sip_nameaddr {
	struct span value;  /* the whole element, no surrounding white space, no comma */
	struct span uri;    /* the URI's bytes, without <> */
	struct span params; /* header parameters from the first ';' on; len 0 = none */
	struct span tag;    /* value of a tag parameter; len 0 = absent */
	bool brackets;      /* the URI stands in <> */
};

/**
 * Reads one From or To value (@s, folded or not): [ display-name ] <uri> *( ;param ) or uri *(
 * ;param ). Checks quotes, brackets, display-name (tokens or one quoted string), that nothing else
 * follows, one tag at most. The URI itself is only checked to have a scheme and no control
 * characters (RFC 3261 16.3: what routing does not need is left alone).
 */
bool nameaddr_parse(const uint8_t *p, struct span s, struct sip_nameaddr *out);

/**
 * Reads the first element of a Route or Record-Route value @s (a comma list); it must be a
 * name-addr with <> (RFC 3261 20.34). @rest gets what follows its comma; len 0 = nothing follows.
 */
bool route_parse(const uint8_t *p, struct span s, struct sip_nameaddr *out, struct span *rest);
