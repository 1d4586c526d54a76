/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests: syntax as the whole path sees it (RFC 3261 7, 20, 25), validation in its order (16.3),
 * and the answers that the proxy makes itself (8.2.6, 8.2.7, 11). Names begin with the id of
 * requirement that they prove.
 */
#include "tests/unit/rule_case.h"

#include <criterion/criterion.h>

#define BOB "sip:bob@example.com"

/* Request lines and header rows of any shape around an INVITE for the one server of example.com. */
#define START(line) line "\n" CALLER_VIA "Max-Forwards: 70\n" ENDS("INVITE") EMPTY
#define INVITE_ROWS(rows) "INVITE " BOB " SIP/2.0\n" rows
#define INVITE(more) REQUEST("INVITE", BOB, more)

static const struct rule_case syntax[] = {
	{ "R7-1 a header section without its blank line is refused",
	  "INVITE " BOB " SIP/2.0\n" CALLER_VIA "Max-Forwards: 70\n" ENDS("INVITE"),
	  ANSWERED(SIP_R_NO_BLANK_LINE, "400 Missing Blank Line") },
	{ "R7-2 UTF-8 in values passes octet for octet",
	  INVITE("Subject: \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\n"
		 "Contact: \xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd <sip:ivan@203.0.113.40>\n"),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R7-3 NUL in a quoted pair ends nothing",
	  INVITE_ROWS(
		  CALLER_VIA
		  "Max-Forwards: 70\nFrom: <sip:alice@caller.example>;tag=f1\n"
		  "To: \"a\\{nul}b\" <sip:bob@example.com>\nCall-ID: c1\nCSeq: 1 INVITE\n" EMPTY),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R7-3 NUL, CR and LF in a body pass",
	  INVITE_ROWS(CALLER_VIA
		      "Max-Forwards: 70\n" ENDS("INVITE") "Content-Length: 6\n\na{nul}{cr}{lf}\xff"
							  "b"),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R7.1-1 two spaces in the request line are refused", START("INVITE  " BOB " SIP/2.0"),
	  ANSWERED(SIP_R_BAD_REQUEST_LINE, "400 Bad Request Line") },
	{ "R7.1-1 a space at the end of the request line is refused",
	  START("INVITE " BOB " SIP/2.0 "), ANSWERED(ANY_REASON, NULL) },
	{ "R7.1-1 a tab between the elements is refused", START("INVITE\t" BOB " SIP/2.0"),
	  ANSWERED(SIP_R_BAD_REQUEST_LINE, "400 Bad Request Line") },
	{ "R7.1-2 LF inside the request line is never forwarded",
	  START("INVITE " BOB "{lf}X SIP/2.0"),
	  ANSWERED(SIP_R_BAD_REQUEST_LINE, "400 Bad Request Line") },
	{ "R7.1-3 an unknown method is proxied", REQUEST("F!o.o~", BOB, ""), TO_CORE1,
	  .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R7.1-3 methods compare with case: register is not REGISTER",
	  REQUEST("register", BOB, ""), TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R7.1-4 a Request-URI in <> is refused", START("INVITE <" BOB "> SIP/2.0"),
	  ANSWERED(SIP_R_BAD_REQUEST_URI, "400 Bad Request-URI") },
	{ "R7.1-4 a space inside the Request-URI is refused", START("INVITE " BOB "; lr SIP/2.0"),
	  ANSWERED(SIP_R_BAD_REQUEST_URI, "400 Bad Request-URI") },
	{ "R7.1-5 the version compares without case and leaves in upper case",
	  START("INVITE " BOB " sip/2.0"), TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN, "sip/2.0", "SIP/2.0" } },
	{ "R7.1-6, R7.1-7 another version is answered 505, in SIP/2.0",
	  START("INVITE " BOB " SIP/2.1"),
	  ANSWERED(SIP_R_BAD_VERSION, "505 Version Not Supported") },
	{ "R7.3-1 white space may stand before the colon",
	  INVITE_ROWS("Via \t : SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1\n"
		      "Max-Forwards  : 70\n" ENDS("INVITE") "Content-Length :0\n\n"),
	  TO_CORE1, .added = NEW_IN, .change = { "Max-Forwards  : 70", "Max-Forwards  : 69" } },
	{ "R7.3-2 values may be folded anywhere",
	  INVITE_ROWS("Via: SIP\n / 2.0/\n\tUDP 203.0.113.40:5060\n ;branch=z9hG4bKt1\n"
		      "Max-Forwards:\n 70\n"
		      "From:\n <sip:alice@caller.example>;\n tag=f1\nTo: <sip:bob@example.com>\n"
		      "Call-ID:\n c1\nCSeq: 1\n INVITE\n" EMPTY),
	  TO_CORE1, .added = NEW_IN, .change = { " 70\n", " 69\n" } },
	{ "R7.3-4 header names compare without case",
	  INVITE_ROWS("VIA: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1\nmAx-FoRwArDs: 5\n" ENDS(
		  "INVITE") EMPTY),
	  TO_CORE1, .added = NEW_IN, .change = { "mAx-FoRwArDs: 5", "mAx-FoRwArDs: 4" } },
	{ "R7.3-5 the order of different headers means nothing",
	  INVITE_ROWS("Content-Length: 0\n" ENDS(
		  "INVITE") "Max-Forwards: 70\nVia: SIP/2.0/UDP 203.0.113.40:5060"
			    ";branch=z9hG4bKt1\nVia: SIP/2.0/TCP a.example;branch=z9hG4bKa\n\n"),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R7.3-7 two From rows are refused", INVITE("From: <sip:x@y.example>;tag=2\n"),
	  ANSWERED(SIP_R_DUP_FROM, "400 Repeated From") },
	{ "R7.3-7 two To rows are refused", INVITE("To: <sip:x@y.example>\n"),
	  ANSWERED(SIP_R_DUP_TO, "400 Repeated To") },
	{ "R7.3-7 two Call-ID rows are refused, whatever they say",
	  INVITE("Call-ID: c1@caller.example\n"),
	  ANSWERED(SIP_R_DUP_CALL_ID, "400 Repeated Call-ID") },
	{ "R7.3-7 two CSeq rows are refused", INVITE("CSeq: 1 INVITE\n"),
	  ANSWERED(SIP_R_DUP_CSEQ, "400 Repeated CSeq") },
	{ "R7.3-7 two Max-Forwards rows are refused", INVITE("Max-Forwards: 3\n"),
	  ANSWERED(SIP_R_DUP_MAX_FORWARDS, "400 Repeated Max-Forwards") },
	{ "R7.3-7 two Content-Length rows are refused", INVITE("l: 0\n"),
	  ANSWERED(SIP_R_DUP_CONTENT_LENGTH, "400 Repeated Content-Length") },
	{ "R7.3-8 credentials are never merged or split",
	  INVITE("Proxy-Authorization: Digest realm=\"a, b\", nonce=\"1\"\n"
		 "Proxy-Authorization: Digest realm=\"c\", nonce=\"2\"\n"
		 "Authorization: Digest username=\"x\", realm=\"d\"\n"),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R7.3-9 two branch parameters are refused",
	  INVITE_ROWS("Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKa;branch=z9hG4bKb\n"
		      "Max-Forwards: 70\n" ENDS("INVITE") EMPTY),
	  ANSWERED(SIP_R_BAD_VIA, "400 Bad Via") },
	{ "R7.3-10 parameter names compare without case",
	  INVITE_ROWS("Via: SIP/2.0/udp 203.0.113.40:5060;RPORT;BRANCH=z9hG4bKt1\n"
		      "Max-Forwards: 70\n" ENDS("INVITE") EMPTY),
	  TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN, ";RPORT", ";received=203.0.113.40;rport=5060" } },
	{ "R7.3-12 compact names are the same headers",
	  INVITE_ROWS("v:SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1\nMax-Forwards: 70\n"
		      "f:<sip:alice@caller.example>;tag=f1\nt:<sip:bob@example.com>\ni:c1\n"
		      "CSeq: 1 INVITE\n"
		      "m:<sip:a@203.0.113.40>\nc:text/plain\nl:2\n\nhi"),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R7.3-12 a v row before a Via row is the top Via",
	  INVITE_ROWS(
		  "v: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1;rport\n"
		  "Via: SIP/2.0/UDP other.example;branch=z9hG4bKt2;rport\nMax-Forwards: 70\n" ENDS(
			  "INVITE") EMPTY),
	  TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN, ";rport", ";received=203.0.113.40;rport=5060" } },
	{ "R7.3-13 an unknown header passes whatever its value",
	  INVITE("UnknownHeaderWithUnusualValue: ;;,,;;,;\nX: {fill:8000}\nY :\n"), TO_CORE1,
	  .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R7.3-14, R16.3-3 a malformed header that nobody here needs passes",
	  INVITE("Date: Fri, 01 Jan 2010 16:00:00 EST\nContact: <<<\nExpires: 99999999999999\n"
		 "Subject:\n"),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R7.4-1 any request may have a body",
	  "BYE " BOB " SIP/2.0\n" CALLER_VIA
	  "Max-Forwards: 70\n" ENDS("BYE") "Content-Length: 4\n\n\x01\x80{nul}z",
	  TO_CORE1, .added = "{via:1}", .change = { HOP_TAKEN } },
	{ "R7.4-2 a transfer coding means nothing",
	  INVITE_ROWS(CALLER_VIA "Max-Forwards: 70\n" ENDS(
		  "INVITE") "Transfer-Encoding: chunked\nContent-Length: 8\n\n3\nabc\n0\n\n"),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN, "abc\n0\n\n", "abc\n" } },
	{ "R20.8-1 a Call-ID may hold quotes and brackets",
	  INVITE_ROWS(CALLER_VIA
		      "Max-Forwards: 70\nFrom: <sip:a@b.example>;tag=1\nTo: <sip:bob@example.com>\n"
		      "Call-ID: (%Th]s/[1]?\"C:ll-I<D>\\@x\nCSeq: 1 INVITE\n" EMPTY),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R7.5-2, R18.3-1 what follows the message in its datagram is cut off",
	  INVITE("") "INVITE sip:second@example.com SIP/2.0\nVia: SIP/2.0/UDP 203.0.113.40\n\n",
	  TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN,
		      "INVITE sip:second@example.com SIP/2.0\nVia: SIP/2.0/UDP 203.0.113.40\n\n",
		      "" } },
	{ "R18.3-1 the body is as long as Content-Length says",
	  INVITE_ROWS(CALLER_VIA
		      "Max-Forwards: 70\n" ENDS("INVITE") "Content-Length: 5\n\n123456789"),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN, "123456789", "12345" } },
	{ "R18.3-2 a datagram shorter than Content-Length is refused",
	  INVITE_ROWS(CALLER_VIA
		      "Max-Forwards: 70\n" ENDS("INVITE") "Content-Length: 10\n\n123456789"),
	  ANSWERED(SIP_R_SHORT_BODY, "400 Content-Length Too Large") },
	{ "R18.3-3 without Content-Length the body is all that follows",
	  INVITE_ROWS(CALLER_VIA "Max-Forwards: 70\n" ENDS("INVITE") "\n123456789"), TO_CORE1,
	  .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R20-1 no Via: nobody can be answered",
	  INVITE_ROWS("Max-Forwards: 70\n" ENDS("INVITE") EMPTY), DROPPED(SIP_R_NO_VIA) },
	{ "R20-1 no To is refused",
	  INVITE_ROWS(CALLER_VIA "Max-Forwards: 70\nFrom: <sip:a@b.example>;tag=1\nCall-ID: c1\n"
				 "CSeq: 1 INVITE\n" EMPTY),
	  ANSWERED(SIP_R_NO_TO, "400 Missing To") },
	{ "R20-1 no From is refused",
	  INVITE_ROWS(
		  CALLER_VIA
		  "Max-Forwards: 70\nTo: <sip:a@b.example>\nCall-ID: c1\nCSeq: 1 INVITE\n" EMPTY),
	  ANSWERED(SIP_R_NO_FROM, "400 Missing From") },
	{ "R20-1, R21.4.1-1 no Call-ID is refused, and the reason says so",
	  INVITE_ROWS(CALLER_VIA
		      "Max-Forwards: 70\nFrom: <sip:a@b.example>;tag=1\nTo: <sip:a@b.example>\n"
		      "CSeq: 1 INVITE\n" EMPTY),
	  ANSWERED(SIP_R_NO_CALL_ID, "400 Missing Call-ID") },
	{ "R20-1 no CSeq is refused",
	  INVITE_ROWS(CALLER_VIA
		      "Max-Forwards: 70\nFrom: <sip:a@b.example>;tag=1\nTo: <sip:a@b.example>\n"
		      "Call-ID: c1\n" EMPTY),
	  ANSWERED(SIP_R_NO_CSEQ, "400 Missing CSeq") },
	{ "R20-1, R16.6-6 no Max-Forwards: 70 is added",
	  INVITE_ROWS(CALLER_VIA ENDS("INVITE") EMPTY), TO_CORE1,
	  .added = NEW_IN "Max-Forwards: 70\n" },
	{ "R20-2 parameters behind a URI without <> belong to the header",
	  INVITE_ROWS("Via: SIP/2.0/UDP 203.0.113.40:5060\nMax-Forwards: 70\n"
		      "From: sip:a@b.example;tag=9\n"
		      "To: sip:b@example.com\nCall-ID: c1\nCSeq: 1 INVITE\n" EMPTY),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R20-3 a Route value without <> is refused", INVITE("Route: sip:p3.example;lr\n"),
	  ANSWERED(SIP_R_BAD_ROUTE, "400 Bad Route") },
	{ "R20.14-1 Content-Length may be compact",
	  INVITE_ROWS(CALLER_VIA "Max-Forwards: 70\n" ENDS("INVITE") "l:0\n\n"), TO_CORE1,
	  .added = NEW_IN, .change = { HOP_TAKEN } },
