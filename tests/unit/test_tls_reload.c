/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions that are taken up again, and certificates that are replaced while connections live.
 */
#include "tests/unit/tls_sides.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(tls_reload, .init = sides_up, .fini = sides_down);

/* --- sessions ---------------------------------------------------------------------------- */

/* Connects to ourselves at .1 and says whether a session was taken up again. */
static bool resumes(const char *name, int version)
{
	SSL *ours = sides_connect(1, name), *theirs = sides_accept(1);
	bool reused;

	SSL_set_max_proto_version(ours, version);
	cr_assert(tls_lab_handshake(ours, theirs) && tls_lab_talk(ours, theirs));
	reused = SSL_session_reused(ours);
	cr_expect(reused == (bool)SSL_session_reused(theirs));
	cr_expect(!reused || tls_peer_is(ours, name));
	sides_end(ours, theirs);
	return reused;
}

Test(tls_reload, takes_sessions_up_again)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	for (size_t i = 0; i < 2; i++) {
		cr_expect(!resumes("example.com", versions[i]) || i > 0);
		cr_expect(resumes("example.com", versions[i]));
		cr_expect(resumes("example.com", versions[i]));
	}
}

Test(tls_reload, keeps_sessions_of_one_name_from_another)
{
	SSL *ours, *theirs;

	cr_expect(!resumes("example.com", TLS1_3_VERSION));
	ours = sides_connect(1, "other.example");
	theirs = sides_accept(1);
	cr_expect(!tls_lab_handshake(ours, theirs));
	sides_end(ours, theirs);
	cr_expect(resumes("example.com", TLS1_3_VERSION));
}

Test(tls_reload, takes_tickets_up_over_a_reload)
{
	SSL *client = sides_stranger(NULL), *ours = sides_accept(1), *again;
	SSL_SESSION *session;
	const struct tls_lab_wish renewed = { .san = "URI:sip:example.com", .serial = 33 };
	struct tls_lab_cert next;

	SSL_set_max_proto_version(client, TLS1_2_VERSION);
	cr_assert(tls_lab_handshake(client, ours));
	session = SSL_SESSION_dup(SSL_get_session(client));
	sides_end(client, ours);
	sides_pair("server", &renewed, &sides_root, &next);
	cr_assert(sides_reload("ca: @/ca.pem") == 0);
	again = sides_stranger(NULL);
	SSL_set_max_proto_version(again, TLS1_2_VERSION);
	cr_assert(SSL_set_session(again, session));
	ours = sides_accept(1);
	cr_expect(tls_lab_handshake(again, ours) && SSL_session_reused(again));
	sides_end(again, ours);
	SSL_SESSION_free(session);
	tls_lab_cert_free(&next);
}

/* A ticket of the listener that asks for nothing must not open the one that does. */
Test(tls_reload, keeps_tickets_within_their_listener)
{
	SSL *client = sides_stranger(&sides_second), *ours = sides_accept(1);
	SSL_SESSION *session;

	SSL_set_max_proto_version(client, TLS1_2_VERSION);
	cr_assert(tls_lab_handshake(client, ours));
	session = SSL_SESSION_dup(SSL_get_session(client));
	sides_end(client, ours);
	client = sides_stranger(&sides_alien);
	SSL_set_max_proto_version(client, TLS1_2_VERSION);
	cr_assert(SSL_set_session(client, session));
	ours = sides_accept(2);
	cr_expect(!tls_lab_handshake(client, ours));
	sides_end(client, ours);
	SSL_SESSION_free(session);
}

Test(tls_reload, forgets_sessions_when_the_authorities_change)
{
	const struct tls_lab_cert *both[] = { &sides_root, &sides_alien_root, NULL };

	cr_expect(!resumes("example.com", TLS1_2_VERSION));
	cr_expect(resumes("example.com", TLS1_2_VERSION));
	tls_lab_write_certs("ca.pem", both);
	cr_assert(sides_reload("ca: @/ca.pem") == 0);
	cr_expect(!resumes("example.com", TLS1_2_VERSION));
}

