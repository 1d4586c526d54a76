/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reassembly: random datagrams cut at random, and each bound that keeps strangers from filling it.
 */
#include "dataplane/frag_in.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define TIMEOUT 1000u

static uint8_t secret[FRAG_SECRET];
static uint8_t text[65536], out[65536];
static struct frag_fate fate;
static struct frag_whole whole;

static struct frag_table *open_table(uint32_t memory)
{
	struct frag_table *t;

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31 + i / 255);
	memset(&fate, 0, sizeof(fate));
	t = frag_table_new(memory, TIMEOUT, secret);
	cr_assert(t);
	return t;
}

static struct fragment piece(uint32_t source, uint32_t id, uint32_t off, uint32_t len, bool more)
{
	uint8_t src[4] = { 198, (uint8_t)(source >> 16), (uint8_t)(source >> 8), (uint8_t)source };
	uint8_t dst[4] = { 203, 0, 113, 1 };

	return (struct fragment){ .src = ip_from_v4(src),
				  .dst = ip_from_v4(dst),
				  .id = id,
				  .off = off,
				  .len = len,
				  .proto = 17,
				  .more = more,
				  .data = text + off };
}

static enum frag_result put(struct frag_table *t, uint64_t now, struct fragment f)
{
	return frag_in(t, now, &f, out, &whole, &fate);
}

static uint32_t fate_sum(void)
{
	return fate.merged + fate.overlap + fate.bad + fate.no_room + fate.timeout;
}

struct cut {
	uint32_t off, len;
};

/* Cuts @total bytes into pieces of 8 to @most bytes. Returns how many. */
static int cut_up(uint32_t total, uint32_t most, struct cut *c)
{
	int n = 0;

	for (uint32_t off = 0; off < total; n++) {
		uint32_t len = 8 * (1 + (uint32_t)rand() % (most / 8));

		c[n].off = off;
		c[n].len = len < total - off ? len : total - off;
		off += c[n].len;
	}
	return n;
}

Test(frag_in, random_cuts_in_random_order_make_the_datagram)
{
	struct frag_table *t = open_table(4 << 20);
	static struct cut c[9000];

	srand(1);
	for (uint32_t round = 0; round < 1000; round++) {
		uint32_t total = 9 + (uint32_t)rand() % 65527;
		uint32_t most = total / 100 + 8 + (uint32_t)rand() % 2000;
		int n = cut_up(total, most, c);
		enum frag_result r = FRAG_KEPT;

		if (n < 2 || n > FRAG_PIECES_MAX)
			continue;
		memset(out, 0, total);
		for (int left = n; left > 0; left--) {
			int i = rand() % left;

			r = put(t, round,
				piece(round % 5, round, c[i].off, c[i].len,
				      c[i].off + c[i].len < total));
			cr_assert_eq(r, left == 1 ? FRAG_WHOLE : FRAG_KEPT, "round %u", round);
			c[i] = c[left - 1];
		}
		cr_assert_eq(whole.len, total);
		cr_assert_eq(whole.proto, 17);
		cr_assert_eq(memcmp(out, text, total), 0, "round %u", round);
		cr_assert_eq(frag_held(t), 0);
	}
	cr_expect_eq(fate_sum(), fate.merged);
	frag_table_free(t);
}

Test(frag_in, the_result_may_overwrite_the_last_piece)
{
	struct frag_table *t = open_table(FRAG_MEMORY_MIN);
	struct fragment f = piece(1, 1, 0, 1480, true);

	cr_expect_eq(put(t, 0, piece(1, 1, 1480, 1000, false)), FRAG_KEPT);
	memcpy(out + 700, text, 1480);
	f.data = out + 700;
	cr_expect_eq(frag_in(t, 0, &f, out, &whole, &fate), FRAG_WHOLE);
	cr_expect_eq(memcmp(out, text, 2480), 0);
	frag_table_free(t);
}

/* Address, identification, protocol: another one is another datagram. IPv6 has no protocol there.
 */
Test(frag_in, datagrams_are_told_apart)
{
	struct frag_table *t = open_table(FRAG_MEMORY_MIN);
	struct fragment f = piece(1, 1, 8, 8, false);

	cr_expect_eq(put(t, 0, piece(1, 1, 0, 8, true)), FRAG_KEPT);
	f.id = 2;
	cr_expect_eq(put(t, 0, f), FRAG_KEPT);
	f.id = 1;
	f.src.b[15] = 2;
	cr_expect_eq(put(t, 0, f), FRAG_KEPT);
	f.src.b[15] = 1;
	f.dst.b[15] = 2;
	cr_expect_eq(put(t, 0, f), FRAG_KEPT);
	f.dst.b[15] = 1;
	f.proto = 6;
	cr_expect_eq(put(t, 0, f), FRAG_KEPT);
	f.proto = 17;
	cr_expect_eq(put(t, 0, f), FRAG_WHOLE);
	cr_expect_eq(frag_held(t), 4);

	f = piece(9, 1, 0, 8, true);
	f.v6 = true;
	f.proto = 60;
	cr_expect_eq(put(t, 0, f), FRAG_KEPT);
	f = piece(9, 1, 8, 8, false);
	f.v6 = true;
	f.proto = 17;
	cr_expect_eq(put(t, 0, f), FRAG_WHOLE);
	cr_expect_eq(whole.proto, 60, "the first piece counts");
	frag_table_free(t);
}

