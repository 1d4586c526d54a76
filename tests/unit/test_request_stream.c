/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules where TCP and TLS are at hand: by which transport a request leaves, what our Via and
 * Record-Route say then, and how its response finds back (RFC 3261 16.1, 18.1.1, 18.2.2; RFC 5630,
 * RFC 5658). The names of the domains say what their one server takes.
 */
#include "dataplane/proxy/branch.h"
#include "tests/unit/rule_case.h"

#include <criterion/criterion.h>

#define TO(domain) REQUEST("INVITE", "sip:bob@" domain, "")
#define STREAMS .bed = BED_STREAMS
#define BY_TCP .by = SIP_TCP, .source = "203.0.113.40:49152"
#define BY_TLS .by = SIP_TLS, .source = "203.0.113.40:49152", .listener = OUT4_TLS
#define GOES(to_, by_, from_) .verdict = PROXY_FORWARD, .dst = (to_), .to = (by_), .from = (from_)
#define CHANGED .change = { HOP_TAKEN }

static const struct rule_case transports[] = {
	{ "contract 4: UDP stays UDP where the server takes all", TO("all.example"), STREAMS,
	  GOES("10.0.0.15:5060", SIP_UDP, IN4), .added = NEW_IN, CHANGED },
	{ "contract 4: a worker hands over what only TCP reaches", TO("tcp.example"), STREAMS,
	  HANDED_OVER(SIP_R_NEEDS_STREAM) },
	{ "R16.1-3, R18.1.1-2, R5658-1 UDP to TCP is a crossing, with both sides in Record-Route",
	  TO("tcp.example"), STREAMS, .able = true, GOES("10.0.0.12:5060", SIP_TCP, IN4),
	  .crossing = true, .added = "{tcp:1}Record-Route: {rrtcp:1}\nRecord-Route: {rr:0}\n",
	  CHANGED },
	{ "R26.2-1 UDP to TLS leaves by a TLS listener, to the server's port", TO("tls.example"),
	  STREAMS, .able = true, GOES("10.0.0.13:5071", SIP_TLS, IN4_TLS), .crossing = true,
	  .added = "{tls:7}Record-Route: {rrtls:7}\nRecord-Route: {rr:0}\n", CHANGED },
	{ "contract 4: TCP stays TCP", TO("both.example"), STREAMS, BY_TCP,
	  GOES("10.0.0.14:5060", SIP_TCP, IN4),
	  .added = "{tcp:1}Record-Route: {rrtcp:1}\nRecord-Route: {rrtcp:0}\n", CHANGED },
	{ "contract 4: TCP to a server with UDP alone is a crossing", TO("udp.example"), STREAMS,
	  BY_TCP, GOES("10.0.0.11:5060", SIP_UDP, IN4), .crossing = true,
	  .added = "{via:1}Record-Route: {rr:1}\nRecord-Route: {rrtcp:0}\n", CHANGED },
	{ "contract 4: TCP and TLS interchange: TCP in, TLS out", TO("tls.example"), STREAMS,
	  BY_TCP, GOES("10.0.0.13:5071", SIP_TLS, IN4_TLS),
	  .added = "{tls:7}Record-Route: {rrtls:7}\nRecord-Route: {rrtcp:0}\n", CHANGED },
	{ "contract 4: TLS in, TCP out rather than UDP", TO("both.example"), STREAMS, BY_TLS,
	  GOES("10.0.0.14:5060", SIP_TCP, IN4),
	  .added = "{tcp:1}Record-Route: {rrtcp:1}\nRecord-Route: {rrtls:6}\n", CHANGED },
	{ "contract 4: TLS stays TLS, at the port of TLS", TO("all.example"), STREAMS, BY_TLS,
	  GOES("10.0.0.15:5061", SIP_TLS, IN4_TLS),
	  .added = "{tls:7}Record-Route: {rrtls:7}\nRecord-Route: {rrtls:6}\n", CHANGED },
	{ "R16.6-18 a request without Content-Length gets it, since a stream needs it",
	  "INVITE sip:bob@tcp.example SIP/2.0\n" CALLER_VIA
	  "Max-Forwards: 70\n" ENDS("INVITE") "\nv=0\n",
	  STREAMS, .able = true, GOES("10.0.0.12:5060", SIP_TCP, IN4), .crossing = true,
	  .added = "{tcp:1}Record-Route: {rrtcp:1}\nRecord-Route: {rr:0}\nContent-Length: 5\n",
	  CHANGED },
	{ "R3581-1, R3581-2 rport and received whatever the transport",
	  "INVITE sip:bob@tcp.example SIP/2.0\n"
	  "Via: SIP/2.0/TCP pc.example;rport;branch=z9hG4bKt1\nMax-Forwards: 70\n" ENDS("INVITE")
		  EMPTY,
	  STREAMS, BY_TCP, GOES("10.0.0.12:5060", SIP_TCP, IN4),
	  .added = "{tcp:1}Record-Route: {rrtcp:1}\nRecord-Route: {rrtcp:0}\n",
	  .change = { HOP_TAKEN, ";rport;", ";received=203.0.113.40;rport=49152;" } },
};

