/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLS as a client: which servers are the right ones, and what they see of us (R26.3-1, R26.3-2).
 */
#include "tests/unit/tls_sides.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(tls_client, .init = sides_up, .fini = sides_down);

static const struct {
	const char *what;
	struct tls_lab_wish wish;
	bool by_alien;
	const char *name; /* NULL: the address, 192.0.2.9 */
	const char *why;  /* NULL: it is the right one */
} servers[] = {
	{ "URI", { .san = "URI:sip:core.example" }, false, "core.example", NULL },
	{ "DNS", { .san = "DNS:core.example" }, false, "core.example", NULL },
	{ "CN", { .cn = "core.example" }, false, "core.example", NULL },
	{ "address", { .san = "IP:192.0.2.9" }, false, NULL, NULL },
	{ "wrong name",
	  { .san = "DNS:a.example,DNS:b.example" },
	  false,
	  "core.example",
	  "the certificate is for a.example, b.example, not for core.example" },
	{ "wrong address",
	  { .san = "IP:192.0.2.8" },
	  false,
	  NULL,
	  "the certificate is for 192.0.2.8, not for 192.0.2.9" },
	{ "name where an address is wanted",
	  { .san = "DNS:core.example" },
	  false,
	  NULL,
	  "the certificate is for core.example, not for 192.0.2.9" },
	{ "wildcard",
	  { .san = "DNS:*.example" },
	  false,
	  "core.example",
	  "the certificate is for nobody, not for core.example" },
	{ "expired",
	  { .san = "DNS:core.example", .from = -9 * TLS_LAB_DAY, .until = -TLS_LAB_DAY },
	  false,
	  "core.example",
	  "certificate has expired" },
	{ "not yet",
	  { .san = "DNS:core.example", .from = TLS_LAB_DAY },
	  false,
	  "core.example",
	  "certificate is not yet valid" },
	{ "unknown authority",
	  { .san = "DNS:core.example" },
	  true,
	  "core.example",
	  "unable to get local issuer certificate" },
	{ "not for servers",
	  { .san = "DNS:core.example", .eku = "clientAuth" },
	  false,
	  "core.example",
	  "unsuitable certificate purpose" },
};

Test(tls_client, talks_to_the_right_server_alone)
{
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		struct tls_lab_cert c = tls_lab_cert_new(
			&servers[i].wish, servers[i].by_alien ? &sides_alien_root : &sides_root);
		SSL *ours = sides_connect(9, servers[i].name), *theirs = sides_foreign(&c);
		bool good = servers[i].why == NULL;
		char why[160];

		cr_expect(tls_lab_handshake(ours, theirs) == good, "%s", servers[i].what);
		cr_expect(tls_peer_is(ours, servers[i].name ? servers[i].name : "192.0.2.9") ==
				  good,
			  "%s", servers[i].what);
		tls_why(ours, why, sizeof(why));
		if (!good)
			cr_expect_str_eq(why, servers[i].why);
		sides_end(ours, theirs);
		tls_lab_cert_free(&c);
	}
}

Test(tls_client, hears_why_the_server_refused)
{
	SSL *ours = sides_connect(9, "example.com"), *theirs = sides_foreign(&sides_server);
	char why[128];

	SSL_set_cipher_list(theirs, "AES128-SHA");
	SSL_set_max_proto_version(theirs, TLS1_2_VERSION);
	cr_expect(!tls_lab_handshake(ours, theirs));
	tls_why(ours, why, sizeof(why));
	cr_expect_str_eq(why, "the peer says: handshake failure");
	sides_end(ours, theirs);
}

Test(tls_client, sends_names_and_never_addresses)
{
	SSL *ours = sides_connect(9, "example.com"), *theirs = sides_foreign(&sides_server);

	cr_assert(tls_lab_handshake(ours, theirs));
	cr_expect_str_eq(SSL_get_servername(theirs, TLSEXT_NAMETYPE_host_name), "example.com");
	sides_end(ours, theirs);
	ours = sides_connect(9, NULL);
	theirs = sides_foreign(&sides_server);
	cr_assert(tls_lab_handshake(ours, theirs));
	cr_expect(!SSL_get_servername(theirs, TLSEXT_NAMETYPE_host_name));
	sides_end(ours, theirs);
	ours = sides_connect(9, "192.0.2.9");
	theirs = sides_foreign(&sides_server);
	cr_assert(tls_lab_handshake(ours, theirs));
	cr_expect(!SSL_get_servername(theirs, TLSEXT_NAMETYPE_host_name));
	sides_end(ours, theirs);
}

Test(tls_client, shows_the_certificate_of_the_listener)
{
	SSL *ours = sides_connect(9, "example.com"), *theirs = sides_foreign(&sides_server);

	SSL_set_verify(theirs, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(SSL_get_SSL_CTX(theirs)), sides_root.cert);
	cr_expect(tls_lab_handshake(ours, theirs));
	cr_expect(sides_serial(theirs) == 11);
	sides_end(ours, theirs);
}

Test(tls_client, reaches_itself_both_sides_checked)
{
	SSL *ours = sides_connect(2, "example.com"), *theirs = sides_accept(2);

	cr_expect(tls_lab_handshake(ours, theirs) && tls_lab_talk(ours, theirs));
	cr_expect(tls_peer_is(ours, "example.com") && tls_peer_is(theirs, "example.com"));
	sides_end(ours, theirs);
}

Test(tls_client, believes_nobody_when_it_does_not_check)
{
	const struct tls_lab_cert *const both[] = { &sides_alien, &sides_server };

	cr_assert(sides_reload("ca: @/ca.pem, verify: false") == 0);
	for (int i = 0; i < 2; i++) {
		SSL *ours = sides_connect(9, "other.example"), *theirs = sides_foreign(both[i]);

		cr_expect(tls_lab_handshake(ours, theirs) && tls_lab_talk(ours, theirs));
		cr_expect(!tls_peer_is(ours, "example.com"));
		sides_end(ours, theirs);
	}
}

Test(tls_client, does_not_negotiate_again_when_the_server_asks)
{
	SSL *ours = sides_connect(9, "example.com"), *theirs = sides_foreign(&sides_server);

	SSL_set_max_proto_version(theirs, TLS1_2_VERSION);
	cr_assert(tls_lab_handshake(ours, theirs));
	cr_assert(SSL_renegotiate(theirs));
	for (int i = 0; i < 4; i++) {
		char byte;

		SSL_do_handshake(theirs);
		SSL_read(ours, &byte, 1);
	}
	cr_expect(SSL_num_renegotiations(ours) == 0);
	sides_end(ours, theirs);
}

Test(tls_client, trusts_a_single_certificate_that_is_named)
{
	const struct tls_lab_cert *pinned[] = { &sides_alien, NULL };
	SSL *ours, *theirs = sides_foreign(&sides_alien);

	tls_lab_write_certs("pinned.pem", pinned);
	cr_assert(sides_reload("ca: @/pinned.pem") == 0);
	ours = sides_connect(9, "example.com");
	cr_expect(tls_lab_handshake(ours, theirs));
	sides_end(ours, theirs);
	ours = sides_connect(9, "example.com");
	theirs = sides_foreign(&sides_server);
	cr_expect(!tls_lab_handshake(ours, theirs));
	sides_end(ours, theirs);
}
