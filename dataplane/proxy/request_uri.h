/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Request-URIs as they leave when the route rules change them: bytes made anew in the plan's text.
 * Private to dataplane/proxy.
 */
#pragma once

#include "dataplane/proxy/plan.h"

/**
 * @uri of the message as a Request-URI, without what may not stand there: a method parameter and
 * headers (RFC 3261 16.6 step 2, 19.1.1 table 1). Its bytes, @len of them; NULL = no room, and the
 * plan has failed.
 */
const uint8_t *request_uri_bare(struct plan *p, const struct sip_uri *uri, uint32_t *len);

/**
 * @uri without its maddr and without a port that is not the default (16.4). @changed gets what it
 * says then, with the spans of the old one. Its bytes, @len of them, or NULL as above.
 */
const uint8_t *request_uri_without_maddr(struct plan *p, const struct sip_uri *uri,
					 struct sip_uri *changed, uint32_t *len);
