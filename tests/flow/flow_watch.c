/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker lets be seen: messages by method and class, times, examples of drops, traces. All
 * by the real stages; what comes out on the wire must not depend on who looks.
 */
#include "dataplane/plane_watch.h"
#include "tests/flow/flow.h"

#include <rte_cycles.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static char message[FRAME_MAX];

static struct stats_total total(void)
{
	struct stats_total t;

	plane_stats(flow.plane, &t);
	return t;
}

static void send_request(const char *method, const char *host, unsigned int n)
{
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };
	char uri[64];

	snprintf(uri, sizeof(uri), "sip:bob@%s", host);
	d.len = flow_request(message, method, uri, n);
	flow_send(0, &d);
}

/* The response @status to the request @s, from the server. */
static void send_response(const struct seen *s, const char *status)
{
	struct datagram d = { .from = SERVER4, .to = IN4, .payload = message };
	const char *at = (const char *)s->data, *end = at + s->len, *next;
	size_t n = (size_t)snprintf(message, sizeof(message), "SIP/2.0 %s\r\n", status);

	for (; at < end; at = next) {
		next = memchr(at, '\n', (size_t)(end - at));
		next = next ? next + 1 : end;
		if (strncmp(at, "Via:", 4) && strncmp(at, "From:", 5) && strncmp(at, "To:", 3) &&
		    strncmp(at, "Call-ID:", 8) && strncmp(at, "CSeq:", 5))
			continue;
		memcpy(message + n, at, (size_t)(next - at));
		n += (size_t)(next - at);
	}
	n += (size_t)snprintf(message + n, sizeof(message) - n, "Content-Length: 0\r\n\r\n");
	d.len = (uint32_t)n;
	flow_send(1, &d);
}

Test(flow_watch, messages_are_counted_by_method_and_class)
{
	const struct seen *s;
	struct stats_total t;

	flow_open(&(struct flow_options){ 0 });
	send_request("INVITE", "example.com", 1);
	s = flow_expect(1, IN4, SERVER4, "INVITE");
	send_response(s, "180 Ringing");
	flow_expect(0, OUT4, CALLER4, "180");
	send_request("MESSAGE", "example.com", 2);
	send_request("CHAT", "example.com", 3);
	t = total();
	cr_expect_eq(t.requests[SIP_M_INVITE], 1);
	cr_expect_eq(t.requests[SIP_M_MESSAGE], 1);
	cr_expect_eq(t.requests[SIP_M_OTHER], 1);
	cr_expect_eq(t.responses[1], 1);
	cr_expect_eq(t.c[C_RX_REQUESTS], 3);
	cr_expect_eq(t.c[C_RX_RESPONSES], 1);
	flow_close();
}

/* Every message that left has a time, whatever it was; what was dropped has none. */
Test(flow_watch, each_message_sent_is_in_the_histogram)
{
	struct stats_total t;
	uint64_t timed = 0;

	flow_open(&(struct flow_options){ .shared = true });
	for (unsigned int i = 0; i < 50; i++)
		send_request("INVITE", i % 5 ? "example.com" : "gone.example.com", i);
	send_request("INVITE", "elsewhere.example", 100);
	send_request("INVITE", "far.example.com", 101);
	t = total();
	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++)
		timed += t.latency[i];
	cr_expect_eq(t.c[C_FORWARDED], 40);
	cr_expect_eq(t.c[C_ANSWERED], 11);
	cr_expect_eq(t.c[C_PUNTED], 1);
	cr_expect_eq(timed, 51);
	cr_expect_gt(t.latency_ns, 51 * 100);
	flow_close();
}

Test(flow_watch, turns_with_packets_are_busy_time_and_others_are_not)
{
	struct worker *w;

	flow_open(&(struct flow_options){ 0 });
	w = plane_worker(flow.plane, 0);
	send_request("INVITE", "example.com", 1);
	cr_expect_eq(stat_get(&w->stats->cycles), 0, "the turn has not ended yet");
	flow_put(0, &(struct frame){ .len = 60 });
	worker_turn(w, flow.now += 1000);
	worker_turn(w, flow.now += 300);
	worker_turn(w, flow.now += 5000);
	cr_expect_eq(stat_get(&w->stats->cycles), 6300);
	cr_expect_eq(stat_get(&w->stats->busy_cycles), 300);
	flow_close();
}

