/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IP fragments, in and out. What goes in is cut by wire_fragments(), what comes out is put together
 * by wire_reassemble(): neither knows the code under test.
 */
#include "tests/flow/flow.h"
#include "tests/unit/slow_message.h"

#include <rte_cycles.h>

#include <criterion/criterion.h>
#include <stdlib.h>

#define PIECES 256

static char message[FRAME_MAX];
static uint8_t whole[FRAME_MAX];
static struct frame piece[PIECES], out[PIECES];

struct side {
	const char *from, *to, *host, *out_from, *out_to;
	bool v6_out;
};

static const struct side sides[] = {
	{ CALLER4, OUT4, "example.com", IN4, SERVER4, false },
	{ CALLER6, OUT6, "six.example.com", IN6, SERVER6, true },
	{ CALLER4, OUT4, "six.example.com", IN6, SERVER6, true },
	{ CALLER6, OUT6, "example.com", IN4, SERVER4, false },
};

static void shuffle(struct frame *f, int n)
{
	static struct frame t;

	for (int i = n - 1; i > 0; i--) {
		int j = rand() % (i + 1);

		t = f[i];
		f[i] = f[j];
		f[j] = t;
	}
}

/*
 * Checks the one message that left, as a frame or in fragments, @len bytes having come in. Returns
 * in how many frames, and in @sent the bytes of the message.
 */
static int expect_sent(const struct side *side, uint32_t len, uint32_t mtu, const char *name,
		       uint32_t *sent)
{
	struct endpoint src = lab_endpoint(side->from), from = lab_endpoint(side->out_from);
	struct endpoint to = lab_endpoint(side->out_to);
	int n = flow_take_all(1, out, PIECES);
	const char *wrong;
	struct seen s;

	cr_assert_gt(n, 0, "%s: nothing was sent (%u bytes to %s)", name, len, side->out_to);
	for (int i = 0; i < n; i++)
		cr_expect_leq(out[i].len, mtu + 14, "%s: longer than the MTU", name);
	wrong = n == 1 ? wire_read(&out[0], &s) : wire_reassemble(out, n, whole, &s);
	cr_assert_null(wrong, "%s: %s", name, wrong);
	cr_expect(endpoint_equal(&s.src, &from) && endpoint_equal(&s.dst, &to), "%s: addresses",
		  name);
	wrong = slow_check_forward(&flow.lab.world, &src, (struct piece){ (uint8_t *)message, len },
				   (struct piece){ s.data, s.len });
	cr_expect_null(wrong, "%s: %s", name, wrong);
	*sent = s.len;
	return n;
}

static void expect_message(const struct side *side, uint32_t len, uint32_t mtu, const char *name)
{
	uint32_t sent;

	expect_sent(side, len, mtu, name, &sent);
}

/* Fragments that wait for the rest. */
static uint64_t held(void)
{
	struct stats_total t;

	plane_stats(flow.plane, &t);
	return t.held;
}

static int cut(const struct side *side, uint32_t len, uint32_t step, uint32_t id)
{
	struct datagram d = { .from = side->from, .to = side->to, .payload = message, .len = len };

	return wire_fragments(&d, flow.mac[0], step, id, piece, PIECES);
}

static void put_all(int n)
{
	for (int i = 0; i < n; i++)
		flow_put(0, &piece[i]);
	flow_run();
}

Test(flow_fragments, datagrams_of_all_sizes_are_put_together_in_any_order)
{
	static const uint32_t sizes[] = { 1480, 3000, 9000, 30000, 65000 };
	static const uint32_t steps[] = { 1480, 1448, 552, 1232, 8000 };
	uint64_t fragments = 0, datagrams = 0;

	flow_open(&(struct flow_options){ .mtu = 9000 });
	for (unsigned int i = 0; i < 5 * 5 * 4; i++) {
		const struct side *side = &sides[i % 4];
		uint32_t step = steps[i / 4 % 5], len;
		int n;

		len = flow_invite_of(message, side->host, sizes[i / 20], i);
		n = cut(side, len, step, i);
		if (i % 3)
			shuffle(piece, n);
		put_all(n);
		if (n == 1)
			datagrams--, fragments--;
		fragments += (uint64_t)n;
		datagrams++;
		expect_message(side, len, 9000, "any order");
		flow_balance();
	}
	cr_expect_eq(flow_count(C_RX_REASSEMBLED), datagrams);
	cr_expect_eq(flow_count(C_FRAG_MERGED), fragments - datagrams);
	flow_close();
}

