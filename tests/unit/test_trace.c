/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trace filters, bounds and records, on one thread; flow_watch.c has the worker around it.
 */
#include "bench/lab.h"
#include "dataplane/example.h"
#include "dataplane/trace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define HZ 1000000u

static const struct lab network = {
	.secret = "a secret of the tests",
	.listeners = { { "203.0.113.1:5060", NULL, 0 } },
	.domains = { "example.com" },
	.pools = { { .name = "one", .backends = { { "one", "10.0.0.11:5060", 1 } } } },
	.rules = { { .pool = "one", .domain = "example.com" } },
	.routes = { { "0.0.0.0/0", 0, FIB_UNICAST, NULL } },
};

static struct lab_world lab;
static struct trace_tap tap;
static struct trace_set set;
static struct sip_msg msg;
static struct proxy_out out;
static struct proxy_in in;
static uint64_t now = 1;

static void setup(void)
{
	lab_build(&network, &lab);
	tap.hz = HZ;
	set.generation = 1;
	cr_assert_eq(byte_ring_init(&tap.ring, TRACE_RING_SIZE), 0);
}

static void teardown(void)
{
	byte_ring_fini(&tap.ring);
}

TestSuite(trace, .init = setup, .fini = teardown);

static const char invite[] = "INVITE sip:bob@example.com SIP/2.0\r\n"
			     "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bK1\r\n"
			     "Max-Forwards: 70\r\nFrom: <sip:a@caller.example>;tag=a\r\n"
			     "To: <sip:bob@example.com>\r\nCall-ID: call@here\r\nCSeq: 1 INVITE\r\n"
			     "Content-Length: 0\r\n\r\n";
static const char denied[] = "OPTIONS sip:bob@elsewhere.example SIP/2.0\r\n"
			     "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bK2\r\n"
			     "Max-Forwards: 70\r\nFrom: <sip:a@caller.example>;tag=a\r\n"
			     "To: <sip:bob@example.com>\r\nCall-ID: other\r\nCSeq: 1 OPTIONS\r\n"
			     "Content-Length: 0\r\n\r\n";
static const char stray[] = "SIP/2.0 200 OK\r\n"
			    "Via: SIP/2.0/UDP 192.0.2.200:5060;branch=z9hG4bKforged\r\n"
			    "From: <sip:a@caller.example>;tag=a\r\n"
			    "To: <sip:bob@example.com>;tag=b\r\nCall-ID: call@here\r\n"
			    "CSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n";

/* What the worker does with @text. @late: the drop counter that ends it after its edits, plus 1. */
static void pass(const char *text, const char *from, int late)
{
	struct trace_subject s = { &lab.world, &in.src, 0, &msg, &out, now, SIP_UDP };
	struct trace_item it;
	struct trace_end end = { .bytes = (const uint8_t *)"as edited", .len = 9 };

	in = (struct proxy_in){ .src = lab_endpoint(from), .listener = 0 };
	sip_parse((const uint8_t *)text, strlen(text), SIP_EXACT, &msg);
	proxy_message(&lab.world, lab.fib, &in, &msg, &out);
	if (!trace_begin(&tap, &set, &s, &it))
		return;
	if (out.verdict != PROXY_DROP)
		trace_sent(&it, (const uint8_t *)"as sent", 7);
	end.verdict = late                           ? TRACE_DROPPED
		      : out.verdict == PROXY_FORWARD ? TRACE_FORWARDED
		      : out.verdict == PROXY_ANSWER  ? TRACE_ANSWERED
						     : TRACE_DROPPED;
	end.cause = late ? (uint16_t)EXAMPLE_OF_COUNTER(late - 1)
			 : (uint16_t)EXAMPLE_OF_REASON(out.reason);
	trace_finish(&tap, &set, &s, &it, &end);
}

static const struct trace_record *take(void)
{
	static uint64_t copy[16384];
	const struct trace_record *r = byte_ring_peek(&tap.ring);

	if (!r)
		return NULL;
	memcpy(copy, r, sizeof(*r) + r->in_len + r->out_len);
	byte_ring_drop(&tap.ring);
	return (const struct trace_record *)copy;
}

static struct trace_filter any(void)
{
	return (struct trace_filter){ .used = true, .rate = TRACE_RATE_MAX };
}

