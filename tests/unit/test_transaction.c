/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What holds between messages: retransmission, CANCEL and ACK follow their INVITE to the same
 * server under the same branch, all else gets another one (RFC 3261 16.11, 17.2.3, 9.1), and a
 * response finds its way back over the Via stack that its request built. Whole calls through the
 * pure core, no network.
 */
#include "tests/unit/world_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define CALLER "203.0.113.40:5060"

/* The fields of one request; strings as they stand in the message. */
struct fields {
	const char *method, *uri, *via, *from, *to, *call_id, *more;
	unsigned int cseq;
	const char *cseq_method; /* NULL = method */
};

static const struct fields plain = {
	.method = "INVITE",
	.uri = "sip:bob@three.example.com",
	.via = "SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1",
	.from = "<sip:alice@caller.example>;tag=f1",
	.to = "<sip:bob@three.example.com>",
	.call_id = "c1@caller.example",
	.more = "",
	.cseq = 1,
};

static const struct fields old_client = {
	.method = "INVITE",
	.uri = "sip:bob@three.example.com",
	.via = "SIP/2.0/UDP 203.0.113.40:5060",
	.from = "<sip:alice@caller.example>",
	.to = "<sip:bob@three.example.com>",
	.call_id = "c1@caller.example",
	.more = "",
	.cseq = 1,
};

/* Where a request went and under which branch. */
struct hop {
	bool forwarded;
	uint16_t backend;
	char branch[64];
	struct text bytes;
};

static struct run r;

static void send_text(const struct lab_world *w, const char *source, const char *message,
		      struct hop *h)
{
	static struct text t;
	const uint8_t *at;

	fixture_message(w, message, &t);
	fixture_run(w, source, OUT4, &t, &r);
	memset(h, 0, sizeof(*h));
	h->forwarded = r.out.verdict == PROXY_FORWARD;
	h->backend = r.out.backend;
	h->bytes = r.sent;
	at = memmem(r.sent.b, r.sent.n, ";branch=", 8);
	if (at && h->forwarded)
		memcpy(h->branch, at + 8, 39);
}

static void send(const struct fields *f, struct hop *h)
{
	char message[4096];

	snprintf(message, sizeof(message),
		 "%s %s SIP/2.0\nVia: %s\nMax-Forwards: 70\nFrom: %s\nTo: %s\nCall-ID: %s\n"
		 "CSeq: %u %s\n%s"
		 "Content-Length: 0\n\n",
		 f->method, f->uri, f->via, f->from, f->to, f->call_id, f->cseq,
		 f->cseq_method ? f->cseq_method : f->method, f->more);
	send_text(fixture_world(BED_MAIN), CALLER, message, h);
}

static bool same_branch(const struct hop *a, const struct hop *b)
{
	return a->forwarded && b->forwarded && a->branch[0] && strcmp(a->branch, b->branch) == 0;
}

/*
 * R16.11-4, R16.11-B5, R16.11-B6, R16.11-C1, R16.11-C2, R16.11-C3, R16.10-1, R9.1-1, LB-2: one
 * transaction is one branch at one server; an ACK to a 2xx that has no Route goes to that server
 * too.
 */
static void check_transaction(const struct fields *invite, const char *id)
{
	static struct hop h[5];
	struct fields f = *invite;

	send(&f, &h[0]);
	f.method = "CANCEL";
	f.more = "Reason: SIP;cause=487\n";
	send(&f, &h[1]);
	f.method = "ACK";
	f.more = "";
	f.to = "<sip:bob@three.example.com>;tag=486tag";
	send(&f, &h[2]);
	f.via = "SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKanother";
	send(&f, &h[3]);
	for (int i = 1; i < 4; i++)
		cr_expect(h[i].forwarded && h[i].backend == h[0].backend,
			  "%s: message %d went to another server", id, i);
	cr_expect(same_branch(&h[0], &h[1]), "%s: the CANCEL has another branch", id);
	cr_expect(same_branch(&h[0], &h[2]), "%s: the ACK to a non-2xx has another branch", id);
	cr_expect(!same_branch(&h[0], &h[3]), "%s: the ACK to a 2xx has the branch of its INVITE",
		  id);
}

