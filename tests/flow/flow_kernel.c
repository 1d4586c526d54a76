/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames between devices and the TAPs of Linux: what crosses, that it is whole, and what happens
 * where there is no room.
 */
#include "dataplane/plane_kernel.h"
#include "tests/flow/flow.h"

#include <criterion/criterion.h>
#include <poll.h>

static char message[FRAME_MAX];
static struct frame sent, out, pieces[80];

/* What crossed to Linux last. */
static struct kernel_frame last;
static uint8_t bytes[FRAME_MAX];
static unsigned int crossed;

static void keep(const struct kernel_frame *f, void *arg)
{
	(void)arg;
	last = *f;
	memcpy(bytes, f->data, f->len);
	crossed++;
}

static unsigned int take(unsigned int max)
{
	return plane_kernel_take(flow.plane, max, keep, NULL);
}

static bool bell(void)
{
	struct pollfd p = { .fd = plane_kernel_fd(flow.plane), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static const uint8_t other_mac[6] = { 2, 0xbb, 0, 0, 0, 1 };
static const uint8_t all_nodes[6] = { 0x33, 0x33, 0, 0, 0, 1 };
static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* Datagrams that are none of ours, and what is done to the frame. */
static const struct {
	const char *name;
	struct datagram d;
	uint16_t ethertype; /* 0 = as it is */
	uint8_t protocol;   /* of IPv4; 0 = as it is */
} foreign[] = {
	{ "UDP to another port", { .from = CALLER4, .to = "203.0.113.1:53" }, 0, 0 },
	{ "UDP to another address", { .from = CALLER4, .to = "203.0.113.9:5060" }, 0, 0 },
	{ "UDP over IPv6", { .from = CALLER6, .to = "[2001:db8:1::1]:53" }, 0, 0 },
	{ "TCP", { .from = CALLER4, .to = OUT4 }, 0, 6 },
	{ "ARP", { .from = CALLER4, .to = OUT4, .dst_mac = broadcast }, 0x0806, 0 },
	{ "LLDP", { .from = CALLER4, .to = OUT4, .dst_mac = broadcast }, 0x88cc, 0 },
	{ "all nodes", { .from = CALLER6, .to = "[ff02::1]:546", .dst_mac = all_nodes }, 0, 0 },
	{ "another host", { .from = CALLER4, .to = OUT4, .dst_mac = other_mac }, 0, 0 },
	{ "one tag", { .from = CALLER4, .to = "203.0.113.1:53", .vlan_tags = 1 }, 0, 0 },
	{ "two tags", { .from = CALLER6, .to = "[2001:db8:1::1]:53", .vlan_tags = 2 }, 0, 0 },
	{ "three tags", { .from = CALLER4, .to = OUT4, .vlan_tags = 3 }, 0, 0 },
	{ "padding", { .from = CALLER4, .to = "203.0.113.1:53", .pad = 18 }, 0, 0 },
	{ "options", { .from = CALLER4, .to = "203.0.113.1:53", .ip_options = 8 }, 0, 0 },
};

static void make_foreign(size_t i, uint32_t len)
{
	struct datagram d = foreign[i].d;

	d.payload = message;
	d.len = len;
	wire_build(&d, flow.mac[0], &sent);
	if (foreign[i].ethertype) {
		sent.b[12] = (uint8_t)(foreign[i].ethertype >> 8);
		sent.b[13] = (uint8_t)foreign[i].ethertype;
	}
	if (foreign[i].protocol)
		sent.b[14 + 9] = foreign[i].protocol;
}

Test(flow_kernel, what_is_not_sip_crosses_once_and_unchanged)
{
	static const uint32_t segments[] = { 0, 700, 41 };

	flow_open(&(struct flow_options){ .tap = true });
	flow_invite(message, "example.com", 900, 1);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		for (size_t s = 0; s < sizeof(segments) / sizeof(segments[0]); s++) {
			make_foreign(i, 100 + 300 * (uint32_t)s);
			flow_put_queue(0, 0, &sent, segments[s]);
			flow_run();
			cr_expect(bell(), "%s: no bell", foreign[i].name);
			cr_assert_eq(take(10), 1, "%s did not cross once", foreign[i].name);
			cr_expect_not(bell(), "%s: the bell rings on", foreign[i].name);
			cr_expect_eq(last.port, 0);
			cr_assert_eq(last.len, sent.len, "%s: length", foreign[i].name);
			cr_expect_arr_eq(bytes, sent.b, sent.len, "%s: bytes", foreign[i].name);
			cr_expect_not(flow_take(0, &out) || flow_take(1, &out));
		}
	}
	cr_expect_eq(flow_count(C_TO_KERNEL), crossed);
	flow_close();
}

Test(flow_kernel, sip_does_not_cross)
{
	static const struct {
		const char *from, *to;
		enum sum_kind sum;
	} ways[] = { { CALLER4, OUT4, SUM_RIGHT },
		     { CALLER6, OUT6, SUM_RIGHT },
		     { CALLER4, OUT4, SUM_WRONG } };
	struct datagram d = { .payload = message };

	flow_open(&(struct flow_options){ .tap = true });
	for (unsigned int i = 0; i < 30; i++) {
		d.from = ways[i % 3].from;
		d.to = ways[i % 3].to;
		d.sum = ways[i % 3].sum;
		d.len = i % 2 ? flow_invite(message, "example.com", 100, i) : 4;
		flow_send(0, &d);
		if (i % 2 && d.sum == SUM_RIGHT)
			flow_expect(1, IN4, SERVER4, "SIP");
	}
	cr_expect_eq(take(10), 0);
	cr_expect_not(bell());
	flow_close();
}

/* Sends @d in pieces of @step bytes by port 0. Returns how many there were. */
static int send_pieces(const struct datagram *d, uint32_t step, uint32_t id)
{
	int n = wire_fragments(d, flow.mac[0], step, id, pieces, 80);

	for (int i = 0; i < n; i++)
		flow_put_queue(0, i % flow.queues, &pieces[i], 0);
	flow_run();
	return n;
}

/* Whether what crossed last is the whole datagram @d, as wire_build() would have made it. */
static void expect_whole(const struct datagram *d, const char *name)
{
	uint32_t ip = 14 + 4 * (uint32_t)d->vlan_tags;
	bool v6 = d->from[0] == '[';
	struct seen got;
	const char *wrong;

	wire_build(d, flow.mac[0], &sent);
	cr_assert_eq(last.len, sent.len, "%s: length", name);
	/* Ethernet header and tags, then the IP header less identification and checksum. */
	cr_expect_arr_eq(bytes, sent.b, ip + 4, "%s: link header", name);
	cr_expect_arr_eq(bytes + ip + (v6 ? 40 : 20), sent.b + ip + (v6 ? 40 : 20),
			 sent.len - ip - (v6 ? 40 : 20), "%s: bytes", name);
	out.len = last.len - (ip - 14);
	memcpy(out.b, bytes, 12);
	memcpy(out.b + 12, bytes + ip - 2, out.len - 12);
	wrong = wire_read(&out, &got);
	cr_expect_null(wrong, "%s: %s", name, wrong);
	cr_expect_not(got.fragment, "%s: still a fragment", name);
}

static void fragments(uint16_t workers)
{
	static const struct datagram kinds[] = {
		{ .from = CALLER4, .to = "203.0.113.1:53" },
		{ .from = CALLER6, .to = "[2001:db8:1::1]:53" },
		{ .from = CALLER4, .to = "203.0.113.1:53", .vlan_tags = 1 },
		{ .from = CALLER6, .to = "[2001:db8:1::1]:53", .vlan_tags = 2 },
	};
	uint32_t id = 1;

	flow_open(&(struct flow_options){ .tap = true, .workers = workers });
	flow_invite(message, "example.com", 65000, 1);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (uint32_t len = 1000; len < 65000; len = len * 2 + 1) {
			struct datagram d = kinds[i];
			int n;

			d.payload = message;
			d.len = len;
			n = send_pieces(&d, len < 2000 ? 400 : 1400, id++);
			cr_assert_gt(n, 1);
			cr_assert_eq(take(100), 1, "kind %zu, %u bytes: one datagram", i, len);
			expect_whole(&d, d.from);
		}
	}
	cr_expect_eq(flow_count(C_TO_KERNEL), crossed);
	flow_close();
}

