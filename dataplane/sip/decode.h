/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The value decoders as sip_parse() calls them: on maps that are already there. Their public forms
 * (uri.h, via.h, nameaddr.h) make maps of the one value first. Private to dataplane/sip.
 *
 * All expect that the byte behind the span is no token character or is not mapped; a value within a
 * row always is so followed.
 */
#pragma once

#include "dataplane/sip/marks.h"
#include "dataplane/sip/via.h"

/** transport_parse() of [@from, @to). */
enum sip_transport transport_decode(const uint8_t *p, uint32_t from, uint32_t to);

/** The position behind the quoted-string that starts at @pos; 0 if it does not end before @end. */
uint32_t quoted_end(const struct marks *k, uint32_t pos, uint32_t end);

/** uri_parse() into @out, which must be all zero. */
bool uri_decode(const struct marks *k, struct span s, struct sip_uri *out);

/** via_parse() into @out, which must be all zero. */
bool via_decode(const struct marks *k, struct span s, struct sip_via *out, struct span *rest);
