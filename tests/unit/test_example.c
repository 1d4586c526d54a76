/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Examples of drops by one thread; tests/threads has a writer and a reader.
 */
#include "dataplane/example.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000u
#define NUMBER EXAMPLE_OF_REASON(SIP_R_BAD_VIA)

static struct examples *fresh(void)
{
	struct examples *e = calloc(1, sizeof(*e));

	cr_assert(e);
	return e;
}

static struct example made(uint64_t tsc, uint8_t byte)
{
	struct example x = { .tsc = tsc, .src = { .port = 5060 }, .len = EXAMPLE_BYTES };

	memset(x.bytes, byte, sizeof(x.bytes));
	memset(x.src.ip.b, byte, sizeof(x.src.ip.b));
	return x;
}

Test(example, what_was_put_last_is_read)
{
	struct examples *e = fresh();
	struct example x = made(5, 'a'), got;

	cr_expect_not(example_get(e, NUMBER, &got), "there is none yet");
	example_put(e, NUMBER, &x, SECOND);
	x = made(2000, 'b');
	example_put(e, NUMBER, &x, SECOND);
	cr_assert(example_get(e, NUMBER, &got));
	cr_expect_eq(got.tsc, 2000);
	cr_expect_eq(got.len, EXAMPLE_BYTES);
	cr_expect(endpoint_equal(&got.src, &x.src));
	cr_expect_arr_eq(got.bytes, x.bytes, EXAMPLE_BYTES);
	cr_expect_not(example_get(e, NUMBER + 1, &got), "another reason");
	free(e);
}

Test(example, one_per_second_and_reason_is_due)
{
	struct examples *e = fresh();
	struct example x = made(10000, 'a');

	cr_expect(example_is_due(e, NUMBER, 0));
	example_put(e, NUMBER, &x, SECOND);
	cr_expect_not(example_is_due(e, NUMBER, 10000));
	cr_expect_not(example_is_due(e, NUMBER, 10999));
	cr_expect(example_is_due(e, NUMBER, 11000));
	cr_expect(example_is_due(e, EXAMPLE_OF_COUNTER(C_DROP_NOT_IP), 10000));
	free(e);
}

/* A reader that comes while a word is being written gets nothing, not half of it. */
Test(example, a_half_written_one_is_not_given_out)
{
	struct examples *e = fresh();
	struct example x = made(1, 'a'), got;

	example_put(e, NUMBER, &x, SECOND);
	atomic_store(&e->v[NUMBER].sequence, 3);
	cr_expect_not(example_get(e, NUMBER, &got));
	free(e);
}

#define MACS 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 7
#define TAG 0x81, 0x00, 0x00, 0x05
#define V6(next)                                                                                  \
	0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, next, 64, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
		0, 0, 9, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define PORTS 0x13, 0xc5, 0x13, 0xc4

Test(example, the_source_is_read_from_a_frame)
{
	static const uint8_t v4[] = { MACS, 0x08, 0x00, 0x45, 0, 0, 40, 0,  0, 0, 0, 64,
				      17,   0,    0,    192,  0, 2, 7,  10, 0, 0, 1, PORTS };
	static const uint8_t fragment[] = { MACS, 0x08, 0x00, 0x45, 0,  0, 40, 0,
					    0,    0x00, 0xb9, 64,   17, 0, 0,  192,
					    0,    2,    7,    10,   0,  0, 1,  PORTS };
	static const uint8_t options[] = { MACS, 0x08, 0x00, 0x46, 0, 0,   40, 0,    0, 0,
					   0,    64,   17,   0,    0, 192, 0,  2,    7, 10,
					   0,    0,    1,    1,    1, 1,   0,  PORTS };
	static const uint8_t tagged[] = { MACS, TAG, 0x08, 0x00, 0x45, 0, 0, 40, 0, 0, 0, 0,    64,
					  17,   0,   0,    192,  0,    2, 7, 10, 0, 0, 1, PORTS };
	static const uint8_t v6[] = { MACS, V6(17), PORTS };
	static const uint8_t cut[] = { MACS, 0x08, 0x00, 0x45, 0, 0, 40 };
	static const uint8_t arp[] = { MACS, 0x08, 0x06, 0, 1 };
	const struct {
		const char *name;
		const uint8_t *b;
		size_t n;
		const char *ip;
		uint16_t port;
	} frames[] = {
		{ "IPv4", v4, sizeof(v4), "192.0.2.7", 5061 },
		{ "IPv4, no room for ports", v4, sizeof(v4) - 4, "192.0.2.7", 0 },
		{ "a fragment has no ports", fragment, sizeof(fragment), "192.0.2.7", 0 },
		{ "IPv4 options", options, sizeof(options), "192.0.2.7", 5061 },
		{ "VLAN tag", tagged, sizeof(tagged), "192.0.2.7", 5061 },
		{ "IPv6", v6, sizeof(v6), "2001:db8::9", 5061 },
		{ "cut", cut, sizeof(cut), "::", 0 },
		{ "ARP", arp, sizeof(arp), "::", 0 },
		{ "nothing", arp, 0, "::", 0 },
	};

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct example x = { .is_frame = true, .len = (uint16_t)frames[i].n };
		struct ip ip;

		memcpy(x.bytes, frames[i].b, frames[i].n);
		cr_assert(ip_parse((const uint8_t *)frames[i].ip, strlen(frames[i].ip), &ip));
		example_read_source(&x);
		cr_expect(ip_equal(&x.src.ip, &ip), "%s", frames[i].name);
		cr_expect_eq(x.src.port, frames[i].port, "%s", frames[i].name);
	}
}