Test(flow_fragments, several_datagrams_mixed)
{
	enum { DATAGRAMS = 20, EACH = 5 };
	static char texts[DATAGRAMS][8000];
	static struct frame mixed[DATAGRAMS * EACH];
	int n = 0;

	flow_open(&(struct flow_options){ .mtu = 9000 });
	for (unsigned int i = 0; i < DATAGRAMS; i++) {
		struct datagram d = { .from = CALLER4, .to = OUT4, .payload = texts[i] };

		d.len = flow_invite_of(texts[i], "example.com", 7000, i);
		n += wire_fragments(&d, flow.mac[0], 1480, 1000 + i, mixed + n, EACH);
	}
	shuffle(mixed, n);
	for (int i = 0; i < n; i++)
		flow_put(0, &mixed[i]);
	flow_run();
	for (int i = 0; i < DATAGRAMS; i++) {
		const struct seen *s = flow_expect(1, IN4, SERVER4, "mixed");
		const char *id = memmem(s->data, s->len, "Call-ID: ", 9);
		unsigned int call = (unsigned int)strtoul(id + 9, NULL, 10);

		cr_assert(call < DATAGRAMS);
		cr_expect_arr_eq(s->data + s->len - 6000, texts[call] + 1000, 6000);
	}
	flow_close();
}

/* The largest there are. What grows beyond UDP is answered 513 (RFC 3261 18.1.1, 16.3). */
Test(flow_fragments, the_largest_datagrams)
{
	static const uint32_t largest[] = { 65507, 65527, 65507, 65527 };

	flow_open(&(struct flow_options){ 0 });
	for (unsigned int i = 0; i < 4; i++) {
		const struct side *side = &sides[i];
		uint32_t room = side->v6_out ? 65527 : 65507, len = largest[i], sent;
		int n;

		len = flow_invite_of(message, side->host, len, i);
		n = cut(side, len, 1480, i);
		cr_expect_eq(n, 45);
		shuffle(piece, n);
		put_all(n);
		cr_expect_eq(flow_answered(SIP_R_TOO_LARGE), i + 1);
		cr_expect_eq(flow_take_all(0, out, PIECES), 1);
		cr_expect_eq(flow_take_all(1, out, PIECES), 0);

		/* The longest that passes, to the byte. */
		len = flow_invite_of(message, side->host, 30000, i);
		put_all(cut(side, len, 1480, 100 + i));
		expect_sent(side, len, 1500, "large", &sent);
		len = flow_invite_of(message, side->host, room - (sent - len), i);
		put_all(cut(side, len, 1480, 200 + i));
		cr_expect_eq(expect_sent(side, len, 1500, "largest", &sent),
			     side->v6_out ? 46 : 45);
		cr_expect_eq(sent, room);
		flow_balance();
	}
	flow_close();
}

/* Around the MTU: one frame up to it, fragments beyond it. */
Test(flow_fragments, messages_are_cut_exactly_at_the_mtu)
{
	flow_open(&(struct flow_options){ .mtu = 1500 });
	for (unsigned int i = 0; i < 4; i++) {
		const struct side *side = &sides[i];
		uint32_t limit = 1500 - (side->v6_out ? 48 : 28), added, sent;
		struct datagram d = { .from = side->from, .to = side->to, .payload = message };

		d.len = flow_invite_of(message, side->host, 1000, i);
		flow_send(0, &d);
		added = flow_expect(1, side->out_from, side->out_to, "probe")->len - d.len;
		for (uint32_t len = limit - added - 5; len < limit - added + 20; len++) {
			int n;

			d.len = flow_invite_of(message, side->host, len, i);
			flow_send(0, &d);
			n = expect_sent(side, len, 1500, "at the MTU", &sent);
			cr_expect_eq(sent, len + added);
			cr_expect_eq(n, sent > limit ? 2 : 1, "length %u", sent);
		}
	}
	cr_expect_eq(flow_count(C_TX_FRAGMENTED), 4 * 19);
	cr_expect_eq(flow_count(C_TX_EXTRA_FRAGMENTS), 4 * 19);
	flow_close();
}

