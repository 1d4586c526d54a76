/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose a thing is: which message a trace shows, and which target a peer may be used for.
 */
#include "tests/unit/relay_lab.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define TEN "Max-Forwards: 10\r\n"

/* A source that cannot be is dropped before anything else; the trace must not show it with the
 * Call-ID of the message before. */
Test(relay_own, a_forged_source_is_traced_as_what_it_is)
{
	struct trace_set set = {
		.generation = 1,
		.slot[0] = { .used = true, .rate = 100, .call_id = "1", .call_id_len = 1 }
	};
	struct trace_tap tap = { .hz = 1000000000 };
	struct relay_lab *f = relay_lab();
	size_t n = lab_request(f, "INVITE", BOB, "UDP", TEN, 0);

	cr_assert_eq(byte_ring_init(&tap.ring, TRACE_RING_SIZE), 0);
	lab_datagram(f, &f->caller, lab_text, n);
	f->env.tap = &tap;
	f->env.trace = &set;
	f->caller.port = 0;
	lab_datagram(f, &f->caller, "OPTIONS", 7);
	cr_expect_null(byte_ring_peek(&tap.ring), "it has no Call-ID");
	lab_datagram(f, &f->caller, lab_text, n);
	cr_expect_not_null(byte_ring_peek(&tap.ring));
	byte_ring_fini(&tap.ring);
	relay_lab_end(f);
}

/* RFC 5923: an alias is for the address in sent-by, which is what the certificate was checked for.
 * What stands there as a name is at the source. */
Test(relay_own, an_alias_is_for_the_address_that_was_proved)
{
	static const struct {
		const char *host, *alias, *ip;
	} rows[] = {
		{ "proxy.example.com", "proxy.example.com:5063", "127.0.0.1" },
		{ "192.0.2.9", "192.0.2.9:5063", "192.0.2.9" },
		{ "[2001:db8::9]", "2001:db8::9:5063", "2001:db8::9" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct relay_lab *f = relay_lab();
		struct relay_message m = { .src = f->caller,
					   .listener = f->listener,
					   .transport = SIP_TLS,
					   .connection = 7 };
		struct ip ip;

		m.len = (uint32_t)snprintf((char *)f->in, sizeof(f->in),
					   "OPTIONS sip:127.0.0.1 SIP/2.0\r\n"
					   "Via: SIP/2.0/TLS %s:5063;branch=z9hG4bK1;alias\r\n"
					   "From: <sip:a@example.com>;tag=1\r\n"
					   "To: <sip:example.com>\r\nCall-ID: 1\r\n"
					   "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
					   rows[i].host);
		m.p = f->in;
		relay_take(f->relay, &m);
		cr_expect_str_eq(f->alias, rows[i].alias);
		cr_assert(ip_parse((const uint8_t *)rows[i].ip, strlen(rows[i].ip), &ip));
		cr_expect(ip_equal(&f->alias_at.ip, &ip), "%s", rows[i].host);
		cr_expect_eq(f->alias_at.port, 5063);
		relay_lab_end(f);
	}
}

/* Over TLS a server must prove itself; who is no server of ours may be whoever connected. */
Test(relay_own, only_servers_have_to_be_somebody)
{
	static const struct {
		const char *uri;
		bool anybody;
	} rows[] = { { TCP_BOB, false }, { "sip:bob@127.0.0.2:6000;transport=tcp", true } };
	static const char *const by[] = { "TCP", "UDP" };

	for (size_t i = 0; i < 4; i++) {
		struct relay_lab *f = relay_lab();
		size_t n = lab_request(f, "INFO", rows[i / 2].uri, by[i % 2], TEN, 0);

		if (i % 2)
			lab_datagram(f, &f->caller, lab_text, n);
		else
			lab_stream(f, 7, lab_text, n);
		cr_assert(lab_last(f), "%s by %s", rows[i / 2].uri, by[i % 2]);
		cr_expect_eq(lab_last(f)->to.anybody, rows[i / 2].anybody, "%s by %s",
			     rows[i / 2].uri, by[i % 2]);
		relay_lab_end(f);
	}
}
