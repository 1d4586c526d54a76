/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Edits in place against a slow reference that builds the edited message byte by byte.
 */
#include "dataplane/sip/edit.h"
#include "dataplane/sip/msg.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>

#define CANARY 0xc5
#define MARGIN 256

static uint64_t random_state = 0x1234567890abcdef;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % n;
}

/* The edited message, made the naive way. Returns its length. */
static uint32_t reference(const struct edit_list *l, const uint8_t *p, uint32_t len, uint8_t *out)
{
	uint32_t n = 0;
	unsigned int next = 0;

	for (uint32_t i = 0; i <= len;) {
		if (next < l->n && l->e[next].off == i) {
			for (uint32_t k = 0; k < l->e[next].ins; k++)
				out[n++] = l->e[next].text[k];
			i += l->e[next].del;
			next++;
			continue;
		}
		if (i < len)
			out[n++] = p[i];
		i++;
	}
	return n;
}

/* A message in the middle of canaries, with exactly the room stated on both sides. */
struct arena {
	uint8_t *bytes;
	uint8_t *message;
	struct edit_room room;
	uint32_t len;
};

static struct arena arena_make(const uint8_t *p, uint32_t len, uint32_t head, uint32_t tail)
{
	size_t size = MARGIN + head + len + tail + MARGIN;
	struct arena a = { .bytes = malloc(size), .room = { head, tail }, .len = len };

	memset(a.bytes, CANARY, size);
	a.message = a.bytes + MARGIN + head;
	memcpy(a.message, p, len);
	return a;
}

/* True if every byte outside the message with its room is as it was. */
static bool arena_intact(const struct arena *a)
{
	const uint8_t *after = a->message + a->len + a->room.tail;

	for (size_t i = 0; i < MARGIN; i++) {
		if (a->bytes[i] != CANARY || after[i] != CANARY)
			return false;
	}
	return true;
}

/*
 * Bytes that a pivot shifted by @pivot from the start makes move: all between the edits, and what
 * edits that change no length replace, unless shifted alike.
 */
static int64_t moved_by(const struct edit_list *l, uint32_t len, int pivot)
{
	int64_t moved = 0;
	int sum = 0;

	for (unsigned int i = 0; i <= l->n; i++) {
		uint32_t from = i ? (uint32_t)l->e[i - 1].off + l->e[i - 1].del : 0;
		uint32_t to = i < l->n ? l->e[i].off : len;

		moved += sum != pivot ? to - from : 0;
		if (i < l->n && sum != pivot && l->e[i].ins == l->e[i].del)
			moved += l->e[i].del;
		sum += i < l->n ? l->e[i].ins - l->e[i].del : 0;
	}
	return moved;
}

/* The least that any pivot within the room moves; -1 = none fits. */
static int64_t least_moved(const struct edit_list *l, uint32_t len, struct edit_room room)
{
	int64_t least = -1;
	int pivot = 0;

	for (unsigned int k = 0; k <= l->n; k++) {
		int64_t moved = moved_by(l, len, pivot);

		if (pivot <= (int64_t)room.head && l->delta - pivot <= (int64_t)room.tail &&
		    (least < 0 || moved < least))
			least = moved;
		pivot += k < l->n ? l->e[k].ins - l->e[k].del : 0;
	}
	return least;
}

/* True if no more than EDIT_HEAD bytes stand before the end of the last change of length. */
static bool head_stays_short(const struct edit_list *l)
{
	unsigned int n = l->n;
	uint32_t end;

	while (n > 0 && l->e[n - 1].ins == l->e[n - 1].del)
		n--;
	end = n ? (uint32_t)l->e[n - 1].off + l->e[n - 1].del : 0;
	return end <= EDIT_HEAD && (int64_t)end + l->delta <= EDIT_HEAD;
}

/* Where the start of the message goes if a short head is put together beside it: what is behind it
 * makes way by what the room lacks. */
static int shift_of_head(const struct edit_list *l, uint32_t room)
{
	return l->delta > (int64_t)room ? -(int)room : -l->delta;
}