Test(flow_watch, bursts_that_come_full_are_counted)
{
	static struct frame f;
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

	flow_open(&(struct flow_options){ 0 });
	d.len = flow_request(message, "INVITE", "sip:bob@example.com", 1);
	wire_build(&d, flow.mac[0], &f);
	for (int i = 0; i < 2 * BURST_MAX + 5; i++)
		flow_put(0, &f);
	flow_run();
	cr_expect_eq(flow_count(C_RX_FULL_BURSTS), 2);
	flow_close();
}

Test(flow_watch, marks_tell_how_full_queues_were)
{
	static struct frame f;
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

	flow_open(&(struct flow_options){ .shared = true, .tx_ring = 20 });
	d.len = flow_request(message, "INVITE", "sip:bob@example.com", 1);
	wire_build(&d, flow.mac[0], &f);
	for (int i = 0; i < 30; i++)
		flow_put(0, &f);
	flow_run();
	cr_expect_eq(total().mark[MARK_TX_FRAMES], 10);
	cr_expect_eq(total().mark[MARK_PUNT_BYTES], 0);
	send_request("INVITE", "far.example.com", 2);
	cr_expect_gt(total().mark[MARK_PUNT_BYTES], 300);
	flow_close();
}

/* --- examples ------------------------------------------------------------------------------ */

static bool example(unsigned int i, struct example *x)
{
	uint64_t age;

	return plane_example(flow.plane, i, x, &age);
}

static void send_raw(const char *text, const char *from)
{
	struct datagram d = { .from = from, .to = OUT4, .payload = text };

	d.len = (uint32_t)strlen(text);
	flow_send(0, &d);
}

Test(flow_watch, a_drop_leaves_its_message_as_an_example)
{
	static const char junk[] = "<nothing of SIP>\r\n\r\n";
	struct endpoint caller = lab_endpoint(CALLER4);
	struct example x;

	flow_open(&(struct flow_options){ 0 });
	cr_expect_not(example(EXAMPLE_OF_REASON(SIP_R_NOT_SIP), &x), "nothing was dropped yet");
	send_raw(junk, CALLER4);
	cr_assert(example(EXAMPLE_OF_REASON(SIP_R_NOT_SIP), &x));
	cr_expect(endpoint_equal(&x.src, &caller));
	cr_expect_not(x.is_frame);
	cr_expect_eq(x.len, sizeof(junk) - 1);
	cr_expect_arr_eq(x.bytes, junk, sizeof(junk) - 1);
	flow_close();
}

Test(flow_watch, examples_are_renewed_once_a_second)
{
	struct example x;

	flow_open(&(struct flow_options){ 0 });
	send_raw("first\r\n\r\n", CALLER4);
	send_raw("second\r\n\r\n", CALLER4);
	cr_assert(example(EXAMPLE_OF_REASON(SIP_R_NOT_SIP), &x));
	cr_expect_arr_eq(x.bytes, "first", 5);
	flow.now += rte_get_tsc_hz();
	send_raw("third\r\n\r\n", CALLER4);
	cr_assert(example(EXAMPLE_OF_REASON(SIP_R_NOT_SIP), &x));
	cr_expect_arr_eq(x.bytes, "third", 5);
	flow_close();
}

Test(flow_watch, frames_that_are_no_message_are_examples_too)
{
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = "x", .len = 1 };
	struct endpoint caller = lab_endpoint(CALLER4);
	static struct frame f;
	struct example x;

	flow_open(&(struct flow_options){ 0 });
	d.sum = SUM_WRONG;
	wire_build(&d, flow.mac[0], &f);
	flow_put(0, &f);
	flow_run();
	cr_assert(example(EXAMPLE_OF_COUNTER(C_DROP_UDP_CHECKSUM), &x));
	cr_expect(x.is_frame);
	cr_expect(endpoint_equal(&x.src, &caller), "read from the frame");
	cr_expect_arr_eq(x.bytes, f.b, f.len < EXAMPLE_BYTES ? f.len : EXAMPLE_BYTES);
	flow_close();
}