#define BAD_LENGTH(value)                                                            \
	{                                                                            \
		"R20.14-1 Content-Length: " value " is refused",                     \
			INVITE_ROWS(CALLER_VIA "Max-Forwards: 70\n" ENDS(            \
				"INVITE") "Content-Length: " value "\n\n"),          \
			ANSWERED(SIP_R_BAD_CONTENT_LENGTH, "400 Bad Content-Length") \
	}
	BAD_LENGTH("+5"),
	BAD_LENGTH("0x10"),
	BAD_LENGTH("five"),
	BAD_LENGTH("-999"),
	BAD_LENGTH(""),
	BAD_LENGTH("0 0"),
	{ "R20.14-1 a Content-Length of 20 digits is refused",
	  INVITE_ROWS(CALLER_VIA "Max-Forwards: 70\n" ENDS(
		  "INVITE") "Content-Length: 18446744073709551616\n\n"),
	  ANSWERED(ANY_REASON, NULL) },
#define CSEQ(value)                                                                \
	INVITE_ROWS(CALLER_VIA "Max-Forwards: 70\nFrom: <sip:a@b.example>;tag=1\n" \
			       "To: <sip:b@example.com>\nCall-ID: c1\nCSeq: " value "\n" EMPTY)
	{ "R20.16-1 a CSeq of 2**32-1 passes", CSEQ("4294967295 INVITE"), TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN } },
	{ "R20.16-1 leading zeros in CSeq pass", CSEQ("0000000000009 INVITE"), TO_CORE1,
	  .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R20.16-1 a CSeq of 2**32 is refused", CSEQ("4294967296 INVITE"),
	  ANSWERED(SIP_R_BAD_CSEQ, "400 Bad CSeq") },
	{ "R20.16-1 a CSeq of 2**65 is refused", CSEQ("36893488147419103232 INVITE"),
	  ANSWERED(SIP_R_BAD_CSEQ, "400 Bad CSeq") },
	{ "R20.16-1 a CSeq without a method is refused", CSEQ("1"),
	  ANSWERED(SIP_R_BAD_CSEQ, "400 Bad CSeq") },
	{ "R20.16-1 a CSeq with another method is refused", CSEQ("1 OPTIONS"),
	  ANSWERED(SIP_R_CSEQ_METHOD, "400 CSeq Method Mismatch") },
	{ "R20.16-1 the method of CSeq compares with case", CSEQ("1 invite"),
	  ANSWERED(SIP_R_CSEQ_METHOD, "400 CSeq Method Mismatch") },
	{ "R20.16-1 an unknown method that CSeq does not repeat is not implemented",
	  "NEWMETHOD " BOB " SIP/2.0\n" CALLER_VIA "Max-Forwards: 70\n" ENDS("INVITE") EMPTY,
	  ANSWERED(SIP_R_UNKNOWN_METHOD, "501 Not Implemented") },
