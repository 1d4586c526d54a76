/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A message as rows, by a reader that has nothing in common with the proxy's: line by line, byte by
 * byte. Slow, and only used where a message is seen in this form for the first time. Private to
 * bench/load/peer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ROWS_MAX 160

enum row_kind {
	ROW_OTHER,
	ROW_VIA,
	ROW_RECORD_ROUTE,
	ROW_ROUTE,
	ROW_MAX_FORWARDS,
	ROW_MAX_BREADTH,
	ROW_CALL_ID,
	ROW_CSEQ
};

struct row_span {
	uint32_t off, len;
};

struct rows {
	const uint8_t *p;
	uint32_t len;
	struct row_span start; /* without its CRLF */
	struct row_span body;
	unsigned int n;
	struct row_one {
		struct row_span whole; /* with CRLF and folded lines */
		struct row_span value; /* trimmed */
		enum row_kind kind;
	} row[ROWS_MAX];
};

/** Reads the message of @len bytes at @p. False if it has no blank line, a row without colon or too
 * many rows. */
bool rows_read(const uint8_t *p, uint32_t len, struct rows *r);

/** Index of the first row of @kind at or after @from, or -1. */
int rows_find(const struct rows *r, enum row_kind kind, unsigned int from);

/** True if @s and @t, in two messages or one, hold the same bytes. */
bool rows_same(const uint8_t *p, struct row_span s, const uint8_t *q, struct row_span t);

/**
 * Takes the next of the parameters at the start of @rest, which begin with ';': @name and @value
 * (length 0 = none). False if there is none.
 */
bool rows_param(const uint8_t *p, struct row_span *rest, struct row_span *name,
		struct row_span *value);

/** True if @s is @text, letters of either case. @text is in lower case. */
bool rows_is(const uint8_t *p, struct row_span s, const char *text);

/** The number at @s, or -1. */
int64_t rows_number(const uint8_t *p, struct row_span s);
