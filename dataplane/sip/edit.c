/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Edits in place, the only writes into a message. Runs on the workers for each forwarded message;
 * pure.
 *
 *   old      |--seg 0--|del|----seg 1----|del|--------------seg 2--------------|
 *   new   |--seg 0--|inserted|----seg 1----|inserted|------seg 2 = pivot-------|
 *
 * A segment is what lies between two edits. Relative to the start of the message each is shifted by
 * the sum of the changes before it; fixing one segment (the pivot) in the buffer fixes where all
 * others go.
 *
 * Order of moves. Segments keep their order, so one that goes left can only land on bytes of
 * segments left of it that go left too, and likewise on the right: those that go left are moved
 * from left to right, then those that go right from right to left, and nothing is overwritten
 * before it was moved. New text is written last.
 *
 * A second buffer would be simpler and cost a copy of the whole message and a second mbuf.
 */
#include "dataplane/sip/edit.h"

#include "dataplane/sip/edit_head.h"

#define LEN_MAX 65535

void edit_add(struct edit_list *l, uint32_t off, uint32_t del, const void *text, uint32_t ins)
{
	uint32_t least = l->n ? (uint32_t)l->e[l->n - 1].off + l->e[l->n - 1].del : 0;

	if (l->n == EDIT_MAX || off < least || off > LEN_MAX || del > LEN_MAX - off ||
	    ins > LEN_MAX) {
		l->failed = true;
		return;
	}
	l->e[l->n++] = (struct edit){
		.off = (uint16_t)off, .del = (uint16_t)del, .ins = (uint16_t)ins, .text = text
	};
	l->delta += (int)ins - (int)del;
}

/* First byte after the deleted bytes of edit @i; 0 for the one before the first. */
static uint32_t after(const struct edit_list *l, unsigned int i)
{
	return i == 0 ? 0 : (uint32_t)l->e[i - 1].off + l->e[i - 1].del;
}

/* First byte after segment @i. */
static uint32_t end_of(const struct edit_list *l, unsigned int i, uint32_t len)
{
	return i == l->n ? len : l->e[i].off;
}

static int change(const struct edit *e)
{
	return (int)e->ins - (int)e->del;
}

static int check(const struct edit_list *l, uint32_t len)
{
	if (l->failed || after(l, l->n) > len)
		return EDIT_BAD;
	if (len > LEN_MAX || (int)len + l->delta > LEN_MAX)
		return EDIT_TOO_LONG;
	return 0;
}

/* True if a pivot that is shifted by @sum from the start of the message fits the room. */
static bool fits(const struct edit_list *l, int sum, struct edit_room room)
{
	return sum <= (int64_t)room.head && l->delta - sum <= (int64_t)room.tail;
}

/* Bytes that move if segments shifted by @sum stay. What an edit replaces by as many bytes moves
 * along. */
static uint32_t cost(const struct edit_list *l, uint32_t len, int sum)
{
	uint32_t moved = 0;
	int at = 0;

	for (unsigned int i = 0; i <= l->n; i++) {
		if (at != sum)
			moved += end_of(l, i, len) - after(l, i);
		if (i == l->n)
			break;
		if (at != sum && change(&l->e[i]) == 0)
			moved += l->e[i].del;
		at += change(&l->e[i]);
	}
	return moved;
}

/*
 * Finds the shift, from the start of the message, of the segments that shall stay. Where the
 * stretch after the last change of length is half of the message or more, no other choice can move
 * less: the usual case, no search.
 */
static bool choose(const struct edit_list *l, uint32_t len, struct edit_room room, int *pivot)
{
	unsigned int last = l->n;
	uint32_t least = UINT32_MAX;
	int sum = 0;

	while (last > 0 && change(&l->e[last - 1]) == 0)
		last--;
	if (after(l, last) <= len / 2 && fits(l, l->delta, room)) {
		*pivot = l->delta;
		return true;
	}
	for (unsigned int i = 0; i <= l->n; i++) {
		uint32_t moved;

		if (fits(l, sum, room)) {
			moved = cost(l, len, sum);
			if (moved < least) {
				least = moved;
				*pivot = sum;
			}
		}
		if (i < l->n)
			sum += change(&l->e[i]);
	}
	return least != UINT32_MAX;
}

