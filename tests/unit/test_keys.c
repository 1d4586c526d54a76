/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys from the secret: the same on every node, and unlike for every purpose.
 */
#include "dataplane/proxy/keys.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const char secret[] = "a secret of 32 bytes, as it goes";

Test(keys, one_secret_gives_one_set_of_keys)
{
	struct keys a, b;

	memset(&a, 0x11, sizeof(a));
	memset(&b, 0x22, sizeof(b));
	cr_assert_eq(keys_derive(secret, 32, &a), 0);
	cr_assert_eq(keys_derive(secret, 32, &b), 0);
	cr_assert_arr_eq((uint8_t *)&a, (uint8_t *)&b, sizeof(a));
}

/* Nodes of a fleet run different versions during an upgrade, so the derivation must never change.
 */
Test(keys, the_derivation_is_the_one_that_running_fleets_use)
{
	static const uint8_t xxh[8] = { 0xfe, 0x66, 0x02, 0xd7, 0x40, 0x70, 0x10, 0x16 };
	static const uint8_t token[8] = { 0x56, 0x0c, 0x9c, 0x6b, 0xdf, 0x70, 0x6d, 0xb0 };
	struct keys k;

	cr_assert_eq(keys_derive(secret, 32, &k), 0);
	cr_assert_arr_eq(k.xxh, xxh, sizeof(xxh));
	cr_assert_arr_eq(k.token, token, sizeof(token));
}

Test(keys, one_bit_of_the_secret_changes_every_key)
{
	struct keys a, b;
	char other[33];

	memcpy(other, secret, sizeof(other));
	other[31] ^= 1;
	cr_assert_eq(keys_derive(secret, 32, &a), 0);
	cr_assert_eq(keys_derive(other, 32, &b), 0);
	for (size_t i = 0; i < sizeof(a.xxh); i += 16)
		cr_assert_neq(memcmp(a.xxh + i, b.xxh + i, 16), 0);
	cr_assert_neq(memcmp(a.tag, b.tag, 16), 0);
	cr_assert_neq(memcmp(a.token, b.token, 16), 0);
	cr_assert_neq(memcmp(a.branch, b.branch, 16), 0);
}

Test(keys, no_16_bytes_of_the_keys_repeat)
{
	struct keys k;
	const uint8_t *bytes = (const uint8_t *)&k;

	cr_assert_eq(keys_derive(secret, 32, &k), 0);
	for (size_t i = 0; i + 16 <= sizeof(k); i += 16) {
		for (size_t j = i + 16; j + 16 <= sizeof(k); j += 16)
			cr_assert_neq(memcmp(bytes + i, bytes + j, 16), 0, "at %zu and %zu", i, j);
	}
}

Test(keys, a_secret_of_less_than_16_bytes_is_refused)
{
	struct keys k = { .tag = "untouched" };

	cr_assert_eq(keys_derive(secret, 15, &k), -EINVAL);
	cr_assert_str_eq((char *)k.tag, "untouched");
	cr_assert_eq(keys_derive(secret, 16, &k), 0);
}

Test(keys, long_secrets_count_to_their_last_byte)
{
	static uint8_t bytes[5000];
	struct keys a, b;

	cr_assert_eq(keys_derive(bytes, sizeof(bytes), &a), 0);
	bytes[sizeof(bytes) - 1] = 1;
	cr_assert_eq(keys_derive(bytes, sizeof(bytes), &b), 0);
	cr_assert_neq(memcmp(a.xxh, b.xxh, sizeof(a.xxh)), 0);
	cr_assert_eq(keys_derive(bytes, sizeof(bytes) - 1, &b), 0);
	cr_assert_neq(memcmp(a.xxh, b.xxh, sizeof(a.xxh)), 0);
}
