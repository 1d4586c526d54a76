/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Responses: which ones are ours, and where they go (RFC 3261 16.11, 18.1.2, 18.2.2; RFC 3581).
 */
#include "tests/unit/rule_case.h"

#include <criterion/criterion.h>

#define OURS "Via: SIP/2.0/UDP 10.0.0.1:5060;branch={branch};vl={vl:0}\n"
#define OURS_OUT "Via: SIP/2.0/UDP 203.0.113.1:5060;branch={branch}\n"
#define CALLER CALLER_VIA
#define REST                                                                          \
	"From: <sip:alice@caller.example>;tag=f1\nTo: <sip:bob@example.com>;tag=t1\n" \
	"Call-ID: c1@caller.example\nCSeq: 1 INVITE\nContent-Length: 0\n\n"
#define OK(vias) "SIP/2.0 200 OK\n" vias REST
#define SERVER .source = "10.0.0.11:5060", .listener = IN4
#define TO_CALLER .verdict = PROXY_FORWARD, .dst = "203.0.113.40:5060", .from = OUT4
#define GONE .change = { OURS, "" }

static const struct rule_case ours[] = {
	{ "R16.11-R3 our Via is taken off, the rest goes where the next one says", OK(OURS CALLER),
	  SERVER, TO_CALLER, GONE },
	{ "R16.11-R3 of two values in one row the first goes, with its comma",
	  OK("Via: SIP/2.0/UDP 10.0.0.1:5060;branch={branch};vl={vl:0}, SIP/2.0/UDP "
	     "203.0.113.40:5060;branch=z9hG4bKt1\n"),
	  SERVER, TO_CALLER,
	  .change = { "SIP/2.0/UDP 10.0.0.1:5060;branch={branch};vl={vl:0}, ", "" } },
	{ "R16.11-R3 compact, folded, white space: the same",
	  OK("v :\n SIP / 2.0 / UDP 10.0.0.1:5060 ;branch = {branch} ; vl={vl:0}\nX: 1\n" CALLER),
	  SERVER, TO_CALLER,
	  .change = { "v :\n SIP / 2.0 / UDP 10.0.0.1:5060 ;branch = {branch} ; vl={vl:0}\n",
		      "" } },
	{ "R16.11-R3 our Via need not be the first row",
	  OK("Server: x\nSubject: y\n" OURS "Supported: z\n" CALLER), SERVER, TO_CALLER, GONE },
	{ "R16.11-R2 sent-by compares by value: capitals, default port",
	  OK("Via: SIP/2.0/UDP SIP.LB.Example;branch={branch}\n" CALLER),
	  .source = "203.0.113.70:5060", TO_CALLER,
	  .change = { "Via: SIP/2.0/UDP SIP.LB.Example;branch={branch}\n", "" } },
	{ "R16.11-R2 IPv6 by value",
	  OK("Via: SIP/2.0/UDP [2001:DB8:2:0::1];branch={branch};vl={vl:0}\n" CALLER),
	  .source = "[2001:db8:2::11]:5060", .listener = IN6, TO_CALLER,
	  .change = { "Via: SIP/2.0/UDP [2001:DB8:2:0::1];branch={branch};vl={vl:0}\n", "" } },
	{ "R16.11-R1 another address is not ours",
	  OK("Via: SIP/2.0/UDP 10.0.0.2:5060;branch={branch}\n" CALLER), SERVER,
	  DROPPED(SIP_R_NOT_OUR_VIA) },
	{ "R16.11-R1 another port is not ours",
	  OK("Via: SIP/2.0/UDP 10.0.0.1:5061;branch={branch}\n" CALLER), SERVER,
	  DROPPED(SIP_R_NOT_OUR_VIA) },
	{ "R16.11-R1 a domain that we serve is not our sent-by",
	  OK("Via: SIP/2.0/UDP example.com;branch={branch}\n" CALLER), SERVER,
	  DROPPED(SIP_R_NOT_OUR_VIA) },
	{ "R16.11-R1 another transport is not what we wrote",
	  OK("Via: SIP/2.0/TCP 10.0.0.1:5060;branch={branch}\n" CALLER), SERVER,
	  DROPPED(SIP_R_NOT_OUR_VIA) },
	{ "R20-1 a response without Via is dropped", OK(""), SERVER, DROPPED(SIP_R_NO_VIA) },
	{ "R16.11-R5 no Via below ours: it was for nobody here",
	  OK("Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK0123456789abcdef0123456789abcdef\n"),
	  SERVER, DROPPED(SIP_R_LAST_VIA) },
	{ "R16.11-R9 a branch that we did not make is forged",
	  OK("Via: SIP/2.0/UDP "
	     "10.0.0.1:5060;branch=z9hG4bK0123456789abcdef0123456789abcdef;vl={vl:0}\n" CALLER),
	  SERVER, DROPPED(SIP_R_FORGED_BRANCH) },
	{ "R16.11-R9 a branch cut short is forged",
	  OK("Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK0123456789abcdef\n" CALLER), SERVER,
	  DROPPED(SIP_R_FORGED_BRANCH) },
	{ "R16.11-R9 our Via without a branch is not ours",
	  OK("Via: SIP/2.0/UDP 10.0.0.1:5060\n" CALLER), SERVER, DROPPED(ANY_REASON) },
	{ "R16.11-R9 the branch of an RFC 2543 request is known again",
	  OK(OURS "Via: SIP/2.0/UDP 203.0.113.40:5060\n"), SERVER, TO_CALLER, GONE },
	{ "R16.11-R9 the branch of an RFC 2543 request with a branch of its own too",
	  OK(OURS "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=390skdjuw\n"), SERVER, TO_CALLER,
	  GONE },
	{ "LB-6 a listener mark with a changed bit is forged",
	  OK("Via: SIP/2.0/UDP 10.0.0.1:5060;branch={branch};vl=00000000\n" CALLER), SERVER,
	  DROPPED(SIP_R_FORGED_BRANCH) },
	{ "LB-6 a listener mark that is no number is forged",
	  OK("Via: SIP/2.0/UDP 10.0.0.1:5060;branch={branch};vl=x\n" CALLER), SERVER,
	  DROPPED(SIP_R_FORGED_BRANCH) },
	{ "R7.2-2 codes of a known class pass, known or not", "SIP/2.0 199 x\n" OURS CALLER REST,
	  SERVER, TO_CALLER, GONE },
	{ "R7.2-2 699 passes", "SIP/2.0 699 x\n" OURS CALLER REST, SERVER, TO_CALLER, GONE },
	{ "R7.2-2 099 is no status code", "SIP/2.0 099 x\n" OURS CALLER REST, SERVER,
	  DROPPED(SIP_R_BAD_STATUS_LINE) },
	{ "R7.2-2 700 is no status code", "SIP/2.0 700 x\n" OURS CALLER REST, SERVER,
	  DROPPED(SIP_R_BAD_STATUS_LINE) },
	{ "R7.2-2 4294967301 is no status code", "SIP/2.0 4294967301 x\n" OURS CALLER REST, SERVER,
	  DROPPED(SIP_R_BAD_STATUS_LINE) },
	{ "R7.2-1 the reason may be empty", "SIP/2.0 100 \n" OURS CALLER REST, SERVER, TO_CALLER,
	  GONE },
	{ "R7.2-3, R7.3-2 a status line has no continuation",
	  "SIP/2.0 200 OK\n and more\n" OURS CALLER REST, SERVER, DROPPED(SIP_R_BAD_STATUS_LINE) },
	{ "R7.2-3, R7-2 the reason is opaque UTF-8",
	  "SIP/2.0 200 = 2**3 * \xd0\xbd\xd0\xbe\n" OURS CALLER REST, SERVER, TO_CALLER, GONE },
	{ "R7.1-6 a response of another version is dropped", "SIP/3.0 200 OK\n" OURS CALLER REST,
	  SERVER, DROPPED(ANY_REASON) },
	{ "R7.1-5 sip/2.0 leaves as SIP/2.0", "sip/2.0 200 OK\n" OURS CALLER REST, SERVER,
	  TO_CALLER, .change = { "sip/2.0", "SIP/2.0", OURS, "" } },
	{ "R16.11-R6 100 is forwarded, by a stateless proxy",
	  "SIP/2.0 100 Trying\n" OURS CALLER REST, SERVER, TO_CALLER, GONE },
	{ "R16.11-R7 503 stays 503, 6xx and 401 are not held",
	  "SIP/2.0 503 Busy\n" OURS CALLER "Retry-After: 5\n" REST, SERVER, TO_CALLER, GONE },
	{ "R7.3-11 request headers in a response mean nothing",
	  "SIP/2.0 200 OK\n" OURS CALLER
	  "Max-Forwards: 0\nProxy-Require: x\nRoute: <sip:x;lr>\n" REST,
	  SERVER, TO_CALLER, GONE },
	{ "R16.7-1, R16.11-R4 no tag, header or body is touched",
	  "SIP/2.0 200 OK\n" OURS
	  "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1;received=203.0.113.40;rport=5060\n"
	  "Record-Route: <sip:10.0.0.1:5060;lr;vt=0>\nFrom: <sip:alice@caller.example>\n"
	  "To: <sip:bob@example.com>\n"
	  "Call-ID: c1\nCSeq: 1 INVITE\nContact: <sip:b@10.0.0.11>\nContent-Length: 6\n\n"
	  "a{nul}{cr}{lf}\xff"
	  "b",
	  SERVER, TO_CALLER, GONE },
	{ "R18.3-1 what follows the body is cut off", OK(OURS CALLER) "junk", SERVER, TO_CALLER,
	  .change = { OURS, "", "junk", "" } },
	{ "R18.3-2 a response shorter than its Content-Length is dropped",
	  "SIP/2.0 200 OK\n" OURS CALLER
	  "From: <sip:a@b.example>;tag=1\nTo: <sip:a@b.example>\nCall-ID: c1\nCSeq: 1 INVITE\n"
	  "Content-Length: 5\n\nabcd",
	  SERVER, DROPPED(SIP_R_SHORT_BODY) },
	{ "R20.16-1 a response whose CSeq is out of range is dropped",
	  "SIP/2.0 200 OK\n" OURS CALLER
	  "From: <sip:a@b.example>;tag=1\nTo: <sip:a@b.example>\nCall-ID: c1\n"
	  "CSeq: 9292394834772304023312 OPTIONS\nContent-Length: 0\n\n",
	  SERVER, DROPPED(SIP_R_BAD_CSEQ) },
	{ "R7339-3, R7339-4 what a server says about overload in our Via goes no further",
	  OK("Via: SIP/2.0/UDP "
	     "10.0.0.1:5060;branch={branch};vl={vl:0};oc=50;oc-algo=\"loss\"\n" CALLER),
	  SERVER, TO_CALLER,
	  .change = { "Via: SIP/2.0/UDP "
		      "10.0.0.1:5060;branch={branch};vl={vl:0};oc=50;oc-algo=\"loss\"\n",
		      "" } },
	{ "R18.1.1-5, R18.1.1-4 a response of 60,000 bytes passes whole",
	  "SIP/2.0 200 OK\n" OURS CALLER "X: {fill:60000}\n" REST, SERVER, TO_CALLER, GONE },
};

