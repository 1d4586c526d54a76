/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The test bed of the rule tests: a proxy between two networks, and messages written as templates.
 *
 *   outside, interface 0                        inside, interface 1
 *     0  203.0.113.1:5060                         1  10.0.0.1:5060
 *     2  [2001:db8:1::1]:5060                     3  [2001:db8:2::1]:5060
 *     4  203.0.113.1:5070
 *     5  203.0.113.2:5060, advertised as sip.lb.example:5060
 *
 * 203.0.113.40 and 2001:db8:1::40 are callers, 198.51.100.0/24 and 2001:db8:aa::/48 are trusted.
 * Each pool has a domain of its own (see world_fixture.c), so that a Request-URI chooses the case:
 * example.com has one server, three.example.com three, dead.example.com none alive, and so on.
 *
 * In a template '\n' stands for CRLF and {...} for what cannot be written down:
 *   {nul} {lf} {cr}      one byte
 *   {fill:N}             N times 'x'
 *   {vt}                 our Record-Route token for the message's call
 *   {totag}              the To tag of our own answer to the message
 *   {branch}             request: the branch that we make of it; response: the one that its second
 *                        Via makes
 *   {vl:N}               how our Via names listener N
 *   {vc}                 how it names the connection CONNECTION
 *   {via:N}              our Via row, sent from listener N, with the arrival listener where that
 *                        differs, and the connection by which the request came; {tcp:N}, {tls:N}
 *                        by these transports
 *   {rr:N}               our Record-Route URI on listener N, in <>; {rrtcp:N}, {rrtls:N},
 * {rrsips:N}
 */
#pragma once

#include "bench/lab.h"

enum bed {
	BED_MAIN,
	BED_NO_RECORD_ROUTE, /* and no preloaded Route of strangers */
	BED_DRAINING,
	BED_BREADTH, /* Max-Breadth is looked after, at most 60 */
	BED_STREAMS, /* the same with TCP and TLS: see world_fixture.c */
	BED_CORPUS,  /* the test bed of RFC 4475 and RFC 5118 messages */
	N_BEDS
};

enum { OUT4, IN4, OUT6, IN6, OUT4_ALT, OUT4_NAME, OUT4_TLS, IN4_TLS };

#define TEXT_MAX 70000
#define CONNECTION 0x1234567890abcdefu /* of requests that come by a stream */

struct text {
	uint32_t n;
	uint8_t b[TEXT_MAX];
};

/* What came of one message. */
struct run {
	struct proxy_in in;
	struct sip_msg
		m; /* of the message as received; its bytes stay until the next fixture_run() */
	struct proxy_out out;
	struct text sent; /* what goes on the wire; n is 0 for a drop */
};

/** The world of @bed, built at the first call. */
const struct lab_world *fixture_world(enum bed bed);

/** Writes the message that the template @from stands for to @to. Ends the program if it cannot be
 * one. */
void fixture_message(const struct lab_world *w, const char *from, struct text *to);

/** As fixture_message(), for text that is expected to leave after @r. */
void fixture_expected(const struct lab_world *w, const struct run *r, const char *from,
		      struct text *to);

/** Sends @message through parser, rules and edits, as if it came as @in says. The message ends at a
 * guard page: reading on is a crash. */
void fixture_take(const struct lab_world *w, const struct proxy_in *in, const struct text *message,
		  struct run *r);

/** The same by UDP from @source ("203.0.113.40:5060") to @listener, as on a worker. */
void fixture_run(const struct lab_world *w, const char *source, uint16_t listener,
		 const struct text *message, struct run *r);

/** Writes the branch (BRANCH_LEN bytes) that we made for the request which response @m answers, by
 * its second Via. */
void fixture_response_branch(const struct lab_world *w, const struct sip_msg *m, char *out);

/** Replaces the first occurrence of @find in @t by @put. False if it is not there. */
bool text_replace(struct text *t, const struct text *find, const struct text *put);

/** Writes @t to @out (@size bytes) with CRLF as \n and other control bytes as \xNN: for messages of
 * failed tests. */
const char *text_show(const uint8_t *p, size_t n, char *out, size_t size);
