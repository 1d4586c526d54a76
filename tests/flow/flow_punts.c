/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What workers hand to the control thread, and what happens where there is nobody to hand it to.
 */
#include "tests/flow/flow.h"

#include <criterion/criterion.h>
#include <poll.h>

static char message[FRAME_MAX];

/* The last thing handed over. */
static struct punt last;
static uint8_t bytes[FRAME_MAX];
static unsigned int n_taken;

static void keep(const struct punt *p, void *arg)
{
	(void)arg;
	last = *p;
	memcpy(bytes, p->data, p->len);
	n_taken++;
}

static bool bell(void)
{
	struct pollfd p = { .fd = plane_punt_fd(flow.plane), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void send_invite(const char *host, uint32_t body, unsigned int n)
{
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

	d.len = flow_invite(message, host, body, n);
	flow_send(0, &d);
}

Test(flow_punts, linux_sends_what_has_no_neighbour_yet)
{
	static const struct {
		const char *host, *from, *to;
	} ways[] = {
		{ "far.example.com", IN4, "10.0.0.12:5060" },
		{ "kernel.example.com", OUT4, "192.0.2.9:5060" },
	};

	flow_open(&(struct flow_options){ .shared = true });
	for (unsigned int i = 0; i < 2; i++) {
		struct endpoint from = lab_endpoint(ways[i].from), to = lab_endpoint(ways[i].to);

		cr_expect_not(bell());
		send_invite(ways[i].host, 500, i);
		cr_expect(bell(), "%s: no bell", ways[i].host);
		cr_expect_eq(plane_punt_take(flow.plane, 100, keep, NULL), 1);
		cr_expect_not(bell());
		cr_expect_eq(last.kind, PUNT_SEND);
		cr_expect(endpoint_equal(&last.src, &from), "%s: source", ways[i].host);
		cr_expect(endpoint_equal(&last.dst, &to), "%s: destination", ways[i].host);
		cr_expect_eq(last.generation, 1);
		cr_expect_eq(memcmp(bytes, "INVITE ", 7), 0);
		cr_expect(memmem(bytes, last.len, "branch=z9hG4bK", 14), "no Via of ours");
		cr_expect_eq(bytes[last.len - 1],
			     (uint8_t)message[flow_invite(message, ways[i].host, 500, i) - 1]);
	}
	cr_expect_eq(flow_count(C_PUNTED), 2);
	flow_close();
}

Test(flow_punts, without_linux_such_messages_are_dropped)
{
	struct frame f;

	flow_open(&(struct flow_options){ 0 });
	send_invite("far.example.com", 0, 1);
	cr_expect_eq(flow_count(C_DROP_NO_NEIGHBOR), 1);
	send_invite("kernel.example.com", 0, 2);
	cr_expect_eq(flow_dropped(SIP_R_NO_NETWORK_ROUTE) + flow_answered(SIP_R_NO_NETWORK_ROUTE),
		     1);
	send_invite("gone.example.com", 0, 3);
	cr_expect_eq(flow_dropped(SIP_R_NO_NETWORK_ROUTE) + flow_answered(SIP_R_NO_NETWORK_ROUTE),
		     2);
	while (flow_take(0, &f))
		;
	cr_expect_not(flow_take(1, &f));
	cr_expect_eq(plane_punt_take(flow.plane, 100, keep, NULL), 0);
	flow_close();
}

Test(flow_punts, a_full_ring_refuses_and_takes_again)
{
	unsigned int sent = 0, taken;
	uint64_t before;

	flow_open(&(struct flow_options){ .shared = true });
	while (flow_count(C_DROP_PUNT_FULL) == 0 && sent < 10000)
		send_invite("far.example.com", 1000, sent++);
	cr_expect_gt(sent, 400); /* a MiB of messages of some 1500 bytes */
	cr_expect_eq(flow_count(C_PUNTED), sent - 1);
	flow_balance();
	taken = plane_punt_take(flow.plane, 100, keep, NULL);
	cr_expect_eq(taken, 100);
	cr_expect(bell(), "some are left, but nobody is told");
	before = flow_count(C_PUNTED);
	send_invite("far.example.com", 1000, sent++);
	cr_expect_eq(flow_count(C_PUNTED), before + 1);
	while (plane_punt_take(flow.plane, 7, keep, NULL))
		;
	cr_expect_eq(n_taken, flow_count(C_PUNTED));
	cr_expect_not(bell());
	flow_close();
}

/* Contract 4: the control thread decides where a stream is needed, on the message as it came. */
Test(flow_punts, what_needs_a_stream_is_handed_over_as_it_came)
{
	struct endpoint from = lab_endpoint(CALLER4), to = lab_endpoint(OUT4);
	unsigned int sent = 0;
	uint32_t len;

	flow_open(&(struct flow_options){ 0 });
	send_invite("tcp.example.com", 300, 1);
	len = flow_invite(message, "tcp.example.com", 300, 1);
	cr_expect(bell());
	cr_assert_eq(plane_punt_take(flow.plane, 100, keep, NULL), 1);
	cr_expect_eq(last.kind, PUNT_MESSAGE);
	cr_expect(endpoint_equal(&last.src, &from), "source");
	cr_expect(endpoint_equal(&last.dst, &to), "listener");
	cr_assert_eq(last.len, len);
	cr_expect_arr_eq(bytes, message, len);
	cr_expect_eq(flow_count(C_HANDED_OVER), 1);
	while (flow_count(C_DROP_PUNT_FULL) == 0 && sent < 10000)
		send_invite("tcp.example.com", 1000, sent++);
	cr_expect_eq(flow_count(C_HANDED_OVER), sent, "the last one found no room");
	flow_balance();
	send_invite("example.com", 0, 1);
	cr_expect_eq(flow_count(C_FORWARDED), 1, "others go on");
	while (plane_punt_take(flow.plane, 100, keep, NULL))
		;
	flow_close();
}

/* All sizes pass the ring, across its end too. */
Test(flow_punts, the_ring_keeps_every_byte)
{
	flow_open(&(struct flow_options){ .shared = true, .mtu = 9000 });
	for (unsigned int i = 0; i < 1500; i++) {
		uint32_t body = i * 37 % 1000;
		uint32_t len = flow_invite(message, "far.example.com", body, i);

		send_invite("far.example.com", body, i);
		cr_assert_eq(plane_punt_take(flow.plane, 1, keep, NULL), 1);
		cr_assert_gt(last.len, len);
		cr_assert_arr_eq(bytes + last.len - body, message + len - body, body, "message %u",
				 i);
	}
	flow_close();
}

/* An INVITE goes out by @from to @to, and an ICMP error about it comes back from @router. */
static void icmp(const char *router, uint8_t type, uint8_t code, uint32_t rest, int port)
{
	static struct frame sent, error;

	while (flow_take(1, &sent))
		;
	send_invite(port ? (strchr(router, '[') ? "six.example.com" : "example.com") : "", 0, 1);
	cr_assert(flow_take(1, &sent));
	wire_icmp(router, &sent, type, code, rest, flow.mac[1], &error);
	flow_put(1, &error);
	flow_run();
}

static const struct {
	const char *router;
	uint8_t type, code;
	uint32_t rest;
	bool counts;
} errors[] = {
	{ "10.0.0.11:1", 3, 3, 0, true },           /* port unreachable */
	{ "10.9.9.9:1", 3, 4, 1400, true },         /* fragmentation needed */
	{ "10.9.9.9:1", 12, 0, 0, true },           /* parameter problem */
	{ "10.9.9.9:1", 11, 0, 0, false },          /* time exceeded: RFC 3261 18.4 */
	{ "10.9.9.9:1", 4, 0, 0, false },           /* source quench */
	{ "10.9.9.9:1", 8, 0, 0, false },           /* ping */
	{ "[2001:db8:2::11]:1", 1, 4, 0, true },    /* port unreachable */
	{ "[2001:db8:2::fe]:1", 2, 0, 1280, true }, /* too big */
	{ "[2001:db8:2::fe]:1", 4, 1, 0, true },    /* parameter problem */
	{ "[2001:db8:2::fe]:1", 3, 0, 0, false },   /* time exceeded */
	{ "[2001:db8:2::fe]:1", 128, 0, 0, false }, /* ping */
};

Test(flow_punts, icmp_errors_about_our_packets_reach_the_control_thread)
{
	flow_open(&(struct flow_options){ .shared = true });
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		uint64_t punted = flow_count(C_ICMP_PUNTED), kernel = flow_count(C_TO_KERNEL);
		bool v6 = errors[i].router[0] == '[';

		icmp(errors[i].router, errors[i].type, errors[i].code, errors[i].rest, 1);
		cr_expect_eq(flow_count(C_ICMP_PUNTED) - punted, errors[i].counts, "error %zu", i);
		cr_expect_eq(flow_count(C_TO_KERNEL) - kernel, !errors[i].counts, "error %zu", i);
		if (!errors[i].counts)
			continue;
		cr_expect_eq(plane_punt_take(flow.plane, 9, keep, NULL), 1);
		cr_expect_eq(last.kind, PUNT_ICMP);
		cr_expect_eq(last.iface, 1);
		cr_expect_eq(bytes[0] >> 4, v6 ? 6 : 4, "error %zu", i);
		cr_expect_eq(bytes[v6 ? 40 : 20], errors[i].type, "error %zu", i);
	}
	flow_close();
}

Test(flow_punts, icmp_errors_about_others_and_forged_ones_do_not)
{
	static struct frame sent, error;
	struct datagram d = { .from = CALLER4, .to = "10.0.0.11:5060", .payload = message };

	flow_open(&(struct flow_options){ 0 });
	d.len = flow_invite(message, "example.com", 0, 1);
	wire_build(&d, flow.mac[1], &sent); /* somebody else's packet */
	wire_icmp("10.9.9.9:1", &sent, 3, 4, 1400, flow.mac[1], &error);
	flow_put(1, &error);
	send_invite("example.com", 0, 1);
	cr_assert(flow_take(1, &sent));
	wire_icmp("10.9.9.9:1", &sent, 3, 4, 1400, flow.mac[1], &error);
	error.b[14 + 20 + 2] ^= 1; /* ICMP checksum */
	flow_put(1, &error);
	for (uint32_t len = 14; len < 14 + 20 + 8 + 28; len++) {
		wire_icmp("10.9.9.9:1", &sent, 3, 4, 1400, flow.mac[1], &error);
		error.len = len;
		flow_put(1, &error);
	}
	flow_run();
	cr_expect_eq(flow_count(C_ICMP_PUNTED), 0);
	cr_expect_eq(plane_punt_take(flow.plane, 9, keep, NULL), 0);
	flow_close();
}

Test(flow_punts, icmp_floods_are_bounded)
{
	static struct frame sent, error;

	flow_open(&(struct flow_options){ 0 });
	send_invite("example.com", 0, 1);
	cr_assert(flow_take(1, &sent));
	wire_icmp("10.9.9.9:1", &sent, 3, 4, 1400, flow.mac[1], &error);
	for (int i = 0; i < 3000; i++) {
		flow_put(1, &error);
		flow_run();
		plane_punt_take(flow.plane, 9, keep, NULL);
	}
	cr_expect_eq(flow_count(C_ICMP_PUNTED), 1000);
	cr_expect_eq(flow_count(C_DROP_ICMP_LIMIT), 2000);
	flow_close();
}