Test(transaction, invite_cancel_and_ack_share_branch_and_server)
{
	unsigned int seen[8] = { 0 };

	for (int i = 0; i < 300; i++) {
		struct fields f = i & 1 ? plain : old_client;
		static struct hop h;
		char id[64];

		snprintf(id, sizeof(id), "call-%d@caller.example", i * 7919);
		f.call_id = id;
		check_transaction(&f, id);
		send(&f, &h);
		seen[h.backend & 7]++;
	}
	/* The table was in use: each of the three servers of the pool got a fair part. */
	for (int i = 1; i <= 3; i++)
		cr_expect(seen[i] > 60, "server %d got %u of 300 calls", i, seen[i]);
}

#define DIFFERS(base, what, ...)                                             \
	do {                                                                 \
		struct fields other = base;                                  \
		static struct hop a, b;                                      \
		__VA_ARGS__;                                                 \
		send(&base, &a);                                             \
		send(&other, &b);                                            \
		cr_expect(a.forwarded &&b.forwarded && !same_branch(&a, &b), \
			  "another %s: the same branch", what);              \
	} while (0)

#define EQUALS(base, what, ...)                                                     \
	do {                                                                        \
		struct fields other = base;                                         \
		static struct hop a, b;                                             \
		__VA_ARGS__;                                                        \
		send(&base, &a);                                                    \
		send(&other, &b);                                                   \
		cr_expect(same_branch(&a, &b), "another %s: another branch", what); \
	} while (0)

