/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK devices: made, configured and started once; the data path only reads what is here.
 */
#pragma once

#include "dataplane/plane.h"

#include <stdbool.h>
#include <stdint.h>

struct kernel_ring;
struct rte_mempool;
struct rte_ring;
struct xdp_steer;

#define PORT_NO_QUEUE UINT16_MAX

/* One interface as workers see it. Written before they run, read only then. */
struct port {
	const char *name; /* of the configuration; borrowed */
	uint16_t dev;     /* DPDK's number of the device */
	uint16_t n_rxq, n_txq;
	uint16_t first; /* worker of queue 0: spreads single-queue devices over the workers */
	uint8_t mac[6];
	bool shared;      /* Linux keeps the interface, and has a copy of every frame unless steer
			     chose what comes here */
	bool tap;         /* Linux gets by a TAP what is not ours: kernel_path.h */
	bool partial;     /* senders may leave UDP checksums to a NIC that is not there */
	bool tx_udp_csum; /* the device makes UDP checksums */
	bool attached;    /* dev is ours to close */
	uint32_t mtu;     /* bytes of IP packet */
	uint32_t frame_limit; /* longest IPv4 packet that comes whole; 0 = the MTU is the limit */
	struct rte_mempool *pool;
	struct xdp_steer *steer;         /* xdp: its program; NULL = has none */
	struct kernel_ring *from_kernel; /* what Linux sends by the TAP; NULL = has none */
	struct rte_ring *
		*handover; /* per tx queue: frames of workers without one; NULL = no need */
};

/**
 * Bytes of DPDK memory that port @p of @conf needs in pages of @page bytes, roughly and from above;
 * before EAL runs.
 */
uint64_t port_memory(const struct plane_conf *conf, const struct plane_port *p, uint32_t page);

/**
 * Makes (unless it is there) and starts the device of interface @i of @conf. Returns 0, or negative
 * errno with @err filled; port_close() cleans up either way.
 */
int port_open(struct port *p, const struct plane_conf *conf, uint16_t i, struct plane_error *err);

/** Whether Linux is beside us on @port: what is not ours is its business. */
static inline bool port_has_linux(const struct port *port)
{
	return port->shared || port->tap;
}

/** Whether Linux has, or is given, the frames that came in by @port and are not ours. */
static inline bool port_leaves_to_linux(const struct port *port)
{
	return port_has_linux(port) && !port->steer;
}

/** Stops and removes the device, frees its pool and rings. */
void port_close(struct port *p);

/** The receive or transmit queue of @port that worker @w of @n has to itself; else PORT_NO_QUEUE.
 */
uint16_t port_queue_of(const struct port *port, uint16_t n_queues, uint16_t w, uint16_t n);
