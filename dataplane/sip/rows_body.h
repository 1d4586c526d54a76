/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which header each row is, for rows as nearly all are: a name of 1 to 62 token characters and a
 * colon right behind it. Compiled into each scanner (scan_sse42.c, scan_avx2.c, scan_avx512.c), as
 * what is left of it are mostly shifts and vectors of 16 bytes.
 *
 * First two letters and length pick the one word that a name can be. That it is that word is not
 * asked row by row: what differs is collected, and looked at once for all rows. With that a row
 * takes 30 instructions, not 46, and has no branch that depends on its header. A message with any
 * other row, one with white space before the colon or a name that only begins like a known one, is
 * named by rows_name_odd() from the start.
 */
#pragma once

#include "dataplane/sip/names.h"
#include "dataplane/sip/parse.h"

#include <immintrin.h>

/* Where a name ends by the window @w of bytes that are no token characters; 63 or 64: behind it. */
static inline size_t rows_name_end(uint64_t w)
{
#ifdef __BMI__
	return _tzcnt_u64(w);
#else
	return (size_t)__builtin_ctzll(w | 1ULL << 63);
#endif
}

/*
 * Gives each row of @m id and colon, sets m->first and @facts. False, with these half done, if a
 * row is not as above or so near to @readable, the end of the bytes that may be read, that it
 * cannot be looked at here.
 *
 * From the last row to the first, so that the plain store to m->first keeps the first one.
 */
static bool rows_name_usual(uint32_t readable, struct sip_msg *m, struct row_facts *facts)
{
	const __m128i fold = _mm_set1_epi8(0x20);
	const uint64_t *map = m->map.nontoken;
	const uint8_t *p = m->p;
	__m128i counts = _mm_setzero_si128(), differs = _mm_setzero_si128();
	unsigned int i = m->n_rows;

	if (unlikely(i > 0 && m->row[i - 1].off + 64u >= readable))
		return false;
	while (i-- > 0) {
		struct sip_row *row = &m->row[i];
		uint32_t off = row->off;
		const uint8_t *q = p + off;
		size_t n = rows_name_end(marks_window(map, off));
		const struct name_word *word;
		__m128i v;

		if (unlikely(q[n] != ':'))
			return false;
		word = header_word(q, n);
		/* One register for all of the word; the compiler would keep one for each member. */
		__asm__("" : "+r"(word));
		v = _mm_or_si128(_mm_loadu_si128((const __m128i *)q), fold);
		v = _mm_xor_si128(v, name_load(word->text));
		differs = _mm_or_si128(differs, _mm_and_si128(v, name_load(word->mask)));
		memcpy(&row->id, &word->id, 2); /* and row->colon: where it is for that name */
		m->first[word->id] = (uint16_t)i;
		counts = _mm_adds_epu8(counts, name_load(word->count));
	}
	*facts = row_facts_of(counts);
	return _mm_testz_si128(differs, differs);
}