/* Applies @l in place and by copy with exactly this room and checks all that edit.h promises.
 * Returns what edit_apply() did. */
static int check_apply(const struct edit_list *l, const uint8_t *p, uint32_t len, uint32_t head,
		       uint32_t tail)
{
	static uint8_t want[70000], copy[70000];
	struct arena a = arena_make(p, len, head, tail);
	uint32_t want_len = reference(l, p, len, want);
	int64_t least = least_moved(l, len, a.room);
	struct edit_result res;
	int rc = edit_apply(l, a.message, len, a.room, &res);

	cr_assert(arena_intact(&a), "wrote outside the room");
	if (rc == EDIT_NO_ROOM) {
		cr_assert_lt(least, 0, "there is room");
		cr_assert_arr_eq(a.message, p, len, "a refused edit changed the message");
	} else {
		const uint8_t *start = a.message + res.head_shift;

		cr_assert_eq(rc, 0);
		cr_assert_eq(res.len, want_len);
		cr_assert_geq(start - (a.message - head), 0);
		cr_assert_leq(res.head_shift + (int64_t)res.len, (int64_t)len + tail);
		cr_assert_eq(memcmp(start, want, want_len), 0, "not the edited message");
		cr_assert(moved_by(l, len, -res.head_shift) == least ||
				  (l->slack && head_stays_short(l) &&
				   res.head_shift == shift_of_head(l, head)),
			  "moved more bytes than needed");
		cr_assert_eq(len - res.tail_old, res.len - res.tail_new);
		cr_assert_eq(memcmp(start + res.tail_new, p + res.tail_old, len - res.tail_old), 0);
	}
	cr_assert_eq(edit_copy(l, p, len, copy, want_len), (int)want_len);
	cr_assert_eq(memcmp(copy, want, want_len), 0);
	if (want_len > 0)
		cr_assert_eq(edit_copy(l, p, len, copy, want_len - 1), EDIT_NO_ROOM);
	free(a.bytes);
	return rc;
}

static const uint8_t *sample(uint32_t len)
{
	static uint8_t bytes[70000];

	for (uint32_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)random_below(256);
	return bytes;
}

/* Ordered random edits of a message of @len bytes, at most @n, each growing or shrinking it by up
 * to @most. */
static void random_edits(struct edit_list *l, uint32_t len, unsigned int n, uint32_t most)
{
	static uint8_t text[4096];
	uint32_t off = 0;

	edit_reset(l);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)random_below(256);
	for (unsigned int i = 0; i < n && off <= len; i++) {
		uint32_t gap = random_below(4) == 0 ? 0 : random_below((len - off) / (n - i) + 1);
		uint32_t del, ins;

		off += gap;
		del = random_below(3) == 0 ? 0 : random_below(most + 1);
		del = del > len - off ? len - off : del;
		ins = random_below(3) == 0 ? del : random_below(most + 1);
		edit_add(l, off, del, text + random_below(1000), ins);
		off += del;
	}
}

/* Random lists in rooms of all kinds, their texts with slack or without. */
static void check_random_lists(bool slack)
{
	struct edit_list l;

	for (int i = 0; i < 4000; i++) {
		uint32_t len = random_below(i % 10 == 0 ? 3000 : i % 3 == 0 ? 900 : 200);
		uint32_t grow;

		random_edits(&l, len, 1 + random_below(i % 50 == 0 ? EDIT_MAX : 8), i % 2 ? 4 : 60);
		cr_assert_not(l.failed);
		l.slack = slack;
		grow = l.delta > 0 ? (uint32_t)l.delta : 0;
		check_apply(&l, sample(len), len, 5000, 5000);
		check_apply(&l, sample(len), len, 0, 5000);
		check_apply(&l, sample(len), len, 5000, 0);
		check_apply(&l, sample(len), len, random_below(grow + 10), random_below(grow + 10));
		check_apply(&l, sample(len), len, grow / 2, grow - grow / 2);
		check_apply(&l, sample(len), len, 0, 0);
		check_apply(&l, sample(len), len, grow, random_below(70));
	}
}

Test(edit, random_lists_equal_the_reference_in_any_room)
{
	check_random_lists(false);
}

