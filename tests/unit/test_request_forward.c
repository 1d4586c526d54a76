/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests: what changes on the way through and that nothing else does. Via, received and rport
 * (RFC 3261 16.6 step 8, 18.2.1; RFC 3581), Record-Route (16.6 step 4, RFC 5658), Max-Forwards,
 * Max-Breadth (RFC 5393), body.
 */
#include "tests/unit/rule_case.h"

#include <criterion/criterion.h>

#define BOB "sip:bob@example.com"
#define INVITE(more) REQUEST("INVITE", BOB, more)
#define WITH_VIA(via) "INVITE " BOB " SIP/2.0\n" via "\nMax-Forwards: 70\n" ENDS("INVITE") EMPTY
#define PASSED TO_CORE1, .added = NEW_IN

static const struct rule_case source[] = {
	{ "R18.2.1-3 a sent-by that is a name gets received",
	  WITH_VIA("Via: SIP/2.0/UDP pc.example;branch=z9hG4bKt1"), PASSED,
	  .change = { HOP_TAKEN, "z9hG4bKt1", "z9hG4bKt1;received=203.0.113.40" } },
	{ "R18.2.1-3 a sent-by that is another address gets received",
	  WITH_VIA("Via: SIP/2.0/UDP 10.1.2.3:5060;branch=z9hG4bKt1"), PASSED,
	  .change = { HOP_TAKEN, "z9hG4bKt1", "z9hG4bKt1;received=203.0.113.40" } },
	{ "R18.2.1-3 a sent-by that is the source needs none, whatever the ports",
	  WITH_VIA("Via: SIP/2.0/UDP 203.0.113.40:6666;branch=z9hG4bKt1"),
	  .source = "203.0.113.40:41000", PASSED, .change = { HOP_TAKEN } },
	{ "R18.2.1-3 IPv6 compares by value",
	  WITH_VIA("Via: SIP/2.0/UDP [2001:DB8:1:0:0:0:0:40]:5060;branch=z9hG4bKt1"),
	  .source = "[2001:db8:1::40]:5060", .listener = OUT6, TO_CORE1,
	  .added = "{via:1}Record-Route: {rr:1}\nRecord-Route: {rr:2}\n", .change = { HOP_TAKEN } },
	{ "R18.2.1-5 an IPv6 received has no brackets",
	  WITH_VIA("Via: SIP/2.0/UDP pc.example;branch=z9hG4bKt1"),
	  .source = "[2001:db8:1::40]:5060", .listener = OUT6, TO_CORE1,
	  .added = "{via:1}Record-Route: {rr:1}\nRecord-Route: {rr:2}\n",
	  .change = { HOP_TAKEN, "z9hG4bKt1", "z9hG4bKt1;received=2001:db8:1::40" } },
	{ "R18.2.1-4 a received that the sender wrote is replaced",
	  WITH_VIA("Via: SIP/2.0/UDP pc.example;received=192.0.2.99;branch=z9hG4bKt1"), PASSED,
	  .change = { HOP_TAKEN, "192.0.2.99", "203.0.113.40" } },
	{ "R18.2.1-4 also where none was needed",
	  WITH_VIA("Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1;received=192.0.2.99"),
	  PASSED, .change = { HOP_TAKEN, "192.0.2.99", "203.0.113.40" } },
	{ "R18.2.1-4 a received in brackets too (RFC 5118 4.5)",
	  WITH_VIA("Via: SIP/2.0/UDP "
		   "[2001:db8::9]:5060;received=[2001:db8::9:255];branch=z9hG4bKt1"),
	  PASSED, .change = { HOP_TAKEN, "[2001:db8::9:255]", "203.0.113.40" } },
	{ "R18.2.1-4 and in bare IPv6",
	  WITH_VIA("Via: SIP/2.0/UDP [2001:db8::9]:5060;received=2001:db8::9:255;branch=z9hG4bKt1"),
	  PASSED, .change = { HOP_TAKEN, "2001:db8::9:255", "203.0.113.40" } },
	{ "R18.2.1-6 received goes on the first of several values in a row",
	  WITH_VIA("Via: SIP/2.0/UDP a.example;branch=z9hG4bKt1, SIP/2.0/UDP b.example"), PASSED,
	  .change = { HOP_TAKEN, "z9hG4bKt1,", "z9hG4bKt1;received=203.0.113.40," } },
	{ "R18.2.1-6 before white space and a fold too",
	  WITH_VIA("Via: SIP/2.0/UDP a.example ;branch=z9hG4bKt1 ,\n SIP/2.0/UDP b.example"),
	  PASSED, .change = { HOP_TAKEN, "z9hG4bKt1 ,", "z9hG4bKt1;received=203.0.113.40 ," } },
	{ "R3581-1, R3581-2 rport gets the source port, and received is always with it",
	  WITH_VIA("Via: SIP/2.0/UDP 203.0.113.40:5060;rport;branch=z9hG4bKt1"),
	  .source = "203.0.113.40:40000", PASSED,
	  .change = { HOP_TAKEN, ";rport;", ";received=203.0.113.40;rport=40000;" } },
	{ "R3581-1 rport as the last parameter",
	  WITH_VIA("Via: SIP/2.0/UDP pc.example;branch=z9hG4bKt1;rport"),
	  .source = "203.0.113.40:1", PASSED,
	  .change = { HOP_TAKEN, ";rport", ";received=203.0.113.40;rport=1" } },
	{ "R3581-1 white space around rport",
	  WITH_VIA("Via: SIP/2.0/UDP pc.example; rport ;branch=z9hG4bKt1"),
	  .source = "203.0.113.40:65535", .verdict = PROXY_FORWARD, .dst = "10.0.0.11:5060",
	  .from = IN4, .added = NEW_IN,
	  .change = { HOP_TAKEN, "; rport", ";received=203.0.113.40;rport=65535" } },
	{ "R3581-5 the sender's value of rport is replaced",
	  WITH_VIA("Via: SIP/2.0/UDP pc.example;rport=9;branch=z9hG4bKt1"),
	  .source = "203.0.113.40:40000", PASSED,
	  .change = { HOP_TAKEN, ";rport=9", ";received=203.0.113.40;rport=40000" } },
	{ "R3581-5, R18.2.1-4 both of the sender's are replaced by one of each",
	  WITH_VIA("Via: SIP/2.0/UDP pc.example;received=192.0.2.9;x;rport=9;branch=z9hG4bKt1"),
	  .source = "203.0.113.40:40000", PASSED,
	  .change = { HOP_TAKEN, ";received=192.0.2.9", "", ";rport=9",
		      ";received=203.0.113.40;rport=40000" } },
	{ "R3581-5 in the other order too",
	  WITH_VIA("Via: SIP/2.0/UDP pc.example;rport=9;x;received=192.0.2.9;branch=z9hG4bKt1"),
	  .source = "203.0.113.40:40000", PASSED,
	  .change = { HOP_TAKEN, ";received=192.0.2.9", "", ";rport=9",
		      ";received=203.0.113.40;rport=40000" } },
	{ "R6223-1 keep, alias and unknown parameters stay",
	  WITH_VIA("Via: SIP/2.0/UDP "
		   "203.0.113.40;keep;alias;x=\"a\\\"b\";branch=z9hG4bKt1;comp=sigcomp"),
	  PASSED, .change = { HOP_TAKEN } },
	{ "R7339-3 an offer of overload control stays as it is",
	  WITH_VIA("Via: SIP/2.0/UDP 203.0.113.40;oc;oc-algo=\"loss\";branch=z9hG4bKt1"), PASSED,
	  .change = { HOP_TAKEN } },
	{ "R18.2.1-3 only the top Via is marked",
	  WITH_VIA(CALLER_VIA
		   "Via: SIP/2.0/UDP b.example;rport;received=192.0.2.1;branch=z9hG4bKb"),
	  PASSED, .change = { HOP_TAKEN } },
};

