/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where something runs out: a device that takes no more, packet buffers, and the counts that must
 * hold then too.
 */
#include "tests/flow/flow.h"

#include <rte_mbuf.h>

#include <criterion/criterion.h>

static char message[FRAME_MAX];
static struct frame out[256];

static void put_invite(uint32_t len, unsigned int n)
{
	static struct frame f;
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

	d.len = flow_invite_of(message, "example.com", len, n);
	wire_build(&d, flow.mac[0], &f);
	flow_put(0, &f);
}

Test(flow_limits, what_a_device_does_not_take_is_dropped_and_counted)
{
	flow_open(&(struct flow_options){ .tx_ring = 50 });
	for (unsigned int i = 0; i < 100; i++)
		put_invite(700, i);
	flow_run();
	cr_expect_eq(flow_count(C_FORWARDED), 50);
	cr_expect_eq(flow_count(C_TX_FRAMES), 50);
	cr_expect_eq(flow_count(C_DROP_TX_FULL), 50);
	flow_balance();
	cr_expect_eq(flow_take_all(1, out, 256), 50);
	put_invite(700, 100);
	flow_run();
	cr_expect_eq(flow_count(C_FORWARDED), 51);
	flow_close();
}

/* A message of which only a part found room is lost as a whole; what was sent of it still counts.
 */
Test(flow_limits, a_message_cut_off_by_a_full_device_is_not_forwarded)
{
	flow_open(&(struct flow_options){ .tx_ring = 50 });
	for (unsigned int i = 0; i < 45; i++)
		put_invite(700, i);
	for (unsigned int i = 0; i < 4; i++)
		put_invite(5000, i); /* four fragments each, in chains */
	flow_run();
	cr_expect_eq(flow_count(C_FORWARDED), 46);
	cr_expect_eq(flow_count(C_DROP_TX_FULL), 3);
	cr_expect_eq(flow_count(C_TX_FRAMES), 50);
	cr_expect_eq(flow_count(C_TX_EXTRA_FRAGMENTS), 4);
	flow_balance();
	flow_close();
}

/* More frames in one batch than are gathered for a port at once. */
Test(flow_limits, a_batch_of_large_messages)
{
	unsigned int n = 0;

	flow_open(&(struct flow_options){ 0 });
	for (unsigned int i = 0; i < 32; i++)
		put_invite(30000, i);
	flow_run();
	cr_expect_eq(flow_count(C_FORWARDED), 32);
	for (int got; (got = flow_take_all(1, out, 256)) > 0;)
		n += (unsigned int)got;
	cr_expect_eq(n, 32 * 21);
	flow_close();
}

/* All buffers of the port by which messages leave, but @left. */
static unsigned int take_buffers(struct rte_mbuf **m, unsigned int left)
{
	struct rte_mempool *pool = plane_worker(flow.plane, 0)->sh->ports[1].pool;
	unsigned int n = rte_mempool_avail_count(pool) - left;

	for (unsigned int i = 0; i < n; i++) {
		m[i] = rte_pktmbuf_alloc(pool);
		cr_assert(m[i]);
	}
	return n;
}

Test(flow_limits, without_packet_buffers_only_messages_that_need_one_are_lost)
{
	static struct rte_mbuf *taken[16384];
	unsigned int n;

	flow_open(&(struct flow_options){ 0 });
	n = take_buffers(taken, 2);
	put_invite(5000, 1); /* needs four */
	flow_run();
	cr_expect_eq(flow_count(C_DROP_NO_MBUF), 1);
	cr_expect_eq(flow_count(C_TX_FRAMES), 0, "a part was sent");
	put_invite(700, 2); /* leaves in the buffer it came in */
	flow_run();
	cr_expect_eq(flow_count(C_FORWARDED), 1);
	flow_balance();
	rte_pktmbuf_free_bulk(taken, n);
	put_invite(5000, 3);
	flow_run();
	cr_expect_eq(flow_count(C_FORWARDED), 2);
	flow_close();
}