static const struct rule_case secure[] = {
	{ "R5630-1 sips goes by TLS even where the server takes all",
	  REQUEST("INVITE", "sips:bob@all.example", ""), STREAMS, BY_TLS,
	  GOES("10.0.0.15:5061", SIP_TLS, IN4_TLS),
	  .added = "{tls:7}Record-Route: {rrsips:7}\nRecord-Route: {rrsips:6}\n", CHANGED },
	{ "R5630-1 and never to one without", REQUEST("INVITE", "sips:bob@both.example", ""),
	  STREAMS, BY_TLS, .verdict = PROXY_ANSWER, .reason = SIP_R_NO_SIPS, .from = OUT4_TLS,
	  .status = "480 SIPS Not Allowed",
	  .extra = "Warning: 380 203.0.113.1:5061 \"SIPS Not Allowed\"\n" },
	{ "R5630-1, R16.6-15 a Route of sips asks for TLS",
	  REQUEST("INVITE", "sip:bob@all.example", "Route: <sips:203.0.113.60;lr>\n"), STREAMS,
	  .able = true, GOES("203.0.113.60:5061", SIP_TLS, OUT4_TLS), .crossing = true,
	  .added = "{tls:6}Record-Route: {rrsips:6}\nRecord-Route: {rr:0}\n", CHANGED },
};

#define BIG "Subject: {fill:1000}\n"

static const struct rule_case large[] = {
	{ "R18.1.1-1 over 1300 bytes are for the control thread if the server takes TCP",
	  REQUEST("INVITE", "sip:bob@both.example", BIG), STREAMS,
	  HANDED_OVER(SIP_R_NEEDS_STREAM) },
	{ "R18.1.1-1, R18.1.1-2 and leave by TCP, which our Via says",
	  REQUEST("INVITE", "sip:bob@both.example", BIG), STREAMS, .able = true,
	  GOES("10.0.0.14:5060", SIP_TCP, IN4), .crossing = true,
	  .added = "{tcp:1}Record-Route: {rrtcp:1}\nRecord-Route: {rr:0}\n", CHANGED },
	{ "R18.1.1-3 but by UDP after all where TCP was refused",
	  REQUEST("INVITE", "sip:bob@both.example", BIG), STREAMS, .able = true, .no_stream = true,
	  GOES("10.0.0.14:5060", SIP_UDP, IN4), .added = NEW_IN, CHANGED },
	{ "contract 4: and by UDP to a server without TCP",
	  REQUEST("INVITE", "sip:bob@udp.example", BIG), STREAMS,
	  GOES("10.0.0.11:5060", SIP_UDP, IN4), .added = NEW_IN, CHANGED },
	{ "R18.1.1-1 inside a dialog as well, to an address that is such a server's",
	  "INVITE sip:x@10.0.0.14 SIP/2.0\n" CALLER_VIA "Max-Forwards: 70\n"
	  "Route: {rr:0}\n" BIG DIALOG_ENDS("INVITE") EMPTY,
	  STREAMS, .able = true, GOES("10.0.0.14:5060", SIP_TCP, IN4), .crossing = true,
	  .added = "{tcp:1}Record-Route: {rrtcp:1}\nRecord-Route: {rr:0}\n",
	  .change = { HOP_TAKEN, "Route: {rr:0}\n", "" } },
};

static const struct rule_case dialogs[] = {
	{ "R5658-2 both Routes of a double Record-Route go, whatever their transports",
	  "BYE sip:x@10.0.0.11 SIP/2.0\nVia: SIP/2.0/TLS 203.0.113.40:49152;branch=z9hG4bKt1\n"
	  "Max-Forwards: 70\nRoute: {rrtls:6},{rr:1}\n" DIALOG_ENDS("BYE") EMPTY,
	  STREAMS, BY_TLS, GOES("10.0.0.11:5060", SIP_UDP, IN4), .crossing = true,
	  .added = "{via:1}", .change = { HOP_TAKEN, "Route: {rrtls:6},{rr:1}\n", "" } },
	{ "R3263-1 a Request-URI says its transport",
	  "BYE sip:x@203.0.113.40:49152;transport=tls SIP/2.0\n"
	  "Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bKt1\n"
	  "Max-Forwards: 70\nRoute: {rr:1}, {rrtls:6}\n" DIALOG_ENDS("BYE") EMPTY,
	  STREAMS, .source = "10.0.0.11:5060", .listener = IN4, .able = true,
	  GOES("203.0.113.40:49152", SIP_TLS, OUT4_TLS), .crossing = true, .added = "{tls:6}",
	  .change = { HOP_TAKEN, "Route: {rr:1}, {rrtls:6}\n", "" } },
	{ "R3263-6 a name is asked for, and the worker does not",
	  REQUEST("INVITE", "sip:bob@far.example:5080;transport=tcp", ""), STREAMS,
	  .source = "198.51.100.7:5060", HANDED_OVER(SIP_R_NEEDS_DNS), .asks = "far.example" },
	{ "R3263-6 the answer is where it goes", REQUEST("INVITE", "sip:bob@far.example", ""),
	  STREAMS, .source = "198.51.100.7:5060", .able = true, .found = "203.0.113.90:5066",
	  .found_by = SIP_TCP, .loose = true, GOES("203.0.113.90:5066", SIP_TCP, OUT4),
	  .crossing = true },
};

