/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of the newest transactions: what it knows, of which epoch, and what it forgets.
 */
#include "dataplane/proxy/recent.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY (((1u << RECENT_LOG2) / 64) * RECENT_ENTRIES)
#define ASKED 20000u

/* splitmix64: the n-th of a row of numbers that look random. */
static uint64_t nth(uint64_t row, uint64_t n)
{
	uint64_t z = row * 0xd1342543de82ef95 + n * 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void make(struct recent *r, unsigned int log2)
{
	void *mem = aligned_alloc(64, recent_size(log2));

	cr_assert(mem);
	memset(mem, 0, recent_size(log2));
	recent_init(r, mem, log2);
}

/* Epochs since @id began; -1 = unknown. */
static int age(const struct recent *r, uint64_t id, uint32_t epoch)
{
	struct recent_begin b;

	return recent_find(r, id, epoch, &b) ? b.age : -1;
}

Test(recent, tells_epoch_and_server_of_each)
{
	struct recent_begin b;
	struct recent r;

	make(&r, RECENT_LOG2);
	cr_expect_eq(age(&r, nth(1, 0), 7), -1);
	for (uint32_t i = 0; i < 1000; i++)
		recent_add(&r, nth(1, i), (uint16_t)(65535 - i), i);
	for (uint32_t i = 745; i < 1000; i++) {
		cr_assert(recent_find(&r, nth(1, i), 1000, &b), "entry %u", i);
		cr_expect_eq(b.age, 1000 - i, "epoch %u", i);
		cr_expect_eq(b.server, 65535 - i, "server of %u", i);
	}
	/* Epochs count modulo 256. */
	cr_expect_eq(age(&r, nth(1, 744), 1000), 0);
	cr_expect_eq(age(&r, nth(1, 999), 999), 0);
	free(r.lines);
}

Test(recent, takes_the_newest_epoch_of_what_began_anew)
{
	struct recent_begin b;
	struct recent r;

	make(&r, RECENT_LOG2_MIN);
	recent_add(&r, 77, 1, 254);
	recent_add(&r, 77, 2, 257);
	recent_add(&r, 77, 3, 255);
	cr_assert(recent_find(&r, 77, 258, &b));
	cr_expect(b.age == 1 && b.server == 2);
	free(r.lines);
}

Test(recent, forgets_the_oldest_of_a_line_first)
{
	struct recent r;

	make(&r, RECENT_LOG2_MIN);
	/* One line: the bits that choose it are all 0. */
	for (uint64_t i = 1; i <= RECENT_ENTRIES + 3; i++)
		recent_add(&r, i, 0, (uint32_t)i);
	recent_settle(&r);
	for (uint64_t i = 1; i <= RECENT_ENTRIES + 3; i++)
		cr_expect_eq(age(&r, i, 100), i > 3 ? (int)(100 - i) : -1, "entry %d", (int)i);
	free(r.lines);
}

/* More than can wait, in one go and in pieces: nothing is lost, nothing is written twice. */
Test(recent, settles_all_that_waits)
{
	struct recent r[2];

	for (int i = 0; i < 2; i++)
		make(&r[i], RECENT_LOG2);
	recent_join(r, 2);
	for (uint32_t i = 0; i < 10 * RECENT_WAITING + 3; i++) {
		recent_add(&r[0], nth(7, i), (uint16_t)i, i % 7);
		if (i % 23 == 0)
			recent_settle(&r[0]);
	}
	recent_settle(&r[0]);
	cr_expect_eq(r[0].n_waiting, 0);
	for (uint32_t i = 0; i < 10 * RECENT_WAITING + 3; i++) {
		struct recent_begin b;

		cr_assert(recent_find(&r[1], nth(7, i), 6, &b), "entry %u", i);
		cr_expect(b.age == 6 - i % 7 && b.server == i, "entry %u", i);
	}
	for (int i = 0; i < 2; i++)
		free(r[i].lines);
}

/* The shares of the header, with a little room. */
Test(recent, remembers_as_long_as_promised)
{
	static const struct {
		double later; /* of the capacity */
		double most;  /* forgotten */
	} cases[] = { { 0.25, 4e-3 }, { 0.333, 1.5e-2 }, { 0.5, 8e-2 }, { 1.0, 0.6 } };
	struct recent r;

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		uint32_t later = (uint32_t)(cases[c].later * CAPACITY), forgotten = 0;

		make(&r, RECENT_LOG2);
		for (uint32_t i = 0; i < CAPACITY; i++)
			recent_add(&r, nth(2, i), 0, 1);
		for (uint32_t i = 0; i < ASKED; i++)
			recent_add(&r, nth(3, i), 0, 2);
		for (uint32_t i = 0; i < later; i++)
			recent_add(&r, nth(4, i), 0, 3);
		for (uint32_t i = 0; i < ASKED; i++)
			forgotten += age(&r, nth(3, i), 3) != 1;
		cr_expect_leq(forgotten / (double)ASKED, cases[c].most,
			      "%.0f %% later: %u forgotten", 100 * cases[c].later, forgotten);
		free(r.lines);
	}
}

Test(recent, knows_nothing_that_never_was)
{
	uint32_t found = 0;
	struct recent r;

	make(&r, RECENT_LOG2);
	for (uint32_t i = 0; i < 3 * CAPACITY; i++)
		recent_add(&r, nth(5, i), 0, 1);
	for (uint32_t i = 0; i < 4000000; i++)
		found += age(&r, nth(6, i), 1) >= 0;
	cr_expect_eq(found, 0, "%u of 4,000,000", found);
	free(r.lines);
}

Test(recent, of_one_thread_is_searched_by_the_others)
{
	struct recent r[3];

	for (int i = 0; i < 3; i++)
		make(&r[i], RECENT_LOG2_MIN);
	recent_add(&r[2], 4711, 0, 5);
	recent_settle(&r[2]);
	cr_expect_eq(age(&r[0], 4711, 6), -1, "not before they know each other");
	recent_join(r, 3);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(age(&r[i], 4711, 6), 1);
	recent_add(&r[1], 4711, 0, 6);
	cr_expect_eq(age(&r[1], 4711, 6), 0, "its own at once");
	cr_expect_eq(age(&r[0], 4711, 6), 1, "that of others when it is settled");
	recent_settle(&r[1]);
	cr_expect_eq(age(&r[0], 4711, 6), 0, "the newest of all");
	for (int i = 0; i < 3; i++)
		free(r[i].lines);
}