Test(flow_kernel, fragments_that_are_not_sip_cross_as_one_datagram)
{
	fragments(1);
}

Test(flow_kernel, whichever_worker_they_come_to)
{
	fragments(3);
}

Test(flow_kernel, fragments_that_are_sip_do_not_cross)
{
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

	flow_open(&(struct flow_options){ .tap = true, .mtu = 9000 });
	d.len = flow_invite(message, "example.com", 4000, 1);
	send_pieces(&d, 1400, 7);
	flow_expect(1, IN4, SERVER4, "SIP in pieces");
	cr_expect_eq(take(10), 0);
	flow_close();
}

/* Linux sends the frame of @len bytes at @f by port @p. */
static bool linux_sends(uint16_t p, const uint8_t *f, uint32_t len)
{
	uint8_t *room = plane_kernel_room(flow.plane, p, plane_kernel_frame_max(flow.plane, p) + 1);

	if (!room)
		return false;
	memcpy(room, f, len);
	plane_kernel_give(flow.plane, p, len);
	return true;
}

Test(flow_kernel, what_linux_sends_leaves_by_the_device)
{
	static uint8_t f[1522];

	flow_open(&(struct flow_options){ .tap = true, .workers = 2 });
	cr_expect_eq(plane_kernel_frame_max(flow.plane, 1), 1522);
	/* The longest first: packet buffers that were used are not all zero. */
	for (uint32_t len = sizeof(f); len >= 14; len--) {
		uint16_t p = len % 2;
		uint32_t i;

		for (i = 0; i < len; i++)
			f[i] = (uint8_t)(i * 3 + len);
		cr_assert(linux_sends(p, f, len));
		flow_run();
		cr_assert(flow_take(p, &out), "%u bytes", len);
		cr_expect_eq(out.len, len < 60 ? 60 : len, "%u bytes", len);
		cr_expect_arr_eq(out.b, f, len, "%u bytes", len);
		for (i = len; i < out.len; i++)
			cr_expect_eq(out.b[i], 0, "padding of %u bytes", len);
		cr_expect_not(flow_take(0, &out) || flow_take(1, &out));
	}
	cr_expect_eq(flow_count(C_TX_KERNEL), sizeof(f) - 13);
	cr_expect_eq(flow_count(C_KERNEL_LOST), 0);
	flow_close();
}

