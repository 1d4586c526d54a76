/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether this node should get new calls: /healthz, for checks of VRRP, BGP and Kubernetes. The
 * same answer as OPTIONS to the proxy gets (contract section 4): no while it drains and while no
 * pool has a live backend; and no before it forwards. Control thread only.
 */
#pragma once

#include "dataplane/proxy/world.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * The verdict on a node that is @ready and has @w in force (NULL: none yet). Writes "ok\n", or the
 * reason why not, to @out, at most @n bytes with the NUL; with @verbose one line for each thing
 * looked at, "+" or "-" first, and the verdict at the end.
 */
bool healthz(const struct world *w, bool ready, bool verbose, char *out, size_t n);
