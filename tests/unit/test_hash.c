/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hashes that are written out for speed, against the libraries whose values they must have: a fleet
 * of mixed versions has to agree. Also the hex digits that carry them.
 */
#include "dataplane/proxy/branch.h"
#include "dataplane/proxy/hex.h"
#include "dataplane/proxy/mark.h"
#include "dataplane/proxy/siphash.h"
#include "tests/unit/guard.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t random_state = 7;

static uint8_t random_byte(void)
{
	random_state = random_state * 6364136223846793005 + 1442695040888963407;
	return (uint8_t)(random_state >> 56);
}

Test(hash, siphash_has_the_values_of_libsodium_for_every_length)
{
	uint8_t key[SIPHASH_KEY], text[300];

	struct guard g = guard_open(sizeof(text));

	for (size_t n = 0; n <= sizeof(text); n++) {
		const uint8_t *in;
		uint64_t want;

		for (size_t i = 0; i < sizeof(key); i++)
			key[i] = random_byte();
		for (size_t i = 0; i < n; i++)
			text[i] = random_byte();
		crypto_shorthash((uint8_t *)&want, text, n, key);
		in = guard_at_end(&g, text, n);
		cr_assert_eq(siphash(key, in, n), want, "%zu bytes", n);
		in = guard_at_start(&g, text, n);
		cr_assert_eq(siphash(key, in, n), want, "%zu bytes", n);
	}
	guard_close(&g);
}

Test(hash, a_mark_masks_the_listener_with_xxh3_of_what_the_branch_stands_for)
{
	struct keys k;

	for (int round = 0; round < 1000; round++) {
		uint8_t bytes[16], branch[BRANCH_LEN + 1], got[MARK_LEN];
		char want[9];
		uint32_t id = (uint32_t)random_byte() << 24 | random_byte();

		for (size_t i = 0; i < sizeof(k.xxh); i++)
			k.xxh[i] = random_byte();
		memcpy(branch, BRANCH_COOKIE, BRANCH_COOKIE_LEN);
		for (size_t i = 0; i < sizeof(bytes); i++) {
			bytes[i] = random_byte();
			snprintf((char *)branch + BRANCH_COOKIE_LEN + 2 * i, 3, "%02x", bytes[i]);
		}
		mark_make(&k, branch, id, got);
		snprintf(want, sizeof(want), "%08x",
			 id ^ (uint32_t)XXH3_64bits_withSecret(bytes, sizeof(bytes), k.xxh,
							       sizeof(k.xxh)));
		cr_assert_arr_eq(got, want, MARK_LEN);
	}
}

Test(hash, digits_are_read_back_and_nothing_else_is_taken_for_one)
{
	for (int round = 0; round < 200; round++) {
		uint64_t value = random_state, got;
		uint8_t text[16], upper[16];
		uint32_t half;

		random_byte();
		hex_write64(value, text);
		cr_assert(hex_read64(text, &got) && got == value);
		cr_assert(hex_read32(text, &half) && half == (uint32_t)(value >> 32));
		for (size_t i = 0; i < sizeof(text); i++)
			upper[i] = text[i] >= 'a' ? text[i] ^ 0x20 : text[i];
		cr_assert(hex_read64_any(upper, &got) && got == value);
	}
	for (unsigned int c = 0; c < 256; c++) {
		bool lower = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
		bool any = lower || (c >= 'A' && c <= 'F');
		uint8_t text[17] = "0123456789abcdef";
		uint64_t got;
		uint32_t half;

		for (size_t i = 0; i < 16; i++) {
			uint8_t was = text[i];

			text[i] = (uint8_t)c;
			cr_assert_eq(hex_read64(text, &got), lower, "%u", c);
			cr_assert_eq(hex_read64_any(text, &got), any, "%u", c);
			cr_assert_eq(hex_read32(text, &half), lower || i >= 8, "%u", c);
			text[i] = was;
		}
	}
}
