/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reference work for the micro-benchmarks (reference.h). Plain on purpose: these are yardsticks,
 * not contenders.
 */
#include "bench/reference.h"

#include <nmmintrin.h>

unsigned int reference_lines(const uint8_t *p, size_t n, uint16_t *at)
{
	const __m128i lf = _mm_set1_epi8('\n');
	unsigned int count = 0;
	size_t i;

	for (i = 0; i + 16 <= n; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		unsigned int mask = (unsigned int)_mm_movemask_epi8(_mm_cmpeq_epi8(v, lf));

		for (; mask; mask &= mask - 1)
			at[count++] = (uint16_t)(i + (unsigned int)__builtin_ctz(mask));
	}
	for (; i < n; i++) {
		if (p[i] == '\n')
			at[count++] = (uint16_t)i;
	}
	return count;
}

/* The first byte in [p, end) that lies in one of the @n_ranges pairs of bounds at @ranges; end if
 * none does. */
static inline const uint8_t *find_range(const uint8_t *p, const uint8_t *end, const char *ranges,
					int n_ranges)
{
	const __m128i r = _mm_loadu_si128((const __m128i *)(const void *)ranges);

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		int at = _mm_cmpestri(r, n_ranges, v, 16,
				      _SIDD_UBYTE_OPS | _SIDD_CMP_RANGES | _SIDD_LEAST_SIGNIFICANT);

		if (at != 16)
			return p + at;
	}
	for (; p < end; p++) {
		for (int i = 0; i < n_ranges; i += 2) {
			if (*p >= (uint8_t)ranges[i] && *p <= (uint8_t)ranges[i + 1])
				return p;
		}
	}
	return end;
}

/* One header line. Returns where the next one starts, NULL if it is none. */
static const uint8_t *read_header(const uint8_t *p, const uint8_t *end, struct reference_header *h)
{
	static const char name_ends[16] = "\0 \"\"(),,//:@[]{\377";
	static const char value_ends[16] = "\0\010\012\037\177\177";
	const uint8_t *at = find_range(p, end, name_ends, 16);

	if (at == end || at == p || *at != ':')
		return NULL;
	h->name = p;
	h->name_len = (uint16_t)(at - p);
	for (at++; at < end && (*at == ' ' || *at == '\t');)
		at++;
	h->value = at;
	at = find_range(at, end, value_ends, 6);
	if (end - at < 2 || at[0] != '\r' || at[1] != '\n')
		return NULL;
	h->value_len = (uint16_t)(at - h->value);
	return at + 2;
}

int reference_headers(const uint8_t *p, size_t n, struct reference_header *out)
{
	static const char line_ends[16] = "\0\010\012\037\177\177";
	const uint8_t *end = p + n;
	int count = 0;

	p = find_range(p, end, line_ends, 6);
	if (end - p < 2 || p[1] != '\n')
		return -1;
	for (p += 2; end - p >= 2 && p[0] != '\r'; count++) {
		if (count == REFERENCE_HEADERS)
			return -1;
		p = read_header(p, end, &out[count]);
		if (!p)
			return -1;
	}
	return count;
}
