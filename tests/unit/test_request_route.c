/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests: where they go. Route preprocessing (RFC 3261 16.4), the one target (16.5, 16.11), the
 * relay policy of the contract, strict routers on either side (16.6 step 6), loops (16.3 step 4).
 */
#include "tests/unit/rule_case.h"

#include <criterion/criterion.h>

#define BOB "sip:bob@example.com"
#define FAR "sip:callee@203.0.113.50:5070" /* a Contact: foreign to the proxy */
#define OWN "<sip:203.0.113.1:5060;lr;vt={vt}>"
#define OWN_IN "<sip:10.0.0.1:5060;lr;vt={vt}>"
#define PEER .source = "198.51.100.7:5060"
#define PEER_VIA "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKp1\n"
#define FROM_PEER(method, uri, more) \
	method " " uri " SIP/2.0\n" PEER_VIA "Max-Forwards: 70\n" more ENDS(method) EMPTY
#define DENIED ANSWERED(SIP_R_RELAY_DENIED, "403 Relaying Denied")

static const struct rule_case own_routes[] = {
	{ "R16.4-7 a first Route that names the proxy is removed, the row with it",
	  IN_DIALOG("BYE", FAR, "Route: " OWN "\n"), FORWARDED("203.0.113.50:5070", OUT4),
	  .added = "{via:0}", .change = { HOP_TAKEN, "Route: " OWN "\n", "" } },
	{ "R16.4-7 also when it is the first row, where our own rows go",
	  "BYE " FAR " SIP/2.0\nRoute: " OWN "\n" CALLER_VIA "Max-Forwards: 70\n" DIALOG_ENDS("BYE")
		  EMPTY,
	  FORWARDED("203.0.113.50:5070", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, "Route: " OWN "\n", "" } },
	{ "R16.4-7 of several values in a row only the own one is removed",
	  IN_DIALOG("BYE", FAR, "Route: " OWN ", <sip:203.0.113.60;lr>\n"),
	  FORWARDED("203.0.113.60:5060", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, OWN ", ", "" } },
	{ "R16.4-7 only leading values are removed",
	  IN_DIALOG("BYE", FAR, "Route: <sip:203.0.113.60;lr>, " OWN "\n"),
	  .source = "198.51.100.7:5060", FORWARDED("203.0.113.60:5060", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, "z9hG4bKt1", "z9hG4bKt1;received=198.51.100.7" } },
	{ "R5658-2 both values of our double Record-Route are removed",
	  IN_DIALOG("BYE", FAR, "Route: " OWN_IN ", " OWN "\n"), .source = "10.0.0.11:5060",
	  .listener = IN4, FORWARDED("203.0.113.50:5070", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, "z9hG4bKt1", "z9hG4bKt1;received=10.0.0.11",
		      "Route: " OWN_IN ", " OWN "\n", "" } },
	{ "R5658-2 also when they stand in rows of their own",
	  IN_DIALOG("BYE", FAR, "Route: " OWN_IN "\nX: y\nRoute: " OWN ",<sip:203.0.113.60;lr>\n"),
	  .source = "10.0.0.11:5060", .listener = IN4, FORWARDED("203.0.113.60:5060", OUT4),
	  .added = "{via:0}",
	  .change = { HOP_TAKEN, "z9hG4bKt1", "z9hG4bKt1;received=10.0.0.11", "Route: " OWN_IN "\n",
		      "", OWN ",", "" } },
	{ "R5658-2 the second own value says from which listener the request leaves",
	  IN_DIALOG("BYE", FAR, "Route: " OWN_IN ", <sip:203.0.113.1:5070;lr;vt={vt}>\n"),
	  .source = "10.0.0.11:5060", .listener = IN4, FORWARDED("203.0.113.50:5070", OUT4_ALT),
	  .added = "{via:4}",
	  .change = { HOP_TAKEN, "z9hG4bKt1", "z9hG4bKt1;received=10.0.0.11",
		      "Route: " OWN_IN ", <sip:203.0.113.1:5070;lr;vt={vt}>\n", "" } },
#define SPELLED(what, uri)                                                                    \
	{                                                                                     \
		"R16.4-8, R16.4-2, R5954-1, R19.1-5 own Route: " what,                        \
			IN_DIALOG("BYE", FAR, "Route: <" uri ">,<sip:203.0.113.60;lr>\n"),    \
			FORWARDED("203.0.113.60:5060", OUT4), .added = "{via:0}", .change = { \
				HOP_TAKEN,                                                    \
				"<" uri ">,",                                                 \
				""                                                            \
			}                                                                     \
	}
	SPELLED("without the port", "sip:203.0.113.1;lr;vt={vt}"),
	SPELLED("parameters in another order and case", "sip:203.0.113.1:5060;VT={vt};x=1;LR"),
	SPELLED("lr with a value", "sip:203.0.113.1:5060;lr=on;vt={vt}"),
	SPELLED("the scheme in capitals", "SIP:203.0.113.1:5060;lr;vt={vt}"),
	SPELLED("a user part", "sip:user@203.0.113.1:5060;lr;vt={vt}"),
	SPELLED("by the advertised name", "sip:sip.lb.EXAMPLE;lr;vt={vt}"),
	SPELLED("by the advertised name with its port", "sip:sip.lb.example:5060;lr;vt={vt}"),
	SPELLED("another address of ours", "sip:203.0.113.2;lr;vt={vt}"),
	SPELLED("another port of ours", "sip:203.0.113.1:5070;lr;vt={vt}"),
	SPELLED("an inside address of ours", "sip:10.0.0.1:5060;lr;vt={vt}"),
	SPELLED("IPv6 in short", "sip:[2001:db8:1::1];lr;vt={vt}"),
	SPELLED("IPv6 in capitals and in full", "sip:[2001:DB8:0001:0:0:0:0:1]:5060;lr;vt={vt}"),
	SPELLED("transport=udp", "sip:203.0.113.1:5060;transport=udp;lr;vt={vt}"),
	{ "R16.4-8 our address with a port that is not ours is somebody else",
	  IN_DIALOG("BYE", FAR, "Route: <sip:203.0.113.1:5099;lr>\n"), PEER,
	  FORWARDED("203.0.113.1:5099", ANY_LISTENER), .loose = true },
	{ "R19.1-6 a sips Route to the proxy is its own",
	  IN_DIALOG("BYE", FAR, "Route: <sips:203.0.113.1:5060;lr;vt={vt}>\n"),
	  FORWARDED("203.0.113.50:5070", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, "Route: <sips:203.0.113.1:5060;lr;vt={vt}>\n", "" } },
	{ "R7.3-6 a Route set of one value in each row",
	  IN_DIALOG("BYE", FAR,
		    "Route: " OWN "\nRoute: <sip:203.0.113.60;lr>\nRoute: <sip:c.example;lr>\n"),
	  FORWARDED("203.0.113.60:5060", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, "Route: " OWN "\n", "" } },
	{ "R7.3-6 the same in one row",
	  IN_DIALOG("BYE", FAR, "Route: " OWN ",<sip:203.0.113.60;lr>,<sip:c.example;lr>\n"),
	  FORWARDED("203.0.113.60:5060", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, OWN ",", "" } },
	{ "R7.3-6 the same in two and one",
	  IN_DIALOG("BYE", FAR,
		    "Route: " OWN " , <sip:203.0.113.60;lr>\nX: 1\nrOUTE: <sip:c.example;lr>\n"),
	  FORWARDED("203.0.113.60:5060", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, OWN " , ", "" } },
	{ "R7.3-6 the same in one and two, folded",
	  IN_DIALOG("BYE", FAR,
		    "Route:\n " OWN
		    "\nRoute: \"a\n b\"\n <sip:203.0.113.60;lr>\n ,\n <sip:c.example;lr>\n"),
	  FORWARDED("203.0.113.60:5060", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, "Route:\n " OWN "\n", "" } },
	{ "R25-2 commas and semicolons inside <> separate nothing",
	  IN_DIALOG("BYE", FAR,
		    "Route: " OWN
		    ",\"x,<y>\" <sip:a,b@203.0.113.60;lr>;p=\"q,r\",<sip:c@h.example;lr>\n"),
	  FORWARDED("203.0.113.60:5060", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, OWN ",", "" } },
	{ "R16.4-9 an ACK with a Route is routed by it", IN_DIALOG("ACK", FAR, "Route: " OWN "\n"),
	  FORWARDED("203.0.113.50:5070", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, "Route: " OWN "\n", "" } },
	{ "R16.4-9 a CANCEL with a Route is routed by it",
	  REQUEST("CANCEL", FAR, "Route: " OWN "\n"), FORWARDED("203.0.113.50:5070", OUT4),
	  .added = "{via:0}", .change = { HOP_TAKEN, "Route: " OWN "\n", "" } },
	{ "R3327-3 a request whose own Route was a preloaded one goes by its Request-URI",
	  REQUEST("INVITE", BOB, "Route: <sip:203.0.113.1;lr>\n"), TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN, "Route: <sip:203.0.113.1;lr>\n", "" } },
	{ "R16.4-7 a Route value after ours that is malformed is refused",
	  IN_DIALOG("BYE", FAR, "Route: " OWN ", <sip:@>\n"),
	  ANSWERED(SIP_R_BAD_ROUTE, "400 Bad Route") },
	{ "R16.4-7 a Route that ends in a comma is refused",
	  IN_DIALOG("BYE", FAR, "Route: " OWN ",\n"), ANSWERED(SIP_R_BAD_ROUTE, "400 Bad Route") },
};