Test(frag_in, a_lost_datagram_stays_lost)
{
	struct frag_table *t = open_table(FRAG_MEMORY_MIN);

	cr_expect_eq(put(t, 0, piece(1, 1, 0, 800, true)), FRAG_KEPT);
	cr_expect_eq(put(t, 0, piece(1, 1, 0, 800, true)), FRAG_DUPLICATE);
	cr_expect_eq(put(t, 0, piece(1, 1, 792, 800, true)), FRAG_OVERLAP);
	cr_expect_eq(fate.overlap, 1);
	cr_expect_eq(frag_held(t), 0);
	cr_expect_eq(put(t, 0, piece(1, 1, 0, 800, true)), FRAG_OVERLAP);
	cr_expect_eq(put(t, 0, piece(1, 1, 800, 8, false)), FRAG_OVERLAP);
	frag_expire(t, TIMEOUT, &fate);
	cr_expect_eq(put(t, TIMEOUT, piece(1, 1, 0, 800, true)), FRAG_KEPT);
	cr_expect_eq(put(t, TIMEOUT, piece(1, 1, 800, 8, false)), FRAG_WHOLE);
	cr_expect_eq(fate.timeout, 0);
	frag_table_free(t);
}

Test(frag_in, contradicting_lengths_end_the_datagram)
{
	static const struct {
		uint32_t off, len;
		bool more;
	} second[] = {
		{ 1600, 8, false }, /* another end */
		{ 1600, 8, true },  /* beyond the end */
		{ 792, 8, true },   /* up to the end, and more to come */
	};
	struct frag_table *t = open_table(FRAG_MEMORY_MIN);

	for (uint32_t i = 0; i < 3; i++) {
		cr_expect_eq(put(t, 0, piece(1, i, 0, 80, true)), FRAG_KEPT);
		cr_expect_eq(put(t, 0, piece(1, i, 788, 12, false)), FRAG_KEPT);
		cr_expect_neq(put(t, 0, piece(1, i, second[i].off, second[i].len, second[i].more)),
			      FRAG_KEPT);
		cr_expect_eq(frag_held(t), 0, "case %u", i);
	}
	cr_expect_eq(fate.bad + fate.overlap, 6);
	/* An end before what is there already. */
	cr_expect_eq(put(t, 0, piece(1, 9, 800, 80, true)), FRAG_KEPT);
	cr_expect_eq(put(t, 0, piece(1, 9, 0, 80, false)), FRAG_BAD);
	frag_table_free(t);
}

Test(frag_in, impossible_fragments_leave_no_trace)
{
	struct frag_table *t = open_table(FRAG_MEMORY_MIN);

	cr_expect_eq(put(t, 0, piece(1, 1, 0, 0, true)), FRAG_BAD);
	cr_expect_eq(put(t, 0, piece(1, 1, 80, 0, false)), FRAG_BAD);
	cr_expect_eq(put(t, 0, piece(1, 1, 0, 12, true)), FRAG_BAD);
	cr_expect_eq(put(t, 0, piece(1, 1, 65528, 8, false)), FRAG_BAD);
	cr_expect_eq(put(t, 0, piece(1, 1, 65528, 7, false)), FRAG_KEPT,
		     "65,535 bytes are allowed");
	cr_expect_eq(frag_held(t), 1);
	frag_table_free(t);
}

Test(frag_in, pieces_of_one_datagram_have_a_limit)
{
	struct frag_table *t = open_table(4 << 20);

	for (uint32_t i = 0; i < FRAG_PIECES_MAX; i++)
		cr_assert_eq(put(t, 0, piece(1, 1, 8 * i, 8, true)), FRAG_KEPT);
	cr_expect_eq(put(t, 0, piece(1, 1, 8 * FRAG_PIECES_MAX, 8, true)), FRAG_NO_ROOM);
	cr_expect_eq(fate.no_room, FRAG_PIECES_MAX);
	cr_expect_eq(frag_held(t), 0);
	frag_table_free(t);
}