#define HOPS(value) INVITE_ROWS(CALLER_VIA "Max-Forwards: " value "\n" ENDS("INVITE") EMPTY)
	{ "R20.22-1 Max-Forwards 255 goes out as 254", HOPS("255"), TO_CORE1, .added = NEW_IN,
	  .change = { "Max-Forwards: 255", "Max-Forwards: 254" } },
	{ "R20.22-1 Max-Forwards 300 counts as absent", HOPS("300"), TO_CORE1, .added = NEW_IN,
	  .change = { "Max-Forwards: 300", "Max-Forwards: 70" } },
	{ "R20.22-1 a Max-Forwards of 30 digits counts as absent",
	  HOPS("999999999999999999999999999999"), TO_CORE1, .added = NEW_IN,
	  .change = { "999999999999999999999999999999", "70" } },
	{ "R20.22-1 Max-Forwards 007 goes out as 6", HOPS("007"), TO_CORE1, .added = NEW_IN,
	  .change = { "007", "6" } },
	{ "R20.22-1 a Max-Forwards that is no number is refused", HOPS("7x"),
	  ANSWERED(SIP_R_BAD_MAX_FORWARDS, "400 Bad Max-Forwards") },
	{ "R20.22-1 an empty Max-Forwards is refused", HOPS(""),
	  ANSWERED(SIP_R_BAD_MAX_FORWARDS, "400 Bad Max-Forwards") },
	{ "R20.42-1 white space in a Via value, unknown transports and parameters are read",
	  INVITE_ROWS("Via: SIP / 2.0 / UDP  203.0.113.40 : 5060 ; x = \"a;b\" ; ttl=16 ; branch = "
		      "z9hG4bKt1\n"
		      "Via: SIP/2.0/WS x.invalid;keep, SIP/2.0/UNKNOWN y.invalid\n"
		      "Max-Forwards: 70\n" ENDS("INVITE") EMPTY),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R20.42-2 a top Via without a branch is read",
	  INVITE_ROWS("Via: SIP/2.0/UDP 203.0.113.40\nMax-Forwards: 70\n" ENDS("INVITE") EMPTY),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R25-1 quotes hide commas, semicolons and brackets",
	  INVITE_ROWS("Via: SIP/2.0/UDP 203.0.113.40\nMax-Forwards: 70\n"
		      "From: \"a,b;c\\\" <x>;tag=no\" <sip:u@h.example>;tag=9\n"
		      "To: <sip:bob@example.com>\nCall-ID: c1\n"
		      "CSeq: 1 INVITE\n" EMPTY),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R25-1 a quote that does not end is refused, not searched beyond its row",
	  INVITE_ROWS(CALLER_VIA "Max-Forwards: 70\nFrom: <sip:a@b.example>;tag=1\n"
				 "To: \"Mr J <sip:bob@example.com>\n"
				 "Call-ID: c1\nCSeq: 1 INVITE\nSubject: \"\n" EMPTY),
	  .verdict = PROXY_ANSWER, .reason = SIP_R_BAD_TO,
	  .whole = "SIP/2.0 400 Bad To\n" CALLER_VIA "From: <sip:a@b.example>;tag=1\n"
		   "To: \"Mr J <sip:bob@example.com>;tag={totag}\nCall-ID: c1\nCSeq: 1 INVITE\n"
		   "Content-Length: 0\n\n" },
	{ "R25-4 a bare LF as line end is never forwarded",
	  INVITE_ROWS(CALLER_VIA "Max-Forwards: 70{lf}" ENDS("INVITE") EMPTY),
	  DROPPED(SIP_R_BAD_LINE_END) },
	{ "R25-4 a bare CR as line end is never forwarded",
	  INVITE_ROWS(CALLER_VIA "Max-Forwards: 70{cr}" ENDS("INVITE") EMPTY),
	  DROPPED(SIP_R_BAD_LINE_END) },
	{ "R25-4 a message of LF lines only is never forwarded",
	  "INVITE " BOB " SIP/2.0{lf}Via: SIP/2.0/UDP 203.0.113.40{lf}{lf}", DROPPED(ANY_REASON) },
	{ "R25-5 no white space is needed between display name and <",
	  INVITE_ROWS(CALLER_VIA
		      "Max-Forwards: 70\nFrom: caller<sip:a@b.example>;tag=1\n"
		      "To: \"b\"<sip:bob@example.com>\nCall-ID: c1\nCSeq: 1 INVITE\n" EMPTY),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R28-1 no tag, no branch, hidden: what an RFC 2543 client sends passes",
	  INVITE_ROWS("Via: SIP/2.0/UDP 203.0.113.40;hidden\nFrom: <sip:a@b.example>\n"
		      "To: <sip:bob@example.com>\n"
		      "Call-ID: c1\nCSeq: 1 INVITE\n\nbody"),
	  TO_CORE1, .added = NEW_IN "Max-Forwards: 70\n" },
	{ "R19.1-1 a user part may hold reserved characters",
	  REQUEST("INVITE", "sip:user;par=u%40other.example?/&=+$,:p@example.com", ""), TO_CORE1,
	  .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R19.1-2 an @ without a user is refused", REQUEST("INVITE", "sip:@example.com", ""),
	  ANSWERED(SIP_R_BAD_REQUEST_URI, "400 Bad Request-URI") },
	{ "R19.1-3 unknown URI parameters are kept",
	  REQUEST("INVITE", BOB ";x=%41;y;user=phone", ""), TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN } },
	{ "R19.1-4 an escape in a host is refused, not undone",
	  REQUEST("INVITE", "sip:bob@ex%61mple.com", ""),
	  ANSWERED(SIP_R_BAD_REQUEST_URI, "400 Bad Request-URI") },
	{ "R19.1-5 hosts compare without case", REQUEST("INVITE", "sip:bob@EXAMPLE.Com", ""),
	  TO_CORE1, .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R16.6-5, R19.1-8 a method parameter in the Request-URI does not travel on",
	  REQUEST("INVITE", BOB ";method=REGISTER;x=1", ""), TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN, ";method=REGISTER", "" } },
	{ "R16.6-5 headers in the Request-URI are refused",
	  REQUEST("INVITE", BOB "?Route=%3Csip:x%3E", ""),
	  ANSWERED(SIP_R_BAD_REQUEST_URI, "400 Bad Request-URI") },
	{ "R5626-2 CRLF CRLF is a keep-alive", "\n\n", DROPPED(SIP_R_KEEPALIVE) },
	{ "R5626-2 four NUL are a keep-alive", "{nul}{nul}{nul}{nul}", DROPPED(SIP_R_KEEPALIVE) },
	{ "R5626-2 nothing is a keep-alive", "", DROPPED(SIP_R_KEEPALIVE) },
	{ "R5626-3 a STUN request is dropped",
	  "{nul}\x01{nul}{nul}\x21\x12\xa4\x42"
	  "abcdefghijkl",
	  DROPPED(SIP_R_STUN) },
	{ "R16.3-16 junk is dropped", "hello\n\n", DROPPED(ANY_REASON) },
};

