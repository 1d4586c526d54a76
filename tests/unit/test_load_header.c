/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Headers of what the generator sends, read back by the flow tests' own reader.
 */
#include "bench/load/engine/header.h"
#include "dataplane/checksum.h"
#include "tests/flow/wire.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static uint8_t own[6] = { 2, 0, 0, 0, 0, 1 }, next[6] = { 2, 0, 0, 0, 0, 2 };

static struct endpoint at(const char *text, uint16_t port)
{
	struct endpoint e = { .port = port };

	cr_assert(ip_parse((const uint8_t *)text, strlen(text), &e.ip));
	return e;
}

static const struct pair {
	const char *from, *to;
	uint16_t from_port, to_port;
} pairs[] = {
	{ "192.0.2.1", "192.0.2.2", 5060, 5060 },
	{ "10.255.255.254", "203.0.113.77", 65535, 1 },
	{ "2001:db8::1", "2001:db8:ffff::2", 5060, 5070 },
};

static void build(struct header *h, const struct pair *pair)
{
	struct endpoint from = at(pair->from, pair->from_port), to = at(pair->to, pair->to_port);
	struct path path = { .port = 3,
			     .v6 = !ip_is_v4(&to.ip),
			     .mtu = 1500,
			     .dst_mac = next,
			     .src = &from,
			     .dst = &to };

	header_build(h, &path, own);
}

Test(load_header, frames_of_all_lengths_are_right)
{
	static struct frame f;
	static struct header h;
	struct seen seen;

	csum_select("auto");
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct endpoint from = at(pairs[i].from, pairs[i].from_port);
		struct endpoint to = at(pairs[i].to, pairs[i].to_port);

		build(&h, &pairs[i]);
		cr_expect_eq(h.port, 3);
		cr_expect_eq(h.longest, 1500 - (h.v6 ? 48u : 28u));
		for (uint32_t len = 0; len <= h.longest; len++) {
			for (uint32_t k = 0; k < len; k++)
				f.b[h.len + k] = (uint8_t)(rand() >> 5);
			header_put(&h, f.b + h.len, len, (uint16_t)(len * 7919));
			f.len = h.len + len;
			cr_assert_null(wire_read(&f, &seen), "pair %zu length %u: %s", i, len,
				       wire_read(&f, &seen));
			cr_assert_eq(seen.len, len);
			cr_assert_eq(seen.data, f.b + h.len);
			cr_assert(endpoint_equal(&seen.src, &from));
			cr_assert(endpoint_equal(&seen.dst, &to));
			cr_assert_eq(memcmp(seen.dst_mac, next, 6), 0);
			cr_assert_eq(memcmp(seen.src_mac, own, 6), 0);
			cr_assert(h.v6 || seen.id == (uint16_t)(len * 7919));
		}
	}
}

Test(load_header, a_sum_of_zero_is_written_as_ones)
{
	static struct header h;
	static uint8_t b[256];
	uint8_t *p = b + 128;

	build(&h, &pairs[0]);
	/* Two bytes are enough to reach each sum. */
	for (uint32_t w = 0; w < 65536; w++) {
		uint16_t field;

		p[0] = (uint8_t)(w >> 8);
		p[1] = (uint8_t)w;
		header_put(&h, p, 2, 1);
		memcpy(&field, p - 2, 2);
		cr_assert_neq(field, 0);
	}
}

Test(load_header, each_pair_is_found_again_and_no_other_is_taken_for_it)
{
	struct header_table *t = calloc(1, sizeof(*t));
	struct endpoint from = at("10.0.0.1", 5060), to = at("10.0.0.2", 5060);

	cr_assert(t);
	for (uint16_t port = 5060; port < 9060; port++) {
		struct header *h;

		from.port = port;
		h = header_slot(t, &from, &to);
		cr_assert(h >= t->slot && h < t->slot + HEADER_SLOTS);
		cr_assert_not(header_is(h, &from, &to), "port %u before it was built", port);
		header_build(
			h, &(struct path){ .mtu = 1500, .dst_mac = next, .src = &from, .dst = &to },
			own);
		cr_assert(header_is(header_slot(t, &from, &to), &from, &to));
	}
	free(t);
}
