/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames at the edge of readable memory: every prefix, every one-byte change. What the stage says
 * about whole frames is tested in tests/flow.
 */
#include "dataplane/net_in.h"
#include "dataplane/ports.h"
#include "tests/flow/wire.h"
#include "tests/unit/guard.h"
#include "tests/unit/world_fixture.h"

#include <criterion/criterion.h>

static const char payload[] = "OPTIONS sip:203.0.113.1 SIP/2.0\r\n\r\n";

static const struct datagram frames[] = {
	{ .from = "203.0.113.40:5060", .to = "203.0.113.1:5060" },
	{ .from = "203.0.113.40:5060", .to = "203.0.113.1:5060", .ip_options = 12, .vlan_tags = 2 },
	{ .from = "[2001:db8:1::40]:5060", .to = "[2001:db8:1::1]:5060" },
	{ .from = "[2001:db8:1::40]:5060", .to = "[2001:db8:1::1]:5060", .headers = "hdrad" },
};

static struct view view;
static struct port ports[] = { { .mac = { 2, 0, 0, 0, 0, 1 } },
			       { .mac = { 2, 0, 0, 0, 0, 1 }, .shared = true, .partial = true } };

static void open_view(void)
{
	const struct lab_world *w = fixture_world(BED_MAIN);

	view_update(&view, &w->world, w->fib);
}

static void build(size_t i, struct frame *f)
{
	struct datagram d = frames[i];

	d.payload = payload;
	d.len = sizeof(payload) - 1;
	wire_build(&d, ports[0].mac, f);
}

/* A frame that is let through must name bytes that are there. */
static void check(const struct pkt *k, uint32_t len, const char *what, uint32_t at)
{
	cr_assert_lt(k->verdict, N_VERDICTS);
	cr_assert_neq(k->verdict, V_HELD);
	cr_assert_neq(k->verdict, V_MOVED);
	cr_assert_neq(k->verdict, V_REASON);
	if (k->verdict == V_GO)
		cr_assert_leq((uint32_t)k->off + k->len, len, "%s %u", what, at);
}

/* Whether net_in_plain() takes the frame; if so, it says what net_in_frame() says in @k. */
static bool is_plain(const struct port *port, const uint8_t *f, uint32_t len, uint64_t ol_flags,
		     const struct pkt *k)
{
	struct pkt p = { .verdict = V_HELD };

	if (!net_in_plain(&view, port, f, len, ol_flags, &p))
		return false;
	cr_assert_eq(k->verdict, V_GO);
	cr_assert_eq(p.verdict, V_GO);
	cr_assert_eq(p.flags, k->flags);
	cr_assert_eq(p.listener, k->listener);
	cr_assert_eq(p.off, k->off);
	cr_assert_eq(p.len, k->len);
	cr_assert(endpoint_equal(&p.src, &k->src));
	cr_assert(ip_equal(&p.dst, &k->dst));
	return true;
}

Test(net_in, every_prefix_gets_a_verdict_and_no_byte_beyond_is_read)
{
	struct guard g = guard_open(4096);
	static struct frame f;

	open_view();
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct pkt k;

		build(i, &f);
		for (uint32_t n = 0; n <= f.len; n++) {
			net_in_frame(&view, &ports[i % 2], guard_at_end(&g, f.b, n), n, 0, &k);
			check(&k, n, "prefix", n);
			cr_assert_eq(k.verdict == V_GO, n == f.len, "frame %zu, %u bytes", i, n);
			cr_assert_eq(is_plain(&ports[i % 2], guard_at_end(&g, f.b, n), n, 0, &k),
				     i == 0 && n == f.len, "frame %zu, %u bytes", i, n);
		}
		cr_expect_eq(k.len, sizeof(payload) - 1);
		cr_expect_eq(memcmp(f.b + k.off, payload, k.len), 0);
		cr_expect_eq(k.src.port, 5060);
	}
	guard_close(&g);
}

Test(net_in, every_one_byte_change_gets_a_verdict)
{
	struct guard g = guard_open(4096);
	static struct frame f;

	open_view();
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		build(i, &f);
		for (uint32_t at = 0; at < f.len; at++) {
			uint8_t good = f.b[at];
			struct pkt k;

			for (int v = 0; v < 256; v++) {
				f.b[at] = (uint8_t)v;
				net_in_frame(&view, &ports[v % 2], guard_at_end(&g, f.b, f.len),
					     f.len, 0, &k);
				check(&k, f.len, "change at", at);
				is_plain(&ports[v % 2], guard_at_end(&g, f.b, f.len), f.len, 0, &k);
				/* The checksum covers all that stands behind the IP header. */
				if (at >= f.len - sizeof(payload) && (uint8_t)v != good)
					cr_assert_neq(k.verdict, V_GO);
			}
			f.b[at] = good;
		}
	}
	guard_close(&g);
}

