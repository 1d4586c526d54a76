/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/alloc.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

Test(alloc, gives_zeroed_aligned_blocks_and_counts_them)
{
	uint8_t *p = mem_alloc(100);

	cr_assert(p && mem_live() == 1);
	cr_expect((uintptr_t)p % 16 == 0);
	for (int i = 0; i < 100; i++)
		cr_expect(p[i] == 0);
	mem_free(p);
	mem_free(NULL);
	cr_expect(mem_live() == 0);
}

Test(alloc, refuses_from_the_nth_request_on)
{
	void *p[4];

	alloc_fail_at(3);
	for (int i = 0; i < 4; i++) {
		p[i] = mem_alloc(8);
		cr_expect((p[i] != NULL) == (i < 2) && alloc_failed() == (i >= 2));
	}
	alloc_fail_at(0);
	cr_expect(!alloc_failed());
	for (int i = 0; i < 4; i++)
		mem_free(p[i]);
	cr_expect(mem_live() == 0);
}

Test(alloc, an_arena_keeps_pieces_of_any_size_apart)
{
	struct arena a = { 0 };
	uint8_t *p[600];

	for (size_t i = 0; i < 600; i++) {
		p[i] = arena_alloc(&a, i * i);
		cr_assert(p[i] && (uintptr_t)p[i] % 16 == 0);
		for (size_t k = 0; k < i * i; k++)
			cr_assert(p[i][k] == 0);
		memset(p[i], (int)(i & 0xff), i * i);
	}
	for (size_t i = 1; i < 600; i++)
		cr_expect(p[i][0] == (i & 0xff) && p[i][i * i - 1] == (i & 0xff));
	arena_free(&a);
	cr_expect(mem_live() == 0 && a.chunks == NULL);
	cr_assert(arena_alloc(&a, 1));
	arena_free(&a);
}

Test(alloc, an_arena_without_memory_stays_as_it_is)
{
	struct arena a = { 0 };
	char *text = arena_copy(&a, "abc\0d", 5);
	size_t used = a.used;

	cr_assert(text && memcmp(text, "abc\0d", 6) == 0);
	alloc_fail_at(1);
	cr_expect(!arena_alloc(&a, 1) && !arena_copy(&a, "x", 1) && a.used == used);
	alloc_fail_at(0);
	cr_expect(!arena_alloc(&a, SIZE_MAX) && !arena_copy(&a, "x", SIZE_MAX));
	cr_expect(arena_alloc(&a, 1) && a.used == used + 16);
	arena_free(&a);
}
