/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text of one step of one template: bytes that are the same in every call, places of those that
 * are not. Private to bench/load/peer.
 *
 *   struct text, one cache line | bytes, padded for wide copies
 *
 * Fields have a fixed width and are overwritten; blocks (Via rows and Record-Route rows of the
 * request that is answered, the Route row of a dialog) have none and are put in between.
 */
#pragma once

#include "bench/load/peer/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVER_URI_LEN 56 /* "sip:" user "@" host ":" port, the user as long as needed */
#define SERVER_VIA_LEN 56 /* host ":" port ";g=" and padding */
#define TEXT_FIELDS 11
#define TEXT_PAD 64 /* readable bytes after a text */

enum field_kind {
	FIELD_CALL_ID,
	FIELD_TAG,
	FIELD_BRANCH,
	FIELD_SERVER_URI, /* Contact of the server, Request-URI to it */
	FIELD_SERVER_VIA, /* sent-by of the server */
	FIELD_KINDS
};

enum block_kind { BLOCK_VIA, BLOCK_RECORD_ROUTE, BLOCK_ROUTE, BLOCK_KINDS };

/* Bytes that stand for fields and blocks where a text is drawn up: none of them can be in a
 * message. */
#define FIELD_BYTE(kind) ((char)(1 + (kind)))
#define BLOCK_BYTE(kind) ((char)(0x0e + (kind)))

struct field {
	uint16_t off;
	uint8_t kind;
	uint8_t after; /* how many blocks come before it */
};

struct text {
	uint16_t len; /* without blocks; the mark stands at its end */
	uint8_t n_fields, n_blocks;
	struct {
		uint16_t off;
		uint8_t kind;
	} block[3];
	struct field field[TEXT_FIELDS];
	uint8_t p[] __attribute__((aligned(64)));
};

_Static_assert(offsetof(struct text, p) == 64, "one cache line before the bytes");

/* What the fields of one call hold, by kind. */
struct values {
	const uint8_t *v[FIELD_KINDS];
};

/* A stretch of bytes; NULL with 0 = nothing. */
struct piece {
	const uint8_t *p;
	uint32_t len;
};

#define BLOCK_PIECES 8

/* What is put at a block's place, in pieces. */
struct block {
	unsigned int n;
	struct piece piece[BLOCK_PIECES];
};

/** Bytes of a field of @kind. */
static inline unsigned int field_len(unsigned int kind)
{
	return kind <= FIELD_BRANCH ? 16 : SERVER_URI_LEN;
}

/** Room that text_compile() needs for @len drawn-up bytes. */
static inline size_t text_room(size_t len)
{
	return sizeof(struct text) + ((len + TEXT_PAD + 63) & ~(size_t)63);
}

/**
 * Turns the drawn-up message at @p into @t (64-byte aligned, text_room() bytes). Rows that hold a
 * block byte are taken out. False if it has more fields or blocks than a text holds.
 */
bool text_compile(const uint8_t *p, size_t len, struct text *t);

/**
 * Writes the message: @t with @v in its fields, @block (by kind) in its places, and the mark.
 * Returns its length, 0 if @room is too small.
 */
uint32_t text_write(const struct text *t, const struct values *v, const struct block *block,
		    uint64_t id, uint64_t time, uint8_t *out, uint32_t room);
