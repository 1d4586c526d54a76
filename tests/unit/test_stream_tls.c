/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams over TLS: both ends are ours. The listener asks for certificates, so a peer that has one
 * for a name may say that requests to that name can come down its connection (RFC 5923).
 */
#include "tests/unit/stream_tls_bed.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define A "OPTIONS sip:a SIP/2.0\r\nl: 3\r\n\r\nabc"
#define B "SIP/2.0 200 OK\r\nl: 0\r\n\r\n"

static void set_up(void)
{
	tls_bed_open("client_ca: @/ca.pem,");
}

TestSuite(stream_tls, .init = set_up, .fini = tls_bed_close);

static struct stream_target self(const char *name)
{
	struct stream_target to = bed_target(&bed.listener[0].addr);

	to.transport = SIP_TLS;
	to.name = name;
	return to;
}

static int send_to(const struct stream_target *to, const char *text, uint64_t *number)
{
	return streams_send_to(bed.s, to, text, strlen(text), number, bed_sent, &bed);
}

static bool note_info(void *arg, const struct stream_info *i)
{
	struct stream_info *out = arg;

	out[i->outbound] = *i;
	cr_assert_not_null(i->cipher);
	cr_assert(strncmp(i->cipher, "TLSv1.3 TLS_", 12) == 0, "%s", i->cipher);
	cr_assert(i->peer_cn && strcmp(i->peer_cn, "both") == 0);
	return true;
}

Test(stream_tls, messages_cross_in_both_directions)
{
	struct stream_target to = self("example.com");
	struct stream_info info[2] = { { 0 } };
	uint64_t number = 0;

	cr_assert_eq(send_to(&to, A, &number), 0);
	cr_assert_eq(send_to(&to, B, NULL), 0);
	BED_UNTIL(bed.n == 2);
	cr_assert(bed_is(0, A) && bed_is(1, B));
	cr_assert_eq(bed.got[0].transport, SIP_TLS);
	BED_UNTIL(bed.n_sent == 2);
	cr_assert_eq(bed.sent_rc[0], 0);
	cr_assert_eq(streams_send(bed.s, bed.got[0].connection, B, strlen(B)), 0);
	BED_UNTIL(bed.n == 3);
	cr_assert(bed_is(2, B));
	cr_assert_eq(bed.got[2].connection, number);
	cr_assert_neq(bed.got[0].connection, number);
	streams_each(bed.s, note_info, info);
	cr_assert_eq(info[0].messages_in, 2);
	cr_assert_eq(info[1].messages_out, 2);
	cr_assert_eq(info[1].connection, number);
	cr_assert(endpoint_equal(&info[0].listener, &bed.listener[0].addr));
}

Test(stream_tls, long_messages_cross)
{
	static char text[SIP_MAX_LEN + 1];
	struct stream_target to = self(NULL);
	int head = snprintf(text, sizeof(text), "OPTIONS sip:a SIP/2.0\r\nl: 65000\r\n\r\n");

	memset(text + head, 'x', 65000);
	for (uint32_t i = 0; i < 3; i++) {
		cr_assert_eq(send_to(&to, text, NULL), 0);
		BED_UNTIL(bed.n == i + 1);
		cr_assert(bed_is(i, text));
	}
}

Test(stream_tls, a_name_that_the_certificate_is_not_for_gets_nothing)
{
	struct stream_target to = self("example.net");

	cr_assert_eq(send_to(&to, A, NULL), 0);
	BED_UNTIL(bed.n_sent == 1);
	cr_assert_eq(bed.sent_rc[0], -EPROTO);
	cr_assert_str_eq(streams_why(bed.s, &to),
			 "the certificate is for example.com, 127.0.0.1, not for example.net");
	bed_turn();
	cr_assert_eq(bed.n, 0);
	cr_assert_geq(bed_count(C_STREAM_NO_TLS), 1);
	cr_assert_eq(bed_count(C_STREAM_NOT_OPENED), 1);
	BED_UNTIL(streams_count(bed.s) == 0);
	to.name = "example.com";
	cr_assert_str_eq(streams_why(bed.s, &to), "", "another target");
}

