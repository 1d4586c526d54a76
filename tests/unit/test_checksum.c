/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every implementation of the checksum against RFC 1071 read aloud.
 */
#include "dataplane/checksum.h"
#include "tests/unit/guard.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const char *const kinds[] = { "sse4", "avx2", "avx512" };

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* 16-bit words in memory order, carry after carry. */
static uint16_t slow_sum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i += 2) {
		uint16_t w = 0;

		memcpy(&w, p + i, n - i < 2 ? 1 : 2);
		sum += w;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)sum;
}

static void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rand();
}

Test(checksum, equals_the_definition_at_every_length_and_reads_no_byte_more)
{
	struct guard g = guard_open(4096);
	uint8_t bytes[600];

	srand(1);
	for (size_t k = 0; k < N_KINDS; k++) {
		if (!csum_select(kinds[k]))
			continue;
		for (size_t n = 0; n <= sizeof(bytes); n++) {
			fill(bytes, n);
			cr_assert_eq(csum_bytes(guard_at_end(&g, bytes, n), n), slow_sum(bytes, n),
				     "%s, %zu bytes", kinds[k], n);
			cr_assert_eq(csum_bytes(guard_at_start(&g, bytes, n), n),
				     slow_sum(bytes, n), "%s, %zu bytes", kinds[k], n);
		}
	}
	guard_close(&g);
}

Test(checksum, carries_are_not_lost_in_long_runs)
{
	static uint8_t bytes[65535];

	memset(bytes, 0xff, sizeof(bytes));
	for (size_t k = 0; k < N_KINDS; k++) {
		if (!csum_select(kinds[k]))
			continue;
		for (size_t n = 65000; n <= sizeof(bytes); n++)
			cr_assert_eq(csum_bytes(bytes, n), slow_sum(bytes, n), "%s, %zu bytes",
				     kinds[k], n);
	}
}

Test(checksum, unknown_kinds_are_refused)
{
	cr_expect(csum_select("auto"));
	cr_expect_not(csum_select("mmx"));
}

/* A datagram whose checksum is known. */
Test(checksum, pseudo_headers_of_both_families)
{
	/* 192.0.2.1:5060 to 192.0.2.2:5060, "ab" */
	static const uint8_t udp[] = { 0x13, 0xc4, 0x13, 0xc4, 0, 10, 0xf2, 0xeb, 'a', 'b' };
	uint8_t four[2][4] = { { 192, 0, 2, 1 }, { 192, 0, 2, 2 } };
	uint8_t six[2][16] = { { 0x20, 1, 0xd, 0xb8, [15] = 1 }, { 0x20, 1, 0xd, 0xb8, [15] = 2 } };
	struct ip a = ip_from_v4(four[0]), b = ip_from_v4(four[1]);
	uint8_t pseudo[40] = { 0 };

	memcpy(pseudo, four, 8);
	pseudo[9] = 17;
	pseudo[11] = 10;
	cr_expect_eq(csum_pseudo(&a, &b, 17, 10), slow_sum(pseudo, 12));
	cr_expect_eq(csum_add(csum_pseudo(&a, &b, 17, 10), csum_bytes(udp, sizeof(udp))), 0xffff);
	memset(pseudo, 0, sizeof(pseudo));
	memcpy(pseudo, six, 32);
	pseudo[33] = 1; /* 66,051 bytes */
	pseudo[34] = 2;
	pseudo[35] = 3;
	pseudo[39] = 58;
	a = ip_from_v6(six[0]);
	b = ip_from_v6(six[1]);
	cr_expect_eq(csum_pseudo(&a, &b, 58, 0x10203), slow_sum(pseudo, 40));
}

Test(checksum, a_udp_field_is_never_zero)
{
	cr_expect_eq(csum_udp_field(0xffff), 0xffff);
	cr_expect_eq(csum_udp_field(0), 0xffff);
	cr_expect_eq(csum_udp_field(1), 0xfffe);
}