Test(request, reads_what_the_grammar_allows_and_refuses_the_rest)
{
	RUN_CASES(syntax);
}

/* R26.1-1: a message of very many rows is refused, not cut. */
Test(request, with_more_rows_than_the_limit_is_refused)
{
	static struct text t;
	static struct run r;
	static const char end[] = "\r\n";

	for (int rows = SIP_MAX_ROWS - 1; rows <= SIP_MAX_ROWS + 1; rows++) {
		fixture_message(fixture_world(BED_MAIN),
				"INVITE " BOB " SIP/2.0\n" CALLER_VIA ENDS("INVITE"), &t);
		for (int i = 5; i < rows; i++) {
			memcpy(t.b + t.n, "Via: SIP/2.0/UDP b\r\n", 20);
			t.n += 20;
		}
		memcpy(t.b + t.n, end, 2);
		t.n += 2;
		fixture_run(fixture_world(BED_MAIN), "203.0.113.40:5060", OUT4, &t, &r);
		if (rows <= SIP_MAX_ROWS)
			cr_expect_eq(r.out.verdict, PROXY_FORWARD, "%d rows", rows);
		else
			cr_expect_eq(r.out.reason, SIP_R_TOO_MANY_HEADERS, "%d rows", rows);
	}
}

/* --- 16.3: order of the checks, and each of them --------------------------------------------- */