Test(tls_reload, takes_nothing_up_when_told_so)
{
	cr_assert(sides_reload("ca: @/ca.pem, resumption: 0s") == 0);
	for (int i = 0; i < 3; i++) {
		cr_expect(!resumes("example.com", TLS1_2_VERSION));
		cr_expect(!resumes("example.com", TLS1_3_VERSION));
	}
}

/* --- reload ------------------------------------------------------------------------------ */

Test(tls_reload, replaces_certificates_and_lets_connections_live)
{
	const struct tls_lab_wish renewed = { .san = "URI:sip:example.com", .serial = 33 };
	SSL *old = sides_stranger(NULL), *ours = sides_accept(1), *new, *other;
	struct tls_lab_cert next;

	cr_assert(tls_lab_handshake(old, ours));
	sides_pair("server", &renewed, &sides_root, &next);
	cr_assert(sides_reload("ca: @/ca.pem") == 0);
	cr_assert(sides_reload("ca: @/ca.pem") == 0);
	cr_expect(tls_lab_talk(old, ours) && sides_serial(old) == 11);
	new = sides_stranger(NULL);
	other = sides_accept(1);
	cr_expect(tls_lab_handshake(new, other) && sides_serial(new) == 33);
	cr_expect(tls_lab_talk(old, ours) && tls_lab_talk(new, other));
	sides_end(old, ours);
	sides_end(new, other);
	tls_lab_cert_free(&next);
}

/* A handshake that began before a reload ends after it, also where the name chooses. */
Test(tls_reload, lets_handshakes_under_way_finish)
{
	SSL *client = sides_stranger(&sides_second), *ours = sides_accept(2);

	SSL_set_tlsext_host_name(client, "second.example");
	cr_assert(sides_reload("ca: @/ca.pem, verify: false") == 0);
	cr_expect(tls_lab_handshake(client, ours) && sides_serial(client) == 22);
	sides_end(client, ours);
}

static void collect(void *arg, const char *text)
{
	snprintf((char *)arg + strlen(arg), 256, "%s\n", text);
}

Test(tls_reload, tells_which_files_differ)
{
	const struct tls_lab_wish renewed = { .san = "URI:sip:example.com", .serial = 0x1f };
	const struct tls_lab_cert *both[] = { &sides_root, &sides_alien_root, NULL };
	char said[1024] = "", want[1024];
	struct config_errors errs = { 0 };
	struct tls_set *next = tls_load(&sides_config, &errs, NULL);
	struct tls_lab_cert one;

	cr_assert(next);
	tls_changes(sides_tls, next, collect, said);
	cr_expect_str_eq(said, "");
	tls_set_free(next);
	sides_pair("second", &renewed, &sides_root, &one);
	tls_lab_write_certs("ca.pem", both);
	next = tls_load(&sides_config, &errs, NULL);
	cr_assert(next);
	tls_changes(sides_tls, next, collect, said);
	snprintf(want, sizeof(want),
		 "listener b: certificate in %s: serial 16 -> 1F\n"
		 "listener b: authorities of clients differ\n"
		 "tls: authorities of servers differ\n",
		 tls_lab_path("second.pem"));
	cr_expect_str_eq(said, want);
	tls_set_free(next);
	tls_lab_cert_free(&one);
	config_errors_free(&errs);
}

Test(tls_reload, changes_nothing_when_a_file_is_bad)
{
	SSL *client = sides_stranger(NULL), *ours;

	tls_lab_write_key("server.key", &sides_alien, NULL);
	cr_expect(sides_reload("ca: @/ca.pem, min_version: 1.3") != 0);
	ours = sides_accept(1);
	SSL_set_max_proto_version(client, TLS1_2_VERSION);
	cr_expect(tls_lab_handshake(client, ours) && sides_serial(client) == 11);
	sides_end(client, ours);
}
