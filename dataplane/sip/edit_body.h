/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The body of edit_head.c and edit_avx512.c, which name the function, EDIT_HEAD_NAME, and how many
 * chunks of a stretch are copied at once, STRETCH, and define
 *     void copy_chunk(uint8_t *to, const uint8_t *from)   copies CHUNK bytes
 * before.
 *
 * The head, all up to the last edit that changes a length, is put together in a buffer on the stack
 * and copied back in one piece, so that it ends where it ended; the rest stays where it is, or
 * makes way by what the room before the message lacks. Writing it twice costs less than to move
 * stretch by stretch in place, which is a call and two branches that nobody can predict for each:
 * stretches and texts are copied 64 bytes at a time whatever their length, and what was too much is
 * written over by the next one.
 */
#pragma once

/* Copies @n bytes, @once chunks at a time, and so up to all but one byte of these more. */
static inline uint8_t *copy_chunks(uint8_t *to, const uint8_t *from, uint32_t n, unsigned int once)
{
	uint32_t at = 0;

	do {
		for (unsigned int i = 0; i < once; i++)
			copy_chunk(to + at + i * CHUNK, from + at + i * CHUNK);
		at += once * CHUNK;
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

bool EDIT_HEAD_NAME(const struct edit_list *l, uint8_t *p, uint32_t len, struct edit_room room,
		    int *pivot)
{
	uint8_t head[EDIT_HEAD + STRETCH * CHUNK];
	const struct edit *e = l->e, *end = l->e + l->n, *last = end;
	uint32_t right = l->delta > (int64_t)room.head ? (uint32_t)l->delta - room.head : 0;
	uint32_t from = 0, old_len, new_len;
	uint8_t *to = head;

	while (last > e && last[-1].ins == last[-1].del)
		last--;
	if (last == e)
		return false;
	old_len = (uint32_t)last[-1].off + last[-1].del;
	new_len = old_len + (uint32_t)l->delta;
	if (!l->slack || new_len < CHUNK || old_len > EDIT_HEAD || new_len > EDIT_HEAD ||
	    old_len + STRETCH * CHUNK > len + room.tail || right > room.tail)
		return false;
	for (; e < last; e++) {
		to = copy_chunks(to, p + from, e->off - from, STRETCH);
		to = copy_chunks(to, e->text, e->ins, 1);
		from = (uint32_t)e->off + e->del;
	}
	if (right)
		memmove(p + old_len + right, p + old_len, len - old_len);
	p += right;
	copy_exactly(p + old_len - new_len, head, new_len);
	for (; e < end; e++)
		memcpy(p + e->off, e->text, e->ins);
	*pivot = l->delta - (int)right;
	return true;
}