Test(trace, a_forwarded_request_is_recorded_whole)
{
	const struct trace_record *r;
	struct endpoint src = lab_endpoint("203.0.113.40:5060");
	struct endpoint dst = lab_endpoint("10.0.0.11:5060");
	const char *in_bytes;

	set.slot[1] = any();
	pass(invite, "203.0.113.40:5060", 0);
	r = take();
	cr_assert(r);
	in_bytes = (const char *)(r + 1);
	cr_expect_eq(r->generation, 1);
	cr_expect_eq(r->slots, 2);
	cr_expect_eq(r->verdict, TRACE_FORWARDED);
	cr_expect_eq(r->cause, 0);
	cr_expect(r->request && r->has_out && !r->edited);
	cr_expect(endpoint_equal(&r->src, &src));
	cr_expect(endpoint_equal(&r->dst, &dst));
	cr_expect(endpoint_equal(&r->listener, &lab.world.listeners[0].addr));
	cr_expect_eq(r->backend, 0);
	cr_assert_eq(r->in_len, sizeof(invite) - 1);
	cr_expect_arr_eq(in_bytes, invite, r->in_len);
	cr_expect_eq(r->out_len, 7);
	cr_expect_arr_eq(in_bytes + r->in_len, "as sent", 7);
	cr_expect_eq(strncmp(in_bytes + r->call_id_off, "call@here", r->call_id_len), 0);
	cr_expect_eq(r->call_id_len, 9);
	cr_expect_eq(strncmp(in_bytes + r->method_off, "INVITE", r->method_len), 0);
	cr_expect_null(take());
}

static void set_text(uint8_t *len, char *to, const char *text)
{
	*len = (uint8_t)strlen(text);
	memcpy(to, text, *len);
}

static struct trace_filter method(const char *name)
{
	struct trace_filter f = any();

	set_text(&f.method_len, f.method, name);
	return f;
}

static struct trace_filter call_id(const char *id)
{
	struct trace_filter f = any();

	set_text(&f.call_id_len, f.call_id, id);
	return f;
}

static struct trace_filter source(const char *ip, uint8_t len)
{
	struct trace_filter f = any();

	f.by_source = true;
	f.source = (struct prefix){ lab_endpoint(ip).ip, len };
	return f;
}

static struct trace_filter server(const char *at)
{
	struct trace_filter f = any();

	f.by_server = true;
	f.server = lab_endpoint(at);
	return f;
}

static struct trace_filter verdict(uint8_t verdicts)
{
	struct trace_filter f = any();

	f.verdicts = verdicts;
	return f;
}

static struct trace_filter cause(unsigned int c)
{
	struct trace_filter f = any();

	f.by_cause = true;
	f.cause = (uint16_t)c;
	return f;
}

/* Bits of what each filter takes of: the INVITE (forwarded), the OPTIONS (403), the stray 200 to a
 * BYE (dropped), the INVITE lost on its way out. */