#define REST                                                                          \
	"From: <sip:alice@caller.example>;tag=f1\nTo: <sip:bob@example.com>;tag=t1\n" \
	"Call-ID: c1@caller.example\nCSeq: 1 INVITE\n" EMPTY
#define OK(vias) "SIP/2.0 200 OK\n" vias REST
#define CANCELLED(via)                                                                \
	"SIP/2.0 200 OK\n" via                                                        \
	"From: <sip:alice@caller.example>;tag=f1\nTo: <sip:bob@example.com>;tag=t1\n" \
	"Call-ID: c1@caller.example\nCSeq: 1 CANCEL\n" EMPTY
#define FROM_SERVER .source = "10.0.0.12:5060", .listener = IN4, STREAMS
#define UDP_CALLER "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1\n"
#define TCP_CALLER "Via: SIP/2.0/TCP 203.0.113.40:5070;branch=z9hG4bKt1;received=203.0.113.41\n"
#define UDP_OURS "Via: SIP/2.0/UDP 10.0.0.1:5060;branch={branch};vl={vl:0}\n"
#define TCP_OURS "Via: SIP/2.0/TCP 10.0.0.1:5060;branch={branch};vl={vl:0}\n"
#define UDP_OURS_BACK "Via: SIP/2.0/UDP 10.0.0.1:5060;branch={branch};vl={vl:0};vc={vc}\n"
#define TCP_OURS_BACK "Via: SIP/2.0/TCP 10.0.0.1:5060;branch={branch};vl={vl:0};vc={vc}\n"

static const struct rule_case responses[] = {
	{ "R16.1 from TCP to a caller by UDP is a crossing", OK(TCP_OURS UDP_CALLER), FROM_SERVER,
	  .by = SIP_TCP, GOES("203.0.113.40:5060", SIP_UDP, OUT4), .crossing = true,
	  .change = { TCP_OURS, "" } },
	{ "R16.1-2, R18.2.2-1 down the connection that our Via names", OK(TCP_OURS_BACK TCP_CALLER),
	  FROM_SERVER, .by = SIP_TCP, GOES("203.0.113.41:5070", SIP_TCP, OUT4), .back = true,
	  .change = { TCP_OURS_BACK, "" } },
	{ "R18.3-4 a response without Content-Length gets it on its way to a stream",
	  "SIP/2.0 200 OK\n" UDP_OURS_BACK TCP_CALLER
	  "From: <sip:alice@caller.example>;tag=f1\nTo: <sip:bob@example.com>;tag=t1\n"
	  "Call-ID: c1@caller.example\nCSeq: 1 INVITE\n\n",
	  FROM_SERVER, .able = true, GOES("203.0.113.41:5070", SIP_TCP, OUT4), .crossing = true,
	  .back = true, .added = "Content-Length: 0\n", .change = { UDP_OURS_BACK, "" } },
	{ "R18.2.2-1 which is for the control thread", OK(UDP_OURS_BACK TCP_CALLER), FROM_SERVER,
	  HANDED_OVER(SIP_R_NEEDS_STREAM) },
	{ "R16.1-3 from UDP down a connection is a crossing; were it gone, to received and the "
	  "port of sent-by (R18.2.2-2)",
	  OK(UDP_OURS_BACK TCP_CALLER), FROM_SERVER, .able = true,
	  GOES("203.0.113.41:5070", SIP_TCP, OUT4), .crossing = true, .back = true,
	  .change = { UDP_OURS_BACK, "" } },
	{ "R18.2.2-1 a connection matters more than a Via that cannot be sent to",
	  OK(TCP_OURS_BACK "Via: SIP/2.0/TCP 0.0.0.0;branch=z9hG4bKt1\n"), FROM_SERVER,
	  .by = SIP_TCP, GOES(NULL, SIP_TCP, OUT4), .back = true, .change = { TCP_OURS_BACK, "" } },
	{ "R16.11-R1 our Via by TCP does not come back by UDP", OK(TCP_OURS UDP_CALLER),
	  FROM_SERVER, .able = true, DROPPED(SIP_R_NOT_OUR_VIA) },
	{ "R16.11-R9 a connection that is none is forged",
	  OK("Via: SIP/2.0/UDP 10.0.0.1:5060;branch={branch};vl={vl:0};vc=12\n" TCP_CALLER),
	  FROM_SERVER, .able = true, DROPPED(SIP_R_FORGED_BRANCH) },
	{ "16.10 the answer to a CANCEL of a crossing has no Via but ours: for the control thread",
	  CANCELLED(UDP_OURS_BACK), FROM_SERVER, HANDED_OVER(SIP_R_NEEDS_STREAM) },
	{ "16.10 which knows whether it sent one", CANCELLED(UDP_OURS_BACK), FROM_SERVER,
	  .able = true, DROPPED(SIP_R_LAST_VIA) },
	{ "R16.11-R5 no worker hands over what no stream led to", CANCELLED(UDP_OURS), FROM_SERVER,
	  DROPPED(SIP_R_LAST_VIA) },
	{ "R18.2.2-6, R3263-5 a Via by name is asked for",
	  OK(TCP_OURS "Via: SIP/2.0/UDP gw.example;branch=z9hG4bKt1\n"), FROM_SERVER, .by = SIP_TCP,
	  HANDED_OVER(SIP_R_VIA_NEEDS_DNS), .asks = "gw.example" },
	{ "R18.2.2-6, R3263-5 and sent to where it leads",
	  OK(TCP_OURS "Via: SIP/2.0/UDP gw.example;branch=z9hG4bKt1\n"), FROM_SERVER, .by = SIP_TCP,
	  .found = "203.0.113.91:5060", GOES("203.0.113.91:5060", SIP_UDP, OUT4), .crossing = true,
	  .change = { TCP_OURS, "" } },
};

