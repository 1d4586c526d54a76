/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The panic rule, one pool per row. A backend is a letter: 'u' well, 'f' fails and is up, 'd' fails
 * and is down, 'r' well and still down, 'o' taken out by an operator and failing; its weight is the
 * digit before it (1 without), its tier the number of '/' before it. Failing ones wait in the order
 * of the row.
 */
#include "control/health/health_panic.h"

#include <criterion/criterion.h>

#define MAX 64

static uint32_t read_pool(const char *text, struct panic_member *m)
{
	uint32_t n = 0, weight = 1;
	uint8_t tier = 0;

	for (; *text; text++) {
		if (*text == '/') {
			tier++;
		} else if (*text >= '0' && *text <= '9') {
			weight = (uint32_t)(*text - '0');
		} else {
			m[n] = (struct panic_member){ .weight = weight,
						      .number = (uint16_t)n,
						      .tier = tier,
						      .counts = *text != 'o',
						      .fails = *text != 'u' && *text != 'r',
						      .down = *text == 'd' || *text == 'r',
						      .serial = n };
			n++;
			weight = 1;
		}
	}
	return n;
}

Test(health_panic, health_takes_down_no_more_than_it_may)
{
	static const struct {
		uint32_t percent;
		const char *pool, *down; /* 'd' per backend that is down, '-' that is not */
		uint32_t kept;
	} rows[] = {
		/* Half may go, the first ones. */
		{ 50, "uuuu", "----", 0 },
		{ 50, "fuuu", "d---", 0 },
		{ 50, "ffuu", "dd--", 0 },
		{ 50, "fffu", "dd--", 1 },
		{ 50, "ffff", "dd--", 2 },
		/* Those that are down stay so, whoever waits longer. */
		{ 50, "ffdd", "--dd", 2 },
		/* One that recovers makes room. */
		{ 50, "frdu", "d-d-", 0 },
		/* One of one is everything; one of two is half; two of three are more. */
		{ 50, "f", "-", 1 },
		{ 50, "fu", "d-", 0 },
		{ 50, "ffu", "d--", 1 },
		{ 67, "ffu", "dd-", 0 },
		{ 66, "ffu", "d--", 1 },
		/* By weight. A heavy one that does not fit lets a light one pass. */
		{ 50, "3fuu", "---", 1 },
		{ 50, "4f1f1u1u", "-d--", 1 },
		{ 50, "2f1u1u", "d--", 0 },
		/* 100: all may go; 0: none, not even those that count for nothing. */
		{ 100, "ffff", "dddd", 0 },
		{ 0, "fuuu", "----", 1 },
		{ 0, "ou/u", "---", 1 },
		/* What an operator took out is no base, and may go. */
		{ 50, "offu", "dd--", 1 },
		{ 50, "0ff1u", "dd-", 0 },
		/* A tier may die if a later one is well; an earlier one does not count. */
		{ 50, "ff/u", "dd-", 0 },
		{ 50, "ff/fu", "ddd-", 0 },
		{ 50, "ff/ff", "d-d-", 2 },
		{ 50, "u/ff", "-d-", 1 },
		{ 50, "ff//u", "dd-", 0 },
		{ 50, "f/o", "-d", 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct panic_member m[MAX];
		uint32_t n = read_pool(rows[i].pool, m);
		char down[MAX + 1] = { 0 };

		cr_assert_eq(n, strlen(rows[i].down), "row %zu", i);
		cr_expect_eq(panic_judge(m, n, rows[i].percent), rows[i].kept, "row %zu", i);
		for (uint32_t k = 0; k < n; k++)
			down[m[k].number] = m[k].down ? 'd' : '-';
		cr_expect_str_eq(down, rows[i].down, "row %zu: %s", i, rows[i].pool);
	}
}

Test(health_panic, who_has_failed_for_longest_goes_first)
{
	struct panic_member m[] = {
		{ .number = 0, .weight = 1, .counts = true, .fails = true, .serial = 9 },
		{ .number = 1, .weight = 1, .counts = true, .fails = true, .serial = 3 },
	};

	cr_expect_eq(panic_judge(m, 2, 50), 1);
	cr_expect(m[0].number == 1 && m[0].down && !m[1].down);
}

Test(health_panic, a_second_look_changes_nothing)
{
	struct panic_member m[MAX];
	uint32_t n = read_pool("ffuf/3f1u", m);
	bool down[MAX];

	panic_judge(m, n, 50);
	for (uint32_t i = 0; i < n; i++)
		down[m[i].number] = m[i].down;
	panic_judge(m, n, 50);
	for (uint32_t i = 0; i < n; i++)
		cr_expect_eq(m[i].down, down[m[i].number], "backend %u", m[i].number);
}
