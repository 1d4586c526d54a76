/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Edits as nearly all messages get them: a few near the front, short texts, room before the
 * message.
 *
 * The head, all up to the last edit that changes a length, is put together in a buffer on the stack
 * and copied back in one piece, so that it ends where it ended; the rest stays where it is. Writing
 * it twice costs less than to move stretch by stretch in place, which is a call and two branches
 * that nobody can predict for each: stretches and texts are copied 64 bytes at a time whatever
 * their length, and what was too much is written over by the next one.
 */
#include "dataplane/sip/edit_head.h"

#include <emmintrin.h>

#define CHUNK EDIT_SLACK

/* Copies CHUNK bytes. */
static inline void copy_chunk(uint8_t *to, const uint8_t *from)
{
	__m128i a = _mm_loadu_si128((const __m128i *)(const void *)from);
	__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(from + 16));
	__m128i c = _mm_loadu_si128((const __m128i *)(const void *)(from + 32));
	__m128i d = _mm_loadu_si128((const __m128i *)(const void *)(from + 48));

	_mm_storeu_si128((__m128i *)(void *)to, a);
	_mm_storeu_si128((__m128i *)(void *)(to + 16), b);
	_mm_storeu_si128((__m128i *)(void *)(to + 32), c);
	_mm_storeu_si128((__m128i *)(void *)(to + 48), d);
}

/* Copies @n bytes in whole chunks: up to CHUNK - 1 bytes more, and one chunk at least. */
static inline uint8_t *copy_chunks(uint8_t *to, const uint8_t *from, uint32_t n)
{
	uint32_t at = 0;

	do {
		copy_chunk(to + at, from + at);
		at += CHUNK;
	} while (at < n);
	return to + n;
}

/* Copies @n bytes, CHUNK at least, and not one more: the last chunk lies over the one before it. As
 * memcpy(), which the compiler would make a slow string instruction of. */
static inline void copy_exactly(uint8_t *to, const uint8_t *from, uint32_t n)
{
	uint32_t last = n - CHUNK;

	for (uint32_t at = 0; at < last; at += CHUNK)
		copy_chunk(to + at, from + at);
	copy_chunk(to + last, from + last);
}

bool edit_head(const struct edit_list *l, uint8_t *p, uint32_t len, struct edit_room room)
{
	uint8_t head[EDIT_HEAD + CHUNK];
	const struct edit *e = l->e, *end = l->e + l->n, *last = end;
	uint32_t from = 0, old_len, new_len;
	uint8_t *to = head;

	while (last > e && last[-1].ins == last[-1].del)
		last--;
	if (last == e)
		return false;
	old_len = (uint32_t)last[-1].off + last[-1].del;
	new_len = old_len + (uint32_t)l->delta;
	if (!l->slack || new_len < CHUNK || old_len > EDIT_HEAD || new_len > EDIT_HEAD ||
	    old_len + CHUNK > len + room.tail || l->delta > (int64_t)room.head)
		return false;
	for (; e < last; e++) {
		to = copy_chunks(to, p + from, e->off - from);
		to = copy_chunks(to, e->text, e->ins);
		from = (uint32_t)e->off + e->del;
	}
	copy_exactly(p + old_len - new_len, head, new_len);
	for (; e < end; e++)
		memcpy(p + e->off, e->text, e->ins);
	return true;
}
