/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sip_parse() finds wrong: one row for each fault, and for what looks like one and is none.
 * Every message is parsed by every scanner (same_msg.h).
 */
#include "dataplane/sip/msg.h"
#include "tests/unit/parse_text.h"

#include <criterion/criterion.h>

static const struct {
	const char *text;
	enum sip_reason reason;
} verdicts[] = {
	{ REQUEST ALL END, SIP_OK },
	{ RESPONSE ALL END, SIP_OK },
	/* request line */
	{ "INVITE sip:c@d sip/2.0\r\n" ALL END, SIP_OK },
	{ "invite sip:c@d SIP/2.0\r\n" ALL END, SIP_R_UNKNOWN_METHOD },
	{ "INVITE  sip:c@d SIP/2.0\r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ "INVITE sip:c@d  SIP/2.0\r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ "INVITE sip:c@d SIP/2.0 \r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ "INVITE\tsip:c@d SIP/2.0\r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ "INVITE sip:c@d\tSIP/2.0\r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ "INVITE sip:c@d\r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ "INVITE SIP/2.0\r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ "INVITE  SIP/2.0\r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ "INVITE\r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ "IN<VITE sip:c@d SIP/2.0\r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ "INVITE sip:c@d\r\n SIP/2.0\r\n" ALL END, SIP_R_BAD_REQUEST_URI },
	{ "INVITE sip:c@d\r\n x SIP/2.0\r\n" ALL END, SIP_R_BAD_REQUEST_URI },
	{ "INVITE sip:c@d HTTP/1.1\r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ "INVITE sip:c@d SIP/2\r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ "INVITE sip:c@d SIP/a.b\r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ "INVITE sip:c@d SIP/2.1\r\n" ALL END, SIP_R_BAD_VERSION },
	{ "INVITE sip:c@d SIP/3.0\r\n" ALL END, SIP_R_BAD_VERSION },
	{ "INVITE sip:c@d SIP/2.00\r\n" ALL END, SIP_R_BAD_VERSION },
	{ "INVITE sip:c d SIP/12.34\r\n" ALL END, SIP_R_BAD_VERSION },
	{ "INVITE sip:c d SIP/2.0\r\n" ALL END, SIP_R_BAD_REQUEST_URI },
	{ "INVITE c@d SIP/2.0\r\n" ALL END, SIP_R_BAD_REQUEST_URI },
	{ "INVITE tel:+1 SIP/2.0\r\n" ALL END, SIP_OK },
	{ "INVITE x:y SIP/2.0\r\n" ALL END, SIP_OK },
	{ "SIP sip:c@d SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 1 SIP\r\n" END, SIP_OK },
	/* status line */
	{ "sip/2.0 200 OK\r\n" ALL END, SIP_OK },
	{ "SIP/2.0 200 \r\n" ALL END, SIP_OK },
	{ "SIP/2.0 200\r\n" ALL END, SIP_OK },
	{ "SIP/2.0 100 x\r\n" ALL END, SIP_OK },
	{ "SIP/2.0 699 x\r\n" ALL END, SIP_OK },
	{ "SIP/2.0 099 x\r\n" ALL END, SIP_R_BAD_STATUS_LINE },
	{ "SIP/2.0 700 x\r\n" ALL END, SIP_R_BAD_STATUS_LINE },
	{ "SIP/2.0 20 x\r\n" ALL END, SIP_R_BAD_STATUS_LINE },
	{ "SIP/2.0 2000 x\r\n" ALL END, SIP_R_BAD_STATUS_LINE },
	{ "SIP/2.0 20x x\r\n" ALL END, SIP_R_BAD_STATUS_LINE },
	{ "SIP/2.0  200 x\r\n" ALL END, SIP_R_BAD_STATUS_LINE },
	{ "SIP/2.0\t200 x\r\n" ALL END, SIP_R_BAD_STATUS_LINE },
	{ "SIP/2.0 4294967301 x\r\n" ALL END, SIP_R_BAD_STATUS_LINE },
	{ "SIP/2.0\r\n" ALL END, SIP_R_BAD_STATUS_LINE },
	{ "SIP/2.0 \r\n" ALL END, SIP_R_BAD_STATUS_LINE },
	{ "SIP/3.0 200 OK\r\n" ALL END, SIP_R_BAD_VERSION },
	{ "SIP/x 200 OK\r\n" ALL END, SIP_R_BAD_STATUS_LINE },
	/* header section */
	{ REQUEST ALL, SIP_R_NO_BLANK_LINE },
	{ REQUEST ALL "\r", SIP_R_NO_BLANK_LINE },
	{ REQUEST ALL "X: y", SIP_R_NO_BLANK_LINE },
	{ REQUEST ALL "X: y\n" END, SIP_R_BAD_LINE_END },
	{ REQUEST ALL "X: y\rz\r\n" END, SIP_R_BAD_LINE_END },
	{ REQUEST ALL "\n", SIP_R_BAD_LINE_END },
	{ REQUEST ALL END "body \r with \n any", SIP_OK },
	{ REQUEST ALL "X\r\n" END, SIP_R_BAD_HEADER },
	{ REQUEST ALL "X y: z\r\n" END, SIP_R_BAD_HEADER },
	{ REQUEST ALL ": z\r\n" END, SIP_R_BAD_HEADER },
	{ REQUEST ALL "X\r\n : z\r\n" END, SIP_R_BAD_HEADER },
	{ REQUEST ALL "X@: z\r\n" END, SIP_R_BAD_HEADER },
	{ REQUEST ALL "\xc3\xa4: z\r\n" END, SIP_R_BAD_HEADER },
	{ REQUEST " x\r\n" ALL END, SIP_R_BAD_REQUEST_LINE },
	{ REQUEST ALL "X:\r\n" END, SIP_OK },
	{ REQUEST ALL "X:\r\n \r\n\t\r\n" END, SIP_OK },
	{ REQUEST ALL "X \t :y\r\n" END, SIP_OK },
	/* what has to be there, and once */
	{ REQUEST REST END, SIP_R_NO_VIA },
	{ REQUEST VIA TO CALL_ID CSEQ END, SIP_R_NO_FROM },
	{ REQUEST VIA FROM CALL_ID CSEQ END, SIP_R_NO_TO },
	{ REQUEST VIA FROM TO CSEQ END, SIP_R_NO_CALL_ID },
	{ REQUEST VIA FROM TO CALL_ID END, SIP_R_NO_CSEQ },
	{ REQUEST ALL FROM END, SIP_R_DUP_FROM },
	{ REQUEST ALL "f: <sip:a@b>;tag=f\r\n" END, SIP_R_DUP_FROM },
	{ REQUEST ALL TO END, SIP_R_DUP_TO },
	{ REQUEST ALL "I : x@y\r\n" END, SIP_R_DUP_CALL_ID },
	{ REQUEST ALL CSEQ END, SIP_R_DUP_CSEQ },
	{ REQUEST ALL "Max-Forwards: 1\r\nMAX-FORWARDS: 1\r\n" END, SIP_R_DUP_MAX_FORWARDS },
	{ REQUEST ALL "l: 0\r\nContent-Length: 0\r\n" END, SIP_R_DUP_CONTENT_LENGTH },
	{ REQUEST ALL "Max-Breadth: 1\r\nMax-Breadth: 1\r\n" END, SIP_R_DUP_MAX_BREADTH },
	{ REQUEST ALL VIA END, SIP_OK },
	{ REQUEST ALL "Route: <sip:a>\r\nRoute: <sip:b>\r\nRecord-Route: <sip:c>\r\n" END, SIP_OK },
	{ RESPONSE REST END, SIP_R_NO_VIA },
	{ RESPONSE VIA CALL_ID CSEQ END, SIP_OK },
	{ RESPONSE VIA FROM TO CSEQ END, SIP_R_NO_CALL_ID },
	{ RESPONSE VIA FROM TO CALL_ID END, SIP_R_NO_CSEQ },
	{ RESPONSE ALL FROM TO "Max-Forwards: 0\r\nMax-Forwards: x\r\n" END, SIP_OK },
	{ RESPONSE ALL CALL_ID END, SIP_R_DUP_CALL_ID },
	{ RESPONSE ALL "l: 0\r\nl: 0\r\n" END, SIP_R_DUP_CONTENT_LENGTH },
	/* Via */
	{ REQUEST "Via:\r\n" ALL END, SIP_R_BAD_VIA },
	{ REQUEST "v: SIP/2.0/UDP h;;\r\n" ALL END, SIP_R_BAD_VIA },
	{ REQUEST ALL "Via: nonsense\r\n" END, SIP_OK },
	{ RESPONSE "Via: x\r\n" ALL END, SIP_R_BAD_VIA },
	/* From, To */
	{ REQUEST VIA "From:\r\n" TO CALL_ID CSEQ END, SIP_R_BAD_FROM },
	{ REQUEST VIA "From: <sip:a@b>\r\n" TO CALL_ID CSEQ END, SIP_OK },
	{ REQUEST VIA "From: \"a <sip:a@b>\r\n" TO CALL_ID CSEQ "S: \"\r\n" END, SIP_R_BAD_FROM },
	{ REQUEST VIA FROM "t: a, b <sip:a@b>\r\n" CALL_ID CSEQ END, SIP_R_BAD_TO },
	{ RESPONSE VIA "From: \"a\r\n"
		       "To:\r\n" CALL_ID CSEQ END,
	  SIP_OK },
	/* Call-ID */
	{ REQUEST VIA FROM TO "Call-ID:\r\n" CSEQ END, SIP_R_BAD_CALL_ID },
	{ REQUEST VIA FROM TO "Call-ID: \t\r\n" CSEQ END, SIP_R_BAD_CALL_ID },
	{ REQUEST VIA FROM TO "Call-ID: a b\r\n" CSEQ END, SIP_R_BAD_CALL_ID },
	{ REQUEST VIA FROM TO "Call-ID: a\r\n b\r\n" CSEQ END, SIP_R_BAD_CALL_ID },
	{ REQUEST VIA FROM TO "Call-ID:\r\n a\r\n" CSEQ END, SIP_OK },
	{ REQUEST VIA FROM TO "Call-ID: ()<>:\\\"/[]?{}\r\n" CSEQ END, SIP_OK },
	/* CSeq */
	{ REQUEST VIA FROM TO CALL_ID "CSeq:\r\n" END, SIP_R_BAD_CSEQ },
	{ REQUEST VIA FROM TO CALL_ID "CSeq: 1\r\n" END, SIP_R_BAD_CSEQ },
	{ REQUEST VIA FROM TO CALL_ID "CSeq: INVITE\r\n" END, SIP_R_BAD_CSEQ },
	{ REQUEST VIA FROM TO CALL_ID "CSeq: 1INVITE\r\n" END, SIP_R_BAD_CSEQ },
	{ REQUEST VIA FROM TO CALL_ID "CSeq: -1 INVITE\r\n" END, SIP_R_BAD_CSEQ },
	{ REQUEST VIA FROM TO CALL_ID "CSeq: 1 INVITE x\r\n" END, SIP_R_BAD_CSEQ },
	{ REQUEST VIA FROM TO CALL_ID "CSeq: 4294967296 INVITE\r\n" END, SIP_R_BAD_CSEQ },
	{ REQUEST VIA FROM TO CALL_ID "CSeq: 18446744073709551617 INVITE\r\n" END, SIP_R_BAD_CSEQ },
	{ REQUEST VIA FROM TO CALL_ID "CSeq: 4294967295 INVITE\r\n" END, SIP_OK },
	{ REQUEST VIA FROM TO CALL_ID "CSeq: 00000000000001 INVITE\r\n" END, SIP_OK },
	{ REQUEST VIA FROM TO CALL_ID "CSeq: 1\r\n\t INVITE\r\n" END, SIP_OK },
	{ REQUEST VIA FROM TO CALL_ID "CSeq: 1 Invite\r\n" END, SIP_R_CSEQ_METHOD },
	{ REQUEST VIA FROM TO CALL_ID "CSeq: 1 INVITEE\r\n" END, SIP_R_CSEQ_METHOD },
	{ "FOO sip:c@d SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 1 FOO\r\n" END, SIP_OK },
	{ "FOO sip:c@d SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 1 BAR\r\n" END,
	  SIP_R_UNKNOWN_METHOD },
	{ "A-METHOD-OF-MORE-THAN-16 sip:c@d SIP/2.0\r\n" VIA FROM TO CALL_ID
	  "CSeq: 1 A-METHOD-OF-MORE-THAN-16\r\n" END,
	  SIP_OK },
	{ "A-METHOD-OF-MORE-THAN-16 sip:c@d SIP/2.0\r\n" VIA FROM TO CALL_ID
	  "CSeq: 1 A-METHOD-OF-MORE-THAN-17\r\n" END,
	  SIP_R_UNKNOWN_METHOD },
	{ RESPONSE VIA FROM TO CALL_ID "CSeq: 4294967296 INVITE\r\n" END, SIP_R_BAD_CSEQ },
	/* numbers and framing */
	{ REQUEST ALL "Max-Forwards: 0\r\n" END, SIP_OK },
	{ REQUEST ALL "Max-Forwards: 007\r\n" END, SIP_OK },
	{ REQUEST ALL "Max-Forwards:\r\n" END, SIP_R_BAD_MAX_FORWARDS },
	{ REQUEST ALL "Max-Forwards: 7 0\r\n" END, SIP_R_BAD_MAX_FORWARDS },
	{ REQUEST ALL "Max-Forwards: -1\r\n" END, SIP_R_BAD_MAX_FORWARDS },
	{ REQUEST ALL "Max-Breadth: x\r\n" END, SIP_R_BAD_MAX_BREADTH },
	{ REQUEST ALL "l:0\r\n" END, SIP_OK },
	{ REQUEST ALL "l: 3\r\n" END "abcd", SIP_OK },
	{ REQUEST ALL "l: 4\r\n" END "abcd", SIP_OK },
	{ REQUEST ALL "l: 5\r\n" END "abcd", SIP_R_SHORT_BODY },
	{ REQUEST ALL "l: 00000000000000000004\r\n" END "abcd", SIP_OK },
	{ REQUEST ALL "l: 4294967296\r\n" END "abcd", SIP_R_SHORT_BODY },
	{ REQUEST ALL "l: 18446744073709551620\r\n" END "abcd", SIP_R_SHORT_BODY },
	{ REQUEST ALL "l:\r\n" END, SIP_R_BAD_CONTENT_LENGTH },
	{ REQUEST ALL "l: +5\r\n" END, SIP_R_BAD_CONTENT_LENGTH },
	{ REQUEST ALL "l: 0x10\r\n" END, SIP_R_BAD_CONTENT_LENGTH },
	{ REQUEST ALL "l: five\r\n" END, SIP_R_BAD_CONTENT_LENGTH },
	{ REQUEST ALL "l: -999\r\n" END, SIP_R_BAD_CONTENT_LENGTH },
	{ REQUEST ALL "l: 1 2\r\n" END, SIP_R_BAD_CONTENT_LENGTH },
	{ REQUEST ALL "l: 1,2\r\n" END, SIP_R_BAD_CONTENT_LENGTH },
	{ RESPONSE ALL "l: 5\r\n" END "abcd", SIP_R_SHORT_BODY },
	{ RESPONSE ALL "l: x\r\n" END "abcd", SIP_R_BAD_CONTENT_LENGTH },
	/* the first fault in the order of checks is the one */
	{ "INVITE <x> SIP/2.1\r\n" END, SIP_R_BAD_VERSION },
	{ "INVITE <x> SIP/2.0\r\n" VIA "X\n" END, SIP_R_BAD_REQUEST_URI },
	{ REQUEST "X\n" VIA "Max-Forwards: x\r\n" END, SIP_R_BAD_LINE_END },
	{ REQUEST "X\r\n" VIA FROM FROM "Max-Forwards: x\r\n" END, SIP_R_BAD_HEADER },
	{ REQUEST VIA FROM FROM "Max-Forwards: x\r\n" END, SIP_R_NO_TO },
	{ REQUEST ALL FROM "Max-Forwards: x\r\nl: 9\r\n" END, SIP_R_DUP_FROM },
	{ REQUEST ALL "l: 9\r\nMax-Forwards: x\r\n" END, SIP_R_BAD_MAX_FORWARDS },
	/* no SIP */
	{ "", SIP_R_KEEPALIVE },
	{ "\r\n", SIP_R_KEEPALIVE },
	{ "\r\n\r\n", SIP_R_KEEPALIVE },
	{ "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", SIP_R_KEEPALIVE },
	{ "\r\n\r\nx", SIP_R_NOT_SIP },
	{ "x", SIP_R_NOT_SIP },
	{ "\r\n" REQUEST ALL END, SIP_R_NOT_SIP },
	{ " " REQUEST ALL END, SIP_R_NOT_SIP },
	{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	  SIP_R_NOT_SIP },
	{ "hello world, hello world, hello world", SIP_R_BAD_REQUEST_LINE },
};

Test(parse_faults, finds_the_first_fault_and_no_other)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		enum sip_reason reason = parse(verdicts[i].text, strlen(verdicts[i].text));

		cr_expect_eq(reason, verdicts[i].reason, "%s, not %s, in:\n%s",
			     sip_reason_info(reason)->name,
			     sip_reason_info(verdicts[i].reason)->name, verdicts[i].text);
	}
}

Test(parse_faults, tells_keep_alives_and_stun_by_their_bytes)
{
	static const uint8_t stun[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
	static const uint8_t zeros[30];
	uint8_t other[20];

	cr_expect_eq(parse(stun, 20), SIP_R_STUN);
	cr_expect_eq(parse(stun, 8), SIP_R_STUN);
	cr_expect_eq(parse(stun, 7), SIP_R_NOT_SIP);
	cr_expect_eq(parse(zeros, 30), SIP_R_KEEPALIVE);
	cr_expect_eq(parse(zeros, 4), SIP_R_KEEPALIVE);
	memcpy(other, stun, 20);
	other[0] = 0x80;
	cr_expect_eq(parse(other, 20), SIP_R_NOT_SIP);
}