Test(trace, filters_take_what_they_name_and_nothing_else)
{
	const struct {
		const char *name;
		struct trace_filter f;
		unsigned int takes;
	} rows[] = {
		{ "all", any(), 15 },
		{ "not used", { .rate = 100 }, 0 },
		{ "INVITE", method("INVITE"), 9 },
		{ "a response goes by its CSeq", method("BYE"), 4 },
		{ "methods are compared with case", method("invite"), 0 },
		{ "a method's beginning is another method", method("INV"), 0 },
		{ "Call-ID", call_id("call@here"), 13 },
		{ "other Call-ID", call_id("call@her"), 0 },
		{ "address", source("203.0.113.40", 128), 11 },
		{ "prefix", source("10.0.0.0", 96 + 8), 4 },
		{ "IPv6 prefix", source("::", 0), 0 },
		{ "server", server("10.0.0.11:5060"), 13 },
		{ "another port", server("10.0.0.11:5061"), 0 },
		{ "forwarded", verdict(TRACE_FORWARDED), 1 },
		{ "answered", verdict(TRACE_ANSWERED), 2 },
		{ "dropped", verdict(TRACE_DROPPED), 12 },
		{ "reason of an answer", cause(EXAMPLE_OF_REASON(SIP_R_RELAY_DENIED)), 2 },
		{ "reason of a drop", cause(EXAMPLE_OF_REASON(SIP_R_NOT_OUR_VIA)), 4 },
		{ "drop counter", cause(EXAMPLE_OF_COUNTER(C_DROP_NO_NEIGHBOR)), 8 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int taken = 0;

		set.generation++;
		set.slot[0] = rows[i].f;
		pass(invite, "203.0.113.40:5060", 0);
		taken |= take() ? 1 : 0;
		pass(denied, "203.0.113.40:5060", 0);
		taken |= take() ? 2 : 0;
		pass(stray, "10.0.0.11:5060", 0);
		taken |= take() ? 4 : 0;
		pass(invite, "203.0.113.40:5060", C_DROP_NO_NEIGHBOR + 1);
		taken |= take() ? 8 : 0;
		cr_expect_eq(taken, rows[i].takes, "%s: %u", rows[i].name, taken);
		cr_expect_eq(stat_get(&tap.missed[0]), 0, "%s", rows[i].name);
	}
}

Test(trace, what_is_lost_after_its_edits_is_recorded_as_it_then_is)
{
	const struct trace_record *r;

	set.slot[0] = verdict(TRACE_DROPPED);
	pass(invite, "203.0.113.40:5060", C_DROP_NO_NEIGHBOR + 1);
	r = take();
	cr_assert(r);
	cr_expect(r->edited);
	cr_expect_eq(r->in_len, 9);
	cr_expect_arr_eq((const char *)(r + 1), "as edited", 9);
	cr_expect_eq(r->call_id_len, 0, "spans of the message as received");
	cr_expect_eq(r->cause, EXAMPLE_OF_COUNTER(C_DROP_NO_NEIGHBOR));
}

Test(trace, each_filter_has_its_bit)
{
	const struct trace_record *r;

	set.slot[0] = method("INVITE");
	set.slot[2] = verdict(TRACE_FORWARDED);
	set.slot[3] = method("BYE");
	pass(invite, "203.0.113.40:5060", 0);
	r = take();
	cr_assert(r);
	cr_expect_eq(r->slots, 5);
	cr_expect_null(take());
}

Test(trace, beyond_its_rate_a_filter_misses_messages_and_others_do_not)
{
	unsigned int both = 0, n = 0;

	set.slot[0] = any();
	set.slot[0].rate = 10;
	set.slot[1] = any();
	for (int i = 0; i < 100; i++) {
		const struct trace_record *r;

		pass(invite, "203.0.113.40:5060", 0);
		r = take();
		cr_assert(r);
		n += r->slots >> 1;
		both += r->slots & 1;
	}
	cr_expect_eq(n, 100);
	cr_expect_eq(both, 10);
	cr_expect_eq(stat_get(&tap.missed[0]), 90);
	cr_expect_eq(stat_get(&tap.missed[1]), 0);
	now += HZ / 2;
	for (int i = 0; i < 100; i++) {
		pass(invite, "203.0.113.40:5060", 0);
		take();
	}
	cr_expect_eq(stat_get(&tap.missed[0]), 185, "half a second is worth 5");
}

Test(trace, a_full_ring_misses_and_keeps_what_it_has)
{
	static char big[60000];
	unsigned int n = 0;

	memcpy(big, invite, sizeof(invite) - 1);
	memset(big + sizeof(invite) - 1, 'x', sizeof(big) - sizeof(invite));
	set.slot[0] = any();
	for (int i = 0; i < 30; i++)
		pass(big, "203.0.113.40:5060", 0);
	while (take())
		n++;
	cr_expect_geq(n, 15);
	cr_expect_eq(n + stat_get(&tap.missed[0]), 30);
	pass(invite, "203.0.113.40:5060", 0);
	cr_expect(take());
}

Test(trace, bytes_per_second_are_bounded)
{
	static char big[60000];
	uint64_t kib = 0;

	memcpy(big, invite, sizeof(invite) - 1);
	memset(big + sizeof(invite) - 1, 'x', sizeof(big) - sizeof(invite));
	set.slot[0] = any();
	for (int i = 0; i < 1000; i++) {
		pass(big, "203.0.113.40:5060", 0);
		kib += take() ? sizeof(big) / 1024 : 0;
	}
	cr_expect_leq(kib, TRACE_KIB_PER_S);
	cr_expect_geq(kib, TRACE_KIB_PER_S * 9 / 10);
}