Test(flow_fragments, missing_pieces_time_out)
{
	flow_open(&(struct flow_options){ .frag_timeout_ms = 1000 });
	for (unsigned int i = 0; i < 4; i++) {
		const struct side *side = &sides[i];
		uint32_t len = flow_invite_of(message, side->host, 6000, i);
		int n = cut(side, len, 1200, i);

		cr_assert_eq(n, 6);
		piece[i] = piece[n - 1]; /* one is not there */
		put_all(n - 1);
	}
	cr_expect_eq(held(), 20);
	flow.now += 999 * FLOW_CLOCK_MS;
	flow_run();
	cr_expect_eq(flow_count(C_DROP_FRAG_TIMEOUT), 0);
	flow_balance();
	flow.now += 2 * FLOW_CLOCK_MS;
	flow_run();
	cr_expect_eq(flow_count(C_DROP_FRAG_TIMEOUT), 20);
	cr_expect_eq(held(), 0);
	cr_expect_eq(flow_take_all(1, out, PIECES), 0);
	flow_close();
}

Test(flow_fragments, duplicates_do_no_harm)
{
	flow_open(&(struct flow_options){ .mtu = 9000 });
	for (unsigned int i = 0; i < 4; i++) {
		uint32_t len = flow_invite_of(message, sides[i].host, 6000, i);
		int n = cut(&sides[i], len, 1200, i);

		for (int j = 0; j < n; j++)
			piece[n + j] = piece[j];
		shuffle(piece, 2 * n);
		/* The last missing one completes the datagram; what comes later starts anew. */
		put_all(2 * n);
		expect_message(&sides[i], len, 9000, "duplicates");
		flow_balance();
	}
	cr_expect_gt(flow_count(C_DROP_FRAG_DUPLICATE), 0);
	flow_close();
}

struct overlap {
	const char *name;
	uint32_t off, len;
	bool more;
};

/* Put between the pieces of a datagram of six pieces of 1200 bytes and less. */
static const struct overlap overlaps[] = {
	{ "across two", 1192, 16, true },
	{ "inside one", 8, 8, true },
	{ "over one and more", 1200, 1208, true },
	{ "all", 0, 5000, true },
	{ "same place, other length", 1200, 1192, true },
	{ "same place, other bytes", 1200, 1200, true },
	{ "beyond the end", 60000, 80, true },
	{ "another end", 7200, 80, false },
	{ "an end before the end", 2400, 80, false },
};

Test(flow_fragments, overlaps_end_the_datagram)
{
	static uint8_t junk[8000];

	memset(junk, 'j', sizeof(junk));
	flow_open(&(struct flow_options){ .mtu = 9000 });
	for (unsigned int i = 0; i < 4 * sizeof(overlaps) / sizeof(overlaps[0]); i++) {
		const struct overlap *o = &overlaps[i / 4];
		const struct side *side = &sides[i % 4];
		struct datagram d = { .from = side->from, .to = side->to };
		int n = cut(side, flow_invite_of(message, side->host, 6000, i), 1200, i);
		uint64_t before = flow_count(C_DROP_FRAG_OVERLAP) + flow_count(C_DROP_FRAG_BAD);
		static struct frame f;

		cr_assert_eq(n, 6);
		flow_put(0, &piece[5]);
		flow_put(0, &piece[1]);
		wire_fragment(&d, flow.mac[0], i, o->off, o->more, junk, o->len, &f);
		flow_put(0, &f);
		for (int j = 0; j < n; j++) {
			if (j != 1 && j != 5)
				flow_put(0, &piece[j]);
		}
		flow_run();
		cr_expect_eq(flow_take_all(1, out, PIECES), 0, "%s: was sent", o->name);
		cr_expect_eq(flow_count(C_DROP_FRAG_OVERLAP) + flow_count(C_DROP_FRAG_BAD),
			     before + 7, "%s: not all dropped", o->name);
		flow_balance();
	}
	cr_expect_eq(held(), 0);
	flow_close();
}

Test(flow_fragments, impossible_lengths_are_dropped)
{
	static const struct overlap bad[] = {
		{ "not in units of 8", 0, 1201, true },    { "beyond 65,535", 65528, 16, false },
		{ "beyond 65,535, more", 65528, 8, true }, { "nothing in it", 800, 0, true },
		{ "nothing in it, last", 800, 0, false },
	};
	static uint8_t junk[2000];
	static struct frame f;

	flow_open(&(struct flow_options){ 0 });
	for (unsigned int i = 0; i < 2 * sizeof(bad) / sizeof(bad[0]); i++) {
		const struct side *side = &sides[i % 2];
		struct datagram d = { .from = side->from, .to = side->to };

		wire_fragment(&d, flow.mac[0], i, bad[i / 2].off, bad[i / 2].more, junk,
			      bad[i / 2].len, &f);
		flow_put(0, &f);
		flow_run();
		cr_expect_eq(flow_count(C_DROP_FRAG_BAD), i + 1, "%s", bad[i / 2].name);
	}
	flow_close();
}

