/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Headers of a whole datagram from those of its last fragment; the rest of the way is in
 * tests/flow/flow_kernel.c.
 */
#include "dataplane/kernel_whole.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

#define V6 0x86dd
#define V4 0x0800

/* Sum of @n bytes, 16 bits at a time. */
static uint16_t sum(const uint8_t *p, uint32_t n)
{
	uint32_t s = 0;

	for (uint32_t i = 0; i < n; i += 2)
		s += (uint32_t)p[i] << 8 | p[i + 1];
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)s;
}

static uint32_t ethernet(uint8_t *h, int tags, uint16_t type)
{
	uint32_t n = 12;

	memset(h, 0xe1, 12);
	for (int i = 0; i < tags; i++, n += 4)
		memcpy(h + n, (uint8_t[]){ 0x81, 0, 0, 7 }, 4);
	h[n] = (uint8_t)(type >> 8);
	h[n + 1] = (uint8_t)type;
	return n + 2;
}

/* A last fragment with @options bytes of options; returns where its data begin. */
static uint32_t fragment_v4(uint8_t *h, int tags, uint32_t options)
{
	static const uint8_t fixed[20] = { 0x45, 0xb8, 0,  99, 0x12, 0x34, 0x00, 0xb9, 61, 17,
					   0xaa, 0xbb, 10, 0,  0,    1,    10,   0,    0,  2 };
	uint32_t n = ethernet(h, tags, V4);

	memcpy(h + n, fixed, sizeof(fixed));
	h[n] = (uint8_t)(0x45 + options / 4);
	memset(h + n + 20, 1, options);
	return n + 20 + options;
}

Test(kernel_whole, ipv4_keeps_its_header_but_for_length_and_offset)
{
	uint8_t h[KERNEL_HEAD_MAX], was[KERNEL_HEAD_MAX];

	for (uint32_t i = 0; i < 3 * 11; i++) {
		uint32_t options = i / 3 * 4, off = fragment_v4(h, (int)(i % 3), options);
		uint32_t ip = off - 20 - options;

		memcpy(was, h, sizeof(h));
		cr_assert_eq(kernel_whole_head(h, sizeof(h), off, 5000, 17), off);
		cr_expect_eq(h[ip + 2] << 8 | h[ip + 3], 5020 + options);
		cr_expect_eq(h[ip + 6] | h[ip + 7], 0, "still a fragment");
		cr_expect_eq(sum(h + ip, 20 + options), 0xffff, "checksum");
		memcpy(h + ip + 2, was + ip + 2, 2);
		memcpy(h + ip + 6, was + ip + 6, 2);
		memcpy(h + ip + 10, was + ip + 10, 2);
		cr_expect_arr_eq(h, was, off, "%u: something else changed", i);
	}
}

/* IPv6 with @headers extension headers of 8 bytes before the fragment header. */
static uint32_t fragment_v6(uint8_t *h, int tags, uint32_t headers)
{
	uint32_t n = ethernet(h, tags, V6);

	memset(h + n, 0x5a, 40);
	h[n] = 0x60;
	h[n + 6] = headers ? 0 : 44;
	n += 40;
	for (uint32_t i = 0; i < headers; i++, n += 8)
		memcpy(h + n, (uint8_t[]){ i + 1 < headers ? 60 : 44, 0, 1, 4, 0, 0, 0, 0 }, 8);
	memcpy(h + n, (uint8_t[]){ 60, 0, 5, 0x39, 1, 2, 3, 4 }, 8);
	return n + 8;
}

Test(kernel_whole, ipv6_loses_its_fragment_header)
{
	uint8_t h[KERNEL_HEAD_MAX], was[KERNEL_HEAD_MAX];

	for (uint32_t i = 0; i < 9; i++) {
		uint32_t headers = i / 3, off = fragment_v6(h, (int)(i % 3), headers);
		uint32_t end = off - 8, ip = end - 40 - 8 * headers;
		uint32_t next = headers ? end - 8 : ip + 6;

		memcpy(was, h, sizeof(h));
		cr_assert_eq(kernel_whole_head(h, sizeof(h), off, 5000, 17), end);
		cr_expect_eq(h[ip + 4] << 8 | h[ip + 5], 5000 + 8 * headers);
		cr_expect_eq(h[next], 17, "next header");
		h[next] = was[next];
		memcpy(h + ip + 4, was + ip + 4, 2);
		cr_expect_arr_eq(h, was, end, "%u: something else changed", i);
	}
}

Test(kernel_whole, what_ip_cannot_say_is_refused)
{
	uint8_t h[KERNEL_HEAD_MAX];
	uint32_t off = fragment_v4(h, 0, 8);

	cr_expect_eq(kernel_whole_head(h, sizeof(h), off, 65535 - 28, 17), off);
	off = fragment_v4(h, 0, 8);
	cr_expect_eq(kernel_whole_head(h, sizeof(h), off, 65536 - 28, 17), 0);
	cr_expect_eq(kernel_whole_head(h, off - 1, off, 100, 17), 0, "headers beyond what is seen");
	off = fragment_v6(h, 0, 1);
	cr_expect_eq(kernel_whole_head(h, sizeof(h), off, 65535 - 8, 17), off - 8);
	off = fragment_v6(h, 0, 1);
	cr_expect_eq(kernel_whole_head(h, sizeof(h), off, 65536 - 8, 17), 0);
	for (uint32_t at = 0; at < 14 + 20; at++) {
		fragment_v4(h, 0, 0);
		cr_expect_eq(kernel_whole_head(h, sizeof(h), at, 100, 17), 0, "data at %u", at);
	}
	for (uint32_t at = 0; at < 14 + 48; at++) {
		fragment_v6(h, 0, 0);
		cr_expect_eq(kernel_whole_head(h, sizeof(h), at, 100, 17), 0, "data at %u", at);
	}
}
