/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whom a certificate is for: RFC 5922 7.1 and 7.2, row by row (R26.3-2).
 */
#include "control/stream/tls_name.h"
#include "tests/unit/tls_lab.h"

#include <criterion/criterion.h>
#include <openssl/x509v3.h>

static const struct {
	const char *cn, *san, *name;
	bool fits;
} rows[] = {
	/* The URI of a domain. */
	{ NULL, "URI:sip:example.com", "example.com", true },
	{ NULL, "URI:sip:example.com", "EXAMPLE.com", true },
	{ NULL, "URI:SIP:Example.COM", "example.com.", true },
	{ NULL, "URI:sip:example.com:5061", "example.com", true },
	{ NULL, "URI:sip:a.example.com", "example.com", false },
	{ NULL, "URI:sip:example.com", "a.example.com", false },
	{ NULL, "URI:sip:example.com", "xample.com", false },
	{ NULL, "URI:sip:alice@example.com", "example.com", false },
	{ NULL, "URI:sips:example.com", "example.com", false },
	{ NULL, "URI:https://example.com", "example.com", false },
	{ NULL, "URI:sip:*.example.com", "a.example.com", false },
	/* DNS names count where no URI does. */
	{ NULL, "DNS:example.com", "example.com", true },
	{ NULL, "DNS:other.example,DNS:example.com", "example.com", true },
	{ NULL, "URI:sip:example.com,DNS:host.example.com", "host.example.com", false },
	{ NULL, "URI:sip:example.com,DNS:host.example.com", "example.com", true },
	{ NULL, "URI:sip:bob@example.com,DNS:host.example.com", "host.example.com", true },
	{ NULL, "URI:https://x.example,DNS:host.example.com", "host.example.com", true },
	/* No wildcards (7.2). */
	{ NULL, "DNS:*.example.com", "a.example.com", false },
	{ NULL, "DNS:*.example.com", "*.example.com", false },
	{ NULL, "DNS:.example.com", "a.example.com", false },
	/* The common name without any subjectAltName only. */
	{ "example.com", NULL, "example.com", true },
	{ "Example.Com", NULL, "example.com", true },
	{ "*.example.com", NULL, "a.example.com", false },
	{ "example.com", "DNS:other.example", "example.com", false },
	{ "example.com", "email:a@example.com", "example.com", false },
	{ "192.0.2.1", NULL, "192.0.2.1", false },
	/* Addresses. */
	{ NULL, "IP:192.0.2.1", "192.0.2.1", true },
	{ NULL, "IP:192.0.2.1", "192.0.2.2", false },
	{ NULL, "IP:2001:db8::1", "2001:DB8:0::1", true },
	{ NULL, "IP:2001:db8::1", "[2001:db8::1]", true },
	{ NULL, "DNS:192.0.2.1", "192.0.2.1", false },
	{ NULL, "URI:sip:192.0.2.1", "192.0.2.1", false },
	{ NULL, "URI:sip:example.com,IP:192.0.2.1", "192.0.2.1", true },
	/* Nobody. */
	{ NULL, NULL, "example.com", false },
	{ "example.com", NULL, "", false },
	{ "example.com", NULL, ".", false },
};

Test(tls_name, follows_rfc_5922)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tls_lab_wish wish = { .cn = rows[i].cn, .san = rows[i].san };
		struct tls_lab_cert c = tls_lab_cert_new(&wish, NULL);

		cr_expect(tls_name_fits(c.cert, rows[i].name) == rows[i].fits,
			  "CN %s, SAN %s, name %s", rows[i].cn, rows[i].san, rows[i].name);
		tls_lab_cert_free(&c);
	}
}

/* A DNS name "example.com\0.attacker.example" is not example.com. */
Test(tls_name, does_not_end_at_a_nul)
{
	static const char bytes[] = "example.com\0.attacker.example";
	const struct tls_lab_wish wish = { .cn = NULL };
	struct tls_lab_cert c = tls_lab_cert_new(&wish, NULL);
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *one = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	ASN1_STRING_set(text, bytes, sizeof(bytes) - 1);
	GENERAL_NAME_set0_value(one, GEN_DNS, text);
	sk_GENERAL_NAME_push(names, one);
	cr_assert(X509_add1_ext_i2d(c.cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT));
	cr_expect(!tls_name_fits(c.cert, "example.com"));
	GENERAL_NAMES_free(names);
	tls_lab_cert_free(&c);
}

/* Which of two would count? Neither, nor the common name in their place. */
Test(tls_name, believes_no_certificate_with_two_lists_of_names)
{
	const struct tls_lab_wish wish = { .cn = "example.com", .san = "DNS:example.com" };
	struct tls_lab_cert c = tls_lab_cert_new(&wish, NULL);
	X509_EXTENSION *again =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:example.com");

	cr_assert(tls_name_fits(c.cert, "example.com"));
	cr_assert(X509_add_ext(c.cert, again, -1));
	cr_expect(!tls_name_fits(c.cert, "example.com"));
	X509_EXTENSION_free(again);
	tls_lab_cert_free(&c);
}

Test(tls_name, reads_as_a_list)
{
	const struct tls_lab_wish several = { .san = "DNS:b.example,DNS:a.example,IP:192.0.2.1" };
	const struct tls_lab_wish none = { .san = "email:a@example.com" };
	struct tls_lab_cert c = tls_lab_cert_new(&several, NULL), d = tls_lab_cert_new(&none, NULL);
	char text[64], small[16];

	cr_expect_str_eq(tls_names_text(c.cert, text, sizeof(text)),
			 "b.example, a.example, 192.0.2.1");
	cr_expect_str_eq(tls_names_text(c.cert, small, sizeof(small)), "b.example");
	cr_expect_str_eq(tls_names_text(d.cert, text, sizeof(text)), "nobody");
	tls_lab_cert_free(&c);
	tls_lab_cert_free(&d);
}
