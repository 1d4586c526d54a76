/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The body of every scanner; scan_sse42.c, scan_avx2.c and scan_avx512.c include it once. They name
 * their type of vector, SCAN_VECTOR, before and define
 *     struct consts scan_consts(void)
 *     struct block scan_block(const struct consts *c, const uint8_t *q)   masks of 64 bytes at q
 *     void scan_store(struct sip_row *row, uint32_t base, uint64_t starts)
 * and, if they define SCAN_OWN_PAIRS, struct pairs, scan_pairs() and pairs_bad() of their own, in
 * which alone the instruction sets differ. scan_store() may write SCAN_SLACK rows more than
 * there are bits. scan_pairs() looks for a CR without LF or LF without CR: each of the @live bytes
 * of the block at @q with the one before, or each of @next with the one behind, as it likes.
 * scan_block() and scan_pairs() may read one byte behind the block. The loop is much of what
 * parsing costs and is written for few instructions.
 */
#pragma once

#include "dataplane/sip/lex.h"
#include "dataplane/sip/scan.h"

#include <assert.h>

#define SCAN_SLACK 16

/* Keeps @v, a constant, in a register; without it the compiler makes it anew in each turn. */
#define KEEP(v) __asm__("" : "+x"(v))

/* Masks of 64 bytes, bit i for byte i. */
struct block {
	uint64_t lf;
	uint64_t cr;       /* 0 where scan_pairs() does without */
	SCAN_VECTOR bytes; /* the bytes themselves, where one vector holds them */
	uint64_t nontoken;
	uint64_t strong;
	uint64_t blank;
};

/*
 * Nibble tables: low_sets[b & 15] & high_sets[b >> 4] has one of the bits 0x01 to 0x20 for a token
 * character b (one for each of the columns 2 to 7 of the ASCII table), 0x40 or 0x80 for a strong
 * one, both for %. PSHUFB reads low_sets as 0 for bytes from 0x80 on.
 */
#define TOKEN_SETS 0x3f
#define STRONG_SETS 0x40 /* the lesser of the two */

static const uint8_t low_sets[16] = { 0x3a, 0x3f, 0x7e, 0x3e, 0x3e, 0x7f, 0x3e, 0x3f,
				      0x3e, 0x3e, 0x3d, 0x15, 0x94, 0x15, 0xb5, 0x1c };
static const uint8_t high_sets[16] = { 0, 0, 0x41, 0x82, 0x04, 0x08, 0x10, 0x20 };

/* What the loop keeps in registers. */
struct consts {
	SCAN_VECTOR low, high, nibble, token, strong, lf, cr, space, one;
};

static inline struct consts scan_consts(void);
static inline struct block scan_block(const struct consts *c, const uint8_t *q);
static inline void scan_store(struct sip_row *row, uint32_t base, uint64_t starts);

#ifdef SCAN_OWN_PAIRS
static inline void scan_pairs(struct pairs *a, const struct consts *c, const uint8_t *q,
			      const struct block *b, uint64_t live, uint64_t next);
static inline bool pairs_bad(const struct pairs *a);
#else
/* CR and LF by their masks. */
struct pairs {
	uint64_t cr_before; /* 1 = the byte before the block is a CR */
	uint64_t bad;       /* not 0 = a CR or LF stands alone */
};

static inline void scan_pairs(struct pairs *a, const struct consts *c, const uint8_t *q,
			      const struct block *b, uint64_t live, uint64_t next)
{
	(void)c;
	(void)q;
	(void)next;
	a->bad |= (b->lf ^ (b->cr << 1 | a->cr_before)) & live;
	a->cr_before = b->cr >> 63;
}

static inline bool pairs_bad(const struct pairs *a)
{
	return a->bad != 0;
}
#endif

/* The row that starts at @off, id and colon 0, in one store. */
static inline void scan_row(struct sip_row *row, uint32_t off)
{
	memcpy(row, &off, sizeof(*row));
}

/* A scan between two blocks. */
struct scan {
	const uint8_t *p;
	uint32_t len;
	uint32_t base;      /* of the next block */
	uint32_t n;         /* rows so far; those that did not fit the table count too */
	uint32_t head_len;  /* 0 = the header section goes on */
	uint64_t lf_before; /* 1 = the byte before the block is a LF */
	struct sip_row *row;
	struct scan_map *map;
};

/* As scan_store(), for a table that is nearly full. */
static __attribute__((noinline, cold)) void scan_store_last(struct sip_row *row, uint32_t n,
							    uint32_t base, uint64_t starts)
{
	for (; starts != 0 && n <= SIP_MAX_ROWS; starts &= starts - 1, n++)
		scan_row(&row[n], base + (uint32_t)__builtin_ctzll(starts));
}

/*
 * Looks at the lines of the block at @base that begin with SP or a control character, @lines:
 * takes continuation lines out of @starts, and sets @head_len at the blank line. Returns the mask
 * of the bytes before the blank line.
 */
static inline uint64_t scan_special(const struct scan *s, uint64_t lines, uint64_t *starts,
				    uint32_t *head_len)
{
	for (; lines != 0; lines &= lines - 1) {
		uint64_t bit = lines & -lines;
		uint32_t at = s->base + (uint32_t)__builtin_ctzll(lines);
		uint8_t c = s->p[at];

		if (likely(c == '\r' && at + 1 < s->len && s->p[at + 1] == '\n'))
			*head_len = at + 2;
		else if (c == '\n')
			*head_len = at + 1;
		else if (c == ' ' || c == '\t')
			*starts ^= bit;
		if (*head_len != 0) {
			*starts &= bit | (bit - 1);
			return bit - 1;
		}
	}
	return UINT64_MAX;
}