Test(route, that_names_the_proxy_is_removed)
{
	RUN_CASES(own_routes);
}

static const struct rule_case strict[] = {
	{ "R16.4-1 a strict router upstream is undone: the last Route becomes the Request-URI",
	  IN_DIALOG("BYE", "sip:203.0.113.1:5060;lr;vt={vt}",
		    "Route: <sip:203.0.113.60;lr>,<sip:u1@h.example>\n"),
	  FORWARDED("203.0.113.60:5060", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, "BYE sip:203.0.113.1:5060;lr;vt={vt}", "BYE sip:u1@h.example",
		      ",<sip:u1@h.example>", "" } },
	{ "R16.4-1 with the only Route the row goes",
	  IN_DIALOG("BYE", "sip:203.0.113.1:5060;lr;vt={vt}", "Route: <sip:u1@203.0.113.50>\n"),
	  FORWARDED("203.0.113.50:5060", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, "BYE sip:203.0.113.1:5060;lr;vt={vt}", "BYE sip:u1@203.0.113.50",
		      "Route: <sip:u1@203.0.113.50>\n", "" } },
	{ "R16.4-1 the last of several rows is taken",
	  IN_DIALOG("BYE", "sip:203.0.113.1;lr;vt={vt}",
		    "Route: <sip:203.0.113.60;lr>\nRoute: <sip:u1@h.example>\n"),
	  FORWARDED("203.0.113.60:5060", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, "BYE sip:203.0.113.1;lr;vt={vt}", "BYE sip:u1@h.example",
		      "Route: <sip:u1@h.example>\n", "" } },
	{ "R16.4-1 a trusted peer needs no signature for it",
	  IN_DIALOG("BYE", "sip:203.0.113.1;lr", "Route: <sip:u1@203.0.113.50>\n"), PEER,
	  FORWARDED("203.0.113.50:5060", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, "z9hG4bKt1", "z9hG4bKt1;received=198.51.100.7",
		      "BYE sip:203.0.113.1;lr", "BYE sip:u1@203.0.113.50",
		      "Route: <sip:u1@203.0.113.50>\n", "" } },
	{ "R16.4-1 without signature and trust it is a relay",
	  IN_DIALOG("BYE", "sip:203.0.113.1;lr", "Route: <sip:u1@203.0.113.50>\n"), DENIED },
	{ "R16.4-3 our Record-Route URI as Request-URI and no Route: nobody is there",
	  IN_DIALOG("BYE", "sip:203.0.113.1;lr", ""), ANSWERED(SIP_R_NOT_HERE, "404 Not Found") },
	{ "R16.6-11 a strict next hop gets the Request-URI's place",
	  FROM_PEER("INVITE", "sip:bob@h.example", "Route: <sip:10.0.0.90:5062>\n"), PEER,
	  FORWARDED("10.0.0.90:5062", IN4), .added = NEW_IN,
	  .change = { HOP_TAKEN, "INVITE sip:bob@h.example", "INVITE sip:10.0.0.90:5062",
		      "Route: <sip:10.0.0.90:5062>", "Route: <sip:bob@h.example>" } },
	{ "R16.6-5 without what no Request-URI may carry",
	  FROM_PEER("INVITE", "sip:bob@h.example",
		    "Route: <sip:10.0.0.90:5062;method=BYE;x=1?Subject=y>\n"),
	  PEER, FORWARDED("10.0.0.90:5062", IN4), .added = NEW_IN,
	  .change = { HOP_TAKEN, "INVITE sip:bob@h.example", "INVITE sip:10.0.0.90:5062;x=1",
		      "Route: <sip:10.0.0.90:5062;method=BYE;x=1?Subject=y>",
		      "Route: <sip:bob@h.example>" } },
	{ "R16.6-11 the old Request-URI goes behind all other values",
	  FROM_PEER("INVITE", "sip:bob@h.example",
		    "Route: <sip:10.0.0.90>,<sip:c.example;lr>\nRoute: <sip:d.example;lr>\n"),
	  PEER, FORWARDED("10.0.0.90:5060", IN4), .added = NEW_IN,
	  .change = { HOP_TAKEN, "INVITE sip:bob@h.example", "INVITE sip:10.0.0.90",
		      "<sip:10.0.0.90>,", "", "<sip:d.example;lr>",
		      "<sip:d.example;lr>, <sip:bob@h.example>" } },
	{ "R16.6-11 after our own value a strict one",
	  IN_DIALOG("BYE", "sip:u@h.example", "Route: " OWN ", <sip:203.0.113.60>\n"),
	  FORWARDED("203.0.113.60:5060", OUT4), .added = "{via:0}",
	  .change = { HOP_TAKEN, "BYE sip:u@h.example", "BYE sip:203.0.113.60",
		      OWN ", <sip:203.0.113.60>", "<sip:u@h.example>" } },
#define LOOSE(uri)                                                            \
	FROM_PEER("INVITE", "sip:bob@h.example", "Route: <" uri ">\n"), PEER, \
		FORWARDED("10.0.0.90:5060", IN4), .added = NEW_IN, .change = { HOP_TAKEN }
#define STRICT(uri, rest)                                                             \
	FROM_PEER("INVITE", "sip:bob@h.example", "Route: <" uri ">" rest "\n"), PEER, \
		FORWARDED("10.0.0.90:5060", IN4),                                     \
		.added = NEW_IN,                                                      \
		.change = { HOP_TAKEN, "INVITE sip:bob@h.example", "INVITE " uri,     \
			    "<" uri ">" rest, "<sip:bob@h.example>" }
	{ "R16.6-12 lr is loose", LOOSE("sip:10.0.0.90;lr") },
	{ "R16.6-12 LR is loose", LOOSE("sip:10.0.0.90;LR") },
	{ "R16.6-12 lr=on is loose", LOOSE("sip:10.0.0.90;lr=on") },
	{ "R16.6-12 lr=true is loose", LOOSE("sip:10.0.0.90;x;lr=true;y") },
	{ "R16.6-12 lrx is not lr", STRICT("sip:10.0.0.90;lrx", "") },
	{ "R16.6-12 lr behind > is a header parameter", STRICT("sip:10.0.0.90", ";lr") },
	{ "R16.6-12 lr in the user part is no parameter", STRICT("sip:a;lr@10.0.0.90", "") },
};

