/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The XDP program, run by Linux on frames made here (BPF_PROG_TEST_RUN): what it takes off the
 * interface, and that it takes nothing else. Skipped where Linux lets nobody load programs.
 */
#include "dataplane/net_in.h"
#include "dataplane/ports.h"
#include "dataplane/xdp/steer.h"
#include "dataplane/xdp/xdp_steer.h"
#include "tests/flow/wire.h"
#include "tests/unit/world_fixture.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <sys/socket.h>

#define FRAGMENTS 8

static const char payload[] = "OPTIONS sip:203.0.113.1 SIP/2.0\r\n\r\n";
static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 }, other_mac[6] = { 2, 0, 0, 0, 0, 2 };

static struct bpf_object *object;
static int program, settings, listeners, datagrams;
static struct view view;

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static int map(const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	cr_assert_geq(fd, 0, "map %s", name);
	return fd;
}

static void put_settings(bool all)
{
	struct steer_settings s = { .all = all };
	uint32_t first = 0;

	memcpy(s.mac, mac, sizeof(s.mac));
	cr_assert_eq(bpf_map_update_elem(settings, &first, &s, BPF_ANY), 0);
}

/* The UDP listeners of @w, entered here and not by the code under test. */
static void put_listeners(const struct world *w)
{
	uint8_t value = 1;

	for (uint16_t i = 0; i < w->n_listeners; i++) {
		struct steer_listener key = { .port_be = 0 };

		if (!(w->listeners[i].transports & WORLD_UDP))
			continue;
		memcpy(key.ip, w->listeners[i].addr.ip.b, 16);
		cr_assert_eq(bpf_map_update_elem(listeners, &key, &value, BPF_ANY), 0);
		key.port_be = __builtin_bswap16(w->listeners[i].addr.port);
		cr_assert_eq(bpf_map_update_elem(listeners, &key, &value, BPF_ANY), 0);
	}
}

/* The program with the listeners of the fixture, and a socket at queue 0. */
static void set_up(void)
{
	const struct lab_world *w = fixture_world(BED_MAIN);
	int xsk = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	uint32_t queue = 0;

	libbpf_set_print(quiet);
	object = bpf_object__open_mem(xdp_object, xdp_object_len, NULL);
	cr_assert_not_null(object);
	if (xsk < 0)
		cr_skip_test("Linux gives no AF_XDP socket: %s", strerror(errno));
	if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, NULL) <= 0)
		cr_skip_test("Linux lets us load no XDP program");
	cr_assert_eq(bpf_object__load(object), 0, "%s", strerror(errno));
	program = bpf_program__fd(bpf_object__find_program_by_name(object, STEER_PROGRAM));
	cr_assert_geq(program, 0);
	settings = map("settings");
	listeners = map("listeners");
	datagrams = map("datagrams");
	cr_assert_eq(bpf_map_update_elem(map("xsks_map"), &queue, &xsk, BPF_ANY), 0);
	put_settings(false);
	put_listeners(&w->world);
	view_update(&view, &w->world, w->fib);
}

static void tear_down(void)
{
	bpf_object__close(object);
}

TestSuite(xdp_steer, .init = set_up, .fini = tear_down);

/* Whether the frame goes to the queue. Linux runs no program on less than an Ethernet header. */
static bool steered(const uint8_t *frame, uint32_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = len, .repeat = 1);

	cr_assert_eq(bpf_prog_test_run_opts(program, &run), 0, "%u bytes: %s", len,
		     strerror(errno));
	cr_assert(run.retval == XDP_REDIRECT || run.retval == XDP_PASS, "%u", run.retval);
	return run.retval == XDP_REDIRECT;
}

/* --- whole datagrams ----------------------------------------------------------------------- */

struct row {
	const char *what;
	struct datagram d;
	bool to_queue;
};

#define CALLER4 "203.0.113.40:5060"
#define CALLER6 "[2001:db8:1::40]:5060"
#define OURS4 "203.0.113.1:5060"
#define OURS6 "[2001:db8:1::1]:5060"