/* Ends the block at s->base: notes the rows that start at @starts. */
static inline void scan_rows(struct scan *s, uint64_t starts)
{
	if (likely(s->n <= SIP_MAX_ROWS - 64 - SCAN_SLACK))
		scan_store(s->row + s->n, s->base, starts);
	else
		scan_store_last(s->row, s->n, s->base, starts);
	s->n += (uint32_t)__builtin_popcountll(starts);
	s->base += 64;
}

/*
 * Does the block at @q, of which @live are bytes of the message and @next have one behind them.
 * True if there are more to do. The block with the blank line ends in code of its own: one branch
 * leads there and out of the loop.
 */
static inline __attribute__((always_inline)) bool scan_step(struct scan *s, struct pairs *pairs,
							    const struct consts *c,
							    const uint8_t *q, uint64_t live,
							    uint64_t next)
{
	struct block b = scan_block(c, q);
	uint64_t starts = (b.lf << 1 | s->lf_before) & live;
	uint32_t w = s->base / 64;

	s->map->nontoken[w] = b.nontoken | ~live;
	s->map->strong[w] = b.strong;
	s->map->blank[w] = b.blank;
	if (unlikely((starts & b.blank) != 0)) {
		uint64_t before = scan_special(s, starts & b.blank, &starts, &s->head_len);

		scan_pairs(pairs, c, q, &b, live & (before << 1 | 1), next & before);
		if (likely(s->head_len != 0)) {
			scan_rows(s, starts);
			return false;
		}
	} else {
		scan_pairs(pairs, c, q, &b, live, next);
	}
	scan_rows(s, starts);
	s->lf_before = b.lf >> 63;
	return true;
}

/* Ends the maps behind word @w: searches stop there. */
static inline void scan_stop(struct scan_map *map, uint32_t w)
{
	map->nontoken[w] = UINT64_MAX;
	map->strong[w] = UINT64_MAX;
	map->blank[w] = UINT64_MAX;
}

/*
 * Turns the starts into rows. The last of them is the blank line if there is one, else a line that
 * does not end; where the message ends with a line end, its length stands for them.
 */
static inline void scan_finish(const struct scan *s, const struct pairs *pairs,
			       struct scan_lines *out)
{
	uint32_t n = s->n;

	if (unlikely(s->head_len == 0 && (n == 0 || s->p[s->len - 1] == '\n'))) {
		if (n <= SIP_MAX_ROWS)
			scan_row(&s->row[n], s->len);
		n++;
	}
	out->head_len = s->head_len;
	out->bad_line_end = pairs_bad(pairs);
	out->too_many = n > SIP_MAX_ROWS + 1;
	out->n_rows = out->too_many ? SIP_MAX_ROWS : n - 1;
}

/* Clears @m up to its rows, in as few stores as it takes; row[0] may be cleared with it. */
static inline void scan_clear(struct sip_msg *m)
{
	const SCAN_VECTOR zero = { 0 };
	uint8_t *at = (uint8_t *)m, *end = (uint8_t *)m->row;

	static_assert(sizeof(m->row) >= sizeof(zero), "a last store must not leave the message");
#pragma GCC unroll 64
	for (; at < end; at += sizeof(zero))
		memcpy(at, &zero, sizeof(zero));
}

/* The last block of a message behind which nothing may be read. Not inlined, so that the usual scan
 * needs no buffer. */
static __attribute__((noinline)) void scan_last(struct scan *s, struct pairs *pairs, uint64_t live)
{
	struct consts c = scan_consts();
	uint8_t tail[64 + 1] = { 0 };

	memcpy(tail, s->p + s->base, s->len - s->base);
	scan_step(s, pairs, &c, tail, live, live >> 1);
}

static void scan_head(const uint8_t *p, uint32_t len, bool padded, struct sip_msg *m,
		      struct scan_map *map, struct scan_lines *out)
{
	struct scan s = { .p = p, .len = len, .row = m->row, .map = map };
	struct consts c = scan_consts();
	struct pairs pairs = { 0 };
	bool more = true;

	scan_clear(m);
	while (likely(more && len - s.base > 64))
		more = scan_step(&s, &pairs, &c, p + s.base, UINT64_MAX, UINT64_MAX);
	if (more) {
		uint64_t live = UINT64_MAX >> (64 - (len - s.base));

		if (likely(padded)) {
			scan_step(&s, &pairs, &c, p + s.base, live, live >> 1);
		} else {
			/* Copies, as what a pointer goes out to leaves its registers. */
			struct scan last = s;
			struct pairs last_pairs = pairs;

			scan_last(&last, &last_pairs, live);
			s = last;
			pairs = last_pairs;
		}
	}
	scan_stop(map, s.base / 64);
	scan_finish(&s, &pairs, out);
}

static void scan_span(const uint8_t *p, uint32_t from, uint32_t to, struct scan_map *map)
{
	struct consts c = scan_consts();
	uint8_t tail[64 + 1] = { 0 };

	for (; from < to; from += 64) {
		const uint8_t *q = p + from;
		uint64_t behind = 0;
		struct block b;

		if (to - from <= 64) {
			q = memcpy(tail, q, to - from);
			behind = ~(UINT64_MAX >> (64 - (to - from)));
		}
		b = scan_block(&c, q);
		map->nontoken[from / 64] = b.nontoken | behind;
		map->strong[from / 64] = b.strong;
		map->blank[from / 64] = b.blank;
	}
	scan_stop(map, from / 64);
}