Test(route, of_strict_routers_is_rewritten)
{
	RUN_CASES(strict);
}

static const struct rule_case maddr[] = {
	{ "R16.4-5 a maddr that is ours is taken off",
	  REQUEST("INVITE", BOB ";maddr=203.0.113.1", ""), TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN, ";maddr=203.0.113.1", "" } },
	{ "R16.4-5 with the default port and transport too",
	  REQUEST("INVITE", "sip:bob@example.com:5060;maddr=203.0.113.1;transport=udp", ""),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN, ";maddr=203.0.113.1", "" } },
	{ "R16.4-5 a port that is not the default goes along",
	  REQUEST("INVITE", "sip:bob@example.com:5070;x=1;maddr=203.0.113.1;y=2", ""),
	  .listener = OUT4_ALT, .verdict = PROXY_FORWARD, .dst = "10.0.0.11:5060", .from = IN4,
	  .added = "{via:1}Record-Route: {rr:1}\nRecord-Route: {rr:4}\n",
	  .change = { HOP_TAKEN, ":5070;x=1;maddr=203.0.113.1;y=2", ";x=1;y=2" } },
	{ "R16.4-4 a maddr by the advertised name is ours",
	  REQUEST("INVITE", BOB ";maddr=sip.lb.example", ""), TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN, ";maddr=sip.lb.example", "" } },
	{ "R16.4-6 a maddr of ours with another port means that port: a loop here",
	  FROM_PEER("INVITE", "sip:bob@example.com:5070;maddr=203.0.113.1", ""), PEER,
	  .verdict = PROXY_ANSWER, .reason = SIP_R_LOOP, .status = "482 Loop Detected" },
	{ "R16.4-6 a maddr of ours with another transport means that transport",
	  FROM_PEER("INVITE", BOB ";maddr=203.0.113.1;transport=tcp", ""), PEER,
	  HANDED_OVER(SIP_R_NEEDS_STREAM) },
	{ "R16.5-1 any other maddr is the only target",
	  FROM_PEER("INVITE", BOB ";maddr=203.0.113.9", ""), PEER,
	  FORWARDED("203.0.113.9:5060", OUT4), .added = NEW_OUT, .change = { HOP_TAKEN } },
	{ "R16.5-1 with the port of the URI",
	  FROM_PEER("INVITE", "sip:bob@example.com:5088;maddr=203.0.113.9", ""), PEER,
	  FORWARDED("203.0.113.9:5088", OUT4), .added = NEW_OUT, .change = { HOP_TAKEN } },
	{ "R16.5S-1 a maddr does not make a relay of the proxy",
	  REQUEST("INVITE", BOB ";maddr=203.0.113.9", ""), DENIED },
	{ "R18M-1 a multicast maddr is refused", FROM_PEER("INVITE", BOB ";maddr=224.0.1.75", ""),
	  PEER, .verdict = PROXY_ANSWER, .reason = SIP_R_UNUSABLE_TARGET,
	  .status = "480 Next Hop Unusable" },
	{ "R18M-3 ttl without maddr means nothing", REQUEST("INVITE", BOB ";ttl=3", ""), TO_CORE1,
	  .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R16.4-5 a maddr in a user part is none",
	  REQUEST("INVITE", "sip:b;maddr=203.0.113.9@example.com", ""), TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN } },
};

