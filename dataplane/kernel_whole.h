/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The headers of a datagram that was put together from fragments and turned out to be Linux's: made
 * from those of its last piece, so that addresses, VLAN tags, options and hop limit stay what they
 * were. Pure: bytes in, bytes out.
 *
 * Linux takes a packet beyond its MTU from a TAP as it is. To cut the datagram up again would only
 * give Linux the work that was just done.
 */
#pragma once

#include <stdint.h>

#define KERNEL_HEAD_MAX 256 /* bytes of headers that are looked into */

/**
 * Turns the headers of a fragment into those of its whole datagram, in place: @h has the first @n
 * bytes of the frame (KERNEL_HEAD_MAX are enough), the fragment's data begin at byte @data_off of
 * it; the datagram has @len bytes after them and begins with header @proto. Returns the length of
 * the headers, which the datagram's bytes follow, or 0 if they are longer than @n or the packet
 * would be longer than IP allows.
 */
uint32_t kernel_whole_head(uint8_t *h, uint32_t n, uint32_t data_off, uint32_t len, uint8_t proto);