Test(flow_kernel, one_worker_alone_sends_what_linux_gives_an_interface)
{
	static const uint8_t f[100];

	flow_open(&(struct flow_options){ .tap = true, .workers = 2 });
	for (uint16_t p = 0; p < FLOW_PORTS; p++) {
		cr_assert(linux_sends(p, f, sizeof(f)));
		cr_expect_eq(worker_turn(plane_worker(flow.plane, !p), flow.now), 0);
		cr_expect_eq(worker_turn(plane_worker(flow.plane, p), flow.now), 1);
		cr_expect(flow_take(p, &out));
	}
	flow_close();
}

Test(flow_kernel, a_device_that_takes_no_more_loses_what_linux_sends)
{
	static const uint8_t f[100];
	unsigned int n = 0, left = 0;

	flow_open(&(struct flow_options){ .tap = true, .tx_ring = 64 });
	while (n < 300 && linux_sends(0, f, sizeof(f)))
		n++;
	cr_assert_eq(n, 300);
	flow_run();
	while (flow_take(0, &out))
		left++;
	cr_expect_eq(left, 64);
	cr_expect_eq(flow_count(C_TX_KERNEL), n);
	cr_expect_eq(flow_count(C_TX_KERNEL_LOST), n - left);
	flow_close();
}

/* SIP that comes meanwhile waits for 32 frames of Linux at most. */
Test(flow_kernel, a_turn_takes_a_bounded_number_of_frames_from_linux)
{
	static const uint8_t f[1514];
	unsigned int n = 0;

	flow_open(&(struct flow_options){ .tap = true });
	while (linux_sends(0, f, sizeof(f)))
		n++;
	cr_expect_gt(n, 600);
	cr_expect_lt(n, 700);
	cr_expect_eq(worker_turn(plane_worker(flow.plane, 0), flow.now), 32);
	cr_expect_eq(flow_take_all(0, pieces, 80), 32);
	cr_expect(linux_sends(0, f, sizeof(f)), "no room after a turn");
	flow_run();
	while (flow_take(0, &out))
		;
	flow_close();
}

