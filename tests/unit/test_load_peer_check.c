/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The judge of viaload by itself: what a proxy may do to a message, and what it may not, whatever
 * proxy it is.
 */
#include "bench/lab.h"
#include "bench/load/peer/check.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define INVITE "INVITE sip:bob@example.com SIP/2.0\n"
#define OWN "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKproxy.1=0\n"
#define VIA "Via: SIP/2.0/UDP 198.51.100.7:5062;branch=z9hG4bKabc\n"
#define RPORT "v: SIP/2.0/UDP a.example;rport;branch=z9hG4bKabc\n"
#define REST "From: <sip:a@example.com>;tag=1\nCall-ID: x\nContent-Length: 4\n"
#define END "\nbody"

static const struct {
	const char *name, *sent, *came, *why;
} rows[] = {
	{ "a request as it should be", INVITE VIA "Max-Forwards: 70\n" REST END,
	  INVITE OWN VIA "Max-Forwards: 69\n" REST END, NULL },
	{ "with Record-Route", INVITE VIA "Max-Forwards: 70\n" REST END,
	  INVITE OWN "Record-Route: <sip:192.0.2.1;lr;ftag=1>,<sip:10.0.0.1;lr=on;did=a.1>\n" VIA
		     "Max-Forwards: 69\n" REST END,
	  NULL },
	{ "received without need", INVITE VIA "Max-Forwards: 70\n" REST END,
	  INVITE OWN "Via: SIP/2.0/UDP 198.51.100.7:5062;branch=z9hG4bKabc;received=198.51.100.7\n"
		     "Max-Forwards: 69\n" REST END,
	  NULL },
	{ "rport filled, at another place", INVITE RPORT "Max-Forwards: 70\n" REST END,
	  INVITE OWN "v: SIP/2.0/UDP "
		     "a.example;received=198.51.100.7;rport=5062;branch=z9hG4bKabc\n"
		     "Max-Forwards: 69\n" REST END,
	  NULL },
	{ "Max-Forwards added", INVITE VIA REST END, INVITE OWN "Max-Forwards: 70\n" VIA REST END,
	  NULL },
	{ "Max-Breadth added", INVITE VIA REST END,
	  INVITE OWN "Max-Forwards: 70\nMax-Breadth: 60\n" VIA REST END, NULL },
	{ "its Routes gone", INVITE VIA "Route: <sip:192.0.2.1;lr>\nMax-Forwards: 9\n" REST END,
	  INVITE OWN VIA "Max-Forwards: 8\n" REST END, NULL },
	{ "no rport", INVITE RPORT "Max-Forwards: 70\n" REST END,
	  INVITE OWN "v: SIP/2.0/UDP a.example;rport;branch=z9hG4bKabc;received=198.51.100.7\n"
		     "Max-Forwards: 69\n" REST END,
	  "rport" },
	{ "another port in rport", INVITE RPORT "Max-Forwards: 70\n" REST END,
	  INVITE OWN "v: SIP/2.0/UDP a.example;rport=5063;branch=z9hG4bKabc;received=198.51.100.7\n"
		     "Max-Forwards: 69\n" REST END,
	  "rport" },
	{ "no received for a name", INVITE RPORT "Max-Forwards: 70\n" REST END,
	  INVITE OWN "v: SIP/2.0/UDP a.example;rport=5062;branch=z9hG4bKabc\n"
		     "Max-Forwards: 69\n" REST END,
	  "received" },
	{ "another address in received", INVITE RPORT "Max-Forwards: 70\n" REST END,
	  INVITE OWN "v: SIP/2.0/UDP a.example;rport=5062;branch=z9hG4bKabc;received=198.51.100.8\n"
		     "Max-Forwards: 69\n" REST END,
	  "received" },
	{ "no Via of its own", INVITE VIA "Max-Forwards: 70\n" REST END,
	  INVITE VIA "Max-Forwards: 69\n" REST END, "Via is missing" },
	{ "two of its own", INVITE VIA "Max-Forwards: 70\n" REST END,
	  INVITE OWN OWN VIA "Max-Forwards: 69\n" REST END, "Via" },
	{ "its Via at the bottom", INVITE VIA "Max-Forwards: 70\n" REST END,
	  INVITE VIA OWN "Max-Forwards: 69\n" REST END, "Via" },
	{ "a branch without cookie", INVITE VIA "Max-Forwards: 70\n" REST END,
	  INVITE "Via: SIP/2.0/UDP 192.0.2.1;branch=1\n" VIA "Max-Forwards: 69\n" REST END,
	  "branch" },
	{ "nothing after the cookie", INVITE VIA "Max-Forwards: 70\n" REST END,
	  INVITE "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\n" VIA "Max-Forwards: 69\n" REST END,
	  "branch" },
	{ "the caller's branch changed", INVITE VIA "Max-Forwards: 70\n" REST END,
	  INVITE OWN "Via: SIP/2.0/UDP 198.51.100.7:5062;branch=z9hG4bKabd\n"
		     "Max-Forwards: 69\n" REST END,
	  "Via" },
	{ "Max-Forwards not lowered", INVITE VIA "Max-Forwards: 70\n" REST END,
	  INVITE OWN VIA "Max-Forwards: 70\n" REST END, "Max-Forwards" },
	{ "Max-Forwards gone", INVITE VIA "Max-Forwards: 70\n" REST END, INVITE OWN VIA REST END,
	  "changed" },
	{ "another Request-URI", INVITE VIA REST END,
	  "INVITE sip:bob@192.0.2.9 SIP/2.0\n" OWN "Max-Forwards: 70\n" VIA REST END,
	  "start line" },
	{ "another body", INVITE VIA REST END, INVITE OWN "Max-Forwards: 70\n" VIA REST "\nbodY",
	  "body" },
	{ "a longer body", INVITE VIA REST END, INVITE OWN "Max-Forwards: 70\n" VIA REST "\nbody2",
	  "body" },
	{ "a row moved", INVITE VIA "Max-Forwards: 9\nX: 1\n" REST END,
	  INVITE OWN VIA "X: 1\nMax-Forwards: 8\n" REST END, "changed" },
	{ "a row added", INVITE VIA "Max-Forwards: 9\n" REST END,
	  INVITE OWN VIA "Max-Forwards: 8\nX: 1\n" REST END, "added" },
	{ "a row less", INVITE VIA "Max-Forwards: 9\nX: 1\n" REST END,
	  INVITE OWN VIA "Max-Forwards: 8\n" REST END, "changed" },
	{ "the last row less", INVITE VIA "Max-Forwards: 9\n" REST "X: 1\n" END,
	  INVITE OWN VIA "Max-Forwards: 8\n" REST END, "missing" },
	{ "a Route that nobody sent", INVITE VIA "Max-Forwards: 9\n" REST END,
	  INVITE OWN VIA "Max-Forwards: 8\nRoute: <sip:192.0.2.1;lr>\n" REST END, "Route" },
	{ "no blank line", INVITE VIA "Max-Forwards: 9\n" REST END,
	  INVITE OWN VIA "Max-Forwards: 8\n", "no SIP" },
	{ "a response as it should be", "SIP/2.0 200 OK\n" VIA REST END,
	  "SIP/2.0 200 OK\n" VIA REST END, NULL },
	{ "a response with received", "SIP/2.0 200 OK\n" RPORT REST END,
	  "SIP/2.0 200 OK\nv: SIP/2.0/UDP "
	  "a.example;rport=5062;branch=z9hG4bKabc;received=198.51.100.7\n" REST END,
	  NULL },
	{ "a response with the route set", "SIP/2.0 200 OK\n" VIA REST END,
	  "SIP/2.0 200 OK\nRecord-Route: <sip:192.0.2.1;lr>\n" VIA REST END, NULL },
	{ "a response that keeps the proxy's Via", "SIP/2.0 200 OK\n" VIA REST END,
	  "SIP/2.0 200 OK\n" OWN VIA REST END, "Via" },
	{ "a response without its Via", "SIP/2.0 200 OK\n" VIA REST END,
	  "SIP/2.0 200 OK\n" REST END, "changed" },
	{ "another status", "SIP/2.0 200 OK\n" VIA REST END, "SIP/2.0 202 OK\n" VIA REST END,
	  "start line" },
};

