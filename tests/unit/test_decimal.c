/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers and addresses to text, against libc.
 */
#include "dataplane/proxy/decimal.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(decimal, every_16_bit_number_reads_as_libc_writes_it)
{
	for (unsigned int v = 0; v <= UINT16_MAX; v++) {
		uint8_t got[5 + DECIMAL_SLACK];
		char want[8];
		int n = snprintf(want, sizeof(want), "%u", v);

		cr_assert_eq(decimal_put16(got, (uint16_t)v) - got, n);
		cr_assert_arr_eq(got, want, n);
		if (v > UINT8_MAX)
			continue;
		cr_assert_eq(decimal_put8(got, (uint8_t)v) - got, n);
		cr_assert_arr_eq(got, want, n);
	}
}

Test(decimal, addresses_read_as_ip_format_writes_them)
{
	uint32_t x = 1;

	for (int round = 0; round < 20000; round++) {
		uint8_t b[4] = { (uint8_t)x, (uint8_t)(x >> 8), (uint8_t)(x >> 16),
				 (uint8_t)(x >> 24) };
		struct ip a = ip_from_v4(b);
		uint8_t got[IP_TEXT_MAX + DECIMAL_SLACK];
		char want[IP_TEXT_MAX];
		size_t n = ip_format(&a, want);

		cr_assert_eq((size_t)(decimal_put_v4(got, &a) - got), n);
		cr_assert_arr_eq(got, want, n);
		x = x * 1664525 + 1013904223;
	}
}