/* R18.4-2 */
Test(stream_tls, a_refused_connection_is_no_fault_of_tls)
{
	struct endpoint at = bed_free_port();
	struct stream_target to = bed_target(&at);

	to.transport = SIP_TLS;
	cr_assert_eq(send_to(&to, A, NULL), 0);
	BED_UNTIL(bed.n_sent == 1);
	cr_assert_eq(bed.sent_rc[0], -ECONNREFUSED);
	cr_assert_str_eq(streams_why(bed.s, &to), "Connection refused");
	cr_assert_eq(bed_count(C_STREAM_NO_TLS), 0);
}

Test(stream_tls, connections_for_one_name_are_not_used_for_another)
{
	struct stream_target one = self("example.com"), other = self(NULL);

	cr_assert_eq(send_to(&one, A, NULL), 0);
	BED_UNTIL(bed.n_sent == 1);
	cr_assert_neq(streams_find(bed.s, &one), 0);
	cr_assert_eq(streams_find(bed.s, &other), 0);
	one.name = "example.net";
	cr_assert_eq(streams_find(bed.s, &one), 0);
}

Test(stream_tls, who_does_not_speak_tls_is_ended)
{
	int plain = peer_connect(&bed.listener[0].addr), mute = peer_connect(&bed.listener[0].addr);

	BED_UNTIL(streams_count(bed.s) == 2);
	cr_assert_eq(write(plain, A, strlen(A)), (ssize_t)strlen(A));
	BED_UNTIL(streams_count(bed.s) == 1);
	cr_assert_eq(bed_count(C_STREAM_NO_TLS), 1);
	bed_pass(4000);
	cr_assert_eq(streams_count(bed.s), 1);
	bed_pass(2000);
	cr_assert_eq(streams_count(bed.s), 0);
	cr_assert_eq(bed.n, 0);
	close(plain);
	close(mute);
}

/* R5923-1 */
Test(stream_tls, an_alias_needs_a_certificate_for_it)
{
	struct endpoint sent_by = { .ip = ip_from_v4((uint8_t[]){ 192, 0, 2, 1 }), .port = 5061 };
	struct stream_target to = self("example.com"), alias = self("example.com"), back;
	uint64_t outbound, inbound;

	alias.to = sent_by;
	cr_assert_eq(send_to(&to, A, &outbound), 0);
	BED_UNTIL(bed.n == 1);
	inbound = bed.got[0].connection;
	cr_expect_not(streams_alias(bed.s, inbound, "example.net", &sent_by));
	cr_expect_not(streams_alias(bed.s, inbound, "192.0.2.1", &sent_by));
	cr_expect_not(streams_alias(bed.s, 1, "example.com", &sent_by));
	cr_assert_eq(streams_find(bed.s, &alias), 0);
	cr_assert(streams_alias(bed.s, inbound, "Example.COM", &sent_by));
	cr_assert(streams_alias(bed.s, inbound, "example.com", &sent_by), "said again");
	cr_assert_eq(streams_find(bed.s, &alias), inbound);
	/* Not for the same place by another name, nor for another place. */
	back = alias;
	back.name = NULL;
	cr_assert_eq(streams_find(bed.s, &back), 0);
	alias.to.port++;
	cr_assert_eq(streams_find(bed.s, &alias), 0);
	alias.to.port--;
	cr_assert_eq(send_to(&alias, B, NULL), 0);
	BED_UNTIL(bed.n == 2);
	cr_assert_eq(bed.got[1].connection, outbound);
	streams_close(bed.s, inbound);
	cr_assert_eq(streams_find(bed.s, &alias), 0);
}

Test(stream_tls, an_end_reaches_the_other_side)
{
	struct stream_target to = self(NULL);

	cr_assert_eq(send_to(&to, A, NULL), 0);
	BED_UNTIL(bed.n == 1);
	streams_send(bed.s, bed.got[0].connection, B, strlen(B));
	streams_close(bed.s, bed.got[0].connection);
	BED_UNTIL(bed.n == 2);
	cr_assert(bed_is(1, B));
	BED_UNTIL(streams_count(bed.s) == 0);
	cr_assert_eq(bed_count(C_STREAM_CLOSED), 2);
}
