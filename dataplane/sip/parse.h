/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stages of sip_parse(), in the order in which they run. Private to dataplane/sip.
 */
#pragma once

#include "dataplane/sip/marks.h"
#include "dataplane/sip/msg.h"

#include <emmintrin.h>

/* What naming the rows found out; bit i of the masks is for header i. */
struct row_facts {
	uint32_t seen;
	uint32_t repeated;
	bool bad; /* a row without a name and a colon */
};

/* Bit i set = byte i of @counts is greater than @n. */
static inline uint32_t counts_over(__m128i counts, char n)
{
	__m128i less = _mm_subs_epu8(counts, _mm_set1_epi8(n));

	return 0xffffu ^ (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(less, _mm_setzero_si128()));
}

/** The facts that the rows of each header, one byte of @counts for each, make. */
static inline struct row_facts row_facts_of(__m128i counts)
{
	return (struct row_facts){ .seen = counts_over(counts, 0),
				   .repeated = counts_over(counts, 1) };
}

/** Sets the fault of @m unless there is an earlier one. */
static inline void parse_fault(struct sip_msg *m, enum sip_reason reason)
{
	if (m->reason == SIP_OK)
		m->reason = (uint16_t)reason;
}

/**
 * Gives each row of @m its id and colon, and m->first: any row, byte by byte. Stage 2, after the
 * scan, for messages with rows that rows_name_usual() (rows_body.h) did not take.
 */
void rows_name_odd(struct sip_msg *m, struct row_facts *facts);

/** Request line or status line: up to m->row[0].off. Stage 3. */
void parse_start_line(const struct marks *k, struct sip_msg *m);

/**
 * Decodes the values that every message needs; Content-Length only as a number. Stage 5 (4:
 * parse.c). For a sound header section (parse_values.c).
 */
void parse_values(const struct marks *k, struct sip_msg *m);

/** parse_values() for any header section. */
void parse_values_odd(const struct marks *k, struct sip_msg *m);
