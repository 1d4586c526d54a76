/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames with one byte changed, cut at any length, and pure noise, from a seeded source: nothing
 * breaks, every frame gets one verdict, and one message in is at most one out (RFC 3261 16.11).
 */
#include "dataplane/plane_kernel.h"
#include "tests/flow/flow.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define ROUNDS 4000

static char message[FRAME_MAX];
static struct frame f, kept[8], out[64];

/* One of a few kinds of frame. Returns how many frames @kept holds. */
static int make(unsigned int i)
{
	struct datagram d = { .from = i % 2 ? CALLER6 : CALLER4,
			      .to = i % 2 ? OUT6 : OUT4,
			      .payload = message };

	switch (i % 4) {
	case 0:
		d.len = flow_invite(message, "example.com", i % 300, i);
		break;
	case 1:
		d.len = flow_request(message, "OPTIONS", "sip:203.0.113.1", i);
		d.headers = i % 3 ? "hdr" : NULL;
		break;
	case 2:
		d.len = flow_request(message, "BYE", "sip:bob@six.example.com", i);
		d.vlan_tags = (int)(i % 3);
		break;
	default:
		d.len = flow_invite(message, "six.example.com", 2000, i);
		return wire_fragments(&d, flow.mac[0], 800, i, kept, 8);
	}
	wire_build(&d, flow.mac[0], &kept[0]);
	return 1;
}

/* Counts the messages that left: frames that are no fragments, and first fragments. */
static int messages_out(void)
{
	int n = 0;

	for (int p = 0; p < FLOW_PORTS; p++) {
		int frames = flow_take_all(p, out, 64);

		for (int i = 0; i < frames; i++) {
			struct seen s;
			const char *wrong = wire_read(&out[i], &s);

			cr_assert_null(wrong, "sent: %s", wrong);
			n += !s.fragment || s.off == 0;
		}
	}
	return n;
}

static void damage(struct frame *g, unsigned int kind)
{
	switch (kind) {
	case 0:
		g->b[(unsigned)rand() % g->len] ^= (uint8_t)(1 + rand() % 255);
		break;
	case 1:
		g->len = 1 + (unsigned)rand() % g->len;
		break;
	case 2: /* headers only */
		g->b[12 + rand() % 60] = (uint8_t)rand();
		break;
	default:
		for (uint32_t j = 14 + (unsigned)rand() % 60; j < g->len; j++)
			g->b[j] = (uint8_t)rand();
	}
}

static void pass_by(const struct kernel_frame *k, void *arg)
{
	(void)k;
	(void)arg;
}

static void run(const struct flow_options *o, unsigned int seed)
{
	srand(seed);
	flow_open(o);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		int n = make(i), messages;

		damage(&kept[rand() % n], i / 4 % 4);
		for (int j = 0; j < n; j++)
			flow_put_queue(0, 0, &kept[j],
				       rand() % 8 ? 0 : 1 + (unsigned)rand() % 200 + 20);
		flow_run();
		if (o->tap)
			plane_kernel_take(flow.plane, 100, pass_by, NULL);
		messages = messages_out();
		cr_assert_leq(messages, 1, "round %u: %d messages for one", i, messages);
		flow_balance();
	}
	cr_expect_gt(flow_count(C_FORWARDED) + flow_count(C_ANSWERED), 10);
	flow_close();
}

Test(flow_noise, damaged_frames_without_linux)
{
	run(&(struct flow_options){ 0 }, 1);
}

Test(flow_noise, damaged_frames_beside_linux)
{
	run(&(struct flow_options){ .shared = true }, 2);
}

Test(flow_noise, damaged_frames_beside_a_tap)
{
	run(&(struct flow_options){ .tap = true }, 4);
}

/* A right checksum over damaged SIP: the parser sees it. */
Test(flow_noise, damaged_messages)
{
	srand(3);
	flow_open(&(struct flow_options){ 0 });
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

		d.len = flow_invite(message, i % 2 ? "example.com" : "six.example.com", 20, i);
		for (int j = rand() % 3; j >= 0; j--)
			message[(unsigned)rand() % d.len] = (char)rand();
		wire_build(&d, flow.mac[0], &f);
		flow_put(0, &f);
		flow_run();
		cr_assert_leq(messages_out(), 1);
		flow_balance();
	}
	flow_close();
}
