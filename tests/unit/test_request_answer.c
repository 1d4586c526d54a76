/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests that the proxy answers itself: what an answer looks like and who gets none (RFC
 * 3261 8.2.6, 8.2.7), OPTIONS to the proxy (11). Names begin with the id of requirement that they
 * prove.
 */
#include "tests/unit/rule_case.h"

#include <criterion/criterion.h>

#define BOB "sip:bob@example.com"
#define SELF "sip:203.0.113.1"

#define NOBODY "sip:nobody@norule.example.com"
#define NO_RULE ANSWERED(SIP_R_NO_ROUTE_RULE, "404 No Route Matches")

static const struct rule_case answers[] = {
	{ "R8.2.6-1, R8.2-1, R20.35-1 all Vias are kept in order, From, Call-ID and CSeq "
	  "copied, To gets a tag",
	  "INVITE " NOBODY " SIP/2.0\n" CALLER_VIA
	  "Via: SIP/2.0/TCP a.example;branch=z9hG4bKa;received=192.0.2.1\n"
	  "Max-Forwards: 70\nRecord-Route: <sip:a.example;lr>\nContact: <sip:x@192.0.2.1>\n" ENDS(
		  "INVITE") "Via: SIP/2.0/UDP b.example, SIP/2.0/UDP c.example\n"
			    "Content-Length: 3\n\nabc",
	  .verdict = PROXY_ANSWER, .reason = SIP_R_NO_ROUTE_RULE, .dst = "203.0.113.40:5060",
	  .whole =
		  "SIP/2.0 404 No Route Matches\n" CALLER_VIA
		  "Via: SIP/2.0/TCP a.example;branch=z9hG4bKa;received=192.0.2.1\n"
		  "Via: SIP/2.0/UDP b.example, SIP/2.0/UDP c.example\n"
		  "From: <sip:alice@caller.example>;tag=f1\nTo: <sip:bob@example.com>;tag={totag}\n"
		  "Call-ID: c1@caller.example\nCSeq: 1 INVITE\nContent-Length: 0\n\n" },
	{ "R8.2.6-2 a To tag that is there stays", IN_DIALOG("INVITE", NOBODY, ""), NO_RULE },
	{ "R8.2.6-1, R18.2.2-7 the answer carries received and rport and goes there",
	  "INVITE " NOBODY
	  " SIP/2.0\nVia: SIP/2.0/UDP pc.example;rport;branch=z9hG4bKt1\nMax-Forwards: 70\n" ENDS(
		  "INVITE") EMPTY,
	  .source = "203.0.113.77:41000", .verdict = PROXY_ANSWER, .reason = SIP_R_NO_ROUTE_RULE,
	  .dst = "203.0.113.77:41000", .status = "404 No Route Matches",
	  .via = "SIP/2.0/UDP pc.example;received=203.0.113.77;rport=41000;branch=z9hG4bKt1" },
	{ "R18.2.2-7 without rport the answer goes to the port of sent-by",
	  "INVITE " NOBODY
	  " SIP/2.0\nVia: SIP/2.0/UDP pc.example:5090;branch=z9hG4bKt1\nMax-Forwards: 70\n" ENDS(
		  "INVITE") EMPTY,
	  .source = "203.0.113.77:41000", .verdict = PROXY_ANSWER, .reason = SIP_R_NO_ROUTE_RULE,
	  .dst = "203.0.113.77:5090", .status = "404 No Route Matches",
	  .via = "SIP/2.0/UDP pc.example:5090;branch=z9hG4bKt1;received=203.0.113.77" },
	{ "R3581-3 the answer leaves from the listener that got the request",
	  REQUEST("INVITE", NOBODY, ""), .listener = OUT4_ALT, .verdict = PROXY_ANSWER,
	  .reason = SIP_R_NO_ROUTE_RULE, .dst = "203.0.113.40:5060", .from = OUT4_ALT,
	  .status = "404 No Route Matches" },
	{ "R8.2.6-1 compact and folded rows are answered with the same values",
	  "INVITE " NOBODY
	  " SIP/2.0\nv : SIP/2.0/UDP\n 203.0.113.40:5060;branch=z9hG4bKt1\nMax-Forwards: 70\n"
	  "f:<sip:a@b.example>;tag=1\nt:  <sip:b@c.example>\ni:c1\nCSeq: 1\n INVITE\n\n",
	  .verdict = PROXY_ANSWER, .reason = SIP_R_NO_ROUTE_RULE,
	  .whole = "SIP/2.0 404 No Route Matches\nVia: SIP/2.0/UDP\n"
		   " 203.0.113.40:5060;branch=z9hG4bKt1\n"
		   "From: <sip:a@b.example>;tag=1\nTo: <sip:b@c.example>;tag={totag}\nCall-ID: c1\n"
		   "CSeq: 1\n INVITE\nContent-Length: 0\n\n" },
	{ "R8.2.6-1 of repeated rows the first is answered",
	  "INVITE " BOB " SIP/2.0\n" CALLER_VIA "Max-Forwards: 70\n" ENDS("INVITE") ENDS("INVITE")
		  EMPTY,
	  .verdict = PROXY_ANSWER, .reason = SIP_R_DUP_FROM, .status = "400 Repeated From" },
	{ "R16.5-5, R21.5.4-1 no live backend: 503 with Retry-After",
	  REQUEST("INVITE", "sip:bob@dead.example.com", ""),
	  ANSWERED(SIP_R_NO_BACKEND, "503 No Backend Available"), .extra = "Retry-After: 10\n" },
	{ "R16.5-5 a draining backend takes nothing new",
	  REQUEST("INVITE", "sip:bob@drain.example.com", ""),
	  ANSWERED(SIP_R_NO_BACKEND, "503 No Backend Available"), .extra = "Retry-After: 10\n" },
	{ "R16.5-4, R21-1 no route of the configuration matches", REQUEST("INVITE", NOBODY, ""),
	  NO_RULE },
	{ "R3263-6 a target that needs DNS is for the control thread",
	  REQUEST("INVITE", BOB, "Route: <sip:unknown.peer.example;lr>\n"),
	  .source = "198.51.100.7:5060", HANDED_OVER(SIP_R_NEEDS_DNS),
	  .asks = "unknown.peer.example" },
	{ "contract 4: a backend without UDP is not sent UDP",
	  REQUEST("INVITE", "sip:bob@tcp.example.com", ""), HANDED_OVER(SIP_R_NEEDS_STREAM) },
	{ "contract 4: nor TCP from a listener that has none",
	  REQUEST("INVITE", "sip:bob@tcp.example.com", ""), .able = true,
	  ANSWERED(SIP_R_UNUSABLE_TARGET, "480 Next Hop Unusable") },
	{ "contract 4: a next hop without a network route is refused",
	  REQUEST("INVITE", "sip:x@198.18.0.1", ""), .source = "198.51.100.7:5060",
	  .verdict = PROXY_ANSWER, .reason = SIP_R_NO_NETWORK_ROUTE,
	  .status = "500 Next Hop Unreachable",
	  .via = "SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1;received=198.51.100.7" },

	{ "R17-1 a faulty ACK gets no answer",
	  "ACK " BOB " SIP/2.0\n" CALLER_VIA "Max-Forwards: x\n" ENDS("ACK") EMPTY,
	  DROPPED(SIP_R_BAD_MAX_FORWARDS) },
	{ "R17-1, R16.3-9 an ACK with Max-Forwards 0 gets no answer",
	  "ACK " BOB " SIP/2.0\n" CALLER_VIA "Max-Forwards: 0\n" ENDS("ACK") EMPTY,
	  DROPPED(SIP_R_MAX_FORWARDS_ZERO) },
	{ "R17-1 an ACK with an unknown scheme gets no answer", REQUEST("ACK", "foo:bar", ""),
	  DROPPED(SIP_R_BAD_SCHEME) },
	{ "R17-1 an ACK for a dead pool gets no answer",
	  REQUEST("ACK", "sip:bob@dead.example.com", ""), DROPPED(SIP_R_NO_BACKEND) },
	{ "R17-1 an ACK that may not be relayed gets no answer",
	  REQUEST("ACK", "sip:x@elsewhere.example", ""), DROPPED(SIP_R_RELAY_DENIED) },
	{ "R17-1 an ACK of another version gets no answer",
	  "ACK " BOB " SIP/2.1\n" CALLER_VIA "Max-Forwards: 70\n" ENDS("ACK") EMPTY,
	  DROPPED(SIP_R_BAD_VERSION) },
	{ "R8.2.7-2 a CANCEL that fails a check gets no answer",
	  "CANCEL " BOB " SIP/2.0\n" CALLER_VIA "Max-Forwards: 0\n" ENDS("CANCEL") EMPTY,
	  DROPPED(SIP_R_MAX_FORWARDS_ZERO) },
	{ "R8.2.7-1 the ACK to an answer of our own is absorbed",
	  "ACK " NOBODY " SIP/2.0\n" CALLER_VIA
	  "Max-Forwards: 70\nFrom: <sip:alice@caller.example>;tag=f1\n"
	  "To: <sip:bob@example.com>;tag={totag}\nCall-ID: c1@caller.example\nCSeq: 1 ACK\n" EMPTY,
	  DROPPED(SIP_R_OWN_ACK) },
	{ "R8.2.7-1 any other ACK is forwarded",
	  "ACK " BOB " SIP/2.0\n" CALLER_VIA
	  "Max-Forwards: 70\nFrom: <sip:alice@caller.example>;tag=f1\n"
	  "To: <sip:bob@example.com>;tag=0123456789abcdef\nCall-ID: c1@caller.example\n"
	  "CSeq: 1 ACK\n" EMPTY,
	  TO_CORE1, .added = "{via:1}", .change = { HOP_TAKEN } },
	{ "R8.2.7-1 our To tag in anything but an ACK absorbs nothing",
	  "BYE " BOB " SIP/2.0\n" CALLER_VIA
	  "Max-Forwards: 70\nFrom: <sip:alice@caller.example>;tag=f1\n"
	  "To: <sip:bob@example.com>;tag={totag}\nCall-ID: c1@caller.example\nCSeq: 1 BYE\n" EMPTY,
	  TO_CORE1, .added = "{via:1}", .change = { HOP_TAKEN } },
};