Test(edit, random_lists_of_texts_with_slack_equal_the_reference_with_every_scanner_in_any_room)
{
	static const char *const scanners[] = { "sse4.2", "avx2", "avx512" };

	for (size_t i = 0; i < sizeof(scanners) / sizeof(scanners[0]); i++) {
		if (sip_scan_select(scanners[i]))
			check_random_lists(true);
	}
	sip_scan_select("auto");
}

Test(edit, every_split_of_the_room_is_used_to_the_last_byte)
{
	static const uint8_t text[256] = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n";
	struct edit_list l;

	for (uint32_t head = 0; head <= 24; head++) {
		for (uint32_t tail = 0; tail <= 24; tail++) {
			edit_reset(&l);
			edit_add(&l, 30, 0, text, 8);
			edit_add(&l, 60, 4, text, 12);
			edit_add(&l, 90, 10, text, 2);
			edit_add(&l, 95 + 10, 0, text, 7);
			check_apply(&l, sample(150), 150, head, tail);
		}
	}
}

Test(edit, headroom_and_tailroom_count_exactly_at_127_128_and_129_bytes)
{
	static const uint32_t rooms[] = { 0, 127, 128, 129 };
	static const uint8_t text[256] = "x";
	struct edit_list l;

	for (uint32_t ins = 126; ins <= 130; ins++) {
		for (size_t h = 0; h < 4; h++) {
			for (size_t t = 0; t < 4; t++) {
				bool fits = rooms[h] >= ins || rooms[t] >= ins;
				int rc;

				edit_reset(&l);
				edit_add(&l, 40, 0, text, ins);
				rc = check_apply(&l, sample(750), 750, rooms[h], rooms[t]);
				cr_assert_eq(rc, fits ? 0 : EDIT_NO_ROOM,
					     "%u bytes, room %u and %u", ins, rooms[h], rooms[t]);
			}
		}
	}
}

Test(edit, an_insertion_near_the_front_leaves_the_rest_where_it_is)
{
	static const uint8_t via[70] = "Via: SIP/2.0/UDP";
	struct edit_result res;
	struct edit_list l;
	const uint8_t *p = sample(750);
	struct arena a = arena_make(p, 750, 128, 1000);

	edit_reset(&l);
	edit_add(&l, 40, 0, via, 70);
	edit_add(&l, 300, 2, "69", 2);
	cr_assert_eq(edit_apply(&l, a.message, 750, a.room, &res), 0);
	cr_assert_eq(res.head_shift, -70);
	cr_assert_eq(memcmp(a.message + 40, p + 40, 260), 0);
	cr_assert_eq(memcmp(a.message + 302, p + 302, 448), 0);
	free(a.bytes);
}

Test(edit, without_headroom_the_tail_moves_instead)
{
	struct edit_result res;
	struct edit_list l;
	const uint8_t *p = sample(750);
	struct arena a = arena_make(p, 750, 9, 10);

	edit_reset(&l);
	edit_add(&l, 40, 0, "0123456789", 10);
	cr_assert_eq(edit_apply(&l, a.message, 750, a.room, &res), 0);
	cr_assert_eq(res.head_shift, 0);
	cr_assert_eq(res.tail_old, 40);
	cr_assert_eq(res.tail_new, 50);
	cr_assert_eq(memcmp(a.message + 50, p + 40, 710), 0);
	free(a.bytes);
}

Test(edit, inserts_at_one_place_keep_the_order_in_which_they_were_added)
{
	struct edit_list l;
	uint8_t out[16];

	edit_reset(&l);
	edit_add(&l, 2, 0, "11", 2);
	edit_add(&l, 2, 0, "22", 2);
	edit_add(&l, 2, 1, "33", 2);
	cr_assert_eq(edit_copy(&l, (const uint8_t *)"abcd", 4, out, sizeof(out)), 9);
	cr_assert_arr_eq(out, "ab112233d", 9);
	check_apply(&l, (const uint8_t *)"abcd", 4, 5, 5);
}