/* Bad checksum, other port, bad source: known when the datagram is whole, or before. */
Test(flow_fragments, a_whole_datagram_is_checked_as_any_other)
{
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };
	int n;

	flow_open(&(struct flow_options){ .shared = true });
	d.len = flow_invite_of(message, "example.com", 3000, 1);
	d.sum = SUM_WRONG;
	n = wire_fragments(&d, flow.mac[0], 1480, 1, piece, PIECES);
	put_all(n);
	cr_expect_eq(flow_count(C_DROP_UDP_CHECKSUM), 1);
	d.sum = SUM_RIGHT;
	d.to = "203.0.113.1:5080";
	put_all(wire_fragments(&d, flow.mac[0], 1480, 2, piece, PIECES));
	cr_expect_eq(flow_count(C_TO_KERNEL), 1);
	d.to = "203.0.113.77:5060";
	put_all(wire_fragments(&d, flow.mac[0], 1480, 3, piece, PIECES));
	cr_expect_eq(flow_count(C_TO_KERNEL), 1 + (uint64_t)n);
	d.to = OUT4;
	d.from = "10.0.0.1:77";
	put_all(wire_fragments(&d, flow.mac[0], 1480, 4, piece, PIECES));
	cr_expect_eq(flow_count(C_DROP_BAD_SOURCE), (uint64_t)n);
	cr_expect_eq(flow_take_all(1, out, PIECES), 0);
	flow_close();
}

/* Extension headers before the fragment header, and in the fragmented part. */
Test(flow_fragments, extension_headers_of_fragments)
{
	struct datagram d = { .from = CALLER6, .to = OUT6, .payload = message };
	static uint8_t part[FRAME_MAX];
	static const uint8_t options[8] = { 17, 0, 1, 4 };
	uint32_t n;

	flow_open(&(struct flow_options){ .mtu = 9000 });
	d.len = flow_invite_of(message, "six.example.com", 3000, 1);
	d.headers = "hd";
	put_all(wire_fragments(&d, flow.mac[0], 1200, 1, piece, PIECES));
	expect_message(&sides[1], d.len, 9000, "before");
	d.headers = NULL;
	memcpy(part, options, 8);
	n = 8 + wire_udp(&d, part + 8);
	for (uint32_t off = 0, i = 0; off < n; off += 1200, i++) {
		wire_fragment(&d, flow.mac[0], 2, off, off + 1200 < n, part + off,
			      off + 1200 < n ? 1200 : n - off, &piece[i]);
		piece[i].b[14 + 40] = 60; /* the fragmented part starts with destination options */
		flow_put(0, &piece[i]);
	}
	flow_run();
	expect_message(&sides[1], d.len, 9000, "within");
	flow_close();
}

/* A flood of first pieces pushes out its own kind; what is whole within a moment passes. */
Test(flow_fragments, floods_do_not_stop_others)
{
	static uint8_t junk[1480];
	static struct frame f;
	uint32_t len;

	flow_open(&(struct flow_options){ .mtu = 9000, .frag_memory = 1 << 20 });
	for (unsigned int i = 0; i < 5000; i++) {
		struct datagram d = { .from = "203.0.113.66:1", .to = OUT4 };

		wire_fragment(&d, flow.mac[0], i, 0, true, junk, i % 5 ? sizeof(junk) : 8, &f);
		flow_put(0, &f);
		flow_run();
		if (i % 500)
			continue;
		len = flow_invite_of(message, "example.com", 20000, i);
		put_all(cut(&sides[0], len, 1480, i + 60000));
		expect_message(&sides[0], len, 9000, "in a flood");
	}
	/* One source has a quarter of the room at most. */
	cr_expect_lt(held(), 1800 / 4);
	cr_expect_gt(flow_count(C_DROP_FRAG_MEMORY), 4000);
	flow_balance();
	for (unsigned int i = 0; i < 5000; i++) {
		struct datagram d = { .from = "203.0.113.66:1", .to = OUT4 };
		char from[32];

		snprintf(from, sizeof(from), "203.0.%u.%u:1", i / 250, 1 + i % 250);
		d.from = from;
		wire_fragment(&d, flow.mac[0], i, 0, true, junk, sizeof(junk), &f);
		flow_put(0, &f);
		flow_run();
	}
	len = flow_invite_of(message, "example.com", 20000, 7);
	put_all(cut(&sides[0], len, 1480, 65000));
	expect_message(&sides[0], len, 9000, "in a flood of many sources");
	flow_close();
}