Test(flow_kernel, a_full_ring_drops_junk_before_what_neighbours_send)
{
	unsigned int junk = 0, arp = 0;

	flow_open(&(struct flow_options){ .tap = true });
	flow_invite(message, "example.com", 1200, 1);
	make_foreign(0, 1200);
	while (flow_count(C_DROP_KERNEL_FULL) == 0 && junk < 10000) {
		flow_put(0, &sent);
		flow_run();
		junk++;
	}
	cr_expect_gt(junk, 500);
	cr_expect_eq(flow_count(C_TO_KERNEL), junk - 1);
	make_foreign(4, 30);
	cr_expect_eq(sent.b[13], 6, "not the ARP of the table");
	for (arp = 0; arp < 1000; arp++) {
		flow_put(0, &sent);
		flow_run();
	}
	cr_expect_eq(flow_count(C_TO_KERNEL), junk - 1 + arp);
	cr_expect_eq(take(100), 100);
	cr_expect(bell(), "some are left, but nobody is told");
	while (take(77))
		;
	cr_expect_eq(crossed, junk - 1 + arp);
	cr_expect_arr_eq(bytes, sent.b, sent.len);
	cr_expect_not(bell());
	flow_close();
}

Test(flow_kernel, workers_share_the_control_thread_fairly)
{
	flow_open(&(struct flow_options){ .tap = true, .workers = 2 });
	make_foreign(0, 100);
	for (int i = 0; i < 200; i++)
		flow_put_queue(0, 0, &sent, 0);
	flow_run();
	make_foreign(4, 100);
	flow_put_queue(0, 1, &sent, 0);
	flow_run();
	cr_expect_eq(take(9), 9);
	cr_expect_eq(bytes[13], 6, "the other worker's frame waits behind a flood");
	while (take(100))
		;
	flow_close();
}

/* While frames come without a pause the bell rings now and then, not in each turn. */
Test(flow_kernel, under_load_the_bell_is_rung_at_intervals)
{
	unsigned int rung = 0;

	flow_open(&(struct flow_options){ .tap = true });
	flow.now += rte_get_tsc_hz();
	make_foreign(0, 100);
	for (int i = 0; i < 1000; i++) {
		flow_put(0, &sent);
		flow.now += rte_get_tsc_hz() / 1000000; /* a turn takes 1 us */
		cr_assert_eq(worker_turn(plane_worker(flow.plane, 0), flow.now), 1);
		if (bell()) {
			rung++;
			while (take(100))
				;
		}
	}
	cr_expect_geq(rung, 4);
	cr_expect_leq(rung, 6);
	cr_expect_eq(worker_turn(plane_worker(flow.plane, 0), flow.now), 0);
	cr_expect(bell(), "what came last waits for ever");
	while (take(100))
		;
	cr_expect_eq(crossed, 1000);
	flow_close();
}

/* An INVITE goes out, and ICMP errors about it come back. */
Test(flow_kernel, icmp_errors_beyond_their_bound_are_linux_s)
{
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

	flow_open(&(struct flow_options){ .tap = true });
	d.len = flow_invite(message, "example.com", 0, 1);
	flow_send(0, &d);
	cr_assert(flow_take(1, &out));
	wire_icmp("10.9.9.9:1", &out, 3, 4, 1400, flow.mac[1], &sent);
	for (int i = 0; i < 1500; i++) {
		flow_put(1, &sent);
		flow_run();
	}
	cr_expect_eq(flow_count(C_ICMP_PUNTED), 1000);
	cr_expect_eq(take(1000), 500);
	cr_expect_eq(last.port, 1);
	cr_expect_arr_eq(bytes, sent.b, sent.len);
	flow_close();
}

Test(flow_kernel, linux_sends_what_has_no_neighbour_yet)
{
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

	flow_open(&(struct flow_options){ .tap = true });
	d.len = flow_invite(message, "far.example.com", 100, 1);
	flow_send(0, &d);
	d.len = flow_invite(message, "kernel.example.com", 100, 2);
	flow_send(0, &d);
	cr_expect_eq(flow_count(C_PUNTED), 2);
	cr_expect_eq(flow_count(C_DROP_NO_NEIGHBOR), 0);
	flow_close();
}
