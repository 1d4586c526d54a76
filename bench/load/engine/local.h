/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The addresses that callers and servers of this process have, in the form in which the proxy's own
 * first stage (dataplane/net_in.h) takes listeners: what arrives is checked by the same code as in
 * the proxy, down to checksums and fragments, and is told apart by the listener's number.
 *
 * On devices that Linux shares, each address also gets a socket with a filter that drops all, so
 * that Linux answers nothing with "port unreachable" (control/network/kernel_sockets.h). Main
 * thread only; cores read.
 */
#pragma once

#include "bench/load/peer/peer.h"
#include "dataplane/net_in.h"

#define LOCAL_MAX (PEER_SIDES * LOAD_ADDRESSES)

struct kernel_sockets;

struct local {
	struct world world; /* nothing but listeners */
	struct listener *listeners;
	void *own;
	struct kernel_sockets *sockets;
	unsigned int n;
	struct endpoint at[LOCAL_MAX]; /* by number of the listener: callers, then servers */
	uint8_t side[LOCAL_MAX];       /* enum peer_side */
};

/** Takes the addresses from @plan. Returns 0 or a negative errno with a text in @error (256
 * bytes); local_fini() cleans up either way. */
int local_init(struct local *l, const struct load_plan *plan, char *error);

/** Opens the sockets of all addresses of @side. Returns 0 or a negative errno with a text. */
int local_occupy(struct local *l, enum peer_side side, char *error);

void local_fini(struct local *l);