Test(request, is_answered_without_state)
{
	RUN_CASES(answers);
}

/* --- 11: OPTIONS to the proxy itself --------------------------------------------------------- */

#define CAN "Accept: */*\nAccept-Encoding: identity\nAccept-Language: en\nSupported:\n"

static const struct rule_case options[] = {
	{ "R11-1, R11-2, R11-5 OPTIONS to the proxy is answered with what it can do, without Allow",
	  REQUEST("OPTIONS", SELF, ""), ANSWERED(SIP_OK, "200 OK"), .extra = CAN },
	{ "R11-1 also to its address with the port", REQUEST("OPTIONS", SELF ":5060", ""),
	  ANSWERED(SIP_OK, "200 OK"), .extra = CAN },
	{ "R11-1 also to its IPv6 address, spelled otherwise",
	  REQUEST("OPTIONS", "sip:[2001:DB8:1:0:0::1]", ""), ANSWERED(SIP_OK, "200 OK"),
	  .extra = CAN },
	{ "R11-1 also to the name that it advertises", REQUEST("OPTIONS", "sip:SIP.LB.example", ""),
	  ANSWERED(SIP_OK, "200 OK"), .extra = CAN },
	{ "R11-1 also when it comes with a Route to the proxy",
	  REQUEST("OPTIONS", SELF, "Route: <sip:203.0.113.1;lr>\n"), ANSWERED(SIP_OK, "200 OK"),
	  .extra = CAN },
	{ "R11-3 also with Max-Forwards 0",
	  "OPTIONS " SELF " SIP/2.0\n" CALLER_VIA "Max-Forwards: 0\n" ENDS("OPTIONS") EMPTY,
	  ANSWERED(SIP_OK, "200 OK"), .extra = CAN },
	{ "R11-4 a draining node answers 503", REQUEST("OPTIONS", SELF, ""), .bed = BED_DRAINING,
	  ANSWERED(SIP_R_NO_BACKEND, "503 No Backend Available"), .extra = "Retry-After: 10\n" },
	{ "R16.3-16 an OPTIONS whose top Via names a transport that cannot be answered gets none",
	  "OPTIONS " SELF " SIP/2.0\nVia: SIP/2.0/UDR 203.0.113.40;branch=z9hG4bKt1\n"
	  "Max-Forwards: 70\n" ENDS("OPTIONS") EMPTY,
	  DROPPED(SIP_R_BAD_VIA) },
	{ "R11-1 an OPTIONS to a domain is routed", REQUEST("OPTIONS", "sip:example.com", ""),
	  TO_CORE1, .added = "{via:1}", .change = { HOP_TAKEN } },
	{ "R11-1 an OPTIONS to a user at the proxy's address is routed",
	  REQUEST("OPTIONS", "sip:bob@203.0.113.1", ""), TO_CORE1, .added = "{via:1}",
	  .change = { HOP_TAKEN } },
	{ "R16.3-11 OPTIONS to the proxy with Proxy-Require is refused",
	  REQUEST("OPTIONS", SELF, "Proxy-Require: x\n"),
	  ANSWERED(SIP_R_PROXY_REQUIRE, "420 Bad Extension"), .extra = "Unsupported: x\n" },
};

Test(request, for_the_proxy_itself_is_answered_if_it_is_an_options)
{
	RUN_CASES(options);
}