static const struct rule_case validation[] = {
	{ "R16.3-1 syntax is checked before Max-Forwards",
	  "INVITE " BOB " SIP/2.0\n" CALLER_VIA "Max-Forwards: 0\n" ENDS("OPTIONS") EMPTY,
	  ANSWERED(SIP_R_CSEQ_METHOD, "400 CSeq Method Mismatch") },
	{ "R16.3-1 the version is checked before the rest",
	  "INVITE <sip:x> SIP/3.0\n" CALLER_VIA "Max-Forwards: x\n" ENDS("INVITE") EMPTY,
	  ANSWERED(SIP_R_BAD_VERSION, "505 Version Not Supported") },
	{ "R16.3-1 the scheme is checked before Max-Forwards",
	  "INVITE foo:bar SIP/2.0\n" CALLER_VIA "Max-Forwards: 0\nProxy-Require: x\n" ENDS("INVITE")
		  EMPTY,
	  ANSWERED(SIP_R_BAD_SCHEME, "416 Unsupported URI Scheme") },
	{ "R16.3-1 Max-Forwards is checked before Proxy-Require",
	  "INVITE " BOB " SIP/2.0\n" CALLER_VIA "Max-Forwards: 0\nProxy-Require: x\n" ENDS("INVITE")
		  EMPTY,
	  ANSWERED(SIP_R_MAX_FORWARDS_ZERO, "483 Too Many Hops") },
	{ "R16.3-1 Proxy-Require is checked before the relay policy",
	  REQUEST("INVITE", "sip:x@elsewhere.example", "Proxy-Require: x\n"),
	  ANSWERED(SIP_R_PROXY_REQUIRE, "420 Bad Extension"), .extra = "Unsupported: x\n" },
	{ "R16.3-1 the Route is read before the scheme is judged",
	  REQUEST("INVITE", "foo:bar", "Route: sip:x\n"),
	  ANSWERED(SIP_R_BAD_ROUTE, "400 Bad Route") },
	{ "R16.3-2 an empty parameter in the top Via is refused",
	  INVITE_ROWS(
		  "Via: SIP/2.0/UDP 203.0.113.40:5060;;branch=z9hG4bKt1\nMax-Forwards: 70\n" ENDS(
			  "INVITE") EMPTY),
	  ANSWERED(SIP_R_BAD_VIA, "400 Bad Via") },
	{ "R16.3-2 a top Via whose sent-by cannot be read gets no answer",
	  INVITE_ROWS("Via: SIP/2.0/UDP ;branch=z9hG4bKt1\nMax-Forwards: 70\n" ENDS("INVITE")
			      EMPTY),
	  DROPPED(SIP_R_BAD_VIA) },
	{ "R16.3-4 unknown methods and headers are no reason to refuse",
	  REQUEST("NEWMETHOD", BOB, "X-New: 1\n"), TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN } },
	{ "R16.3-6 an unknown scheme cannot be routed",
	  REQUEST("OPTIONS", "nobodyKnows:opaque", ""),
	  ANSWERED(SIP_R_BAD_SCHEME, "416 Unsupported URI Scheme") },
	{ "R16.3-6 a known scheme that is not SIP cannot be routed",
	  REQUEST("OPTIONS", "soap.beep://192.0.2.103:3002", ""),
	  ANSWERED(SIP_R_BAD_SCHEME, "416 Unsupported URI Scheme") },
	{ "R16.3-7 To is never used in place of the Request-URI", REQUEST("INVITE", "foo:bar", ""),
	  ANSWERED(SIP_R_BAD_SCHEME, "416 Unsupported URI Scheme") },
	{ "R16.3-8 Max-Forwards 1 passes and leaves as 0", HOPS("1"), TO_CORE1, .added = NEW_IN,
	  .change = { "Max-Forwards: 1", "Max-Forwards: 0" } },
	{ "R16.3-9 Max-Forwards 0 goes no further", HOPS("0"),
	  ANSWERED(SIP_R_MAX_FORWARDS_ZERO, "483 Too Many Hops") },
	{ "R16.3-9 an OPTIONS for somebody else with Max-Forwards 0 is refused",
	  "OPTIONS " BOB " SIP/2.0\n" CALLER_VIA "Max-Forwards: 0\n" ENDS("OPTIONS") EMPTY,
	  ANSWERED(SIP_R_MAX_FORWARDS_ZERO, "483 Too Many Hops") },
	{ "R16.3-11 every extension that Proxy-Require names is unsupported",
	  INVITE("Proxy-Require: a,known , b\nProxy-Require: c\nRequire: d\n"),
	  ANSWERED(SIP_R_PROXY_REQUIRE, "420 Bad Extension"),
	  .extra = "Unsupported: a, known, b, c\n" },
	{ "R16.3-11 a folded Proxy-Require is the same list", INVITE("Proxy-Require:\n a,\n b\n"),
	  ANSWERED(SIP_R_PROXY_REQUIRE, "420 Bad Extension"), .extra = "Unsupported: a, b\n" },
	{ "R16.3-11 a Proxy-Require that is no list of tokens is refused",
	  INVITE("Proxy-Require: a b\n"),
	  ANSWERED(SIP_R_BAD_PROXY_REQUIRE, "400 Bad Proxy-Require") },
	{ "R16.3-12 Proxy-Require in a CANCEL is ignored",
	  REQUEST("CANCEL", BOB, "Proxy-Require: x\n"), TO_CORE1, .added = "{via:1}",
	  .change = { HOP_TAKEN } },
	{ "R16.3-12 Proxy-Require in an ACK is ignored", REQUEST("ACK", BOB, "Proxy-Require: x\n"),
	  TO_CORE1, .added = "{via:1}", .change = { HOP_TAKEN } },
	{ "R16.3-13 Require is not for a proxy", INVITE("Require: nothingSupportsThis\n"), TO_CORE1,
	  .added = NEW_IN, .change = { HOP_TAKEN } },
	{ "R16.3-14 credentials for any realm pass",
	  INVITE("Proxy-Authorization: Digest realm=\"example.com\"\n"), TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN } },
	{ "R16.3-15 a Request-URI of 60,000 bytes passes whole",
	  REQUEST("INVITE", "sip:{fill:60000}@example.com", ""), TO_CORE1, .added = NEW_IN,
	  .change = { HOP_TAKEN } },
	{ "R16.3-15 what would not fit a datagram is refused, not cut",
	  INVITE_ROWS(CALLER_VIA "Max-Forwards: 70\n" ENDS("INVITE") "\n{fill:65200}"),
	  ANSWERED(SIP_R_TOO_LARGE, "513 Message Too Large") },
	{ "R5393-2 Max-Breadth 0 may go no further", INVITE("Max-Breadth: 0\n"), .bed = BED_BREADTH,
	  ANSWERED(SIP_R_MAX_BREADTH_ZERO, "440 Max-Breadth Exceeded") },
};

Test(request, is_checked_in_the_order_of_the_rfc)
{
	RUN_CASES(validation);
}
