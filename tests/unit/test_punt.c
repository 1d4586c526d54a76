/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring of handed-over messages, by one thread; tests/threads has two.
 */
#include "dataplane/punt.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>

static uint8_t bytes[65536];

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static bool put(struct punt_ring *r, uint32_t len, uint16_t tag)
{
	struct punt p = {
		.kind = PUNT_SEND, .listener = tag, .data = bytes + tag % 256, .len = len
	};

	return punt_put(r, &p);
}

/* Random puts and takes against a list of what must come. */
Test(punt, records_come_out_as_they_went_in_whatever_their_sizes)
{
	static uint32_t lens[1 << 16];
	uint16_t in = 0, taken = 0;
	struct punt_ring r;
	struct punt p;

	srand(1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)rand();
	cr_assert_eq(punt_ring_init(&r), 0);
	cr_expect_not(punt_peek(&r, &p));
	for (int i = 0; i < 60000; i++) {
		uint32_t len = rand() % 4 ? (uint32_t)rand() % 2000 : (uint32_t)rand() % 65280;

		if (rand() % 2 && put(&r, len, in)) {
			lens[in++] = len;
		} else if (punt_peek(&r, &p)) {
			cr_assert_eq(p.listener, taken);
			cr_assert_eq(p.len, lens[taken]);
			cr_assert_eq(memcmp(p.data, bytes + taken % 256, p.len), 0);
			punt_drop(&r);
			taken++;
		} else {
			cr_assert_eq(taken, in);
		}
	}
	cr_expect_gt(in, 10000);
	punt_ring_fini(&r);
}

Test(punt, a_full_ring_refuses_and_holds_what_it_has)
{
	struct punt_ring r;
	struct punt p;
	uint16_t n = 0, taken = 0;

	cr_assert_eq(punt_ring_init(&r), 0);
	while (put(&r, 65000, n))
		n++;
	cr_expect_geq(n, 15);
	for (; punt_peek(&r, &p); taken++) {
		cr_expect_eq(p.listener, taken);
		punt_drop(&r);
	}
	cr_expect_eq(taken, n);
	cr_expect(put(&r, 65000, 0));
	punt_ring_fini(&r);
}

/* Two records of 60,000 bytes fit into a quarter of the ring, wherever its end falls. */
Test(punt, what_is_to_be_decided_leaves_room_for_what_is)
{
	struct punt large = { .kind = PUNT_MESSAGE, .data = bytes, .len = 60000 };
	struct punt_ring r;
	struct punt p;

	cr_assert_eq(punt_ring_init(&r), 0);
	for (int turn = 0; turn < 20; turn++) {
		large.kind = PUNT_MESSAGE;
		while (punt_put(&r, &large))
			;
		large.kind = turn % 2 ? PUNT_SEND : PUNT_ICMP;
		cr_expect(punt_put(&r, &large), "turn %d", turn);
		cr_expect(punt_put(&r, &large), "turn %d", turn);
		large.kind = PUNT_MESSAGE;
		cr_expect_not(punt_put(&r, &large), "turn %d", turn);
		for (int i = 0; i < 3 + turn % 5; i++) {
			cr_assert(punt_peek(&r, &p));
			punt_drop(&r);
		}
	}
	punt_ring_fini(&r);
}

Test(punt, the_bell_rings_once_until_it_is_heard)
{
	struct punt_ring r;
	struct punt_bell b;

	cr_assert_eq(punt_ring_init(&r), 0);
	cr_assert_eq(punt_bell_init(&b), 0);
	punt_wake(&r, &b);
	cr_expect_not(readable(b.fd), "nothing was put in");
	put(&r, 10, 1);
	punt_wake(&r, &b);
	cr_expect(readable(b.fd));
	punt_bell_clear(&b);
	cr_expect_not(readable(b.fd));
	punt_wake(&r, &b);
	cr_expect_not(readable(b.fd), "rings for what was told before");
	put(&r, 10, 2);
	punt_wake(&r, &b);
	cr_expect(readable(b.fd));
	punt_bell_fini(&b);
	punt_ring_fini(&r);
}
