/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames between devices and the TAPs of Linux, as the control thread moves them: what workers
 * put into their rings goes out here, what a TAP gives goes into the ring of its interface.
 * Control thread only, as plane.h.
 */
#pragma once

#include "dataplane/kernel_ring.h"
#include "dataplane/plane.h"

/** A file descriptor that becomes readable when there are frames for a TAP. */
int plane_kernel_fd(const struct plane *p);

/**
 * Takes up to @max frames for TAPs and calls @fn for each: oldest first of each worker, a few of
 * each worker in turn. The descriptor is readable again if any are left. Returns how many.
 */
unsigned int plane_kernel_take(struct plane *p, unsigned int max,
			       void (*fn)(const struct kernel_frame *, void *), void *arg);

/** Bytes of the longest frame that goes out by interface @i, two VLAN tags included. */
uint32_t plane_kernel_frame_max(const struct plane *p, uint16_t i);

/**
 * Room for one frame of up to @len bytes towards interface @i, which has a TAP; NULL while its ring
 * is full. Nothing is sent until plane_kernel_give().
 */
uint8_t *plane_kernel_room(struct plane *p, uint16_t i, uint32_t len);

/** Gives the first @len bytes of the room to interface @i, as one frame. */
void plane_kernel_give(struct plane *p, uint16_t i, uint32_t len);
