/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first look at a message, 64 bytes at a time: where its lines start, and bit maps of the bytes
 * at which a value can change its meaning. Everything after it asks the maps, not the bytes.
 *
 *     Via: SIP/2.0/UDP a.example:5060;branch=z9hG4bK1;rport     nontoken: every byte that ends a
 *        ^^   ^   ^   ^         ^    ^      ^        ^          token, so 8 steps and not 54
 *
 * One implementation for each instruction set, equal in result; sip_scan_select() (msg.h) picks
 * one before the first message. Pure, no state but that choice. Not a table-driven automaton: that
 * costs a branch for each byte, and branches that nobody can predict are what parsing costs.
 */
#pragma once

#include "dataplane/sip/msg.h"
#include "dataplane/sip/scan_map.h"

/* What scan_head() found out beside rows and maps. */
struct scan_lines {
	uint32_t n_rows;   /* header rows; rows[n_rows].off is where they end */
	uint32_t head_len; /* bytes up to and with the blank line; 0 = there is none */
	bool bad_line_end; /* a CR without LF or LF without CR stands in the header section */
	bool too_many;     /* rows behind the SIP_MAX_ROWS first ones were not noted */
};

struct row_facts;

struct scanner {
	const char *name;
	/**
	 * Indexes the @len bytes (1 to SIP_MAX_LEN) at @p up to the blank line. Continuation lines
	 * belong to the row before; a last line without an end is no row. Clears all of @m before
	 * m->row and fills m->row from [0], the line after the start line, to [n_rows], with id and
	 * colon 0. Fills @map up to the block in which the blank line starts. @padded: SIP_PAD
	 * bytes behind the message may be read. The first byte must not be a line end.
	 */
	void (*head)(const uint8_t *p, uint32_t len, bool padded, struct sip_msg *m,
		     struct scan_map *map, struct scan_lines *out);
	/** rows_name_usual() of rows_body.h. */
	bool (*rows)(uint32_t readable, struct sip_msg *m, struct row_facts *facts);
	/** Maps the bytes [@from, @to) of @p, @from a multiple of 64; reads no other byte. */
	void (*span)(const uint8_t *p, uint32_t from, uint32_t to, struct scan_map *map);
};

extern const struct scanner scan_sse42;
extern const struct scanner scan_avx2;
extern const struct scanner scan_avx512;

/** The scanner in use. Never NULL: without sip_scan_select() it is the one that every CPU has. */
const struct scanner *scan_current(void);
