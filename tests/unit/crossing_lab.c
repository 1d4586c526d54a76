/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/crossing_lab.h"

#include "control/config/alloc.h"
#include "dataplane/sip/answer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX 4096
#define ID_BASE 0x9e3779b97f4a7c15ull

struct branch_hash crossing_lab_branch(uint32_t number)
{
	uint64_t first = ID_BASE * (number + 1), second = ~first * ID_BASE;

	return (struct branch_hash){ .digits = hex_of128(first, second), .id = number };
}

static void digits_text(uint32_t number, char *out)
{
	const struct branch_hash b = crossing_lab_branch(number);

	hex_put32((uint8_t *)out, &b.digits);
	out[32] = '\0';
}

static int send_one(void *arg, const struct txn_leg *leg, bool caller, const uint8_t *branch,
		    const uint8_t *p, size_t n)
{
	struct crossing_lab *l = arg;
	struct lab_sent s = { .up = caller, .m = &l->out, .leg = leg };
	const struct txn_leg *want = caller ? &l->caller : &l->server;
	char digits[33], id[16];

	cr_assert_eq(sip_parse(p, n, SIP_EXACT, &l->out), SIP_OK, "sent: %.*s", (int)n,
		     (const char *)p);
	snprintf(id, sizeof(id), "%.*s", l->out.call_id.len - 1, p + l->out.call_id.off + 1);
	s.number = (uint32_t)strtoul(id, NULL, 10);
	digits_text(s.number, digits);
	cr_assert(memcmp(branch, digits, 32) == 0, "the owner is told another branch");
	cr_assert_eq(leg->transport, want->transport);
	cr_assert(endpoint_equal(&leg->to, &want->to));
	cr_assert(endpoint_equal(&leg->listener, &want->listener));
	cr_assert_eq(leg->connection, want->connection);
	cr_assert_str_eq(leg->name, want->name);
	l->sent(l->arg, &s);
	return caller ? l->refuse_up : l->refuse_down;
}

static void hold(void *arg, uint64_t id, bool on)
{
	struct crossing_lab *l = arg;

	cr_assert_lt(id, LAB_HELD_MAX);
	cr_assert_eq(l->held[id], !on, "held is told twice");
	l->held[id] = on;
}

static uint32_t answer(void *arg, const struct sip_msg *m, uint16_t status, const char *phrase,
		       const struct txn_leg *caller, uint8_t *out, size_t room)
{
	const struct answer a = { .status = status,
				  .phrase = phrase,
				  .to_tag = (const uint8_t *)"ours",
				  .to_tag_len = 4 };
	const struct crossing_lab *l = arg;
	int n = l->no_answers ? 0 : answer_write(m, &a, out, (uint32_t)room);

	(void)caller;
	return n < 0 ? 0 : (uint32_t)n;
}

static struct endpoint at(const char *ip, uint16_t port)
{
	struct endpoint e = { .port = port };

	cr_assert(ip_parse((const uint8_t *)ip, strlen(ip), &e.ip));
	return e;
}

void crossing_lab_new(struct crossing_lab *l, enum sip_transport caller, enum sip_transport server,
		      const struct txn_bounds *bounds,
		      void (*sent)(void *arg, const struct lab_sent *s), void *arg)
{
	const struct txn_owner owner = { l, send_one, hold, answer };

	memset(l, 0, sizeof(*l));
	l->now_ms = 1000000;
	l->caller = (struct txn_leg){ .transport = caller,
				      .to = at("192.0.2.1", 5060),
				      .listener = at("192.0.2.10", 5060),
				      .connection = caller == SIP_UDP ? 0 : 7 };
	l->server = (struct txn_leg){ .transport = server,
				      .to = at("10.0.0.1", 5061),
				      .listener = at("10.0.0.10", 5060) };
	if (server == SIP_TLS)
		memcpy(l->server.name, "core.example.com", 17);
	l->sent = sent;
	l->arg = arg;
	l->t = txns_new(bounds, &owner);
	cr_assert_not_null(l->t);
}

