/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages that pass: between the families, through every kind of header that may stand before
 * them, from every place in a packet buffer. slow_check_forward() knows what may change in them.
 */
#include "tests/flow/flow.h"
#include "tests/unit/slow_message.h"

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <criterion/criterion.h>

static char message[FRAME_MAX];

struct way {
	const char *name;
	const char *from, *to; /* as it comes in, at port 0 */
	const char *host;
	const char *out_from, *out_to; /* as it leaves port 1 */
	struct datagram shape;
};

static const struct way ways[] = {
	{ "IPv4 to IPv4", CALLER4, OUT4, "example.com", IN4, SERVER4, { 0 } },
	{ "IPv6 to IPv6", CALLER6, OUT6, "six.example.com", IN6, SERVER6, { 0 } },
	{ "IPv4 to IPv6", CALLER4, OUT4, "six.example.com", IN6, SERVER6, { 0 } },
	{ "IPv6 to IPv4", CALLER6, OUT6, "example.com", IN4, SERVER4, { 0 } },
	{ "other source port", "203.0.113.40:40000", OUT4, "example.com", IN4, SERVER4, { 0 } },
	{ "VLAN tag", CALLER4, OUT4, "example.com", IN4, SERVER4, { .vlan_tags = 1 } },
	{ "two VLAN tags", CALLER4, OUT4, "example.com", IN4, SERVER4, { .vlan_tags = 2 } },
	{ "two tags, IPv6", CALLER6, OUT6, "six.example.com", IN6, SERVER6, { .vlan_tags = 2 } },
	{ "padded frame", CALLER4, OUT4, "example.com", IN4, SERVER4, { .pad = 9 } },
	{ "padded frame, IPv6", CALLER6, OUT6, "six.example.com", IN6, SERVER6, { .pad = 1 } },
	{ "IPv4 options", CALLER4, OUT4, "example.com", IN4, SERVER4, { .ip_options = 40 } },
	{ "4 bytes of options", CALLER4, OUT4, "example.com", IN4, SERVER4, { .ip_options = 4 } },
	{ "hop-by-hop", CALLER6, OUT6, "example.com", IN4, SERVER4, { .headers = "h" } },
	{ "destination options", CALLER6, OUT6, "example.com", IN4, SERVER4, { .headers = "d" } },
	{ "routing, done", CALLER6, OUT6, "example.com", IN4, SERVER4, { .headers = "r" } },
	{ "atomic fragment", CALLER6, OUT6, "example.com", IN4, SERVER4, { .headers = "a" } },
	{ "all of them", CALLER6, OUT6, "example.com", IN4, SERVER4, { .headers = "hdrad" } },
	{ "no checksum", CALLER4, OUT4, "example.com", IN4, SERVER4, { .sum = SUM_NONE } },
};

static void check_message(const struct seen *s, const char *from, uint32_t len, const char *name)
{
	struct endpoint src = lab_endpoint(from);
	const char *wrong =
		slow_check_forward(&flow.lab.world, &src, (struct piece){ (uint8_t *)message, len },
				   (struct piece){ s->data, s->len });

	cr_expect_null(wrong, "%s: %s", name, wrong);
}

Test(flow_forward, messages_pass_by_every_way)
{
	flow_open(&(struct flow_options){ 0 });
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct way *way = &ways[i];
		struct datagram d = way->shape;
		uint32_t len = flow_invite(message, way->host, (uint32_t)(100 + i), (unsigned)i);

		d.from = way->from;
		d.to = way->to;
		d.payload = message;
		d.len = len;
		flow_send(0, &d);
		check_message(flow_expect(1, way->out_from, way->out_to, way->name), way->from, len,
			      way->name);
		flow_balance();
	}
	cr_expect_eq(flow_count(C_FORWARDED), sizeof(ways) / sizeof(ways[0]));
	cr_expect_eq(flow_count(C_RX_REQUESTS), sizeof(ways) / sizeof(ways[0]));
	cr_expect_eq(flow_count(C_RX_VLAN), 3);
	flow_close();
}

