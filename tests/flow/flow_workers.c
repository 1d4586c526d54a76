/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several workers: whichever queue a packet comes by, the same message leaves; and snapshots change
 * under them.
 */
#include "tests/flow/flow.h"
#include "tests/unit/slow_message.h"

#include <criterion/criterion.h>
#include <unistd.h>

static char message[FRAME_MAX];
static uint8_t whole[FRAME_MAX];
static struct frame piece[64], out[64];

Test(flow_workers, fragments_meet_whatever_queues_they_come_by)
{
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };
	struct endpoint src = lab_endpoint(CALLER4);

	flow_open(&(struct flow_options){ .workers = 3 });
	for (unsigned int i = 0; i < 60; i++) {
		const char *wrong;
		struct seen s;
		int n;

		d.len = flow_invite_of(message, "example.com", 7000, i);
		n = wire_fragments(&d, flow.mac[0], 1480, i, piece, 64);
		for (int j = 0; j < n; j++)
			flow_put_queue(0, (int)(i + (unsigned)j) % 3, &piece[j], j % 2 ? 0 : 400);
		flow_run();
		n = flow_take_all(1, out, 64);
		wrong = wire_reassemble(out, n, whole, &s);
		cr_assert_null(wrong, "datagram %u: %s", i, wrong);
		wrong = slow_check_forward(&flow.lab.world, &src,
					   (struct piece){ (uint8_t *)message, d.len },
					   (struct piece){ s.data, s.len });
		cr_expect_null(wrong, "%s", wrong);
		flow_balance();
	}
	cr_expect_eq(flow_count(C_RX_REASSEMBLED), 60);
	cr_expect_gt(flow_count(C_RX_STEERED), 100);
	flow_close();
}

Test(flow_workers, messages_leave_by_queues_of_other_workers)
{
	static struct frame f;

	flow_open(&(struct flow_options){ .workers = 3, .queues = 1 });
	for (unsigned int i = 0; i < 90; i++) {
		struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

		d.len = flow_invite_of(message, "example.com", 700, i);
		wire_build(&d, flow.mac[0], &f);
		flow_put(0, &f);
	}
	flow_run();
	for (unsigned int i = 0; i < 90; i++)
		flow_expect(1, IN4, SERVER4, "handed over");
	cr_expect_eq(flow_count(C_FORWARDED), 90);
	/* Port 0 is worker 0's, port 1 is worker 1's. */
	cr_expect_eq(flow_count(C_TX_HANDED_OVER), 90);
	flow_close();
}

Test(flow_workers, losses_after_the_hand_over_are_counted)
{
	static struct frame f;

	flow_open(&(struct flow_options){ .workers = 2, .queues = 1, .tx_ring = 40 });
	for (unsigned int i = 0; i < 100; i++) {
		struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

		d.len = flow_invite_of(message, "example.com", 700, i);
		wire_build(&d, flow.mac[0], &f);
		flow_put(0, &f);
	}
	flow_run();
	cr_expect_eq(flow_count(C_FORWARDED), 100);
	cr_expect_eq(flow_count(C_TX_FRAMES), 40);
	cr_expect_eq(flow_count(C_TX_HANDOVER_LOST), 60);
	flow_close();
}

static unsigned int n_retired;

static void count_world(const struct world *w)
{
	(void)w;
	n_retired++;
}

static void send_options(void)
{
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

	d.len = flow_request(message, "OPTIONS", "sip:203.0.113.1", 1);
	flow_send(0, &d);
}

Test(flow_workers, a_new_world_holds_from_the_next_burst_on)
{
	static struct world draining;
	const struct seen *s;

	flow_open(&(struct flow_options){ .workers = 2 });
	send_options();
	s = flow_expect(0, OUT4, CALLER4, "serving");
	cr_expect_eq(memcmp(s->data, "SIP/2.0 200 ", 12), 0);
	draining = flow.lab.world;
	draining.draining = true;
	draining.generation = 2;
	plane_publish_world(flow.plane, &draining, count_world);
	cr_expect_eq(plane_reclaim(flow.plane), 1, "a worker may still read the old one");
	send_options();
	s = flow_expect(0, OUT4, CALLER4, "draining");
	cr_expect_eq(memcmp(s->data, "SIP/2.0 503 ", 12), 0);
	cr_expect_eq(plane_reclaim(flow.plane), 0);
	cr_expect_eq(n_retired, 0, "retired by the wrong function");
	flow_close();
	cr_expect_eq(n_retired, 1);
}

#define MOST_WAITING 1000u /* frames that workers have not taken yet; there is room for more */

/* The threads themselves: naps, wake-ups and the end lose nothing. */
Test(flow_workers, threads_run_and_stop)
{
	static struct frame f;
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

	flow_open(&(struct flow_options){ .workers = 2, .shared = true });
	cr_assert_eq(plane_start(flow.plane), 0);
	for (unsigned int i = 0; i < 2000; i++) {
		d.len = flow_invite_of(message, i % 10 ? "example.com" : "far.example.com", 700, i);
		wire_build(&d, flow.mac[0], &f);
		flow_put_queue(0, (int)(i % 2), &f, 0);
		while (flow_take(1, &f))
			;
		if (i % 100 == 0)
			usleep(2000);
		if (i >= MOST_WAITING)
			flow_await(C_RX_FRAMES, i - MOST_WAITING);
	}
	flow_await(C_FORWARDED, 1800);
	flow_await(C_PUNTED, 200);
	flow_await(C_IDLE_TURNS, 1);
	plane_stop(flow.plane);
	cr_expect_eq(flow_count(C_RX_FRAMES), 2000);
	cr_expect_eq(flow_count(C_FORWARDED), 1800);
	cr_expect_eq(flow_count(C_PUNTED), 200);
	flow_close();
}