void crossing_lab_end(struct crossing_lab *l)
{
	const struct txn_counts *n = txns_counts(l->t);

	cr_assert_eq(n->present, 0, "%u crossings are left", n->present);
	cr_assert_eq(n->bytes, 0, "%llu bytes are left", (unsigned long long)n->bytes);
	cr_assert_eq(n->begun, n->ended);
	cr_assert_eq(txns_next(l->t), UINT64_MAX, "a timer is left");
	for (unsigned int i = 0; i < LAB_HELD_MAX; i++)
		cr_assert_eq(l->held[i], 0, "transaction %u is still held", i);
	txns_free(l->t);
	cr_assert_eq(mem_live(), 0);
}

static const char *via_name(const struct txn_leg *l)
{
	return l->transport == SIP_UDP ? "UDP" : l->transport == SIP_TCP ? "TCP" : "TLS";
}

enum txn_verdict crossing_lab_request(struct crossing_lab *l, uint32_t number, const char *method,
				      const char *more)
{
	static char in[TEXT_MAX], out[TEXT_MAX];
	struct branch_hash branch = crossing_lab_branch(number);
	struct txn_request r = { .m = &l->in,
				 .out = (const uint8_t *)out,
				 .branch = &branch,
				 .caller = l->caller,
				 .server = l->server };
	const char *tag = strcmp(method, "ACK") == 0 ? ";tag=t" : "";
	char rest[TEXT_MAX / 2], digits[33];
	int n_in;

	digits_text(number, digits);
	snprintf(rest, sizeof(rest),
		 "Via: SIP/2.0/%s 192.0.2.1;branch=z9hG4bKx%u\r\n"
		 "Route: <sip:10.9.9.9;lr>, <sip:10.9.9.8;lr>\r\n"
		 "From: <sip:a@b.example>;tag=f\r\nTo: <sip:b@c.example>%s\r\n"
		 "Call-ID: c%u\r\nCSeq: 0%u %s\r\n%sContent-Length: 0\r\n\r\n",
		 via_name(&l->caller), number, tag, number, number % 1000 + 1, method, more);
	n_in = snprintf(in, sizeof(in), "%s sip:b@c.example SIP/2.0\r\n%s", method, rest);
	r.n_out = (uint32_t)snprintf(out, sizeof(out),
				     "%s sip:b@c.example SIP/2.0\r\n"
				     "Via: SIP/2.0/%s 10.0.0.10;branch=z9hG4bK%s\r\n%s",
				     method, via_name(&l->server), digits, rest);
	cr_assert_eq(sip_parse((const uint8_t *)in, (size_t)n_in, SIP_EXACT, &l->in), SIP_OK);
	return txns_request(l->t, &r, l->now_ms);
}

enum txn_verdict crossing_lab_response(struct crossing_lab *l, uint32_t number, const char *method,
				       unsigned int status)
{
	static char in[TEXT_MAX], out[TEXT_MAX];
	struct branch_hash branch = crossing_lab_branch(number);
	char rest[TEXT_MAX / 2], digits[33];
	int n_in, n_out;

	digits_text(number, digits);
	snprintf(rest, sizeof(rest),
		 "Via: SIP/2.0/%s 192.0.2.1;branch=z9hG4bKx%u\r\n"
		 "From: <sip:a@b.example>;tag=f\r\nTo: <sip:b@c.example>;tag=t\r\n"
		 "Call-ID: c%u\r\nCSeq: %u %s\r\nContent-Length: 0\r\n\r\n",
		 via_name(&l->caller), number, number, number % 1000 + 1, method);
	n_in = snprintf(in, sizeof(in),
			"SIP/2.0 %u Text\r\nVia: SIP/2.0/%s 10.0.0.10;branch=z9hG4bK%s\r\n%s",
			status, via_name(&l->server), digits, rest);
	n_out = snprintf(out, sizeof(out), "SIP/2.0 %u Text\r\n%s", status, rest);
	cr_assert_eq(sip_parse((const uint8_t *)in, (size_t)n_in, SIP_EXACT, &l->in), SIP_OK);
	return txns_response(l->t, &l->in, &branch.digits, (const uint8_t *)out, (uint32_t)n_out,
			     l->now_ms);
}

void crossing_lab_run(struct crossing_lab *l, uint64_t to_ms)
{
	uint64_t next;

	while ((next = txns_next(l->t)) <= to_ms && next != UINT64_MAX) {
		if (next > l->now_ms)
			l->now_ms = next;
		txns_tick(l->t, l->now_ms);
	}
	if (to_ms != UINT64_MAX && to_ms > l->now_ms)
		l->now_ms = to_ms;
}
