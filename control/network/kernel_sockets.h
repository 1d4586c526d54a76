/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One UDP socket per listener on an interface that Linux has too, shared or by a TAP. It has three
 * jobs:
 *
 *   1. Linux, which on a shared interface gets a copy of every datagram, finds the port taken and
 * sends no ICMP error.
 *   2. A filter drops what arrives there, so nothing piles up, but for IPv4 datagrams too long for
 * the workers' way in (plane_port_frame_limit()): these are read and handled on the slow path.
 * On an xdp: interface it reads all: what reaches Linux there has reached no worker.
 *   3. The control thread sends from it what only Linux can send: to a neighbour not resolved yet,
 * or by an interface that is not ours.
 *
 * Bound with IP_FREEBIND: an address that is tentative, or is away with a VRRP peer, is no reason
 * to fail. Control thread only.
 */
#pragma once

#include "dataplane/proxy/world.h"

#include <stddef.h>

struct event_base;

/* What a socket must know of its interface. */
struct kernel_port {
	bool shared;          /* kernel: shared or tap */
	uint32_t frame_limit; /* of plane_port_frame_limit(); 0 = the socket gets nothing ... */
	bool unseen;          /* ... unless no worker sees what Linux gets (xdp:): it gets all */
};

#define KERNEL_COPIED_MAX 64 /* links that workers see a copy of */

/* A datagram that came: @data of @len bytes, with SIP_PAD readable bytes behind, valid until the
 * return. */
typedef void (*kernel_datagram_fn)(void *arg, const struct endpoint *src,
				   const struct endpoint *listener, const uint8_t *data,
				   size_t len);

struct kernel_sockets;

/** No sockets yet. @base may be NULL: then nothing is read but by kernel_sockets_read(). NULL
 * without memory. */
struct kernel_sockets *kernel_sockets_new(struct event_base *base, kernel_datagram_fn fn,
					  void *arg);

/** Of what comes in by these @n links, KERNEL_COPIED_MAX at most, workers have a copy: sockets that
 * are opened later leave it to them, even where they read all. */
void kernel_sockets_copied(struct kernel_sockets *k, const uint32_t *links, uint32_t n);

/** Lets socket @fd get only what came in by none of those @n links. 0 or a negative errno. */
int kernel_filter_unseen(int fd, const uint32_t *links, uint32_t n);

/** Closes all. NULL is allowed. */
void kernel_sockets_free(struct kernel_sockets *k);

/**
 * Opens a socket for every UDP listener of @w on an interface that Linux has (@ports by interface)
 * and that has none. Returns 0, or a negative errno with @why (@why_size bytes) naming the
 * listener; then no new socket is left.
 */
int kernel_sockets_prepare(struct kernel_sockets *k, const struct world *w,
			   const struct kernel_port *ports, char *why, size_t why_size);

/** Closes the sockets that @w, which is in force now, has no listener for. */
void kernel_sockets_commit(struct kernel_sockets *k, const struct world *w);

/** How many are open. */
uint32_t kernel_sockets_count(const struct kernel_sockets *k);

/**
 * Sends @len bytes at @data from @src, which has a socket, to @dst. Does not block. Returns 0 or a
 * negative errno; -ENOENT: no socket there.
 */
int kernel_sockets_send(struct kernel_sockets *k, const struct endpoint *src,
			const struct endpoint *dst, const void *data, size_t len);

/** Reads what waits at @listener, up to 32 datagrams. Returns how many. For tests; the event loop
 * does it by itself. */
unsigned int kernel_sockets_read(struct kernel_sockets *k, const struct endpoint *listener);