/* What a server answers: the request's Via rows, 180. */
static uint32_t ringing(const struct seen *request, char *out)
{
	char *at = out + snprintf(out, 64, "SIP/2.0 180 Ringing\r\n");
	const char *p = (const char *)request->data, *end = strstr(p, "Content-Type");

	p = strstr(p, "\r\n") + 2;
	memcpy(at, p, (size_t)(end - p));
	at += end - p;
	return (uint32_t)(at - out) + (uint32_t)snprintf(at, 64, "Content-Length: 0\r\n\r\n");
}

Test(flow_forward, responses_go_back_to_where_the_request_came_from)
{
	static const struct {
		const char *from, *to, *host, *out_from, *out_to;
	} calls[] = {
		{ "203.0.113.40:40000", OUT4, "example.com", IN4, SERVER4 },
		{ "[2001:db8:1::40]:40000", OUT6, "six.example.com", IN6, SERVER6 },
		{ "203.0.113.40:5062", OUT4, "six.example.com", IN6, SERVER6 },
		{ "[2001:db8:1::40]:5062", OUT6, "example.com", IN4, SERVER4 },
	};
	static char answer[4096];

	flow_open(&(struct flow_options){ 0 });
	for (unsigned int i = 0; i < 4; i++) {
		struct datagram d = { .from = calls[i].from,
				      .to = calls[i].to,
				      .payload = message };
		const struct seen *s;

		d.len = flow_invite(message, calls[i].host, 0, i);
		flow_send(0, &d);
		s = flow_expect(1, calls[i].out_from, calls[i].out_to, "request");
		d = (struct datagram){ .from = calls[i].out_to,
				       .to = calls[i].out_from,
				       .payload = answer,
				       .len = ringing(s, answer) };
		flow_send(1, &d);
		s = flow_expect(0, calls[i].to, calls[i].from, "response");
		cr_expect_eq(memcmp(s->data, "SIP/2.0 180", 11), 0);
		flow_balance();
	}
	cr_expect_eq(flow_count(C_RX_RESPONSES), 4);
	flow_close();
}

/* The frame in a buffer with @head bytes before it, or a chain of pieces of @seg. */
static void send_placed(const struct frame *f, uint16_t head, uint32_t seg, bool held)
{
	struct rte_mempool *pool = plane_worker(flow.plane, 0)->sh->ports[0].pool;
	struct rte_mbuf *m;

	if (seg) {
		flow_put_queue(0, 0, f, seg);
		flow_run();
		return;
	}
	m = rte_pktmbuf_alloc(pool);
	cr_assert(m);
	m->data_off = head;
	memcpy(rte_pktmbuf_append(m, (uint16_t)f->len), f->b, f->len);
	m->port = plane_worker(flow.plane, 0)->sh->ports[0].dev;
	if (held)
		rte_mbuf_refcnt_update(m, 1);
	flow_put_mbuf(0, m);
	flow_run();
	if (held)
		rte_pktmbuf_free(m);
}

/*
 * However little room there is around a message, and in however many pieces it comes, the same
 * bytes must leave. With 86 bytes before the frame the new Via and headers just fit or just do not,
 * depending on the family: all of 0 to 200 are tried.
 */
Test(flow_forward, room_around_the_message_changes_nothing)
{
	static const uint32_t pieces[] = { 14, 60, 200, 700, 1 };
	static const char *const hosts[] = { "example.com", "six.example.com" };
	static struct frame f;
	static uint8_t expected[2048];

	flow_open(&(struct flow_options){ 0 });
	for (int h = 0; h < 2; h++) {
		struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };
		const char *from = h ? IN6 : IN4, *to = h ? SERVER6 : SERVER4;
		const struct seen *s;
		uint32_t len;

		d.len = flow_invite(message, hosts[h], 700, 1);
		wire_build(&d, flow.mac[0], &f);
		send_placed(&f, 128, 0, false);
		s = flow_expect(1, from, to, "first");
		check_message(s, CALLER4, d.len, "first");
		len = s->len;
		memcpy(expected, s->data, len);
		for (uint16_t head = 0; head <= 200; head++) {
			send_placed(&f, head, 0, false);
			s = flow_expect(1, from, to, "headroom");
			cr_assert_eq(s->len, len, "headroom %u", head);
			cr_assert_arr_eq(s->data, expected, len, "headroom %u", head);
		}
		for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
			/* No chain may have more than 255 mbufs. */
			send_placed(&f, 0, pieces[i] == 1 ? 5 : pieces[i], false);
			s = flow_expect(1, from, to, "chain");
			cr_assert_eq(s->len, len, "pieces of %u", pieces[i]);
			cr_assert_arr_eq(s->data, expected, len, "pieces of %u", pieces[i]);
		}
		send_placed(&f, 128, 0, true);
		s = flow_expect(1, from, to, "held elsewhere");
		cr_assert_arr_eq(s->data, expected, len, "held elsewhere");
	}
	flow_close();
}

