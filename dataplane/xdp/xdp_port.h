/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What DPDK's AF_XDP driver (22.11) wants to be given: a device string, packet buffers of a
 * certain kind, locked memory. Control thread only.
 */
#pragma once

#include "dataplane/plane.h"

#include <stddef.h>
#include <stdint.h>

struct port;
struct rte_mempool;

/**
 * Bytes of the longest IP packet that a buffer takes, with two VLAN tags: of the page that it has,
 * DPDK keeps 320 for itself, Linux 256.
 */
#define XDP_PORT_MTU 3498u
#define XDP_PORT_BUFFER 4096u /* bytes of a packet buffer, all included: a page */

/** Buffers that the driver gives Linux to fill, for each queue: more descriptors would stay empty.
 * It takes as many for sending. */
#define XDP_PORT_FILL 2048u

/**
 * Queues of interface @name that the driver can use: those that receive and send; 0 = there is no
 * such interface. *@receiving gets how many receive.
 */
uint32_t xdp_port_queues(const char *name, uint32_t *receiving);

/**
 * Writes the device string number @index for interface @name to @out (@n bytes): one queue for each
 * of @n_workers as far as the interface has them; *@queues says how many. Returns its length as
 * snprintf() does, or a negative errno.
 */
int xdp_port_devargs(const char *name, unsigned int index, unsigned int n_workers, char *out,
		     size_t n, uint16_t *queues);

/**
 * @n packet buffers, each a page, one after the other in memory: the driver takes it for granted.
 * NULL with rte_errno set.
 */
struct rte_mempool *xdp_port_pool(const char *name, unsigned int n, unsigned int cache, int socket);

/**
 * Before DPDK has the device of @p, made by the string @devargs: makes sure that its interface can
 * have our program, and lets the process lock as much memory as it may: each queue locks the whole
 * pool. Returns 0, or a negative errno with @err filled. (The driver takes off whatever program is
 * there when it closes a device, so none is opened in vain.)
 */
int xdp_port_prepare(const struct port *p, const char *devargs, struct plane_error *err);

/** Says in @err what Linux said when the queues of @p failed with @e. Returns -@e. */
int xdp_port_refused(const struct port *p, int e, struct plane_error *err);

/** Once @p has started on interface @index: its program is ours (xdp_steer.h). Returns 0, or a
 * negative errno with @err filled. */
int xdp_port_steer(struct port *p, unsigned int index, struct plane_error *err);