static const struct rule_case answers[] = {
	{ "R18.2.2-7 an answer goes down the connection",
	  "OPTIONS sip:203.0.113.1 SIP/2.0\nVia: SIP/2.0/TCP pc.example;branch=z9hG4bKt1\n"
	  "Max-Forwards: 70\n" ENDS("OPTIONS") EMPTY,
	  STREAMS, BY_TCP, .verdict = PROXY_ANSWER, .dst = "203.0.113.40:49152", .from = OUT4,
	  .status = "200 OK",
	  .via = "SIP/2.0/TCP pc.example;branch=z9hG4bKt1;received=203.0.113.40",
	  .extra = "Accept: */*\nAccept-Encoding: identity\nAccept-Language: en\nSupported:\n" },
};

Test(stream, decides_the_transport)
{
	RUN_CASES(transports);
}

Test(stream, keeps_sips_secure)
{
	RUN_CASES(secure);
}

Test(stream, takes_what_is_large_for_udp)
{
	RUN_CASES(large);
}

Test(stream, goes_both_ways_in_a_dialog)
{
	RUN_CASES(dialogs);
}

Test(stream, brings_responses_back)
{
	RUN_CASES(responses);
}

Test(stream, is_answered_where_it_came_by)
{
	RUN_CASES(answers);
}

/* 18.1.1: the CANCEL of a request that went by TCP for its size has to meet it there. */
Test(stream, a_cancel_of_a_held_transaction_is_for_the_control_thread)
{
	static struct held held;
	static struct text message;
	static struct run r;
	const struct lab_world *w = fixture_world(BED_STREAMS);
	struct proxy_in in = { .src = lab_endpoint("203.0.113.40:5060"), .held = &held };
	struct branch_hash hash;

	fixture_message(w, REQUEST("CANCEL", "sip:bob@both.example", ""), &message);
	fixture_take(w, &in, &message, &r);
	cr_assert_eq(r.out.verdict, PROXY_FORWARD);
	branch_hash(&w->world.keys, &r.m, &hash);
	cr_assert(held_add(&held, hash.id));
	fixture_take(w, &in, &message, &r);
	cr_assert_eq(r.out.verdict, PROXY_HAND_OVER);
	in.able = true;
	fixture_take(w, &in, &message, &r);
	cr_assert_eq(r.out.verdict, PROXY_FORWARD);
	cr_assert_eq(r.out.transport, SIP_TCP);
	cr_assert(r.out.crossing);
	held_remove(&held, hash.id);
	in.able = false;
	fixture_take(w, &in, &message, &r);
	cr_assert_eq(r.out.verdict, PROXY_FORWARD);
	cr_assert_eq(r.out.transport, SIP_UDP);
}
