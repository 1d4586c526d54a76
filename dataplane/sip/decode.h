/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The value decoders as sip_parse() calls them: on maps that are already there. Their public forms
 * (uri.h, via.h, nameaddr.h) make maps of the one value first. Private to dataplane/sip.
 *
 * All expect that the byte behind the span is no token character or is not mapped; a value within a row
 * always is so followed.
 */
#pragma once

#include "dataplane/sip/marks.h"
#include "dataplane/sip/nameaddr.h"

/** host_parse() of [@from, @to); needs no maps. */
bool host_decode(const uint8_t *p, uint32_t from, uint32_t to, bool bare_v6, struct sip_host *out);

/**
 * Reads host [ ":" port ] at @pos. Returns the position behind it, 0 if malformed. LWS around the colon is
 * allowed if @lws (RFC 3261 25.1 COLON in Via, not in URIs). @out->kind is HOST_NONE unless the host was fine.
 */
uint32_t hostport_decode(const struct marks *k, uint32_t pos, uint32_t end, bool lws,
			 struct sip_host *out, uint16_t *port);

/** transport_parse() of [@from, @to). */
enum sip_transport transport_decode(const uint8_t *p, uint32_t from, uint32_t to);

/** The position behind the quoted-string that starts at @pos; 0 if it does not end before @end. */
uint32_t quoted_end(const struct marks *k, uint32_t pos, uint32_t end);

/** uri_parse(). */
bool uri_decode(const struct marks *k, struct span s, struct sip_uri *out);

/** via_parse(). */
bool via_decode(const struct marks *k, struct span s, struct sip_via *out, struct span *rest);

/** nameaddr_parse(). */
bool nameaddr_decode(const struct marks *k, struct span s, struct sip_nameaddr *out);