/* An mbuf that is full to its last byte: no room behind, little before. */
Test(flow_forward, a_full_buffer_is_no_obstacle)
{
	struct rte_mempool *pool;
	static struct frame f;

	flow_open(&(struct flow_options){ .mtu = 1500 });
	pool = plane_worker(flow.plane, 0)->sh->ports[0].pool;
	for (uint32_t body = 400; body < 420; body++) {
		struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

		d.len = flow_invite(message, "example.com", body, body);
		wire_build(&d, flow.mac[0], &f);
		send_placed(&f, (uint16_t)(rte_pktmbuf_data_room_size(pool) - f.len), 0, false);
		check_message(flow_expect(1, IN4, SERVER4, "full"), CALLER4, d.len, "full");
	}
	flow_close();
}

Test(flow_forward, bytes_beyond_content_length_are_cut)
{
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };
	const struct seen *s;

	flow_open(&(struct flow_options){ 0 });
	for (uint32_t extra = 1; extra < 20; extra++) {
		uint32_t len = flow_invite(message, "example.com", 30 + extra % 2, extra);

		memset(message + len, 'x', extra);
		d.len = len + extra;
		flow_send(0, &d);
		s = flow_expect(1, IN4, SERVER4, "cut");
		check_message(s, CALLER4, d.len, "cut");
		cr_expect_neq(s->data[s->len - 1], 'x');
	}
	flow_close();
}

Test(flow_forward, answers_go_back_the_same_way)
{
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };
	const struct seen *s;

	flow_open(&(struct flow_options){ 0 });
	d.len = flow_request(message, "OPTIONS", "sip:203.0.113.1", 1);
	flow_send(0, &d);
	s = flow_expect(0, OUT4, CALLER4, "OPTIONS");
	cr_expect_eq(memcmp(s->data, "SIP/2.0 200 ", 12), 0);
	d.len = flow_request(message, "MESSAGE", "sip:bob@elsewhere.example", 2);
	flow_send(0, &d);
	s = flow_expect(0, OUT4, CALLER4, "no relay");
	cr_expect_eq(memcmp(s->data, "SIP/2.0 403 ", 12), 0);
	d.from = CALLER6;
	d.to = OUT6;
	flow_send(0, &d);
	s = flow_expect(0, OUT6, CALLER6, "no relay");
	cr_expect_eq(memcmp(s->data, "SIP/2.0 403 ", 12), 0);
	cr_expect_eq(flow_count(C_ANSWERED), 3);
	cr_expect_eq(flow_answered(SIP_OK), 1);
	cr_expect_eq(flow_answered(SIP_R_RELAY_DENIED), 2);
	flow_close();
}

/* A whole burst, of all kinds mixed: every message leaves, in its order. */
Test(flow_forward, bursts_keep_their_order)
{
	static struct frame f;
	char expected[64];

	flow_open(&(struct flow_options){ 0 });
	for (unsigned int i = 0; i < 200; i++) {
		struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

		d.len = flow_invite(message, "example.com", i * 13 % 900, i);
		wire_build(&d, flow.mac[0], &f);
		flow_put_queue(0, 0, &f, i % 7 == 3 ? 100 : 0);
	}
	flow_run();
	for (unsigned int i = 0; i < 200; i++) {
		const struct seen *s = flow_expect(1, IN4, SERVER4, "burst");
		int n = snprintf(expected, sizeof(expected), "Call-ID: %u@", i);

		cr_assert(memmem(s->data, s->len, expected, (size_t)n), "message %u", i);
	}
	flow_close();
}
