/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that are not forwarded: each gets the one counter that says why, with Linux beside us and
 * without; and checksums of every kind.
 */
#include "tests/flow/flow.h"

#include <criterion/criterion.h>

static char message[FRAME_MAX];

#define NONE N_COUNTERS /* nothing of the kind */

static const uint8_t other_mac[6] = { 2, 0xbb, 0, 0, 0, 1 };
static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* Changes a frame that was built right; @f->b + 14 is its IP header. */
static void cut_ethernet(struct frame *f)
{
	f->len = 13;
}

static void make_arp(struct frame *f)
{
	f->b[12] = 0x08;
	f->b[13] = 0x06;
}

static void make_tcp(struct frame *f)
{
	f->b[23] = 6;
}

static void cut_ip(struct frame *f)
{
	f->len = 14 + 19;
}

static void cut_payload(struct frame *f)
{
	f->len -= 1;
}

static void version_5(struct frame *f)
{
	f->b[14] = 0x55;
}

static void ihl_4(struct frame *f)
{
	f->b[14] = 0x44;
}

static void ihl_15(struct frame *f)
{
	f->b[14] = 0x4f;
}

static void vlan_only(struct frame *f)
{
	f->b[12] = 0x81;
	f->b[13] = 0x00;
	f->len = 16;
}

struct case_of {
	const char *name;
	enum counter alone;  /* without Linux */
	enum counter shared; /* with it */
	struct datagram d;   /* from, to: CALLER4 to OUT4 if NULL */
	void (*change)(struct frame *f);
};