static const struct row rows[] = {
	{ "SIP over IPv4", { .from = CALLER4, .to = OURS4 }, true },
	{ "SIP over IPv6", { .from = CALLER6, .to = OURS6 }, true },
	{ "another listener's port", { .from = CALLER4, .to = "203.0.113.1:5070" }, true },
	{ "another port", { .from = CALLER4, .to = "203.0.113.1:5061" }, false },
	{ "another port, IPv6", { .from = CALLER6, .to = "[2001:db8:1::1]:53" }, false },
	{ "the port with its bytes swapped",
	  { .from = CALLER4, .to = "203.0.113.1:50195" },
	  false },
	{ "a listener's port at another address",
	  { .from = CALLER4, .to = "203.0.113.9:5060" },
	  false },
	{ "another address, IPv6", { .from = CALLER6, .to = "[2001:db8:1::9]:5060" }, false },
	{ "an answer to us", { .from = "203.0.113.40:5060", .to = "203.0.113.1:40000" }, false },
	{ "IPv4 options", { .from = CALLER4, .to = OURS4, .ip_options = 40 }, true },
	{ "one VLAN tag", { .from = CALLER4, .to = OURS4, .vlan_tags = 1 }, true },
	{ "two VLAN tags", { .from = CALLER6, .to = OURS6, .vlan_tags = 2 }, true },
	{ "three VLAN tags", { .from = CALLER4, .to = OURS4, .vlan_tags = 3 }, false },
	{ "hop-by-hop options", { .from = CALLER6, .to = OURS6, .headers = "h" }, true },
	{ "options and a routing header",
	  { .from = CALLER6, .to = OURS6, .headers = "hdr" },
	  true },
	{ "a fragment header, but whole", { .from = CALLER6, .to = OURS6, .headers = "a" }, true },
	{ "eight headers", { .from = CALLER6, .to = OURS6, .headers = "hddddddd" }, true },
	{ "nine headers", { .from = CALLER6, .to = OURS6, .headers = "hdddddddd" }, false },
	{ "a packet to be routed on", { .from = CALLER6, .to = OURS6, .headers = "R" }, false },
	{ "a bad checksum: the worker counts it",
	  { .from = CALLER4, .to = OURS4, .sum = SUM_WRONG },
	  true },
	{ "a bad IP checksum: likewise",
	  { .from = CALLER4, .to = OURS4, .bad_ip_sum = true },
	  true },
	{ "padding", { .from = CALLER4, .to = OURS4, .pad = 18 }, true },
	{ "somebody else's link address",
	  { .from = CALLER4, .to = OURS4, .dst_mac = other_mac },
	  false },
};

static void build(const struct row *r, struct frame *out)
{
	struct datagram d = r->d;

	d.payload = payload;
	d.len = sizeof(payload) - 1;
	wire_build(&d, mac, out);
}

Test(xdp_steer, takes_datagrams_for_listeners_and_no_others)
{
	static struct frame f;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build(&rows[i], &f);
		cr_expect_eq(steered(f.b, f.len), rows[i].to_queue, "%s", rows[i].what);
	}
}

Test(xdp_steer, leaves_what_is_not_udp)
{
	static const uint8_t protocols[] = { 0, 1, 2, 4, 6, 41, 47, 50, 51, 58, 89, 132, 255 };
	struct row v4 = { .d = { .from = CALLER4, .to = OURS4 } };
	struct row v6 = { .d = { .from = CALLER6, .to = OURS6 } };
	static const uint8_t arp[42] = { 2, 0, 0, 0, 0, 1, [12] = 8, 6 };
	static struct frame f;

	for (size_t i = 0; i < sizeof(protocols); i++) {
		build(&v4, &f);
		f.b[14 + 9] = protocols[i];
		cr_expect_not(steered(f.b, f.len), "IPv4, protocol %u", protocols[i]);
		build(&v6, &f);
		f.b[14 + 6] = protocols[i];
		cr_expect_not(steered(f.b, f.len), "IPv6, protocol %u", protocols[i]);
	}
	cr_expect_not(steered(arp, sizeof(arp)));
}

/* A frame cut anywhere before the end of its UDP header shows no port. */
Test(xdp_steer, leaves_what_is_cut_before_the_port)
{
	static struct frame f;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build(&rows[i], &f);
		for (uint32_t n = 14; n <= f.len; n++) {
			bool cut = n < f.len - rows[i].d.pad - (sizeof(payload) - 1);

			cr_expect_eq(steered(f.b, n), rows[i].to_queue && !cut, "%s, %u bytes",
				     rows[i].what, n);
		}
	}
}

