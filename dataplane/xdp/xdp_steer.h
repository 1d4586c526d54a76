/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The XDP program of one interface while it runs: attached, told of the listeners, taken off.
 *
 * DPDK's driver loads the program (steer.bpf.c) from a file, fills in its sockets and attaches it
 * for good. Here it is attached again in a way that ends with this process, however it ends, so
 * that no crash leaves a program behind (bpf_link; Linux 5.9). Until a first listener is set,
 * everything passes to Linux. Control thread only.
 */
#pragma once

#include "dataplane/proxy/world.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The compiled program, an ELF file: made by the build. */
extern const uint8_t xdp_object[];
extern const size_t xdp_object_len;

struct xdp_steer;

/**
 * Writes the path of a file with the program, which lives in memory as long as the process, to @out
 * (@n bytes). Returns 0 or a negative errno.
 */
int xdp_steer_path(char *out, size_t n);

/**
 * Whether interface @index is free for our program; one that a former viaduct has left is removed.
 * From now on Linux' words about a failure are kept for xdp_steer_said(). Returns 0, -EBUSY if
 * another program is there, or another negative errno.
 */
int xdp_steer_prepare(int index);

/** What Linux said of the last failure; NULL = nothing. Valid until the next call here. */
const char *xdp_steer_said(void);

/**
 * Takes over the program that the driver has attached to interface @index. Frames to @mac that are
 * for a listener go to the queues; with @all, every frame. Returns 0 with *@out owned by the
 * caller, or a negative errno.
 */
int xdp_steer_open(int index, const uint8_t mac[6], bool all, struct xdp_steer **out);

/** Steers the UDP listeners of @w and no others from now on. Returns 0 or a negative errno: then
 * datagrams for some of them go to Linux. */
int xdp_steer_listeners(struct xdp_steer *s, const struct world *w);

/** Takes the program off. NULL is allowed. */
void xdp_steer_close(struct xdp_steer *s);
