/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages longer than the way's MTU leave as IP fragments (RFC 3261 18.1.1: by UDP up to 65,535
 * bytes with headers). Both families fragment here, at the source; DF is never set.
 */
#pragma once

#include "dataplane/net_out.h"

/**
 * Sends @o by @path as fragments for packet @i of the batch. All mbufs are taken before the first
 * is sent: false, nothing sent, if there are not enough.
 */
bool frag_out(struct worker *w, uint16_t i, const struct path *path, const struct outgoing *o);