Test(flow_watch, messages_lost_on_the_way_out_are_examples_too)
{
	struct endpoint caller = lab_endpoint(CALLER4);
	static struct frame f;
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };
	struct example x;

	flow_open(&(struct flow_options){ .tx_ring = 4 });
	send_request("INVITE", "far.example.com", 1);
	cr_assert(example(EXAMPLE_OF_COUNTER(C_DROP_NO_NEIGHBOR), &x));
	cr_expect_arr_eq(x.bytes, "INVITE sip:bob@far", 18);
	cr_expect(endpoint_equal(&x.src, &caller));
	d.len = flow_request(message, "INVITE", "sip:bob@example.com", 1);
	wire_build(&d, flow.mac[0], &f);
	for (int i = 0; i < 6; i++)
		flow_put(0, &f);
	flow_run();
	cr_assert(example(EXAMPLE_OF_COUNTER(C_DROP_TX_FULL), &x));
	cr_expect(endpoint_equal(&x.src, &caller));
	cr_expect(x.is_frame);
	flow_close();
}

/* --- traces -------------------------------------------------------------------------------- */

static struct {
	unsigned int n;
	struct trace_record r;
	char in[FRAME_MAX], out[FRAME_MAX];
} got;

static void keep(const struct trace_record *r, void *arg)
{
	(void)arg;
	got.n++;
	got.r = *r;
	memcpy(got.in, r + 1, r->in_len);
	memcpy(got.out, (const char *)(r + 1) + r->in_len, r->out_len);
}

static unsigned int traced(void)
{
	got.n = 0;
	plane_trace_take(flow.plane, 1000, keep, NULL);
	return got.n;
}

static void trace_all(void)
{
	struct trace_filter slots[TRACE_SLOTS] = { { .used = true, .rate = TRACE_RATE_MAX } };

	cr_assert_neq(plane_trace(flow.plane, slots), 0);
}

Test(flow_watch, a_trace_has_both_sides_of_a_message)
{
	char before[2048];
	const struct seen *s;
	uint32_t n;

	flow_open(&(struct flow_options){ 0 });
	trace_all();
	send_request("INVITE", "example.com", 7);
	n = (uint32_t)strlen(message);
	memcpy(before, message, n);
	s = flow_expect(1, IN4, SERVER4, "traced");
	cr_assert_eq(traced(), 1);
	cr_expect_eq(got.r.verdict, TRACE_FORWARDED);
	cr_expect_eq(got.r.in_len, n);
	cr_expect_arr_eq(got.in, before, n);
	cr_expect_eq(got.r.out_len, s->len);
	cr_expect_arr_eq(got.out, s->data, s->len);
	send_response(s, "200 OK");
	s = flow_expect(0, OUT4, CALLER4, "traced response");
	cr_assert_eq(traced(), 1);
	cr_expect_eq(got.r.status, 200);
	cr_expect_not(got.r.request);
	cr_expect_arr_eq(got.out, s->data, s->len);
	flow_close();
}

Test(flow_watch, a_trace_says_how_each_message_ended)
{
	static const struct {
		const char *host;
		enum trace_verdict verdict;
		int reason, counter; /* counter: plus 1 */
		bool by_linux, edited;
	} rows[] = {
		{ "example.com", TRACE_FORWARDED, 0, 0, false, false },
		{ "elsewhere.example", TRACE_ANSWERED, SIP_R_RELAY_DENIED, 0, false, false },
		{ "far.example.com", TRACE_DROPPED, 0, C_DROP_NO_NEIGHBOR + 1, false, false },
	};

	flow_open(&(struct flow_options){ 0 });
	trace_all();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int cause = rows[i].counter
					     ? (unsigned int)EXAMPLE_OF_COUNTER(rows[i].counter - 1)
					     : (unsigned int)EXAMPLE_OF_REASON(rows[i].reason);

		send_request("INVITE", rows[i].host, (unsigned int)i);
		cr_assert_eq(traced(), 1, "%s", rows[i].host);
		cr_expect_eq(got.r.verdict, rows[i].verdict, "%s", rows[i].host);
		cr_expect_eq(got.r.cause, cause, "%s", rows[i].host);
		cr_expect_eq(got.r.by_linux, rows[i].by_linux);
		cr_expect_eq(got.r.edited, rows[i].edited, "%s", rows[i].host);
		cr_expect_eq(got.r.out_len == 0, rows[i].verdict == TRACE_DROPPED, "%s",
			     rows[i].host);
	}
	send_raw("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 1.2.3.4\r\n\r\n", CALLER4);
	cr_assert_eq(traced(), 1);
	cr_expect_eq(got.r.verdict, TRACE_DROPPED);
	cr_expect_eq(got.r.out_len, 0);
	flow_close();
}