static const struct case_of cases[] = {
	{ "short frame", C_DROP_ETHERNET, C_DROP_ETHERNET, { 0 }, cut_ethernet },
	{ "tag without end", C_DROP_ETHERNET, C_DROP_ETHERNET, { 0 }, vlan_only },
	{ "other MAC", C_DROP_ETHERNET, C_TO_KERNEL, { .dst_mac = other_mac }, NULL },
	{ "broadcast", C_DROP_ETHERNET, C_TO_KERNEL, { .dst_mac = broadcast }, NULL },
	{ "ARP", C_DROP_NOT_IP, C_TO_KERNEL, { 0 }, make_arp },
	{ "three tags", C_DROP_NOT_IP, C_TO_KERNEL, { .vlan_tags = 3 }, NULL },
	{ "TCP", C_DROP_NOT_UDP, C_TO_KERNEL, { 0 }, make_tcp },
	{ "cut IP header", C_DROP_BAD_IP, C_DROP_BAD_IP, { 0 }, cut_ip },
	{ "IP longer than the frame", C_DROP_BAD_IP, C_DROP_BAD_IP, { 0 }, cut_payload },
	{ "IP version 5", C_DROP_BAD_IP, C_DROP_BAD_IP, { 0 }, version_5 },
	{ "header of 16 bytes", C_DROP_BAD_IP, C_DROP_BAD_IP, { 0 }, ihl_4 },
	{ "options that are not there", C_DROP_BAD_IP, C_DROP_BAD_IP, { 0 }, ihl_15 },
	{ "IP checksum", C_DROP_BAD_IP, C_DROP_BAD_IP, { .bad_ip_sum = true }, NULL },
	{ "IPv6 too long",
	  C_DROP_BAD_IP,
	  C_DROP_BAD_IP,
	  { .from = CALLER6, .to = OUT6, .ip_len_off = 1 },
	  NULL },
	{ "IPv6 to others, too long",
	  C_DROP_BAD_IP,
	  C_TO_KERNEL,
	  { .from = CALLER6, .to = "[2001:db8:1::77]:5060", .ip_len_off = 1 },
	  NULL },
	{ "source route",
	  C_DROP_BAD_IP,
	  C_DROP_BAD_IP,
	  { .from = CALLER6, .to = OUT6, .headers = "R" },
	  NULL },
	{ "nine headers",
	  C_DROP_BAD_IP,
	  C_DROP_BAD_IP,
	  { .from = CALLER6, .to = OUT6, .headers = "hdddddddd" },
	  NULL },
	{ "UDP longer than IP", C_DROP_BAD_UDP, C_DROP_BAD_UDP, { .udp_len_off = 1 }, NULL },
	{ "UDP length 7", C_DROP_BAD_UDP, C_DROP_BAD_UDP, { .udp_len_off = -10000 }, NULL },
	{ "UDP checksum", C_DROP_UDP_CHECKSUM, C_DROP_UDP_CHECKSUM, { .sum = SUM_WRONG }, NULL },
	{ "partial checksum",
	  C_DROP_UDP_CHECKSUM,
	  C_DROP_UDP_CHECKSUM,
	  { .sum = SUM_PARTIAL },
	  NULL },
	{ "IPv6 without checksum",
	  C_DROP_UDP_CHECKSUM,
	  C_DROP_UDP_CHECKSUM,
	  { .from = CALLER6, .to = OUT6, .sum = SUM_NONE },
	  NULL },
	{ "other port", C_DROP_NO_LISTENER, C_TO_KERNEL, { .to = "203.0.113.1:5080" }, NULL },
	{ "other address", C_DROP_NO_LISTENER, C_TO_KERNEL, { .to = "203.0.113.7:5060" }, NULL },
	{ "other port, IPv6",
	  C_DROP_NO_LISTENER,
	  C_TO_KERNEL,
	  { .from = CALLER6, .to = "[2001:db8:1::1]:53" },
	  NULL },
	{ "from 0.0.0.0", C_DROP_BAD_SOURCE, C_DROP_BAD_SOURCE, { .from = "0.0.0.0:5060" }, NULL },
	{ "from port 0", C_DROP_BAD_SOURCE, C_DROP_BAD_SOURCE, { .from = "203.0.113.40:0" }, NULL },
	{ "from multicast",
	  C_DROP_BAD_SOURCE,
	  C_DROP_BAD_SOURCE,
	  { .from = "224.0.1.75:5060" },
	  NULL },
	{ "from broadcast",
	  C_DROP_BAD_SOURCE,
	  C_DROP_BAD_SOURCE,
	  { .from = "255.255.255.255:5060" },
	  NULL },
	{ "from ourselves",
	  C_DROP_BAD_SOURCE,
	  C_DROP_BAD_SOURCE,
	  { .from = "203.0.113.1:5060" },
	  NULL },
	{ "from our other side",
	  C_DROP_BAD_SOURCE,
	  C_DROP_BAD_SOURCE,
	  { .from = "10.0.0.1:999" },
	  NULL },
	{ "from loopback",
	  C_DROP_BAD_SOURCE,
	  C_DROP_BAD_SOURCE,
	  { .from = "127.0.0.1:5060" },
	  NULL },
	{ "from ::",
	  C_DROP_BAD_SOURCE,
	  C_DROP_BAD_SOURCE,
	  { .from = "[::]:5060", .to = OUT6 },
	  NULL },
	{ "from ff02::1",
	  C_DROP_BAD_SOURCE,
	  C_DROP_BAD_SOURCE,
	  { .from = "[ff02::1]:5060", .to = OUT6 },
	  NULL },
	{ "from ::1",
	  C_DROP_BAD_SOURCE,
	  C_DROP_BAD_SOURCE,
	  { .from = "[::1]:5060", .to = OUT6 },
	  NULL },
};

static void run_cases(bool shared)
{
	static struct frame f, out;
	uint32_t len = flow_invite(message, "example.com", 0, 1);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct case_of *c = &cases[i];
		enum counter expected = shared ? c->shared : c->alone;
		uint64_t before = flow_count(expected);
		struct datagram d = c->d;

		d.from = d.from ? d.from : CALLER4;
		d.to = d.to ? d.to : OUT4;
		d.payload = message;
		d.len = len;
		if (d.udp_len_off == -10000)
			d.udp_len_off = -(int)len - 1; /* leaves 7 */
		wire_build(&d, flow.mac[0], &f);
		if (c->change)
			c->change(&f);
		flow_put(0, &f);
		flow_run();
		cr_expect_eq(flow_count(expected), before + 1, "%s: not counted as %s", c->name,
			     counter_info(expected)->id);
		cr_expect_not(flow_take(0, &out) || flow_take(1, &out), "%s: was sent", c->name);
		flow_balance();
	}
}

