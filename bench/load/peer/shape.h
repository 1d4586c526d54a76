/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a step of a template looks like behind the proxy: bytes, and which of them differ from call
 * to call. Learned from a message that the complete check (check.h) found right; the messages after
 * it are compared with this, 64 bytes at a time. Private to bench/load/peer.
 */
#pragma once

#include "bench/load/peer/check.h"
#include "bench/load/peer/text.h"

#define SHAPE_FIELDS 12
#define SHAPE_VARS 8
#define SHAPE_PIECES 3
#define SHAPES_MAX 6 /* of one step; what fits none is checked the slow way */

struct shape_piece {
	uint16_t off, len;
};

struct shape {
	struct shape *next;
	uint32_t len;
	uint8_t n_fields, n_vars, n_vias, n_rrs;
	uint8_t form;    /* of the route set that it leads to, see routes.h; 0 = none */
	uint8_t n_route; /* the first so many of @var are in Record-Route */
	uint16_t server; /* where the server's Contact is; 0 = nowhere */
	struct shape_piece branch;
	struct shape_piece via[SHAPE_PIECES], rr[SHAPE_PIECES], var[SHAPE_VARS];
	struct shape_piece field[SHAPE_FIELDS]; /* len is the kind */
	/* A bit for each byte that is the same in all calls, 64 to a word; then the bytes. */
	uint64_t fixed[];
};

_Static_assert(sizeof(struct shape) <= 128, "two cache lines before the masks");

static inline uint32_t shape_blocks(uint32_t len)
{
	return (len + 63) / 64;
}

static inline const uint8_t *shape_bytes(const struct shape *s)
{
	return (const uint8_t *)(s->fixed + shape_blocks(s->len));
}

/** Bytes that the shape of a message of @len bytes takes. */
size_t shape_room(uint32_t len);

/** Fills @s, shape_room() bytes, 64-byte aligned, from the message of @found. False if it has more
 * parts than a shape holds. */
bool shape_learn(struct shape *s, const struct check_found *found, const struct values *v);

/** True if the @len bytes at @p are a message of this shape with @v in it. Up to 64 bytes more are
 * read. */
bool shape_match(const struct shape *s, const uint8_t *p, uint32_t len, const struct values *v);

/** A fingerprint of the proxy's branch in the message at @p. */
uint64_t shape_branch(const struct shape *s, const uint8_t *p);
