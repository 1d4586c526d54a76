/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data plane as the control thread sees it: start, publish snapshots, take what workers hand
 * over, read counters, stop.
 *
 * Threads: all functions here are for the control thread (EAL main lcore) only. Workers run from
 * plane_start() to plane_stop() and meet the control thread in a few places: the snapshot
 * pointers (snapshot.h), the punt rings (punt.h), the rings of frames for and from Linux
 * (kernel_ring.h), the counters with their examples (stats.h, example.h), and the trace rings
 * (trace.h). plane_watch.h has what is only there to be looked at.
 */
#pragma once

#include "dataplane/proxy/fib.h"
#include "dataplane/proxy/held.h"
#include "dataplane/proxy/recent.h"
#include "dataplane/proxy/world.h"
#include "dataplane/punt.h"
#include "dataplane/stats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLANE_MAX_PORTS 32    /* RTE_MAX_ETHPORTS of Debian's DPDK */
#define PLANE_MAX_WORKERS 127 /* RTE_MAX_LCORE less the control thread's */

enum plane_device {
	PLANE_PACKET, /* AF_PACKET on a Linux interface */
	PLANE_MEMIF,  /* shared memory; argument: SOCKET[,options of net_memif][,queues=N] */
	PLANE_XDP,    /* AF_XDP on a Linux interface */
	PLANE_PCI,    /* a NIC; argument: its PCI address */
	PLANE_TAP,    /* a TAP interface that is made here */
	PLANE_VDEV    /* any DPDK device string */
};

/* One interface of the configuration; index in the array = interface index in world and fib. */
struct plane_port {
	const char *name;       /* of the configuration */
	const char *devargs;    /* DPDK device, made by plane_devargs() */
	uint16_t queues;        /* queue pairs at most, from plane_devargs(); 0 = one per worker */
	uint32_t mtu;           /* 0 = what the device says */
	bool kernel_shared;     /* Linux keeps the interface: it sends what we cannot resolve, and
				   reassembles IPv4 fragments */
	bool kernel_tap;        /* what is not SIP crosses to a TAP of Linux: plane_kernel.h */
	bool partial_checksums; /* senders on this host leave UDP checksums to a NIC that is not
				   there (packet:) */
	bool xdp;               /* a program chooses what comes here: dataplane/xdp */
	bool pci;               /* EAL looks for it when it starts, and for no other PCI device */
};

enum plane_hugepages { PLANE_HUGE_AUTO, PLANE_HUGE_ON, PLANE_HUGE_OFF };

struct plane_conf {
	const struct plane_port *ports;
	uint16_t n_ports;
	uint16_t n_workers;
	bool spin;      /* never nap; workers are pinned to cores then */
	bool telemetry; /* EAL opens its telemetry socket */
	enum plane_hugepages hugepages;
	uint32_t answer_limit; /* answers of 300 and up per second and worker; 0 = none at all */
	uint32_t frag_memory;  /* bytes per worker for reassembly, FRAG_MEMORY_MIN at least */
	uint32_t frag_timeout_ms;
};

struct plane;

/* Text of what went wrong at start, for the log. */
struct plane_error {
	char text[256];
};

/**
 * Writes the DPDK device string of interface number @index to @out (@n bytes). @mtu: of the IP
 * packets, 0 = not known; frames of that size, and of what Linux has (PLANE_PACKET), fit the
 * device's buffers. @queues gets what belongs into plane_port.queues. Returns 0, -EINVAL, -ENODEV
 * (no such Linux interface) or -ENAMETOOLONG.
 */
int plane_devargs(enum plane_device kind, const char *argument, unsigned int index,
		  unsigned int n_workers, uint32_t mtu, char *out, size_t n, uint16_t *queues);

/**
 * Starts EAL, ports, pools; workers do not run yet. The strings of @conf stay the caller's and must
 * outlive the plane. Returns NULL with @err filled on failure. Once per process.
 */
struct plane *plane_open(const struct plane_conf *conf, struct plane_error *err);

/** MAC and MTU of port @i, once open. */
void plane_port_info(const struct plane *p, uint16_t i, uint8_t mac[6], uint32_t *mtu);

/**
 * IPv4 packets longer than this (bytes, IP header included) reach a kernel_shared port @i only
 * through Linux: see punt.h. 0 = no such limit.
 */
uint32_t plane_port_frame_limit(const struct plane *p, uint16_t i);

/**
 * Publishes a snapshot; the one before it is passed to @retire as soon as no worker can still read
 * it, from within plane_reclaim(), a later publish or plane_close(); so are, by plane_close(), the
 * last ones, with the function that came with them. Both must be published once before
 * plane_start(). Worlds must differ in their generation.
 */
void plane_publish_world(struct plane *p, const struct world *w,
			 void (*retire)(const struct world *w));
void plane_publish_fib(struct plane *p, const struct fib *f, void (*retire)(const struct fib *f));

/** Retires what can be retired; call it from a timer. Returns how many snapshots still wait. */
unsigned int plane_reclaim(struct plane *p);

/** Starts the workers. Returns 0 or negative errno. */
int plane_start(struct plane *p);

/** A file descriptor that becomes readable when workers have handed something over. */
int plane_punt_fd(const struct plane *p);

/**
 * Takes up to @max handed-over things and calls @fn for each: oldest first of each worker, workers
 * in turn. The descriptor is readable again if any are left. Returns how many.
 */
unsigned int plane_punt_take(struct plane *p, unsigned int max,
			     void (*fn)(const struct punt *, void *), void *arg);

/** Adds the counters of all workers and of the control thread up in @out. */
void plane_stats(const struct plane *p, struct stats_total *out);

/** How many counter structs there are: one per worker, and the control thread's last. */
unsigned int plane_n_stats(const struct plane *p);

/** The counters of worker @i, or the control thread's; see stats.h for reading them. */
const struct stats *plane_stats_of(const struct plane *p, unsigned int i);

/** Messages sent on to backend @backend (index in the world), by all workers and the control
 * thread. */
uint64_t plane_backend_count(const struct plane *p, uint16_t backend);

/** The struct into which the control thread counts what it forwards itself. */
struct stats *plane_control_stats(struct plane *p);

/** Where the control thread remembers the transactions of what it forwards itself. */
struct recent *plane_control_recent(struct plane *p);

/** Where the control thread tells workers which transactions it holds: held.h. */
struct held *plane_control_held(struct plane *p);

/** Stops the workers after their present burst; what they have to send is sent. */
void plane_stop(struct plane *p);

/** Stops the workers if they run, frees everything, retires the last snapshots. NULL is allowed. */
void plane_close(struct plane *p);
