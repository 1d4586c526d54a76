/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows: which header each is, and access to them. Stage 2 of sip_parse().
 *
 * The loop runs from the last row to the first, so that the plain store to m->first keeps the
 * first one, and has no branch that depends on which header a row is: a random order of headers
 * costs what a fixed one does.
 */
#include "dataplane/sip/names.h"
#include "dataplane/sip/parse.h"

/* Position of the colon of a row that ends at @end; @end if it has none. */
static uint32_t find_colon(const uint8_t *p, struct sip_row row, uint32_t end)
{
	uint32_t at = row.off + row.colon;

	if (row.colon < UINT8_MAX)
		return at;
	at = row.off;
	while (at < end && char_is(p[at], CH_TOKEN))
		at++;
	while (at < end && (p[at] == ' ' || p[at] == '\t'))
		at++;
	return at < end && p[at] == ':' && at > row.off ? at : end;
}

/* Rows with white space before the colon, very long names, and what is no header at all: returns
 * what name_find() does. */
static __attribute__((noinline)) size_t name_odd_row(const uint8_t *p, struct sip_row *row,
						     uint32_t end, bool *bad)
{
	uint32_t n = 0, colon;

	row->colon = UINT8_MAX;
	colon = find_colon(p, *row, end);
	if (colon == end) {
		*bad = true;
		return 0;
	}
	if (colon - row->off < UINT8_MAX)
		row->colon = (uint8_t)(colon - row->off);
	while (char_is(p[row->off + n], CH_TOKEN))
		n++;
	return header_find(p, row->off, n);
}

/* Notes that row @i has the name at @name. Returns @counts, one byte for each header. */
static inline __m128i note_row(struct sip_msg *m, unsigned int i, size_t name, __m128i counts)
{
	unsigned int id = name_id(&header_names, name);

	m->row[i].id = (uint8_t)id;
	m->first[id] = (uint16_t)i;
	return _mm_adds_epu8(counts, name_row(header_names.count, name));
}

/* Bit i set = byte i of @counts is greater than @n. */
static inline uint32_t counts_over(__m128i counts, char n)
{
	__m128i less = _mm_subs_epu8(counts, _mm_set1_epi8(n));

	return 0xffffu ^ (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(less, _mm_setzero_si128()));
}

void rows_name(const struct marks *k, uint32_t readable, struct sip_msg *m, struct row_facts *facts)
{
	const uint64_t *map = k->map->nontoken;
	const uint8_t *p = k->p;
	__m128i counts = _mm_setzero_si128();
	unsigned int i = m->n_rows;

	facts->bad = false;
	/* So near the end that 16 bytes of the name cannot be loaded. */
	for (; i > 0 && m->row[i - 1].off + 16u > readable; i--)
		counts = note_row(m, i - 1,
				  name_odd_row(p, &m->row[i - 1], m->row[i].off, &facts->bad),
				  counts);
	while (i-- > 0) {
		struct sip_row *row = &m->row[i];
		uint32_t off = row->off;
		uint64_t w = marks_window(map, off);
		uint32_t n = (uint32_t)__builtin_ctzll(w | 1ULL << 63);
		size_t name;

		/* A window has 57 bits at least: 63 may be none of them. */
		if (likely(n - 1 < 56 && p[off + n] == ':')) {
			row->colon = (uint8_t)n;
			name = name_find(&header_names, _mm_loadu_si128((const __m128i *)(p + off)),
					 n, 0x20);
		} else {
			name = name_odd_row(p, row, row[1].off, &facts->bad);
		}
		counts = note_row(m, i, name, counts);
	}
	facts->seen = counts_over(counts, 0);
	facts->repeated = counts_over(counts, 1);
}

struct span sip_row_value(const struct sip_msg *m, unsigned int i)
{
	uint32_t end = m->row[i + 1].off;
	uint32_t colon = find_colon(m->p, m->row[i], end);

	return lex_trim(m->p, colon < end ? colon + 1 : end, end);
}

struct span sip_row_name(const struct sip_msg *m, unsigned int i)
{
	uint32_t end = m->row[i + 1].off;
	uint32_t colon = find_colon(m->p, m->row[i], end);

	return colon < end ? lex_trim(m->p, m->row[i].off, colon)
			   : span_of(m->row[i].off, m->row[i].off);
}

int sip_find(const struct sip_msg *m, enum sip_header id, unsigned int from)
{
	if (from == 0 && id != SIP_H_OTHER)
		return m->first[id] == UINT16_MAX ? -1 : m->first[id];
	for (unsigned int i = from; i < m->n_rows; i++)
		if (m->row[i].id == id)
			return (int)i;
	return -1;
}

int sip_find_name(const struct sip_msg *m, const char *name, size_t n, unsigned int from)
{
	enum sip_header id;

	if (n == 0 || n > SIP_MAX_LEN)
		return -1;
	id = header_id((const uint8_t *)name, 0, (uint32_t)n);
	if (id != SIP_H_OTHER)
		return sip_find(m, id, from);
	for (unsigned int i = from; i < m->n_rows; i++) {
		struct span s = m->row[i].id == SIP_H_OTHER ? sip_row_name(m, i) : span_of(0, 0);
		size_t same = 0;

		while (s.len == n && same < n &&
		       char_lower(m->p[s.off + same]) == (uint8_t)name[same])
			same++;
		if (same == n)
			return (int)i;
	}
	return -1;
}
