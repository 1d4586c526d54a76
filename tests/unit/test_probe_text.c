/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probes as bytes: what is written is a request that our own parser finds no fault with, and only
 * the answer to it is taken for one.
 */
#include "control/health/probe_text.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct sip_msg msg;

static struct endpoint at(const char *ip, uint16_t port)
{
	struct endpoint e = { .port = port };

	cr_assert(ip_parse((const uint8_t *)ip, strlen(ip), &e.ip));
	return e;
}

static struct probe_text probe(const char *local, const char *remote)
{
	return (struct probe_text){ .local = at(local, 40000),
				    .remote = at(remote, 5080),
				    .id = { .target = 65535,
					    .cseq = 7,
					    .branch = 0x0123456789abcdef,
					    .call = 0xfedcba9876543210 } };
}

static bool is(const struct sip_msg *m, struct span s, const char *text)
{
	return span_is(m->p, s, text);
}

Test(probe_text, a_probe_is_a_whole_options_request)
{
	static const struct {
		const char *local, *remote, *uri, *sent_by, *from;
	} rows[] = {
		{ "10.0.0.10", "10.0.0.11", "sip:10.0.0.11:5080", "10.0.0.10:40000",
		  "sip:viaduct@10.0.0.10" },
		{ "2001:db8::10", "2001:db8::11", "sip:[2001:db8::11]:5080", "[2001:db8::10]:40000",
		  "sip:viaduct@[2001:db8::10]" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct probe_text t = probe(rows[i].local, rows[i].remote);
		char out[PROBE_TEXT_MAX];
		size_t n = probe_text_write(&t, out);

		cr_assert(n > 0);
		cr_assert_eq(sip_parse((uint8_t *)out, n, SIP_EXACT, &msg), SIP_OK, "%.*s", (int)n,
			     out);
		cr_expect(msg.request && is(&msg, msg.method_text, "OPTIONS"));
		cr_expect(is(&msg, msg.uri_text, rows[i].uri));
		cr_expect(is(&msg, msg.to_uri, rows[i].uri) && msg.to_tag.len == 0);
		cr_expect(is(&msg, msg.from_uri, rows[i].from) && msg.from_tag.len > 0);
		cr_expect(is(&msg, msg.via.sent_by, rows[i].sent_by));
		cr_expect(msg.via.cookie && msg.via.has_rport && msg.via.rport_value == 0);
		cr_expect(msg.max_forwards.value == 70 && msg.cseq_number == 7);
		cr_expect(msg.content_length.has && msg.content_length.value == 0);
	}
}

Test(probe_text, via_and_request_uri_name_the_transport)
{
	static const struct {
		enum sip_transport transport;
		const char *uri;
	} rows[] = {
		{ SIP_UDP, "sip:10.0.0.11:5080" },
		{ SIP_TCP, "sip:10.0.0.11:5080;transport=tcp" },
		{ SIP_TLS, "sip:10.0.0.11:5080;transport=tls" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct probe_text t = probe("10.0.0.10", "10.0.0.11");
		char out[PROBE_TEXT_MAX];
		size_t n;

		t.transport = rows[i].transport;
		n = probe_text_write(&t, out);
		cr_assert_eq(sip_parse((uint8_t *)out, n, SIP_EXACT, &msg), SIP_OK);
		cr_expect_eq(msg.via.transport, rows[i].transport, "row %zu", i);
		cr_expect(is(&msg, msg.uri_text, rows[i].uri), "row %zu", i);
	}
}

Test(probe_text, uris_of_the_file_take_the_place_of_made_ones)
{
	struct probe_text t = probe("10.0.0.10", "10.0.0.11");
	char out[PROBE_TEXT_MAX];
	size_t n;

	t.from = "sip:lb1@example.com";
	t.request_uri = "sips:ping@example.com;transport=udp";
	n = probe_text_write(&t, out);
	cr_assert_eq(sip_parse((uint8_t *)out, n, SIP_EXACT, &msg), SIP_OK);
	cr_expect(is(&msg, msg.uri_text, t.request_uri) && is(&msg, msg.from_uri, t.from));
}

/* What a server would answer to @t, with the first @old in it replaced by @new. */
static size_t answer(const struct probe_text *t, const char *old, const char *new, char *out,
		     size_t room)
{
	char text[PROBE_TEXT_MAX + 1];
	size_t n = probe_text_write(t, text), len;
	char *rest, *cut;

	text[n] = '\0';
	rest = strchr(text, '\n') + 1;
	len = (size_t)snprintf(out, room, "SIP/2.0 200 OK\r\n%s", rest);
	cut = old ? strstr(out, old) : NULL;
	if (!old)
		return len;
	cr_assert(cut, "%s", old);
	snprintf(text, sizeof(text), "%s", cut + strlen(old));
	return (size_t)(cut - out) +
	       (size_t)snprintf(cut, room - (size_t)(cut - out), "%s%s", new, text);
}

Test(probe_text, only_the_answer_to_the_probe_is_taken_for_it)
{
	static const struct {
		const char *old, *new, *fault;
		bool target; /* the branch names it all the same */
	} rows[] = {
		{ NULL, NULL, "", true },
		{ ";rport;", ";rport=40000;received=10.0.0.10;", "", true },
		{ "vp0000ffff", "vp0000fffe", "wrong branch", true },
		{ "0123456789abcdef", "0123456789abcdee", "wrong branch", true },
		{ "z9hG4bKvp", "z9hG4bKvq", "wrong branch", false },
		{ "z9hG4bKvp0000ffff0123456789abcdef", "z9hG4bK1", "wrong branch", false },
		{ "vp0000ffff", "vp0000FFFF", "wrong branch", false },
		{ "Call-ID: fedc", "Call-ID: fedd", "wrong Call-ID", true },
		{ "CSeq: 7", "CSeq: 8", "wrong CSeq", true },
		{ "7 OPTIONS", "7 INVITE", "wrong CSeq", true },
		{ "Max-Forwards", "Via: SIP/2.0/UDP 10.0.0.12\r\nMax-Forwards", "more than one Via",
		  true },
		{ "SIP/2.0 200 OK", "SIP/2.0 20 OK", "bad_status_line", true },
	};
	struct probe_text t = probe("10.0.0.10", "10.0.0.11");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[2 * PROBE_TEXT_MAX];
		size_t n = answer(&t, rows[i].old, rows[i].new, out, sizeof(out));
		uint32_t target = 0;

		sip_parse((uint8_t *)out, n, SIP_EXACT, &msg);
		cr_expect_eq(probe_text_target(&msg, &target), rows[i].target, "row %zu", i);
		cr_expect_str_eq(probe_text_fault(&t.id, &t.local, &msg), rows[i].fault,
				 "row %zu: %s", i, probe_text_fault(&t.id, &t.local, &msg));
	}
}

Test(probe_text, a_probe_is_no_answer_to_itself)
{
	struct probe_text t = probe("10.0.0.10", "10.0.0.11");
	char out[PROBE_TEXT_MAX];
	uint32_t target;

	sip_parse((uint8_t *)out, probe_text_write(&t, out), SIP_EXACT, &msg);
	cr_expect_not(probe_text_target(&msg, &target));
	cr_expect(probe_text_fault(&t.id, &t.local, &msg)[0] != '\0');
}