Test(forward, marks_the_source_in_the_top_via)
{
	RUN_CASES(source);
}

static const struct rule_case rows[] = {
	{ "R16.6-1, R16.6-2, R16.6-3 all rows stay, in their order",
	  "INVITE " BOB " SIP/2.0\nSubject: 1\nRecord-Route: <sip:a.example;lr>\n" CALLER_VIA
	  "X-One: 1\nVia: SIP/2.0/UDP b.example, SIP/2.0/TCP c.example\nMax-Forwards: 70\n"
	  "X-Two: 2\nX-One: 3\n"
	  "Record-Route: <sip:b.example;lr>, <sip:c.example>\nvia: SIP/2.0/SCTP d.example\n" ENDS(
		  "INVITE") "Contact: <sip:a@203.0.113.40>\nContent-Length: 0\n\n",
	  PASSED, .change = { HOP_TAKEN } },
	{ "R16.6-4 the body stays octet for octet",
	  "INVITE " BOB " SIP/2.0\n" CALLER_VIA "Max-Forwards: 70\n" ENDS(
		  "INVITE") "Content-Type: application/sdp\nContent-Length: 27\n\nv=0\n"
			    "Max-Forwards: 70\n{nul}\x01\x7f\xff",
	  PASSED, .change = { HOP_TAKEN } },
	{ "R16.6-6 ten becomes nine",
	  "INVITE " BOB " SIP/2.0\n" CALLER_VIA "Max-Forwards: 10\n" ENDS("INVITE") EMPTY, PASSED,
	  .change = { "Max-Forwards: 10", "Max-Forwards: 9" } },
	{ "R16.6-6 a hundred becomes ninety-nine",
	  "INVITE " BOB " SIP/2.0\n" CALLER_VIA "max-forwards \t:  100  \n" ENDS("INVITE") EMPTY,
	  PASSED, .change = { "100", "99" } },
	{ "R16.6RR-1 our Record-Route goes before those that are there, also with a Route",
	  "INVITE " BOB " SIP/2.0\n"
	  "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKp1\nMax-Forwards: 70\n"
	  "Record-Route: <sip:a.example;lr>\nRecord-Route: <sip:b.example;lr>\n"
	  "Route: <sip:p3.example;lr>\n" ENDS("INVITE") EMPTY,
	  .source = "198.51.100.7:5060", FORWARDED("203.0.113.90:5060", OUT4), .added = NEW_OUT,
	  .change = { HOP_TAKEN } },
	{ "R16.6RR-2 requests inside a dialog get one too",
	  IN_DIALOG("INVITE", "sip:callee@10.0.0.23", "Route: <sip:203.0.113.1:5060;lr;vt={vt}>\n"),
	  FORWARDED("10.0.0.23:5060", IN4), .added = NEW_IN,
	  .change = { HOP_TAKEN, "Route: <sip:203.0.113.1:5060;lr;vt={vt}>\n", "" } },
#define RECORDED(method)                                                                         \
	{                                                                                        \
		"R16.6RR-3, R16.6RR-4 " method " gets a Record-Route", REQUEST(method, BOB, ""), \
			PASSED, .change = {                                                      \
				HOP_TAKEN                                                        \
			}                                                                        \
	}
#define NOT_RECORDED(method)                                                                     \
	{                                                                                        \
		"R16.6RR-3 " method " gets no Record-Route", REQUEST(method, BOB, ""), TO_CORE1, \
			.added = "{via:1}", .change = {                                          \
				HOP_TAKEN                                                        \
			}                                                                        \
	}
	RECORDED("INVITE"),
	RECORDED("SUBSCRIBE"),
	RECORDED("NOTIFY"),
	RECORDED("REFER"),
	RECORDED("UPDATE"),
	RECORDED("FOO"),
	NOT_RECORDED("ACK"),
	NOT_RECORDED("CANCEL"),
	NOT_RECORDED("BYE"),
	NOT_RECORDED("OPTIONS"),
	NOT_RECORDED("MESSAGE"),
	{ "R16.6RR-3, R5626-4 a REGISTER gets no Record-Route and keeps its Supported",
	  REQUEST("REGISTER", "sip:example.com", "Supported: path, outbound, gruu\n"),
	  FORWARDED("10.0.0.31:5060", IN4), .added = "{via:1}", .change = { HOP_TAKEN } },
	{ "R16.6RR-12 with record_route off none is put in", INVITE(""), .bed = BED_NO_RECORD_ROUTE,
	  TO_CORE1, .added = "{via:1}", .change = { HOP_TAKEN } },
	{ "R16.6RR-5, R16.6RR-6 an advertised name stands in Via and Record-Route", INVITE(""),
	  .listener = OUT4_NAME, TO_CORE1,
	  .added = "{via:1}Record-Route: {rr:1}\n"
		   "Record-Route: <sip:sip.lb.example:5060;lr;vt={vt}>\n",
	  .change = { HOP_TAKEN } },
	{ "R18.1.1-6, R16.6-17, R16.11-B1 the Via has the address and port that it leaves from, "
	  "and a branch with the cookie",
	  REQUEST("OPTIONS", BOB, ""), TO_CORE1,
	  .added = "Via: SIP/2.0/UDP 10.0.0.1:5060;branch={branch};vl={vl:0}\n",
	  .change = { HOP_TAKEN } },
	{ "R3581-4 the arrival listener is noted only where it is another one",
	  "OPTIONS sip:x@203.0.113.50 SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKp1\n"
	  "Max-Forwards: 70\n" ENDS("OPTIONS") EMPTY,
	  .source = "198.51.100.7:5060", FORWARDED("203.0.113.50:5060", OUT4),
	  .added = "Via: SIP/2.0/UDP 203.0.113.1:5060;branch={branch}\n", .change = { HOP_TAKEN } },
	{ "R3581-4 a second port of the same address is another listener",
	  "OPTIONS sip:x@203.0.113.50 SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKp1\n"
	  "Max-Forwards: 70\n" ENDS("OPTIONS") EMPTY,
	  .source = "198.51.100.7:5060", .listener = OUT4_ALT,
	  FORWARDED("203.0.113.50:5060", OUT4_ALT),
	  .added = "Via: SIP/2.0/UDP 203.0.113.1:5070;branch={branch}\n", .change = { HOP_TAKEN } },
	{ "R5393-2 without Max-Breadth 60 is added", INVITE(""), .bed = BED_BREADTH, TO_CORE1,
	  .added = NEW_IN "Max-Breadth: 60\n", .change = { HOP_TAKEN } },
	{ "R5393-2 a smaller Max-Breadth passes on", INVITE("Max-Breadth: 5\n"), .bed = BED_BREADTH,
	  PASSED, .change = { HOP_TAKEN } },
	{ "R5393-2 a larger Max-Breadth is lowered", INVITE("Max-Breadth: 500\n"),
	  .bed = BED_BREADTH, PASSED,
	  .change = { HOP_TAKEN, "Max-Breadth: 500", "Max-Breadth: 60" } },
	{ "R5393-4 with the switch off Max-Breadth is left alone", INVITE("Max-Breadth: 500\n"),
	  PASSED, .change = { HOP_TAKEN } },
	{ "R16.6-1 what is not for us passes: Supported, Allow, Identity, P- headers",
	  INVITE("Supported: 199, 100rel\nAllow: INVITE\nIdentity: x;info=<y>;alg=ES256\n"
		 "P-Asserted-Identity: <tel:+1>\n"
		 "Session-ID: 0;remote=0\nPath: <sip:x;lr>\nService-Route: <sip:y;lr>\n"
		 "Alert-Info: <z>\n"),
	  PASSED, .change = { HOP_TAKEN } },
	{ "R16.6-5, R5630-3 nothing else of a Request-URI is touched",
	  REQUEST("INVITE", "sip:b;c=d:e@EXAMPLE.com:5060;transport=udp;user=phone;foo=%20", ""),
	  PASSED, .change = { HOP_TAKEN } },
};

Test(forward, changes_what_it_must_and_nothing_else)
{
	RUN_CASES(rows);
}
