/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making a message is copying a text and overwriting its fields: a few wide copies and stores, no
 * formatting. Called for each message that is sent.
 */
#include "bench/load/peer/text.h"

#include "bench/load/peer/wide.h"

static int kind_of(uint8_t c, uint8_t first, unsigned int n)
{
	return c >= first && c < first + n ? c - first : -1;
}

/* The row that byte @at stands in: its first byte, and the first of the next row. */
static void row_around(const uint8_t *p, size_t len, size_t at, size_t *from, size_t *to)
{
	*from = at;
	while (*from > 0 && p[*from - 1] != '\n')
		(*from)--;
	*to = at;
	while (*to < len && p[*to - 1] != '\n')
		(*to)++;
}

static bool add_field(struct text *t, unsigned int off, int kind)
{
	if (t->n_fields == TEXT_FIELDS)
		return false;
	t->field[t->n_fields++] = (struct field){ (uint16_t)off, (uint8_t)kind, t->n_blocks };
	return true;
}

bool text_compile(const uint8_t *p, size_t len, struct text *t)
{
	size_t from, to, n = 0;

	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < len; i++) {
		int field = kind_of(p[i], FIELD_BYTE(0), FIELD_KINDS);
		int block = kind_of(p[i], BLOCK_BYTE(0), BLOCK_KINDS);

		if (block >= 0) {
			if (t->n_blocks == sizeof(t->block) / sizeof(t->block[0]))
				return false;
			row_around(p, len, i, &from, &to);
			n -= i - from;
			t->block[t->n_blocks].off = (uint16_t)n;
			t->block[t->n_blocks++].kind = (uint8_t)block;
			i = to - 1;
			continue;
		}
		if (field >= 0) {
			unsigned int room = field_len((unsigned int)field);

			if (!add_field(t, (unsigned int)n, field))
				return false;
			memset(t->p + n, '0', room);
			n += room;
			i += room - 1;
			continue;
		}
		t->p[n++] = p[i];
	}
	memset(t->p + n, 0, TEXT_PAD);
	t->len = (uint16_t)n;
	return true;
}

/* Up to 63 bytes too many may be copied if there is room: no loop over rests. */
static inline uint8_t *put(uint8_t *to, const uint8_t *from, uint32_t n, const uint8_t *end)
{
	if (__builtin_expect(n + 64 <= (uint32_t)(end - to), 1))
		wide->copy(to, from, n);
	else
		memcpy(to, from, n);
	return to + n;
}

static uint32_t block_len(const struct block *b)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < b->n; i++)
		n += b->piece[i].len;
	return n;
}

static inline void put_field(uint8_t *to, const uint8_t *from, unsigned int kind)
{
	memcpy(to, from, 16);
	if (kind > FIELD_BRANCH)
		memcpy(to + 16, from + 16, SERVER_URI_LEN - 16);
}

uint32_t text_write(const struct text *t, const struct values *v, const struct block *block,
		    uint64_t id, uint64_t time, uint8_t *out, uint32_t room)
{
	const uint8_t *end = out + room;
	uint32_t shift[4] = { 0 }, from = 0;
	uint8_t *at = out;

	for (unsigned int i = 0; i < t->n_blocks; i++)
		shift[i + 1] = shift[i] + block_len(&block[t->block[i].kind]);
	if (t->len + shift[t->n_blocks] > room)
		return 0;
	for (unsigned int i = 0; i < t->n_blocks; i++) {
		const struct block *b = &block[t->block[i].kind];

		at = put(at, t->p + from, t->block[i].off - from, end);
		from = t->block[i].off;
		for (unsigned int k = 0; k < b->n; k++)
			at = put(at, b->piece[k].p, b->piece[k].len, end);
	}
	at = put(at, t->p + from, t->len - from, end);
	for (unsigned int i = 0; i < t->n_fields; i++) {
		const struct field *f = &t->field[i];

		put_field(out + f->off + shift[f->after], v->v[f->kind], f->kind);
	}
	mark_put(at - MARK_FROM_END, id, time);
	return (uint32_t)(at - out);
}
