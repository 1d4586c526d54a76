/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Name table: against a walk over the list it was made of.
 */
#include "dataplane/proxy/names.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define CANARY 0xa5
#define CANARIES 64

static struct keys keys_of(const char *secret)
{
	struct keys k;

	cr_assert_eq(keys_derive(secret, strlen(secret), &k), 0);
	return k;
}

/* A table that ends right before bytes that must not be written. */
static struct names *build(const struct name_entry *e, uint32_t n, size_t bytes)
{
	struct keys k = keys_of("secret of the test");
	size_t size = names_size(n, bytes);
	uint8_t *mem = malloc(size + CANARIES);
	struct names *t;

	memset(mem, CANARY, size + CANARIES);
	t = names_build(mem, &k, e, n);
	for (size_t i = 0; i < CANARIES; i++)
		cr_assert_eq(mem[size + i], CANARY, "wrote %zu bytes too far", i + 1);
	return t;
}

static struct name_entry entry(const char *name, uint32_t value)
{
	return (struct name_entry){ (const uint8_t *)name, (uint16_t)strlen(name), value };
}

Test(names, finds_every_name_and_no_other)
{
	enum { N = 5000 };
	static char text[N][24];
	static struct name_entry e[N];
	size_t bytes = 0;
	struct names *t;

	for (uint32_t i = 0; i < N; i++) {
		snprintf(text[i], sizeof(text[i]), "host%u.example", i * 7);
		e[i] = entry(text[i], i);
		bytes += e[i].len;
	}
	t = build(e, N, bytes);
	for (uint32_t i = 0; i < N * 7; i++) {
		char name[24];

		snprintf(name, sizeof(name), "host%u.example", i);
		cr_assert_eq(names_find(t, name, strlen(name)), i % 7 ? -1 : (int64_t)(i / 7), "%s",
			     name);
	}
	free(t);
}

Test(names, prefixes_and_extensions_of_a_name_are_not_it)
{
	struct name_entry e[] = { entry("example.com", 1) };
	struct names *t = build(e, 1, 11);

	cr_assert_eq(names_find(t, "example.com", 11), 1);
	for (size_t n = 0; n < 11; n++)
		cr_assert_eq(names_find(t, "example.com", n), -1, "%zu", n);
	cr_assert_eq(names_find(t, "example.com.", 12), -1);
	cr_assert_eq(names_find(t, "Example.com", 11), -1);
	free(t);
}

Test(names, of_equal_names_the_first_counts)
{
	struct name_entry e[] = { entry("a", 5), entry("b", 6), entry("a", 7) };
	struct names *t = build(e, 3, 3);

	cr_assert_eq(names_find(t, "a", 1), 5);
	cr_assert_eq(names_find(t, "b", 1), 6);
	free(t);
}

Test(names, keys_are_bytes_and_may_hold_zeros)
{
	struct name_entry e[] = { { (const uint8_t *)"\0\0a", 3, 1 },
				  { (const uint8_t *)"\0\0b", 3, 2 } };
	struct names *t = build(e, 2, 6);

	cr_assert_eq(names_find(t, "\0\0a", 3), 1);
	cr_assert_eq(names_find(t, "\0\0b", 3), 2);
	cr_assert_eq(names_find(t, "\0\0", 2), -1);
	free(t);
}

Test(names, values_keep_all_32_bits)
{
	struct name_entry e[] = { entry("max", UINT32_MAX) };
	struct names *t = build(e, 1, 3);

	cr_assert_eq(names_find(t, "max", 3), (int64_t)UINT32_MAX);
	free(t);
}

Test(names, longest_names_are_found_and_longer_ones_left_out)
{
	static uint8_t longest[NAME_MAX_LEN + 1];
	struct name_entry e[] = { { longest, NAME_MAX_LEN, 1 },
				  { longest, NAME_MAX_LEN + 1, 2 },
				  { longest, 0, 3 } };
	struct names *t;

	memset(longest, 'x', sizeof(longest));
	t = build(e, 3, 2 * NAME_MAX_LEN + 1);
	cr_assert_eq(names_find(t, longest, NAME_MAX_LEN), 1);
	cr_assert_eq(names_find(t, longest, NAME_MAX_LEN + 1), -1);
	cr_assert_eq(names_find(t, longest, 0), -1);
	free(t);
}

Test(names, no_table_and_an_empty_table_find_nothing)
{
	struct names *t = build(NULL, 0, 0);

	cr_assert_eq(names_find(NULL, "a", 1), -1);
	cr_assert_eq(names_find(t, "a", 1), -1);
	free(t);
}

/* Names of up to 64 bytes are laid out in blocks, longer ones are not. */
Test(names, every_length_is_found_and_told_from_its_neighbours)
{
	static char text[NAME_MAX_LEN + 2][NAME_MAX_LEN + 2];
	static struct name_entry e[NAME_MAX_LEN];
	size_t bytes = 0;
	struct names *t;

	for (uint32_t n = 1; n <= NAME_MAX_LEN; n++) {
		memset(text[n], 'n', n);
		e[n - 1] = entry(text[n], n);
		bytes += n;
	}
	t = build(e, NAME_MAX_LEN, bytes);
	for (uint32_t n = 1; n <= NAME_MAX_LEN; n++) {
		struct name_key key = { .len = n };
		uint8_t block[NAME_KEY_MAX] = { 0 };

		cr_assert_eq(names_find(t, text[n], n), n);
		text[n][n - 1] = 'm';
		cr_assert_eq(names_find(t, text[n], n), -1, "%u", n);
		text[n][n - 1] = 'n';
		if (n > NAME_KEY_MAX)
			continue;
		memcpy(block, text[n], n);
		memcpy(key.lane, block, sizeof(block));
		cr_assert_eq(names_find_key(t, &key), n);
	}
	free(t);
}

Test(names, byte_16_of_a_name_rules_others_out)
{
	struct name_entry e[] = { entry("0123456789abcdefG", 1), entry("0123456789abcdef", 2),
				  entry("0123456789abcdef\x80 and more", 3) };
	struct names *t = build(e, 3, 17 + 16 + 26);

	for (unsigned int c = 0; c < 256; c++)
		cr_assert_eq(names_may_have(t, (uint8_t)c), c == 'G' || c == 0x80, "%u", c);
	cr_assert_not(names_may_have(NULL, 'G'));
	free(t);
}