static char *crlf(const char *from, uint32_t *n)
{
	char *to = malloc(2 * strlen(from) + 1);

	for (*n = 0; *from; from++) {
		if (*from == '\n')
			to[(*n)++] = '\r';
		to[(*n)++] = *from;
	}
	return to;
}

Test(load_check, judges_each_change_by_the_rfc)
{
	static struct check_found found;
	struct endpoint source = lab_endpoint("198.51.100.7:5062");

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t n, m;
		char *sent = crlf(rows[i].sent, &n), *came = crlf(rows[i].came, &m);
		const char *why =
			check_message((uint8_t *)sent, n, (uint8_t *)came, m, &source, &found);

		cr_expect(rows[i].why ? why && strstr(why, rows[i].why) : !why, "%s: %s",
			  rows[i].name, why ? why : "nothing wrong");
		free(sent);
		free(came);
	}
}

Test(load_check, finds_what_differs_from_call_to_call)
{
	static struct check_found found;
	struct endpoint source = lab_endpoint("198.51.100.7:5062");
	uint32_t n, m;
	char *sent = crlf(INVITE VIA REST END, &n);
	char *came = crlf(INVITE "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKq;vl=12;rport\n"
				 "Record-Route: <sip:192.0.2.1;lr;vt=abc>, <sip:10.0.0.1;lr=on>\n"
				 "Max-Forwards: 70\n" VIA REST END,
			  &m);

	cr_assert(check_message((uint8_t *)sent, n, (uint8_t *)came, m, &source, &found) == NULL);
	cr_expect(found.branch.len == 8 && memcmp(came + found.branch.off, "z9hG4bKq", 8) == 0);
	cr_assert(found.n_ranges == 3);
	cr_expect(memcmp(came + found.range[1].off, "12", 2) == 0 && found.range[1].len == 2);
	cr_expect(found.range[2].record_route && found.range[2].len == 3 &&
		  memcmp(came + found.range[2].off, "abc", 3) == 0);
	free(sent);
	free(came);
}
