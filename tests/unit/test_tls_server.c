/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLS as a server: who is let in, which certificate is shown, what is refused (R26.3-1).
 */
#include "tests/unit/tls_sides.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(tls_server, .init = sides_up, .fini = sides_down);

Test(tls_server, accepts_a_client_without_a_certificate)
{
	SSL *client = sides_stranger(NULL), *ours = sides_accept(1);

	cr_assert(tls_lab_handshake(client, ours));
	cr_expect(tls_lab_talk(client, ours));
	cr_expect(sides_serial(client) == 11);
	cr_expect(SSL_version(client) == TLS1_3_VERSION);
	cr_expect(!tls_peer_is(ours, "example.com"));
	sides_end(client, ours);
}

Test(tls_server, has_nothing_where_no_tls_listener_is)
{
	cr_expect(!sides_accept(77));
}

Test(tls_server, lets_in_clients_of_the_listeners_authorities_alone)
{
	SSL *client = sides_stranger(&sides_second), *ours = sides_accept(2);
	char why[128];

	cr_expect(tls_lab_handshake(client, ours) && tls_lab_talk(client, ours));
	cr_expect(tls_peer_is(ours, "second.example") && !tls_peer_is(ours, "example.com"));
	sides_end(client, ours);
	client = sides_stranger(NULL);
	ours = sides_accept(2);
	cr_expect(!tls_lab_handshake(client, ours));
	tls_why(ours, why, sizeof(why));
	cr_expect_str_eq(why, "peer did not return a certificate");
	sides_end(client, ours);
	client = sides_stranger(&sides_alien);
	ours = sides_accept(2);
	cr_expect(!tls_lab_handshake(client, ours));
	tls_why(ours, why, sizeof(why));
	cr_expect_str_eq(why, "unable to get local issuer certificate");
	cr_expect(!tls_peer_is(ours, "example.com"));
	sides_end(client, ours);
}

Test(tls_server, names_the_authorities_that_it_takes)
{
	SSL *client = sides_stranger(&sides_second), *ours = sides_accept(2);
	const STACK_OF(X509_NAME) * names;

	cr_assert(tls_lab_handshake(client, ours));
	names = SSL_get0_peer_CA_list(client);
	cr_assert(names && sk_X509_NAME_num(names) == 1);
	cr_expect(X509_NAME_cmp(sk_X509_NAME_value(names, 0),
				X509_get_subject_name(sides_root.cert)) == 0);
	sides_end(client, ours);
}

Test(tls_server, chooses_the_certificate_by_name)
{
	static const struct {
		const char *asked;
		long serial;
	} asked[] = { { NULL, 11 },
		      { "example.com", 11 },
		      { "second.example", 22 },
		      { "Second.Example", 22 },
		      { "unknown.example", 11 } };

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		SSL *client = sides_stranger(&sides_second), *ours = sides_accept(2);

		if (asked[i].asked)
			SSL_set_tlsext_host_name(client, asked[i].asked);
		cr_expect(tls_lab_handshake(client, ours), "%s", asked[i].asked);
		cr_expect(sides_serial(client) == asked[i].serial, "%s", asked[i].asked);
		sides_end(client, ours);
	}
}

/* The further certificate must not be a way around the authorities. */
Test(tls_server, asks_for_a_certificate_under_every_name)
{
	SSL *client = sides_stranger(&sides_alien), *ours = sides_accept(2);

	SSL_set_tlsext_host_name(client, "second.example");
	cr_expect(!tls_lab_handshake(client, ours));
	sides_end(client, ours);
}

Test(tls_server, refuses_versions_before_1_2)
{
	SSL *client = sides_stranger(NULL), *ours = sides_accept(1);
	char why[128];

	SSL_set_security_level(client, 0);
	SSL_set_min_proto_version(client, TLS1_VERSION);
	SSL_set_max_proto_version(client, TLS1_1_VERSION);
	cr_expect(!tls_lab_handshake(client, ours));
	tls_why(ours, why, sizeof(why));
	cr_expect_str_eq(why, "unsupported protocol");
	sides_end(client, ours);
}

Test(tls_server, speaks_1_2_with_forward_secrecy_only)
{
	static const struct {
		const char *cipher;
		bool good;
	} ciphers[] = { { "ECDHE-ECDSA-AES128-GCM-SHA256", true },
			{ "ECDHE-ECDSA-CHACHA20-POLY1305", true },
			{ "ECDHE-ECDSA-AES128-SHA", false },
			{ "AES128-SHA", false },
			{ "AES128-GCM-SHA256", false },
			{ "ECDHE-ECDSA-NULL-SHA", false } };

	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
		SSL *client = sides_stranger(NULL), *ours = sides_accept(1);

		SSL_set_max_proto_version(client, TLS1_2_VERSION);
		SSL_set_security_level(client, 0);
		cr_assert(SSL_set_cipher_list(client, ciphers[i].cipher));
		cr_expect(tls_lab_handshake(client, ours) == ciphers[i].good, "%s",
			  ciphers[i].cipher);
		sides_end(client, ours);
	}
}

Test(tls_server, can_be_told_to_speak_1_3_only)
{
	SSL *client = sides_stranger(NULL), *ours;

	cr_assert(sides_reload("ca: @/ca.pem, min_version: 1.3") == 0);
	ours = sides_accept(1);
	SSL_set_max_proto_version(client, TLS1_2_VERSION);
	cr_expect(!tls_lab_handshake(client, ours));
	sides_end(client, ours);
}

Test(tls_server, does_not_negotiate_again)
{
	SSL *client = sides_stranger(NULL), *ours = sides_accept(1);

	SSL_set_max_proto_version(client, TLS1_2_VERSION);
	cr_assert(tls_lab_handshake(client, ours));
	cr_assert(SSL_renegotiate(client));
	for (int i = 0; i < 4; i++) {
		char byte;

		SSL_do_handshake(client);
		SSL_read(ours, &byte, 1);
	}
	cr_expect(SSL_num_renegotiations(ours) == 0);
	cr_expect(SSL_renegotiate_pending(client));
	sides_end(client, ours);
}

Test(tls_server, takes_the_protocol_sip_and_no_other)
{
	static const unsigned char sip[] = "\2h2\5sip/2", web[] = "\2h2\10http/1.1";
	const unsigned char *got;
	unsigned int n;
	SSL *client = sides_stranger(NULL), *ours = sides_accept(1);

	SSL_set_alpn_protos(client, sip, sizeof(sip) - 1);
	cr_expect(tls_lab_handshake(client, ours));
	SSL_get0_alpn_selected(client, &got, &n);
	cr_expect(n == 5 && memcmp(got, "sip/2", 5) == 0);
	sides_end(client, ours);
	client = sides_stranger(NULL);
	ours = sides_accept(1);
	SSL_set_alpn_protos(client, web, sizeof(web) - 1);
	cr_expect(!tls_lab_handshake(client, ours));
	sides_end(client, ours);
}

Test(tls_server, survives_bytes_that_are_not_tls)
{
	static const char sip[] = "OPTIONS sip:example.com SIP/2.0\r\n";
	SSL *ours = sides_accept(1);
	BIO *a, *b;
	char why[128];

	cr_assert(BIO_new_bio_pair(&a, 0, &b, 0));
	SSL_set_bio(ours, b, b);
	BIO_write(a, sip, sizeof(sip) - 1);
	cr_expect(SSL_do_handshake(ours) < 0);
	tls_why(ours, why, sizeof(why));
	cr_expect_str_eq(why, "wrong version number");
	BIO_free(a);
	sides_end(ours, NULL);
}
