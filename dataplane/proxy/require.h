/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Check 5 of RFC 3261 16.3: extensions that the sender wants every proxy to know. Private to
 * dataplane/proxy.
 */
#pragma once

#include "dataplane/proxy/plan.h"

/**
 * Whether the request of @p, which has Proxy-Require, may go on: it may if its rows name nothing,
 * since every extension is unknown to us. On SIP_R_PROXY_REQUIRE @extra and @extra_len are the row
 * "Unsupported: ..." that the answer needs, in the text of @p.
 */
enum sip_reason require_check(struct plan *p, const char **extra, uint16_t *extra_len);
