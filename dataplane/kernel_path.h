/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's side of the way between devices and Linux's TAPs (kernel: tap): what is not SIP for
 * us crosses to the ring that the control thread empties; what Linux sends comes by the ring of its
 * interface and leaves by the device. Copies both ways, since the control thread never touches a
 * packet buffer, and no system call: the drivers that DPDK has for this make theirs on the worker.
 *
 * The work is bounded: a burst in, a burst out for each interface and turn; a full ring costs a
 * glance at it.
 */
#pragma once

#include "dataplane/frag_in.h"
#include "dataplane/gather.h"

#include <stdbool.h>
#include <stdint.h>

struct worker;

/** Copies those frames of the worker's batch into its ring whose verdict is V_TO_KERNEL, unless
 * they went in whole already; V_DROP_KERNEL_FULL for those that find no room. Only for batches of
 * interfaces with a TAP. */
void kernel_path_batch(struct worker *w);

/**
 * The same for packet @i, the last fragment of a datagram that is none of ours: its data begin at
 * byte @data_off of the frame, and @buf has the datagram @whole, put together.
 */
void kernel_path_whole(struct worker *w, uint16_t i, uint32_t data_off,
		       const struct frag_whole *whole, const struct buffer *buf);

/** Takes what Linux sent by the interfaces whose first transmit queue is this worker's, and sends
 * it. Returns how many frames it found. */
unsigned int kernel_path_take(struct worker *w);

/** At the end of a turn: rings the bell of the control thread if frames went in; under load
 * (@found) only now and then. */
void kernel_path_wake(struct worker *w, bool found);