Test(edit, an_empty_list_changes_nothing)
{
	struct edit_list l;

	edit_reset(&l);
	cr_assert_eq(check_apply(&l, sample(100), 100, 0, 0), 0);
	cr_assert_eq(check_apply(&l, sample(0), 0, 0, 0), 0);
}

Test(edit, edits_out_of_order_or_overlapping_are_refused)
{
	static const struct {
		uint32_t off1, del1, off2, del2;
	} rows[] = {
		{ 10, 0, 9, 0 }, { 10, 5, 14, 0 },    { 10, 5, 12, 1 },
		{ 0, 1, 0, 0 },  { 10, 0, 65530, 6 }, { 10, 0, 65536, 0 },
	};
	struct edit_list l;
	struct edit_result res;
	uint8_t message[100] = "unchanged";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		edit_reset(&l);
		edit_add(&l, rows[i].off1, rows[i].del1, "", 0);
		cr_assert_not(l.failed);
		edit_add(&l, rows[i].off2, rows[i].del2, "", 0);
		cr_assert(l.failed, "row %zu", i);
		cr_assert_eq(edit_apply(&l, message, 100, (struct edit_room){ 0, 0 }, &res),
			     EDIT_BAD);
		cr_assert_eq(edit_copy(&l, message, 100, message + 50, 50), EDIT_BAD);
		cr_assert_str_eq((char *)message, "unchanged");
	}
}

Test(edit, an_edit_beyond_the_end_is_refused)
{
	struct edit_list l;
	struct edit_result res;
	uint8_t message[10] = "123456789";

	for (uint32_t off = 8; off <= 12; off++) {
		edit_reset(&l);
		edit_add(&l, off, 2, "", 0);
		cr_assert_eq(edit_apply(&l, message, 10, (struct edit_room){ 9, 9 }, &res),
			     off == 8 ? 0 : EDIT_BAD);
	}
}

Test(edit, a_list_that_is_full_is_refused)
{
	struct edit_list l;

	edit_reset(&l);
	for (uint32_t i = 0; i < EDIT_MAX; i++)
		edit_add(&l, i, 0, "x", 1);
	check_apply(&l, sample(100), 100, 0, 64);
	edit_add(&l, 99, 0, "x", 1);
	cr_assert(l.failed);
	edit_reset(&l);
	cr_assert_not(l.failed);
}

Test(edit, a_message_may_grow_to_65535_bytes_and_not_beyond)
{
	static uint8_t text[200];
	struct edit_list l;
	struct edit_result res;

	edit_reset(&l);
	edit_add(&l, 30, 0, text, 100);
	cr_assert_eq(check_apply(&l, sample(65435), 65435, 100, 0), 0);
	cr_assert_eq(check_apply(&l, sample(65435), 65435, 0, 100), 0);
	cr_assert_eq(edit_apply(&l, text, 65436, (struct edit_room){ 1000, 1000 }, &res),
		     EDIT_TOO_LONG);
	cr_assert_eq(edit_copy(&l, text, 65436, text, 70000), EDIT_TOO_LONG);
	edit_reset(&l);
	cr_assert_eq(edit_apply(&l, text, 65536, (struct edit_room){ 1000, 1000 }, &res),
		     EDIT_TOO_LONG);
}

Test(edit, a_range_takes_only_edits_that_lie_in_it)
{
	static const uint8_t p[] = "0123456789";
	struct edit_list l;
	uint8_t out[16];

	edit_reset(&l);
	edit_add(&l, 4, 1, "four", 4);
	cr_assert_eq(edit_copy_range(&l, p, span_of(2, 7), out, sizeof(out)), 8);
	cr_assert_arr_eq(out, "23four56", 8);
	cr_assert_eq(edit_copy_range(&l, p, span_of(4, 5), out, 4), 4);
	cr_assert_eq(edit_copy_range(&l, p, span_of(4, 5), out, 3), EDIT_NO_ROOM);
	cr_assert_eq(edit_copy_range(&l, p, span_of(5, 7), out, sizeof(out)), EDIT_BAD);
	cr_assert_eq(edit_copy_range(&l, p, span_of(2, 4), out, sizeof(out)), EDIT_BAD);
}