Test(flow_watch, messages_that_linux_sends_are_traced_as_such)
{
	flow_open(&(struct flow_options){ .shared = true });
	trace_all();
	send_request("INVITE", "far.example.com", 1);
	cr_assert_eq(traced(), 1);
	cr_expect_eq(got.r.verdict, TRACE_FORWARDED);
	cr_expect(got.r.by_linux);
	cr_expect_gt(got.r.out_len, got.r.in_len);
	flow_close();
}

/* Large, in fragments, in chains: what is traced is the datagram. */
Test(flow_watch, what_came_in_pieces_is_traced_whole)
{
	static struct frame piece[16];
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };
	int n;

	flow_open(&(struct flow_options){ 0 });
	trace_all();
	d.len = flow_invite_of(message, "example.com", 5000, 1);
	n = wire_fragments(&d, flow.mac[0], 1480, 1, piece, 16);
	for (int i = 0; i < n; i++)
		flow_put_queue(0, 0, &piece[i], i % 2 ? 0 : 300);
	flow_run();
	cr_assert_eq(traced(), 1);
	cr_expect_eq(got.r.in_len, 5000);
	cr_expect_arr_eq(got.in, message, 5000);
	cr_expect_gt(got.r.out_len, 5000);
	flow_close();
}

Test(flow_watch, without_a_trace_nothing_is_copied)
{
	flow_open(&(struct flow_options){ 0 });
	trace_all();
	send_request("INVITE", "example.com", 1);
	cr_expect_eq(traced(), 1);
	plane_trace(flow.plane, NULL);
	send_request("INVITE", "example.com", 2);
	cr_expect_eq(traced(), 0);
	flow_close();
}

/* The wire is the same with and without a trace, down to the last byte. */
Test(flow_watch, a_trace_changes_nothing_on_the_wire)
{
	static struct frame plain[64], with[64], f;
	int n, m;

	flow_open(&(struct flow_options){ 0 });
	for (int round = 0; round < 2; round++) {
		if (round)
			trace_all();
		for (unsigned int i = 0; i < 40; i++) {
			struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

			d.len = flow_invite(message, i % 7 ? "example.com" : "far.example.com",
					    i * 31 % 900, i);
			wire_build(&d, flow.mac[0], &f);
			flow_put_queue(0, 0, &f, i % 5 == 2 ? 100 : 0);
		}
		flow_run();
		if (round)
			m = flow_take_all(1, with, 64);
		else
			n = flow_take_all(1, plain, 64);
	}
	cr_assert_eq(n, 34);
	cr_assert_eq(m, n);
	for (int i = 0; i < n; i++) {
		cr_assert_eq(plain[i].len, with[i].len);
		/* The IP header has another identification, so another checksum. */
		cr_expect_arr_eq(plain[i].b + 34, with[i].b + 34, plain[i].len - 34, "frame %d", i);
	}
	cr_expect_eq(traced(), 40);
	flow_close();
}

#define MOST_WAITING 1000u /* frames that workers have not taken yet; there is room for more */

/* Real threads, while traces come and go: nothing is lost, and each record is whole. */
Test(flow_watch, traces_come_and_go_while_workers_run)
{
	static struct frame f;
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };
	unsigned int records = 0;

	flow_open(&(struct flow_options){ .workers = 2 });
	trace_all();
	cr_assert_eq(plane_start(flow.plane), 0);
	for (unsigned int i = 0; i < 3000; i++) {
		d.len = flow_invite_of(message, "example.com", 700, i);
		wire_build(&d, flow.mac[0], &f);
		flow_put_queue(0, (int)(i % 2), &f, 0);
		while (flow_take(1, &f))
			;
		if (i % 50 == 49)
			usleep(1000);
		if (i >= MOST_WAITING)
			flow_await(C_RX_FRAMES, i - MOST_WAITING);
		if (i % 200 == 99)
			plane_trace(flow.plane, NULL);
		if (i % 200 == 199)
			trace_all();
		if (traced()) {
			records += got.n;
			cr_assert_eq(got.r.in_len, 700);
			cr_assert_gt(got.r.out_len, 700);
		}
		plane_reclaim(flow.plane);
	}
	flow_await(C_FORWARDED, 3000);
	/* The last change was to trace all. A turn that began before it may take the first of
	 * these, but not the second. */
	for (unsigned int i = 0; i < 2; i++) {
		flow_put_queue(0, 1, &f, 0);
		flow_await(C_FORWARDED, 3001 + i);
	}
	plane_stop(flow.plane);
	records += traced();
	cr_expect_gt(records, 0);
	cr_expect_eq(flow_count(C_FORWARDED), 3002);
	flow_close();
}