/*
 * Of every frame, each byte changed to some values: what the worker would take is steered, and what
 * is steered is at least addressed to a listener, so Linux never misses anything of its own.
 */
Test(xdp_steer, agrees_with_the_worker_about_changed_frames)
{
	static const struct port port = { .mac = { 2, 0, 0, 0, 0, 1 } };
	static const int flips[] = { 0x01, 0x04, 0x10, 0x2c, 0x3c, 0x80, 0xff };
	static struct frame f;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build(&rows[i], &f);
		for (uint32_t at = 0; at < f.len - (sizeof(payload) - 1); at++) {
			for (size_t k = 0; k < sizeof(flips) / sizeof(flips[0]); k++) {
				struct pkt p = { .verdict = V_HELD };
				bool taken;

				f.b[at] ^= (uint8_t)flips[k];
				net_in_frame(&view, &port, f.b, f.len, 0, &p);
				taken = steered(f.b, f.len);
				if (p.verdict == V_GO && !(p.flags & (PKT_FRAG | PKT_ICMP)))
					cr_expect(taken, "%s: byte %u ^ %x is left to Linux",
						  rows[i].what, at, flips[k]);
				if (taken)
					cr_expect(p.verdict != V_DROP_NO_LISTENER &&
							  p.verdict != V_DROP_NOT_UDP &&
							  p.verdict != V_DROP_NOT_IP &&
							  p.verdict != V_DROP_ETHERNET,
						  "%s: byte %u ^ %x is taken", rows[i].what, at,
						  flips[k]);
				f.b[at] ^= (uint8_t)flips[k];
			}
		}
	}
}

Test(xdp_steer, takes_every_frame_where_there_is_no_linux)
{
	static const uint8_t arp[42] = { 2, 0, 0, 0, 0, 9, [12] = 8, 6 };
	static struct frame f;

	put_settings(true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build(&rows[i], &f);
		cr_expect(steered(f.b, f.len), "%s", rows[i].what);
	}
	cr_expect(steered(arp, sizeof(arp)));
}

Test(xdp_steer, leaves_everything_where_the_queue_has_no_socket)
{
	static struct frame f;
	uint32_t queue = 0;

	build(&rows[0], &f);
	cr_assert(steered(f.b, f.len));
	cr_assert_eq(bpf_map_delete_elem(map("xsks_map"), &queue), 0);
	cr_expect_not(steered(f.b, f.len));
}

Test(xdp_steer, follows_the_listeners)
{
	struct steer_listener key = { .port_be = __builtin_bswap16(5060) };
	const struct world *w = &fixture_world(BED_MAIN)->world;
	static struct frame f;

	memcpy(key.ip, w->listeners[OUT4].addr.ip.b, 16);
	build(&rows[0], &f);
	cr_assert(steered(f.b, f.len));
	cr_assert_eq(bpf_map_delete_elem(listeners, &key), 0);
	cr_expect_not(steered(f.b, f.len));
}

/* --- fragments ----------------------------------------------------------------------------- */

static const char *const callers[] = { CALLER4, CALLER6 };
static const char *const ours[] = { OURS4, OURS6 };
static const char *const strangers[] = { "203.0.113.1:4500", "[2001:db8:1::1]:4500" };
static const char *const elsewhere[] = { "203.0.113.9:5060", "[2001:db8:1::9]:5060" };

static uint8_t body[3000];
static struct frame pieces[FRAGMENTS];

/* Fragments of a datagram to @to with number @id. Returns how many. */
static int cut(const char *from, const char *to, uint32_t id)
{
	struct datagram d = { .from = from, .to = to, .payload = body, .len = sizeof(body) };

	return wire_fragments(&d, mac, 1000, id, pieces, FRAGMENTS);
}

static bool piece(int i)
{
	return steered(pieces[i].b, pieces[i].len);
}

Test(xdp_steer, takes_all_fragments_of_a_datagram_for_a_listener)
{
	for (int v = 0; v < 2; v++) {
		int n = cut(callers[v], ours[v], 77);

		cr_assert_gt(n, 2);
		for (int i = 0; i < n; i++)
			cr_expect(piece(i), "IPv%d, fragment %d", v ? 6 : 4, i);
		cr_expect(piece(n - 1), "a second copy");
	}
}