/*
 * Moves all segments that go left, the first one first. Segments of one shift go together, with the
 * edits between them that change no length.
 */
static void move_left(const struct edit_list *l, uint8_t *p, uint32_t len, int pivot)
{
	uint32_t from = 0;
	int sum = 0;

	for (unsigned int i = 0; i <= l->n; i++) {
		uint32_t to = end_of(l, i, len);

		if (i < l->n && change(&l->e[i]) == 0)
			continue;
		if (sum < pivot && to > from)
			memmove(p + from + sum - pivot, p + from, to - from);
		if (i < l->n) {
			from = after(l, i + 1);
			sum += change(&l->e[i]);
		}
	}
}

/* Moves all segments that go right, the last one first. */
static void move_right(const struct edit_list *l, uint8_t *p, uint32_t len, int pivot)
{
	uint32_t to = len;
	int sum = l->delta;

	for (unsigned int i = l->n + 1; i-- > 0;) {
		uint32_t from = after(l, i);

		if (i > 0 && change(&l->e[i - 1]) == 0)
			continue;
		if (sum > pivot && to > from)
			memmove(p + from + sum - pivot, p + from, to - from);
		if (i > 0) {
			to = l->e[i - 1].off;
			sum -= change(&l->e[i - 1]);
		}
	}
}

static void write_texts(const struct edit_list *l, uint8_t *start)
{
	int sum = 0;

	for (unsigned int i = 0; i < l->n; i++) {
		const struct edit *e = &l->e[i];

		if (e->ins > 0)
			memcpy(start + e->off + sum, e->text, e->ins);
		sum += change(e);
	}
}

int edit_apply(const struct edit_list *l, uint8_t *p, uint32_t len, struct edit_room room,
	       struct edit_result *res)
{
	int error = check(l, len);
	int pivot;

	if (error)
		return error;
	if (!edit_head(l, p, len, room, &pivot)) {
		if (!choose(l, len, room, &pivot))
			return EDIT_NO_ROOM;
		move_left(l, p, len, pivot);
		move_right(l, p, len, pivot);
		write_texts(l, p - pivot);
	}
	res->head_shift = -pivot;
	res->len = len + (uint32_t)l->delta;
	res->tail_old = after(l, l->n);
	res->tail_new = res->tail_old + (uint32_t)l->delta;
	return 0;
}

int edit_copy_range(const struct edit_list *l, const uint8_t *p, struct span s, uint8_t *out,
		    uint32_t cap)
{
	uint32_t from = s.off;
	uint32_t n = 0;

	if (l->failed || (l->n > 0 && (l->e[0].off < s.off || after(l, l->n) > span_end(s))))
		return EDIT_BAD;
	if ((int)s.len + l->delta > LEN_MAX)
		return EDIT_TOO_LONG;
	if ((int)s.len + l->delta > (int64_t)cap)
		return EDIT_NO_ROOM;
	for (unsigned int i = 0; i <= l->n; i++) {
		uint32_t keep = (i == l->n ? span_end(s) : l->e[i].off) - from;

		memcpy(out + n, p + from, keep);
		n += keep;
		if (i == l->n)
			break;
		if (l->e[i].ins > 0)
			memcpy(out + n, l->e[i].text, l->e[i].ins);
		n += l->e[i].ins;
		from = after(l, i + 1);
	}
	return (int)n;
}

int edit_copy(const struct edit_list *l, const uint8_t *p, uint32_t len, uint8_t *out, uint32_t cap)
{
	return len > LEN_MAX ? EDIT_TOO_LONG : edit_copy_range(l, p, span_of(0, len), out, cap);
}
