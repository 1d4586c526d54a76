/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The filter of what began: nothing added is ever missed, and mistakes are as rare as the header
 * says, for filters of each size and at each load.
 */
#include "dataplane/proxy/began.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define ASKED 4000000u

/* splitmix64: the n-th of a row of numbers that look random. */
static uint64_t nth(uint64_t row, uint64_t n)
{
	uint64_t z = row * 0xd1342543de82ef95 + n * 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static struct began *filter(unsigned int log2)
{
	void *mem = aligned_alloc(64, began_size(log2));

	cr_assert(mem);
	return began_init(mem, log2);
}

Test(began, finds_all_that_was_added)
{
	for (unsigned int log2 = BEGAN_LOG2_MIN; log2 <= 24; log2 += 4) {
		struct began *b = filter(log2);
		uint32_t n = 1u << (log2 - 2), missed = 0;

		for (uint32_t i = 0; i < n; i++)
			began_add(b, nth(1, i));
		for (uint32_t i = 0; i < n; i++)
			missed += !began_has(b, nth(1, i));
		cr_expect_eq(missed, 0, "2^%u bytes: %u of %u are missing", log2, missed, n);
		free(b);
	}
}

Test(began, has_what_another_had_that_it_took_in)
{
	struct began *a = filter(16), *b = filter(16), *other = filter(18);

	began_add(a, nth(5, 1));
	began_add(b, nth(5, 2));
	began_add(other, nth(5, 3));
	began_merge(a, b);
	began_merge(a, other); /* of another size: left alone */
	began_merge(a, NULL);
	began_merge(NULL, a);
	cr_expect(began_has(a, nth(5, 1)) && began_has(a, nth(5, 2)));
	cr_expect(!began_has(a, nth(5, 3)) && !began_has(b, nth(5, 1)));
	free(a);
	free(b);
	free(other);
}

Test(began, has_nothing_when_it_is_new)
{
	struct began *b = filter(BEGAN_LOG2);

	for (uint32_t i = 0; i < 100000; i++)
		cr_assert(!began_has(b, nth(2, i)));
	cr_expect(!began_has(b, 0) && !began_has(b, UINT64_MAX));
	free(b);
}

/* The shares of mistakes of began.h, and the same for larger and smaller filters. */
Test(began, is_mistaken_as_seldom_as_promised)
{
	static const struct {
		unsigned int log2;
		unsigned int bytes_each;
		double most;
	} cases[] = {
		{ BEGAN_LOG2, 16, 2.5e-6 /* of 4 million asked: ten at most */ },
		{ BEGAN_LOG2, 8, 2.5e-6 },
		{ BEGAN_LOG2, 4, 2e-5 * 1.3 },
		{ BEGAN_LOG2, 2, 9e-4 * 1.1 },
		{ BEGAN_LOG2, 1, 0.03 * 1.1 },
		{ 14, 2, 9e-4 * 1.3 },
		{ 25, 2, 9e-4 * 1.1 },
	};

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct began *b = filter(cases[c].log2);
		uint32_t n = (1u << cases[c].log2) / cases[c].bytes_each, found = 0;

		for (uint32_t i = 0; i < n; i++)
			began_add(b, nth(3, i));
		for (uint32_t i = 0; i < ASKED; i++)
			found += began_has(b, nth(4, i));
		cr_expect_leq((double)found / ASKED, cases[c].most,
			      "2^%u bytes, %u each: %u of %u found by mistake", cases[c].log2,
			      cases[c].bytes_each, found, ASKED);
		free(b);
	}
}