Test(net_in, whole_datagrams_are_read_to_their_end_only)
{
	struct guard g = guard_open(4096);
	uint8_t bytes[256];

	open_view();
	for (size_t i = 0; i < 3; i += 2) {
		struct datagram d = frames[i];
		struct pkt k = { 0 };
		uint32_t n;

		d.payload = payload;
		d.len = sizeof(payload) - 1;
		n = wire_udp(&d, bytes);
		k.src.ip = lab_endpoint(d.from).ip;
		k.dst = lab_endpoint(d.to).ip;
		for (uint32_t cut = 0; cut <= n; cut++) {
			k.flags = i ? PKT_V6 : 0;
			net_in_whole(&view, &ports[0], guard_at_end(&g, bytes, cut), cut, 17, &k);
			cr_assert_eq(k.verdict == V_GO, cut == n, "%u bytes", cut);
		}
		cr_expect_eq(k.off, 8);
		cr_expect_eq(k.len, sizeof(payload) - 1);
	}
	guard_close(&g);
}

/* What a device says about checksums is believed: the frame has none that are right. */
Test(net_in, checksums_that_the_device_knows)
{
	static const uint64_t good = RTE_MBUF_F_RX_L4_CKSUM_GOOD | RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	static struct frame f;
	struct pkt k;

	open_view();
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		build(i, &f);
		f.b[f.len - 1] ^= 1;
		net_in_frame(&view, &ports[0], f.b, f.len, good, &k);
		cr_expect_eq(k.verdict, V_GO);
		cr_expect_eq(is_plain(&ports[0], f.b, f.len, good, &k), i == 0);
		f.b[f.len - 1] ^= 1;
		net_in_frame(&view, &ports[0], f.b, f.len, RTE_MBUF_F_RX_L4_CKSUM_BAD, &k);
		cr_expect_eq(k.verdict, V_DROP_UDP_CHECKSUM);
		cr_expect_not(is_plain(&ports[0], f.b, f.len, RTE_MBUF_F_RX_L4_CKSUM_BAD, &k));
	}
}

/* Bytes that the usual path must leave to the other: the sums are right, so that only they tell. */
Test(net_in, what_is_not_plain)
{
	static const struct datagram odd[] = {
		{ .from = "0.1.2.3:5060", .to = "203.0.113.1:5060" },
		{ .from = "127.0.0.1:5060", .to = "203.0.113.1:5060" },
		{ .from = "224.0.0.1:5060", .to = "203.0.113.1:5060" },
		{ .from = "203.0.113.1:5060", .to = "203.0.113.1:5060" },
		{ .from = "203.0.113.40:0", .to = "203.0.113.1:5060" },
		{ .from = "203.0.113.40:5060", .to = "203.0.113.1:5061" },
		{ .from = "203.0.113.40:5060", .to = "203.0.113.7:5060" },
		{ .from = "203.0.113.40:5060", .to = "203.0.113.1:5060", .vlan_tags = 1 },
		{ .from = "203.0.113.40:5060", .to = "203.0.113.1:5060", .ip_options = 4 },
		{ .from = "203.0.113.40:5060", .to = "203.0.113.1:5060", .bad_ip_sum = true },
		{ .from = "203.0.113.40:5060", .to = "203.0.113.1:5060", .sum = SUM_PARTIAL },
		{ .from = "203.0.113.40:5060", .to = "203.0.113.1:5060", .udp_len_off = 1 },
		{ .from = "203.0.113.40:5060", .to = "203.0.113.1:5060", .ip_len_off = 1 },
	};
	static struct frame f;
	struct pkt k;

	open_view();
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct datagram d = odd[i];

		d.payload = payload;
		d.len = sizeof(payload) - 1;
		wire_build(&d, ports[0].mac, &f);
		cr_expect_not(net_in_plain(&view, &ports[0], f.b, f.len, 0, &k), "row %zu", i);
	}
}

Test(net_in, own_addresses_are_found_among_many)
{
	const struct world *w;

	open_view();
	w = view.world;
	for (unsigned int i = 0; i < w->n_listeners; i++)
		cr_expect(view_is_own(&view, &w->listeners[i].addr.ip));
	for (unsigned int i = 0; i < 70000; i++) {
		uint8_t b[4] = { 203, 1, (uint8_t)(i >> 8), (uint8_t)i };
		struct ip ip = ip_from_v4(b);

		cr_assert_not(view_is_own(&view, &ip));
	}
}
