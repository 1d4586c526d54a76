/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring by one thread; test_punt.c has records of all sizes through it, tests/threads two
 * threads.
 */
#include "dataplane/byte_ring.h"

#include <criterion/criterion.h>
#include <string.h>

#define SIZE 4096u

Test(byte_ring, room_that_is_not_committed_is_given_again)
{
	struct byte_ring r;
	void *first, *again;

	cr_assert_eq(byte_ring_init(&r, SIZE), 0);
	first = byte_ring_reserve(&r, 100);
	again = byte_ring_reserve(&r, 50);
	cr_expect_eq(first, again);
	cr_expect_null(byte_ring_peek(&r), "nothing was committed");
	cr_expect_eq(byte_ring_used(&r), 0);
	byte_ring_commit(&r, 50);
	cr_expect_eq(byte_ring_peek(&r), again);
	byte_ring_fini(&r);
}

Test(byte_ring, a_record_may_end_up_shorter_than_its_room)
{
	struct byte_ring r;
	char *p;

	cr_assert_eq(byte_ring_init(&r, SIZE), 0);
	memcpy(byte_ring_reserve(&r, 1000), "long", 4);
	byte_ring_commit(&r, 4);
	cr_expect_eq(byte_ring_used(&r), 16);
	memcpy(byte_ring_reserve(&r, 4), "next", 4);
	byte_ring_commit(&r, 4);
	for (int i = 0; i < 2; i++) {
		p = byte_ring_peek(&r);
		cr_assert(p);
		cr_expect_eq(memcmp(p, i ? "next" : "long", 4), 0);
		byte_ring_drop(&r);
	}
	cr_expect_null(byte_ring_peek(&r));
	byte_ring_fini(&r);
}

/* The filler at the end is only kept if the record behind it is. */
Test(byte_ring, giving_up_a_record_that_wraps_loses_nothing)
{
	struct byte_ring r;
	char *p;

	cr_assert_eq(byte_ring_init(&r, SIZE), 0);
	cr_assert(byte_ring_reserve(&r, 3000));
	byte_ring_commit(&r, 3000);
	cr_assert(byte_ring_peek(&r));
	byte_ring_drop(&r);
	cr_assert(byte_ring_reserve(&r, 2000), "wraps");
	p = byte_ring_reserve(&r, 8);
	cr_assert(p);
	memcpy(p, "in place", 8);
	byte_ring_commit(&r, 8);
	p = byte_ring_peek(&r);
	cr_assert(p);
	cr_expect_eq(memcmp(p, "in place", 8), 0);
	byte_ring_drop(&r);
	cr_expect_eq(byte_ring_used(&r), 0);
	byte_ring_fini(&r);
}

Test(byte_ring, what_is_larger_than_the_ring_is_refused)
{
	struct byte_ring r;

	cr_assert_eq(byte_ring_init(&r, SIZE), 0);
	cr_expect_null(byte_ring_reserve(&r, SIZE));
	cr_expect_null(byte_ring_reserve(&r, UINT32_MAX));
	cr_expect(byte_ring_reserve(&r, SIZE - 8));
	byte_ring_fini(&r);
}