Test(route, follows_a_maddr)
{
	RUN_CASES(maddr);
}

static const struct rule_case target[] = {
	{ "R16.5-3, R16.6-10 a domain of ours goes to a server of its pool, the Request-URI as "
	  "it was",
	  REQUEST("INVITE", "sip:b%6Fb@example.com;user=phone", ""), TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN } },
	{ "contract 4: the first route that matches counts: by method",
	  REQUEST("REGISTER", "sip:example.com", ""), FORWARDED("10.0.0.31:5060", IN4),
	  .added = "{via:1}", .change = { HOP_TAKEN } },
	{ "contract 4: by the name of an unknown method", REQUEST("FOO", "sip:b@m.example.com", ""),
	  FORWARDED("10.0.0.31:5060", IN4), .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "contract 4: by domain and source", FROM_PEER("INVITE", "sip:b@a.ims.example.com", ""),
	  PEER, FORWARDED("10.0.0.41:5060", IN4), .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "contract 4: by source only if it is that one",
	  REQUEST("INVITE", "sip:b@a.ims.example.com", ""),
	  ANSWERED(SIP_R_NO_ROUTE_RULE, "404 No Route Matches") },
	{ "contract 4: the lowest live tier gets the calls",
	  REQUEST("INVITE", "sip:b@tier.example.com", ""), FORWARDED("10.0.0.71:5060", IN4),
	  .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R16.5-3 a user at our own address is a domain of ours too",
	  REQUEST("INVITE", "sip:bob@203.0.113.1:5060", ""), TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN } },
	{ "R16.5-2 a foreign Request-URI of a trusted source is its own target, unchanged",
	  FROM_PEER("INVITE", "sip:x@203.0.113.50", ""), PEER, FORWARDED("203.0.113.50:5060", OUT4),
	  .added = NEW_OUT, .change = { HOP_TAKEN } },
	{ "R16.5-2 by the hosts table too", FROM_PEER("INVITE", "sip:x@P3.example:5066", ""), PEER,
	  FORWARDED("203.0.113.90:5066", OUT4), .added = NEW_OUT, .change = { HOP_TAKEN } },
	{ "R16.5S-1 not from anybody else", REQUEST("INVITE", "sip:x@203.0.113.50", ""), DENIED },
	{ "R16.5S-1 a backend may send anywhere", REQUEST("INVITE", "sip:x@203.0.113.50", ""),
	  .source = "10.0.0.22:5060", .listener = IN4, FORWARDED("203.0.113.50:5060", OUT4),
	  .added = "{via:0}Record-Route: {rr:0}\nRecord-Route: {rr:1}\n",
	  .change = { HOP_TAKEN, "z9hG4bKt1", "z9hG4bKt1;received=10.0.0.22" } },
	{ "R16.5S-1 an unsigned Route of ours does not make a relay",
	  IN_DIALOG("BYE", FAR, "Route: <sip:203.0.113.1;lr>\n"), DENIED },
	{ "R16.6RR-10 a Route signed for another call does not either",
	  IN_DIALOG("BYE", FAR, "Route: <sip:203.0.113.1;lr;vt=0123456789abcdef>\n"), DENIED },
	{ "R16.5S-1 our signature in a Route that is not ours counts for nothing",
	  IN_DIALOG("BYE", FAR, "Route: <sip:203.0.113.99;lr;vt={vt}>\n"), DENIED },
	{ "R16.5S-1 with preloaded_route off a Route to a stranger makes no relay of us",
	  REQUEST("INVITE", BOB, "Route: <sip:203.0.113.99;lr>\n"), .bed = BED_NO_RECORD_ROUTE,
	  DENIED },
	{ "R16.6-13 a Route of anybody wins over the pool for a Request-URI of ours",
	  REQUEST("INVITE", BOB, "Route: <sip:203.0.113.60:5099;lr>\n"),
	  FORWARDED("203.0.113.60:5099", OUT4), .added = NEW_OUT, .change = { HOP_TAKEN } },
	{ "R16.6-13 a Route of a trusted source wins over the pool",
	  FROM_PEER("INVITE", BOB, "Route: <sip:p2.example;lr>\n"), PEER,
	  FORWARDED("10.0.0.90:5060", IN4), .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "LB-1, R12-1 a request inside a dialog goes to its Request-URI, not to the table",
	  IN_DIALOG("ACK", "sip:callee@10.0.0.23:5080", "Route: " OWN "\n"),
	  FORWARDED("10.0.0.23:5080", IN4), .added = "{via:1}",
	  .change = { HOP_TAKEN, "Route: " OWN "\n", "" } },
	{ "R19.1-9 the port of a Route is used",
	  FROM_PEER("INVITE", BOB, "Route: <sip:203.0.113.60:5099;lr>\n"), PEER,
	  FORWARDED("203.0.113.60:5099", OUT4), .added = NEW_OUT, .change = { HOP_TAKEN } },
	{ "R19.1-9 the maddr of a Route is used",
	  FROM_PEER("INVITE", BOB, "Route: <sip:far.example:5099;maddr=203.0.113.61;lr>\n"), PEER,
	  FORWARDED("203.0.113.61:5099", OUT4), .added = NEW_OUT, .change = { HOP_TAKEN } },
	{ "contract 4: a Route by TCP is for the control thread",
	  FROM_PEER("INVITE", BOB, "Route: <sip:203.0.113.60;transport=tcp;lr>\n"), PEER,
	  HANDED_OVER(SIP_R_NEEDS_STREAM) },
	{ "R16.6S-1, R5630-1, R5630-2 a sips Request-URI never leaves by UDP",
	  REQUEST("INVITE", "sips:bob@example.com", ""),
	  ANSWERED(SIP_R_NO_SIPS, "480 SIPS Not Allowed"),
	  .extra = "Warning: 380 203.0.113.1:5060 \"SIPS Not Allowed\"\n" },
	{ "R16.6-15 not even with a sip Route",
	  FROM_PEER("INVITE", "sips:bob@example.com", "Route: <sip:203.0.113.60;lr>\n"), PEER,
	  HANDED_OVER(SIP_R_NEEDS_STREAM) },
	{ "R5630-2 nor by TLS where no listener speaks it",
	  FROM_PEER("INVITE", "sips:bob@example.com", "Route: <sip:203.0.113.60;lr>\n"), PEER,
	  .able = true, .verdict = PROXY_ANSWER, .reason = SIP_R_NO_SIPS,
	  .status = "480 SIPS Not Allowed",
	  .extra = "Warning: 380 203.0.113.1:5060 \"SIPS Not Allowed\"\n" },
	{ "R16.6S-1 nor with a Route that says UDP",
	  FROM_PEER("INVITE", "sips:bob@example.com",
		    "Route: <sip:203.0.113.60;transport=udp;lr>\n"),
	  PEER, .verdict = PROXY_ANSWER, .reason = SIP_R_NO_SIPS, .status = "480 SIPS Not Allowed",
	  .extra = "Warning: 380 203.0.113.1:5060 \"SIPS Not Allowed\"\n" },
	{ "R7118 a transport that is not served is refused",
	  FROM_PEER("INVITE", BOB, "Route: <sip:203.0.113.60;transport=ws;lr>\n"), PEER,
	  .verdict = PROXY_ANSWER, .reason = SIP_R_OTHER_TRANSPORT,
	  .status = "500 Transport Not Supported" },
	{ "R19.1S-1 sips over UDP is refused",
	  REQUEST("INVITE", "sips:bob@example.com;transport=udp", ""),
	  ANSWERED(SIP_R_BAD_REQUEST_URI, "400 Bad Request-URI") },
	{ "R19.1-10 a tel URI that no route takes is refused",
	  REQUEST("INVITE", "tel:+15551234", ""),
	  ANSWERED(SIP_R_NO_ROUTE_RULE, "404 No Route Matches") },
	{ "R16.11-R8 a request to broadcast is refused",
	  FROM_PEER("INVITE", "sip:x@255.255.255.255", ""), PEER, .verdict = PROXY_ANSWER,
	  .reason = SIP_R_UNUSABLE_TARGET, .status = "480 Next Hop Unusable" },
	{ "R16.11-R8 a request to a subnet broadcast is refused",
	  FROM_PEER("INVITE", "sip:x@203.0.113.255", ""), PEER, .verdict = PROXY_ANSWER,
	  .reason = SIP_R_NO_NETWORK_ROUTE, .status = "500 Next Hop Unreachable" },
	{ "R16.11-R8 a request to 0.0.0.0 is refused", FROM_PEER("INVITE", "sip:x@0.0.0.0", ""),
	  PEER, .verdict = PROXY_ANSWER, .reason = SIP_R_UNUSABLE_TARGET,
	  .status = "480 Next Hop Unusable" },
	{ "R5118-1 an IPv4-mapped address means IPv4",
	  FROM_PEER("INVITE", "sip:x@[::ffff:203.0.113.50]", ""), PEER,
	  FORWARDED("203.0.113.50:5060", OUT4), .added = NEW_OUT, .change = { HOP_TAKEN } },
	{ "R5954-2 three colons before an IPv4 part are read as two",
	  FROM_PEER("INVITE", "sip:x@[2001:db8:1:::192.0.2.1]", ""), PEER,
	  FORWARDED("[2001:db8:1::c000:201]:5060", OUT6),
	  .added = "{via:2}Record-Route: {rr:2}\nRecord-Route: {rr:0}\n", .change = { HOP_TAKEN } },
	{ "R25-3, R5658-1 from IPv4 to a server by IPv6",
	  REQUEST("INVITE", "sip:b@six.example.com", ""), FORWARDED("[2001:db8:2::11]:5060", IN6),
	  .added = "{via:3}Record-Route: {rr:3}\nRecord-Route: {rr:0}\n", .change = { HOP_TAKEN } },
	{ "R25-3, R5658-1 from IPv6 to a server by IPv4",
	  "INVITE sip:bob@[2001:db8:1::1] SIP/2.0\n"
	  "Via: SIP/2.0/UDP [2001:DB8:1::40]:5060;branch=z9hG4bKt1\n"
	  "Max-Forwards: 70\n" ENDS("INVITE") EMPTY,
	  .source = "[2001:db8:1::40]:5060", .listener = OUT6, FORWARDED("10.0.0.11:5060", IN4),
	  .added = "{via:1}Record-Route: {rr:1}\nRecord-Route: {rr:2}\n", .change = { HOP_TAKEN } },
	{ "R16.3L-1 a next hop that turns out to be the proxy is a loop",
	  FROM_PEER("INVITE", "sip:x@self.example", ""), PEER, .verdict = PROXY_ANSWER,
	  .reason = SIP_R_LOOP, .status = "482 Loop Detected" },
};

Test(route, leads_to_one_target)
{
	RUN_CASES(target);
}
