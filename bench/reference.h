/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a message costs at least, to measure the core against in the same run.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REFERENCE_HEADERS 64

/** Positions of all LF in the @n bytes at @p, 16 at a time (SSE2); returns how many. @at holds @n
 * entries. */
unsigned int reference_lines(const uint8_t *p, size_t n, uint16_t *at);

struct reference_header {
	const uint8_t *name, *value;
	uint16_t name_len, value_len;
};

/**
 * A header section split into names and values in the manner of picohttpparser: PCMPESTRI over
 * ranges of bytes that end a token or a value, 16 at a time, no meaning attached to any name.
 * Returns the number of headers, or -1.
 */
int reference_headers(const uint8_t *p, size_t n, struct reference_header *out);