Test(xdp_steer, leaves_all_fragments_of_others)
{
	for (int v = 0; v < 2; v++) {
		int n = cut(callers[v], strangers[v], 78);

		for (int i = 0; i < n; i++)
			cr_expect_not(piece(i), "another port, IPv%d, fragment %d", v ? 6 : 4, i);
		n = cut(callers[v], elsewhere[v], 79);
		for (int i = n - 1; i >= 0; i--)
			cr_expect_not(piece(i), "another address, IPv%d, %d", v ? 6 : 4, i);
	}
}

/* What came before the first fragment is with Linux already: so must be all. */
Test(xdp_steer, leaves_a_datagram_whose_first_fragment_is_not_the_first_to_come)
{
	for (int v = 0; v < 2; v++) {
		int n = cut(callers[v], ours[v], 80);

		cr_expect_not(piece(n - 1));
		for (int i = 0; i < n - 1; i++)
			cr_expect_not(piece(i), "IPv%d, fragment %d", v ? 6 : 4, i);
		/* The next datagram is judged by itself. */
		cut(callers[v], ours[v], 81);
		cr_expect(piece(0));
		cr_expect(piece(1));
	}
}

Test(xdp_steer, tells_datagrams_apart_by_source_and_number)
{
	static const char *const others[] = { "203.0.113.41:5060", "[2001:db8:1::41]:5060" };

	for (int v = 0; v < 2; v++) {
		cut(callers[v], ours[v], 90);
		cr_assert(piece(0));
		cut(others[v], ours[v], 90);
		cr_expect_not(piece(1), "another source, IPv%d", v ? 6 : 4);
		cut(callers[v], ours[v], 91);
		cr_expect_not(piece(1), "another number, IPv%d", v ? 6 : 4);
		cut(callers[v], ours[v], 90);
		cr_expect(piece(1), "IPv%d", v ? 6 : 4);
	}
}

/* Destination options in the part that is cut: each fragment names them, and no UDP. */
Test(xdp_steer, takes_fragments_of_options_before_udp)
{
	static const uint8_t options[8] = { 17, 0, 1, 4 };
	struct datagram d = { .from = CALLER6, .to = OURS6, .payload = body, .len = sizeof(body) };
	static uint8_t data[sizeof(options) + sizeof(body) + 8];
	uint32_t len = sizeof(options) + wire_udp(&d, data + sizeof(options));

	memcpy(data, options, sizeof(options));
	wire_fragment(&d, mac, 95, 0, true, data, 1200, &pieces[0]);
	wire_fragment(&d, mac, 95, 1200, false, data + 1200, len - 1200, &pieces[1]);
	for (int i = 0; i < 2; i++) {
		pieces[i].b[14 + 40] = 60;
		cr_expect(piece(i), "fragment %d", i);
	}
	/* Fragments of another protocol with the same number are no part of it. */
	pieces[0].b[14 + 40] = pieces[1].b[14 + 40] = 6;
	cr_expect_not(piece(1));
	cr_expect_not(piece(0));
}

/* A number comes back (IPv4 has 65,536), for a datagram that is none of ours. */
Test(xdp_steer, leaves_a_datagram_of_others_with_a_number_used_before)
{
	cut(CALLER4, OURS4, 92);
	cr_assert(piece(0));
	cut(CALLER4, strangers[0], 92);
	cr_expect_not(piece(0));
	cr_expect_not(piece(1));
}

/* The way of a datagram is forgotten when nobody waits for fragments of it any more. */
Test(xdp_steer, forgets_the_way_of_old_datagrams)
{
	struct steer_datagram key;
	struct steer_way way;

	cut(CALLER4, OURS4, 93);
	cr_assert_not(piece(1));
	cr_assert_not(piece(0));
	cr_assert_eq(bpf_map_get_next_key(datagrams, NULL, &key), 0);
	cr_assert_eq(bpf_map_lookup_elem(datagrams, &key, &way), 0);
	way.since_ns -= STEER_WAIT_NS;
	cr_assert_eq(bpf_map_update_elem(datagrams, &key, &way, BPF_ANY), 0);
	cr_expect(piece(0));
	cr_expect(piece(1));
}