Test(response, is_ours_or_goes_nowhere)
{
	RUN_CASES(ours);
}

#define BELOW(via) OK(OURS "Via: " via "\n"), SERVER
#define SENT_TO(to) .verdict = PROXY_FORWARD, .dst = (to), .from = OUT4, GONE

static const struct rule_case next[] = {
	{ "R18.2.2-4 received without rport: that address, the port of sent-by",
	  BELOW("SIP/2.0/UDP pc.example:5070;branch=z9hG4bKt1;received=203.0.113.77"),
	  SENT_TO("203.0.113.77:5070") },
	{ "R18.2.2-4 received without any port: 5060",
	  BELOW("SIP/2.0/UDP pc.example;branch=z9hG4bKt1;received=203.0.113.77"),
	  SENT_TO("203.0.113.77:5060") },
	{ "R18.2.2-4a, R3581-3 received and rport: exactly there",
	  BELOW("SIP/2.0/UDP 10.1.1.1:5070;branch=z9hG4bKt1;received=203.0.113.77;rport=40000"),
	  SENT_TO("203.0.113.77:40000") },
	{ "R18.2.2-4a in any order and case",
	  BELOW("SIP/2.0/UDP 10.1.1.1;RPORT=40000;branch=z9hG4bKt1;Received=203.0.113.77"),
	  SENT_TO("203.0.113.77:40000") },
	{ "R3581-3 the response leaves from the listener that got the request: another port",
	  OK("Via: SIP/2.0/UDP 10.0.0.1:5060;branch={branch};vl={vl:4}\n" CALLER), SERVER,
	  .verdict = PROXY_FORWARD, .dst = "203.0.113.40:5060", .from = OUT4_ALT,
	  .change = { "Via: SIP/2.0/UDP 10.0.0.1:5060;branch={branch};vl={vl:4}\n", "" } },
	{ "R3581-3 another address",
	  OK("Via: SIP/2.0/UDP 10.0.0.1:5060;branch={branch};vl={vl:5}\n" CALLER), SERVER,
	  .verdict = PROXY_FORWARD, .dst = "203.0.113.40:5060", .from = OUT4_NAME,
	  .change = { "Via: SIP/2.0/UDP 10.0.0.1:5060;branch={branch};vl={vl:5}\n", "" } },
	{ "R3581-3 without a mark, the one that it came to", OK(OURS_OUT CALLER),
	  .source = "203.0.113.70:5060", TO_CALLER, .change = { OURS_OUT, "" } },
	{ "R18.2.2-6 no received: sent-by", BELOW("SIP/2.0/UDP 203.0.113.78:5099;branch=z9hG4bKt1"),
	  SENT_TO("203.0.113.78:5099") },
	{ "R18.2.2-6 sent-by by the hosts table", BELOW("SIP/2.0/UDP P3.example;branch=z9hG4bKt1"),
	  SENT_TO("203.0.113.90:5060") },
	{ "R18.2.2-6, R3263-6 a name that needs DNS is for the control thread",
	  BELOW("SIP/2.0/UDP gw.example;branch=z9hG4bKt1"), HANDED_OVER(SIP_R_VIA_NEEDS_DNS) },
	{ "R18.2.2-3 a maddr that we trust is where it goes",
	  BELOW("SIP/2.0/UDP "
		"pc.example:5077;maddr=198.51.100.9;branch=z9hG4bKt1;received=203.0.113.77"),
	  SENT_TO("198.51.100.9:5077") },
	{ "R26.1-1 a maddr of anybody else aims nothing",
	  BELOW("SIP/2.0/UDP "
		"pc.example:5077;maddr=203.0.113.200;branch=z9hG4bKt1;received=203.0.113.77"),
	  SENT_TO("203.0.113.77:5077") },
	{ "R18.2.2-1 a next hop by TCP is for the control thread",
	  BELOW("SIP/2.0/TCP 203.0.113.40;branch=z9hG4bKt1"), HANDED_OVER(SIP_R_NEEDS_STREAM) },
	{ "R7118 a next hop by what is not served is dropped",
	  BELOW("SIP/2.0/WS 203.0.113.40;branch=z9hG4bKt1"), DROPPED(SIP_R_VIA_NEEDS_STREAM) },
	{ "R16.11-R8 broadcast is no destination",
	  BELOW("SIP/2.0/UDP 255.255.255.255;branch=z9hG4bKt1"), DROPPED(SIP_R_BAD_NEXT_VIA) },
	{ "R16.11-R8 nor the broadcast address of a network",
	  BELOW("SIP/2.0/UDP 203.0.113.255;branch=z9hG4bKt1"), DROPPED(SIP_R_NO_NETWORK_ROUTE) },
	{ "R16.11-R8 nor 0.0.0.0", BELOW("SIP/2.0/UDP 0.0.0.0;branch=z9hG4bKt1"),
	  DROPPED(SIP_R_BAD_NEXT_VIA) },
	{ "R16.11-R8 nor multicast",
	  BELOW("SIP/2.0/UDP pc.example;received=224.0.1.75;branch=z9hG4bKt1"),
	  DROPPED(SIP_R_BAD_NEXT_VIA) },
	{ "R16.11-R8 nor the proxy itself", BELOW("SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bKt1"),
	  .verdict = PROXY_DROP, .reason = ANY_REASON },
	{ "R16.9-1 nor a network that is not reached",
	  BELOW("SIP/2.0/UDP 198.18.0.1;branch=z9hG4bKt1"), DROPPED(SIP_R_NO_NETWORK_ROUTE) },
	{ "R16.11-R3 a next Via that cannot be read is dropped",
	  OK("Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK0123456789abcdef0123456789abcdef\n"
	     "Via: SIP/2.0/UDP ;;\n"),
	  SERVER, DROPPED(SIP_R_BAD_NEXT_VIA) },
	{ "R18.2.1-5, RFC 5118 4.5: a received in brackets",
	  BELOW("SIP/2.0/UDP [2001:db8::9]:5060;received=[2001:db8:1::40];branch=z9hG4bKt1"),
	  .verdict = PROXY_FORWARD, .dst = "[2001:db8:1::40]:5060", .from = OUT6, GONE },
	{ "R18.2.1-5, RFC 5118 4.5: a received without brackets",
	  BELOW("SIP/2.0/UDP [2001:db8::9]:5060;received=2001:db8:1::40;branch=z9hG4bKt1"),
	  .verdict = PROXY_FORWARD, .dst = "[2001:db8:1::40]:5060", .from = OUT6, GONE },
	{ "R5118-1 an IPv4-mapped sent-by means IPv4",
	  BELOW("SIP/2.0/UDP [::ffff:203.0.113.40];branch=z9hG4bKt1"),
	  SENT_TO("203.0.113.40:5060") },
	{ "R25-3 from a server by IPv6 back to a caller by IPv4",
	  OK("Via: SIP/2.0/UDP [2001:db8:2::1]:5060;branch={branch};vl={vl:0}\n" CALLER),
	  .source = "[2001:db8:2::11]:5060", .listener = IN6, TO_CALLER,
	  .change = { "Via: SIP/2.0/UDP [2001:db8:2::1]:5060;branch={branch};vl={vl:0}\n", "" } },
};

Test(response, goes_where_the_next_via_says)
{
	RUN_CASES(next);
}