/* R16.11-B2, R16.11-B3, R16.11-B7, R16.11-B8, R16.11-B10 */
Test(transaction, of_our_century_is_told_by_branch_and_sent_by)
{
	DIFFERS(plain, "branch", other.via = "SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt2");
	DIFFERS(plain, "case of the branch",
		other.via = "SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKT1");
	DIFFERS(plain, "sent-by host",
		other.via = "SIP/2.0/UDP 203.0.113.41:5060;branch=z9hG4bKt1");
	DIFFERS(plain, "sent-by port",
		other.via = "SIP/2.0/UDP 203.0.113.40:5062;branch=z9hG4bKt1");
	DIFFERS(plain, "long branch",
		other.via = "SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1aaaaaaaaaaaaaaaaaaaaaaaa"
			    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	EQUALS(plain, "spelling of the port",
	       other.via = "SIP/2.0/UDP 203.0.113.40;branch=z9hG4bKt1");
	EQUALS(plain, "set of Via parameters",
	       other.via = "SIP / 2.0 / UDP 203.0.113.40:5060;x=y; branch = "
			   "z9hG4bKt1;rport;received=192.0.2.1");
	EQUALS(plain, "Max-Forwards and body", other.more = "X: y\n");
	EQUALS(plain, "To tag", other.to = "<sip:bob@three.example.com>;tag=x");
	EQUALS(plain, "method", other.method = "CANCEL");
}

/* R16.11-B4, R16.11-B6, R16.11-B9 */
Test(transaction, of_an_old_client_is_told_by_many_fields)
{
	DIFFERS(old_client, "From tag", other.from = "<sip:alice@caller.example>;tag=1");
	DIFFERS(old_client, "Call-ID", other.call_id = "c2@caller.example");
	DIFFERS(old_client, "case of the Call-ID", other.call_id = "C1@caller.example");
	DIFFERS(old_client, "CSeq number", other.cseq = 2);
	DIFFERS(old_client, "Request-URI", other.uri = "sip:carol@three.example.com");
	DIFFERS(old_client, "sent-by", other.via = "SIP/2.0/UDP 203.0.113.41:5060");
	DIFFERS(old_client, "branch without cookie",
		other.via = "SIP/2.0/UDP 203.0.113.40:5060;branch=1");
	EQUALS(old_client, "To tag", other.to = "<sip:bob@three.example.com>;tag=x");
	EQUALS(old_client, "method", other.method = "ACK");
	/* The bare cookie identifies nothing: two calls under it must not share a branch. */
	struct fields bare = old_client;

	bare.via = "SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bK";
	DIFFERS(bare, "Call-ID under the bare cookie", other.call_id = "c2@caller.example");
}

/* R16.11-7, R16.11-8, R16.11-3, R16.6-19, R16.6-8, R16.6RR-9, R6026-2: each retransmission is
 * forwarded, as the same bytes. */
Test(transaction, retransmissions_leave_as_the_same_bytes)
{
	static struct hop first, again;

	send(&plain, &first);
	cr_assert(first.forwarded);
	for (int i = 0; i < 10; i++) {
		send(&plain, &again);
		cr_expect(again.forwarded && again.bytes.n == first.bytes.n &&
				  memcmp(again.bytes.b, first.bytes.b, first.bytes.n) == 0,
			  "retransmission %d differs", i);
	}
}

/* R16.11-3, R16.11-B8: another source port, as after a NAT rebinding. */
Test(transaction, keeps_server_and_branch_when_the_source_port_changes)
{
	static const char invite[] =
		"INVITE sip:bob@three.example.com SIP/2.0\n"
		"Via: SIP/2.0/UDP 10.9.9.9;rport;branch=z9hG4bKt1\n"
		"From: <sip:a@b.example>;tag=1\nTo: <sip:b@c.example>\nCall-ID: c77\n"
		"CSeq: 1 INVITE\n\n";
	static struct hop a, b;

	send_text(fixture_world(BED_MAIN), "203.0.113.40:40000", invite, &a);
	send_text(fixture_world(BED_MAIN), "203.0.113.40:40001", invite, &b);
	cr_expect(same_branch(&a, &b) && a.backend == b.backend);
}

/* R16.3-5: the same request over two paths is no error. */
Test(transaction, merged_requests_are_both_forwarded)
{
	DIFFERS(plain, "path", other.via = "SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1-2");
}

/* R16.11-B11, R16.3-10: what comes round again with our own Via on top gets a second, different
 * branch. */
Test(transaction, spirals_get_a_branch_for_each_round)
{
	static struct hop first, second;
	static struct text t;

	send(&plain, &first);
	t = first.bytes;
	fixture_run(fixture_world(BED_MAIN), "10.0.0.21:5060", IN4, &t, &r);
	cr_assert_eq(r.out.verdict, PROXY_FORWARD);
	memcpy(second.branch, (uint8_t *)memmem(r.sent.b, r.sent.n, ";branch=", 8) + 8, 39);
	second.forwarded = true;
	cr_expect(!same_branch(&first, &second));
	cr_expect(memmem(r.sent.b, r.sent.n, first.branch, 39) != NULL,
		  "the first branch is not below");
}

/* R16.11-6, R16.11-2, R16.11-B12, R17.2.3-1: a restart, and every node with the same secret,
 * decides the same. */
Test(transaction, another_node_decides_the_same)
{
	static const struct lab other = {
		.secret = "a secret of the tests",
		.listeners = { { "203.0.113.1:5060", NULL, 0 }, { "10.0.0.1:5060", NULL, 1 } },
		.domains = { "three.example.com" },
		/* The same servers, written in another order. */
		.pools = { { .name = "x",
			     .backends = { LAB_SERVER("t3", "10.0.0.23:5080"),
					   LAB_SERVER("t1", "10.0.0.21:5060"),
					   LAB_SERVER("t2", "10.0.0.22:5060") } } },
		.rules = { { .pool = "x" } },
		.routes = { { "0.0.0.0/0", 0, FIB_UNICAST, "203.0.113.254" },
			    { "10.0.0.0/8", 1, FIB_UNICAST, NULL } },
		.record_route = true,
	};
	static struct lab_world node;
	static struct hop here, there;

	lab_build(&other, &node);
	for (int i = 0; i < 200; i++) {
		struct endpoint dst;
		char message[600];

		snprintf(message, sizeof(message),
			 "INVITE sip:bob@three.example.com SIP/2.0\nVia: SIP/2.0/UDP "
			 "203.0.113.40;branch=z9hG4bK%d\nFrom: <sip:a@b.example>;tag=1\n"
			 "To: <sip:b@c.example>\n"
			 "Call-ID: node-%d\nCSeq: 1 INVITE\n\n",
			 i, i * 31);
		send_text(fixture_world(BED_MAIN), CALLER, message, &here);
		dst = r.out.dst;
		send_text(&node, CALLER, message, &there);
		cr_expect(same_branch(&here, &there), "call %d: another branch", i);
		cr_expect(endpoint_equal(&dst, &r.out.dst), "call %d: another server", i);
	}
}

/* LB-3, R16.11-4: what a middlebox does to the looks of a message moves nothing. */
Test(transaction, layout_does_not_move_a_call)
{
	static const char *const layouts[] = {
		"Call-ID: {id}\nFrom: <sip:a@b.example>;tag=1\nTo: <sip:b@c.example>\n"
		"CSeq: 1 INVITE\n",
		"i: {id}\nf: <sip:a@b.example>;tag=1\nt: <sip:b@c.example>\nCSeq: 1 INVITE\n",
		"CALL-ID:{id}\nFROM:<sip:a@b.example>;tag=1\nTO:<sip:b@c.example>\nCSEQ:1 INVITE\n",
		"Call-ID:   {id}   \nFrom:\t<sip:a@b.example> ; tag = 1\nTo: <sip:b@c.example>\n"
		"CSeq: 1  INVITE\n",
		"Call-ID:\n {id}\nFrom:\n <sip:a@b.example>\n ;tag=1\nTo: <sip:b@c.example>\n"
		"CSeq: 1\n INVITE\n",
		"X: y\nCSeq: 0001 INVITE\nTo: <sip:b@c.example>\n"
		"From: \"A\" <sip:a@b.example>;tag=1\nI : {id}\n",
	};

	for (int call = 0; call < 50; call++) {
		uint16_t backend = WORLD_NONE;

		for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
			static struct hop h;
			const char *at = strstr(layouts[i], "{id}");
			char message[800];

			snprintf(message, sizeof(message),
				 "INVITE sip:bob@three.example.com SIP/2.0\nVia: SIP/2.0/UDP "
				 "203.0.113.40;branch=z9hG4bKt1\n%.*slayout-%d@x%s\n",
				 (int)(at - layouts[i]), layouts[i], call, at + strlen("{id}"));
			send_text(fixture_world(BED_MAIN), CALLER, message, &h);
			cr_assert(h.forwarded, "layout %zu is not forwarded", i);
			if (i == 0)
				backend = h.backend;
			cr_expect(h.backend == backend, "layout %zu of call %d went elsewhere", i,
				  call);
		}
	}
}

/* R8.2.7-3, R8.2.7-4: one answer for each request, the same tag for the same request, another one
 * for another. */
Test(transaction, answers_repeat_and_their_tags_tell_requests_apart)
{
	static struct text one, two;
	struct fields f = plain;
	static struct hop h;
	const uint8_t *a, *b;

	f.uri = "sip:x@norule.example.com";
	send(&f, &h);
	cr_assert_eq(r.out.verdict, PROXY_ANSWER);
	one = r.sent;
	send(&f, &h);
	cr_expect(one.n == r.sent.n && memcmp(one.b, r.sent.b, one.n) == 0);
	f.call_id = "another";
	send(&f, &h);
	two = r.sent;
	a = memmem(one.b, one.n, "three.example.com>;tag=", 23);
	b = memmem(two.b, two.n, "three.example.com>;tag=", 23);
	cr_assert(a && b);
	cr_expect(memcmp(a + 23, b + 23, 16) != 0, "two calls, one tag");
}