Test(frag_in, old_datagrams_are_given_up_in_their_order)
{
	struct frag_table *t = open_table(FRAG_MEMORY_MIN);

	for (uint32_t i = 0; i < 10; i++)
		cr_expect_eq(put(t, i * 10, piece(i, i, 0, 8, true)), FRAG_KEPT);
	frag_expire(t, TIMEOUT - 1, &fate);
	cr_expect_eq(fate.timeout, 0);
	frag_expire(t, TIMEOUT + 35, &fate);
	cr_expect_eq(fate.timeout, 4);
	cr_expect_eq(frag_held(t), 6);
	/* A later piece does not prolong the life of a datagram. */
	cr_expect_eq(put(t, TIMEOUT + 36, piece(4, 4, 8, 8, true)), FRAG_KEPT);
	frag_expire(t, TIMEOUT + 40, &fate);
	cr_expect_eq(fate.timeout, 6);
	frag_table_free(t);
}

/* The smallest table holds a datagram of full size, however finely it is cut. */
Test(frag_in, the_smallest_table_takes_the_largest_datagram)
{
	static const uint32_t steps[] = { 528, 544, 1024, 1480, 8192 };
	struct frag_table *t = open_table(0);

	for (uint32_t s = 0; s < 5; s++) {
		enum frag_result r = FRAG_KEPT;

		for (uint32_t off = 0; off < 65515; off += steps[s]) {
			uint32_t len = 65515 - off < steps[s] ? 65515 - off : steps[s];

			cr_assert_eq(r, FRAG_KEPT, "step %u", steps[s]);
			r = put(t, s, piece(1, s, off, len, off + len < 65515));
		}
		cr_expect_eq(r, FRAG_WHOLE, "step %u", steps[s]);
	}
	frag_table_free(t);
}

/* Fragments that never become whole, from one source and from many: each was counted once. */
Test(frag_in, floods_push_out_their_own_kind)
{
	struct frag_table *t = open_table(1 << 20);
	uint32_t sent = 0, held_by_one;

	for (uint32_t i = 0; i < 20000; i++, sent++)
		cr_assert_eq(put(t, 0, piece(1, i, 0, i % 3 ? 8 : 1480, true)), FRAG_KEPT);
	held_by_one = frag_held(t);
	cr_expect_eq(fate.no_room + held_by_one, sent);
	/* Others still find room, and keep it. */
	cr_expect_eq(put(t, 0, piece(2, 1, 0, 1480, true)), FRAG_KEPT);
	for (uint32_t i = 0; i < 20000; i++, sent++)
		put(t, 0, piece(1, i + 50000, 0, 1480, true));
	cr_expect_eq(put(t, 0, piece(2, 1, 1480, 8, false)), FRAG_WHOLE);
	cr_expect_eq(fate.merged, 1);
	for (uint32_t i = 0; i < 20000; i++, sent++)
		put(t, 0, piece(i, i, 0, 1480, true));
	cr_expect_gt(frag_held(t), 2 * held_by_one, "many sources get more than one");
	cr_expect_eq(fate.no_room + frag_held(t), sent);
	/* What is whole within a moment passes. */
	cr_expect_eq(put(t, 0, piece(3, 99, 0, 1480, true)), FRAG_KEPT);
	cr_expect_eq(put(t, 0, piece(3, 99, 1480, 8, false)), FRAG_WHOLE);
	frag_table_free(t);
}

/* Lost datagrams cost their source room too. */
Test(frag_in, marks_of_lost_datagrams_are_bounded_as_well)
{
	struct frag_table *t = open_table(FRAG_MEMORY_MIN);

	for (uint32_t i = 0; i < 50000; i++) {
		put(t, 0, piece(1, i, 0, 16, true));
		cr_assert_eq(put(t, 0, piece(1, i, 8, 16, true)), FRAG_OVERLAP);
	}
	cr_expect_eq(fate.overlap, 50000);
	cr_expect_eq(put(t, 0, piece(2, 1, 0, 1480, true)), FRAG_KEPT);
	cr_expect_eq(put(t, 0, piece(2, 1, 1480, 8, false)), FRAG_WHOLE);
	frag_table_free(t);
}

Test(frag_in, all_pieces_hash_alike_and_datagrams_do_not)
{
	struct fragment a = piece(1, 1, 0, 8, true), b = piece(1, 1, 800, 8, false);
	unsigned int spread[4] = { 0 };

	a.v6 = b.v6 = true;
	b.proto = 60;
	cr_expect_eq(frag_hash(secret, &a), frag_hash(secret, &b));
	for (uint32_t i = 0; i < 4000; i++) {
		struct fragment f = piece(1, i, 0, 8, true);

		spread[((frag_hash(secret, &f) >> 32) * 4) >> 32]++;
	}
	for (int i = 0; i < 4; i++)
		cr_expect(spread[i] > 800 && spread[i] < 1200, "%u of 4000", spread[i]);
}
