/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asking for the memory that says which server gets a request, before it is needed. Private to
 * dataplane/proxy; the part for workers, proxy_look_ahead(), is in proxy.h.
 */
#pragma once

#include "dataplane/proxy/proxy.h"

/** Finds the slot of the table of pool @ahead->pool for the key @ahead->key, and asks for it. */
void ahead_ask(const struct world *w, struct proxy_ahead *ahead);
