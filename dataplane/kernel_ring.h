/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames between a worker and the TAP devices of Linux (kernel: tap), which the control thread
 * serves: a byte_ring of records, each a struct kernel_frame and its bytes, copied. No packet
 * buffer is tied up by a slow reader.
 *
 * One ring per worker leads to Linux, one per interface leads back; one writer and one reader each.
 * A full ring refuses, and the caller counts it. What only a neighbour on the link can have sent
 * (ARP, neighbour discovery, BFD, VRRP) has a quarter of the ring to itself, so that a flood from
 * afar costs Linux no neighbour, without which no SIP would be sent either.
 */
#pragma once

#include "dataplane/byte_ring.h"

#include <stdbool.h>
#include <stdint.h>

#define KERNEL_RING_SIZE (1u << 20)                   /* bytes: 680 frames of 1500 */
#define KERNEL_RING_COMMON (KERNEL_RING_SIZE / 4 * 3) /* for frames that are not urgent */

/* One frame, without preamble and check sequence. */
struct kernel_frame {
	uint32_t len;  /* bytes */
	uint16_t port; /* index of the interface; towards Linux only */
	const uint8_t *data;
};

struct kernel_ring {
	struct byte_ring ring;
	struct kernel_frame *room; /* writer: what was reserved last */
	bool put;                  /* writer: something was put in since the writer cleared this */
};

/** Allocates the ring's bytes. Returns 0 or -ENOMEM. */
int kernel_ring_init(struct kernel_ring *r);

/** Frees them; an all-zero struct is allowed. */
void kernel_ring_fini(struct kernel_ring *r);

/**
 * True if only a neighbour on the link can have sent the frame of @len bytes at @f: not IP, or with
 * a hop limit that no router has touched (255, RFC 5082). Up to two VLAN tags are looked behind.
 */
bool kernel_frame_is_urgent(const uint8_t *f, uint32_t len);

/**
 * Writer: room for a frame of @len bytes, or NULL if the ring is too full for it; one that is not
 * @urgent leaves a quarter free. Nothing is in the ring until kernel_ring_commit().
 */
uint8_t *kernel_ring_reserve(struct kernel_ring *r, uint32_t len, bool urgent);

/** Writer: puts the first @len bytes of the room last reserved in, as a frame of interface @port.
 */
void kernel_ring_commit(struct kernel_ring *r, uint16_t port, uint32_t len);

/** Reader: the oldest frame, in place until kernel_ring_drop(). False if the ring is empty. */
bool kernel_ring_peek(struct kernel_ring *r, struct kernel_frame *out);

/** Reader: gives the room of the frame of the last kernel_ring_peek() back. */
void kernel_ring_drop(struct kernel_ring *r);
