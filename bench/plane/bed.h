/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The real plane on two devices of one kind, turned by hand, for the plane bench.
 *
 *   pcap   net_pcap with infinite_rx: each frame is copied into a fresh mbuf, as a NIC's DMA would;
 *          frames sent are freed at once
 *   ring   net_ring: mbufs are filled here, outside the time that is measured
 *   null   net_null: no bytes at all, what DPDK's own calls cost
 *
 * EAL runs once per process, so each run has a process of its own. The thread that opened the bed
 * does everything.
 */
#pragma once

#include "bench/plane/frames.h"
#include "dataplane/worker.h"

enum bed_device { BED_PCAP, BED_RING, BED_NULL };

struct bed {
	struct plane *plane;
	struct worker *worker;
	const struct frames *frames;
	enum bed_device device;
	uint16_t dev[FRAME_PORTS]; /* DPDK's numbers of the devices */
	uint32_t next;             /* BED_RING: frame that goes in next */
};

/** Opens @b on devices of kind @device; @folder has the captures for BED_PCAP (bed_capture()). Ends
 * the program on an error. */
void bed_open(struct bed *b, enum bed_device device, const struct frames *fr,
	      enum plane_hugepages hugepages, const char *folder);

/** Writes the path of the capture for @port in @folder to @out, @n bytes. */
void bed_capture(const char *folder, unsigned int port, char *out, size_t n);

/** BED_RING: puts the next @burst frames of each port into its ring. @cold: takes them out of the
 * caches. */
void bed_fill(struct bed *b, unsigned int burst, bool cold);

/** BED_RING: frees what was sent. */
void bed_drain(struct bed *b);

/** One pass over all frames through the worker, each compared with what must come out. Ends the
 * program if anything is wrong. */
void bed_check(struct bed *b);

/** Ends the program unless all frames received so far were forwarded; returns how many. */
uint64_t bed_forwarded(const struct bed *b);

/** Closes the plane and its devices. */
void bed_close(struct bed *b);