Test(flow_verdicts, each_bad_frame_has_its_counter)
{
	flow_open(&(struct flow_options){ 0 });
	run_cases(false);
	flow_close();
}

Test(flow_verdicts, linux_keeps_what_is_not_sip_on_a_shared_interface)
{
	flow_open(&(struct flow_options){ .shared = true });
	run_cases(true);
	flow_close();
}

Test(flow_verdicts, linux_gets_the_same_by_a_tap)
{
	flow_open(&(struct flow_options){ .tap = true });
	run_cases(true);
	flow_close();
}

Test(flow_verdicts, checksums_left_to_a_nic_are_accepted_where_they_may_be)
{
	static const char *const from[] = { CALLER4, CALLER6 }, *const to[] = { OUT4, OUT6 };
	struct datagram d = { .payload = message };

	flow_open(&(struct flow_options){ .partial = true });
	for (uint32_t i = 0; i < 40; i++) {
		d.from = from[i % 2];
		d.to = to[i % 2];
		d.len = flow_invite(message, "example.com", i, i);
		d.sum = SUM_PARTIAL;
		flow_send(0, &d);
		flow_expect(1, IN4, SERVER4, "partial"); /* its checksum is right there */
		d.sum = SUM_RIGHT;
		flow_send(0, &d);
		flow_expect(1, IN4, SERVER4, "full");
		d.sum = SUM_WRONG;
		flow_send(0, &d);
	}
	cr_expect_eq(flow_count(C_RX_PARTIAL_CHECKSUM), 40);
	cr_expect_eq(flow_count(C_FORWARDED), 80);
	cr_expect_eq(flow_count(C_DROP_UDP_CHECKSUM), 40);
	flow_close();
}

Test(flow_verdicts, what_is_not_sip_has_a_reason)
{
	static const struct {
		const char *bytes;
		uint32_t len;
		enum sip_reason reason;
	} junk[] = {
		{ "\r\n\r\n", 4, SIP_R_KEEPALIVE },
		{ "\0\0\0\0", 4, SIP_R_KEEPALIVE },
		{ "\x16\x03\x01 hello\r\n\r\n", 13, SIP_R_NOT_SIP },
		{ "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n\r\n", 63,
		  SIP_OK }, /* some reason, no answer */
	};
	struct frame f;

	flow_open(&(struct flow_options){ 0 });
	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
		struct datagram d = { .from = CALLER4, .to = OUT4, .payload = junk[i].bytes };
		uint64_t before = flow_dropped(junk[i].reason);

		d.len = junk[i].len;
		flow_send(0, &d);
		if (junk[i].reason != SIP_OK)
			cr_expect_eq(flow_dropped(junk[i].reason), before + 1, "junk %zu", i);
		cr_expect_not(flow_take(0, &f) || flow_take(1, &f), "junk %zu was answered", i);
		flow_balance();
	}
	cr_expect_eq(flow_count(C_RX_REQUESTS) + flow_count(C_RX_RESPONSES), 1);
	flow_close();
}

Test(flow_verdicts, error_answers_have_a_limit_and_others_have_none)
{
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };
	struct frame f;

	flow_open(&(struct flow_options){ .answer_limit = 10 });
	for (unsigned int i = 0; i < 25; i++) {
		d.len = flow_request(message, "MESSAGE", "sip:bob@elsewhere.example", i);
		flow_send(0, &d);
		d.len = flow_request(message, "OPTIONS", "sip:203.0.113.1", i);
		flow_send(0, &d);
	}
	cr_expect_eq(flow_answered(SIP_R_RELAY_DENIED), 10);
	cr_expect_eq(flow_dropped(SIP_R_ANSWER_LIMIT), 15);
	cr_expect_eq(flow_answered(SIP_OK), 25);
	flow.now += 500 * FLOW_CLOCK_MS; /* half a second: five more */
	for (unsigned int i = 0; i < 25; i++) {
		d.len = flow_request(message, "MESSAGE", "sip:bob@elsewhere.example", i);
		flow_send(0, &d);
	}
	cr_expect_eq(flow_answered(SIP_R_RELAY_DENIED), 15);
	while (flow_take(0, &f))
		;
	flow_close();
}
