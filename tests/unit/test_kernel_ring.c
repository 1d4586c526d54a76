/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring of frames between a worker and the TAPs, by one thread; tests/threads has two.
 */
#include "dataplane/kernel_ring.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static uint8_t noise[4096];

static bool put(struct kernel_ring *r, uint32_t room, uint32_t len, uint16_t tag, bool urgent)
{
	uint8_t *to = kernel_ring_reserve(r, room, urgent);

	if (!to)
		return false;
	memcpy(to, noise + tag % 256, len);
	kernel_ring_commit(r, tag, len);
	return true;
}

/* Random puts and takes against a list of what must come; often less is put than was reserved. */
Test(kernel_ring, frames_come_out_as_they_went_in_whatever_room_was_reserved)
{
	static uint32_t lens[1 << 16];
	uint16_t in = 0, taken = 0;
	struct kernel_frame f;
	struct kernel_ring r;

	srand(1);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)rand();
	cr_assert_eq(kernel_ring_init(&r), 0);
	cr_expect_not(kernel_ring_peek(&r, &f));
	for (int i = 0; i < 100000; i++) {
		uint32_t len = (uint32_t)rand() % 1600, room = len + (uint32_t)rand() % 2 * 9000;

		if (rand() % 2 && put(&r, room, len, in, rand() % 2)) {
			lens[in++] = len;
		} else if (kernel_ring_peek(&r, &f)) {
			cr_assert_eq(f.port, taken);
			cr_assert_eq(f.len, lens[taken]);
			cr_assert_eq(memcmp(f.data, noise + taken % 256, f.len), 0);
			kernel_ring_drop(&r);
			taken++;
		}
	}
	cr_expect_gt(in, 20000);
	kernel_ring_fini(&r);
}

Test(kernel_ring, a_quarter_is_kept_for_what_is_urgent)
{
	struct kernel_frame f;
	struct kernel_ring r;
	uint32_t bulk = 0, urgent = 0;

	cr_assert_eq(kernel_ring_init(&r), 0);
	while (put(&r, 1500, 1500, 1, false))
		bulk++;
	while (put(&r, 1500, 1500, 2, true))
		urgent++;
	cr_expect_geq(bulk * 1500, KERNEL_RING_COMMON / 100 * 96);
	cr_expect_leq(bulk * 1500, KERNEL_RING_COMMON);
	cr_expect_geq(urgent * 1500, (KERNEL_RING_SIZE - KERNEL_RING_COMMON) / 100 * 96);
	for (uint32_t i = 0; i < urgent; i++) {
		cr_assert(kernel_ring_peek(&r, &f));
		kernel_ring_drop(&r);
	}
	cr_expect_not(put(&r, 1500, 1500, 1, false), "the kept quarter is used up first");
	for (int i = 0; i < 2; i++) {
		cr_assert(kernel_ring_peek(&r, &f));
		kernel_ring_drop(&r);
	}
	cr_expect(put(&r, 1500, 1500, 1, false));
	kernel_ring_fini(&r);
}

Test(kernel_ring, a_ring_that_was_never_made_can_go)
{
	struct kernel_ring r = { 0 };

	kernel_ring_fini(&r);
}

/* Ethernet header with @tags VLAN tags and @type, then an IP header with hop limit @hops. */
static uint32_t frame(uint8_t *f, int tags, uint16_t type, uint8_t hops)
{
	uint32_t n = 12;

	memset(f, 0, 80);
	for (int i = 0; i < tags; i++, n += 4) {
		f[n] = i + 1 < tags ? 0x88 : 0x81;
		f[n + 1] = i + 1 < tags ? 0xa8 : 0x00;
	}
	f[n] = (uint8_t)(type >> 8);
	f[n + 1] = (uint8_t)type;
	f[n + 2 + (type == 0x0800 ? 8 : 7)] = hops;
	return n + 2 + (type == 0x0800 ? 20 : type == 0x86dd ? 40 : 28);
}

Test(kernel_ring, what_only_a_neighbour_can_have_sent_is_urgent)
{
	static const struct {
		const char *name;
		uint16_t type;
		uint8_t hops;
		bool urgent;
	} rows[] = {
		{ "ARP", 0x0806, 0, true },
		{ "LLDP", 0x88cc, 0, true },
		{ "neighbour discovery", 0x86dd, 255, true },
		{ "IPv6 from a neighbour or from afar", 0x86dd, 64, false },
		{ "IPv6 by one router", 0x86dd, 254, false },
		{ "BFD", 0x0800, 255, true },
		{ "IPv4 by one router", 0x0800, 254, false },
		{ "IPv4", 0x0800, 64, false },
	};
	uint8_t f[80];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int tags = 0; tags < 3; tags++) {
			uint32_t len = frame(f, tags, rows[i].type, rows[i].hops);

			cr_expect_eq(kernel_frame_is_urgent(f, len), rows[i].urgent, "%s, %d tags",
				     rows[i].name, tags);
		}
	}
	for (uint32_t len = 0; len < 14; len++)
		cr_expect_not(kernel_frame_is_urgent(f, len), "%u bytes", len);
	frame(f, 2, 0x0800, 255);
	for (uint32_t len = 14; len < 42; len++)
		cr_expect_not(kernel_frame_is_urgent(f, len), "IPv4 cut to %u bytes", len);
}
