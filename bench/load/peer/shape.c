/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Learning and comparing of shapes. Comparing is the hot half: no branch on any byte of the message
 * before the end, where all differences are looked at as one. What differs from call to call and
 * cannot be computed (the proxy's branch and tokens) may be anything that does not end a parameter.
 */
#include "bench/load/peer/shape.h"

#include "bench/load/peer/identity.h"
#include "bench/load/peer/wide.h"

size_t shape_room(uint32_t len)
{
	uint32_t blocks = shape_blocks(len);

	return sizeof(struct shape) + blocks * (sizeof(uint64_t) + 64);
}

/* --- learning -------------------------------------------------------------------------------- */

static void clear_bits(struct shape *s, uint32_t off, uint32_t len)
{
	for (uint32_t i = off; i < off + len; i++)
		s->fixed[i / 64] &= ~(1ull << i % 64);
}

/* Wherever a value of this call stands, another call's will. */
static bool learn_fields(struct shape *s, const struct check_found *f, const struct values *v)
{
	const uint8_t *p = f->rows.p;

	for (uint32_t i = 0; i + 16 <= s->len; i++) {
		for (unsigned int kind = 0; kind < FIELD_KINDS; kind++) {
			unsigned int n = field_len(kind);

			if (!v->v[kind] || i + n > s->len || memcmp(p + i, v->v[kind], n) != 0)
				continue;
			if (s->n_fields == SHAPE_FIELDS)
				return false;
			if (kind == FIELD_SERVER_URI && !s->server)
				s->server = (uint16_t)i;
			s->field[s->n_fields++] =
				(struct shape_piece){ (uint16_t)i, (uint16_t)kind };
			clear_bits(s, i, n);
			i += n - 1;
			break;
		}
	}
	return true;
}

static bool learn_vars(struct shape *s, const struct check_found *f, bool record_route)
{
	for (unsigned int i = 0; i < f->n_ranges; i++) {
		const struct check_range *r = &f->range[i];

		if (r->record_route != record_route)
			continue;
		if (s->n_vars == SHAPE_VARS)
			return false;
		s->var[s->n_vars++] = (struct shape_piece){ r->off, r->len };
		clear_bits(s, r->off, r->len);
	}
	return true;
}

/* Rows of @kind, neighbours in one piece. */
static int learn_rows(const struct rows *r, enum row_kind kind, struct shape_piece *piece)
{
	int n = 0;

	for (unsigned int i = 0; i < r->n; i++) {
		struct row_span w = r->row[i].whole;

		if (r->row[i].kind != kind)
			continue;
		if (n && piece[n - 1].off + piece[n - 1].len == w.off) {
			piece[n - 1].len = (uint16_t)(piece[n - 1].len + w.len);
			continue;
		}
		if (n == SHAPE_PIECES)
			return -1;
		piece[n++] = (struct shape_piece){ (uint16_t)w.off, (uint16_t)w.len };
	}
	return n;
}

bool shape_learn(struct shape *s, const struct check_found *f, const struct values *v)
{
	uint32_t len = f->rows.len, blocks = shape_blocks(len);
	int vias, rrs;

	memset(s, 0, shape_room(len));
	s->len = len;
	memset(s->fixed, 0xff, blocks * sizeof(uint64_t));
	clear_bits(s, len, blocks * 64 - len);
	memcpy((uint8_t *)shape_bytes(s), f->rows.p, len);
	clear_bits(s, len - MARK_FROM_END, MARK_DIGITS);
	vias = learn_rows(&f->rows, ROW_VIA, s->via);
	rrs = learn_rows(&f->rows, ROW_RECORD_ROUTE, s->rr);
	if (vias < 0 || rrs < 0 || !learn_vars(s, f, true))
		return false;
	s->n_vias = (uint8_t)vias;
	s->n_rrs = (uint8_t)rrs;
	s->n_route = s->n_vars;
	s->branch = (struct shape_piece){ f->branch.off, f->branch.len };
	return learn_vars(s, f, false) && learn_fields(s, f, v);
}

/* --- comparing ------------------------------------------------------------------------------- */

static inline __m128i load16(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline bool equal16(const uint8_t *a, const uint8_t *b)
{
	return _mm_movemask_epi8(_mm_cmpeq_epi8(load16(a), load16(b))) == 0xffff;
}

static inline bool field_equal(const uint8_t *p, const uint8_t *v, unsigned int kind)
{
	bool equal;

	if (!v)
		return false;
	equal = equal16(p, v);
	if (kind > FIELD_BRANCH)
		equal &= equal16(p + 16, v + 16) & equal16(p + 32, v + 32) &
			 equal16(p + SERVER_URI_LEN - 16, v + SERVER_URI_LEN - 16);
	return equal;
}

bool shape_match(const struct shape *s, const uint8_t *p, uint32_t len, const struct values *v)
{
	bool ok = true;

	if (s->len != len)
		return false;
	for (unsigned int i = 0; i < s->n_fields; i++) {
		const struct shape_piece *f = &s->field[i];

		ok &= field_equal(p + f->off, v->v[f->len], f->len);
	}
	return wide->match(s->fixed, shape_bytes(s), p, len) && ok;
}

static inline uint64_t load8(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

uint64_t shape_branch(const struct shape *s, const uint8_t *p)
{
	const uint8_t *b = p + s->branch.off;
	uint32_t n = s->branch.len, i;
	uint64_t h = n;

	for (i = 0; i + 8 <= n; i += 8)
		h = (h ^ load8(b + i)) * 0x9e3779b97f4a7c15u + (h >> 29);
	/* The cookie before the branch fills up the last word: nothing beyond the branch counts. */
	if (n >= 8)
		h = (h ^ load8(b + n - 8)) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}
