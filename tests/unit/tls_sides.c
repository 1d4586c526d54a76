/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/tls_sides.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>

struct tls_lab_cert sides_root, sides_alien_root, sides_server, sides_second, sides_alien;
struct config sides_config;
struct tls *sides_tls;

void sides_pair(const char *name, const struct tls_lab_wish *wish, const struct tls_lab_cert *by,
		struct tls_lab_cert *out)
{
	*out = tls_lab_cert_new(wish, by);
	tls_lab_write_pair(name, out);
}

static const char listeners[] =
	"listeners:\n"
	"- {name: a, address: 192.0.2.1, transports: [tls], "
	"certificate: @/server.pem, key: @/server.key}\n"
	"- {name: b, address: 192.0.2.2, transports: [tls], client_ca: @/ca.pem, "
	"certificate: @/server.pem, key: @/server.key,\n"
	"   sni: [{certificate: @/second.pem, key: @/second.key}]}\n";

static struct config load(const char *section)
{
	struct config c;
	char text[2048];

	snprintf(text, sizeof(text), "tls: {%s}\n%s", section, listeners);
	tls_lab_config(text, &c);
	return c;
}

void sides_up(void)
{
	const struct tls_lab_wish ca = { .cn = "root", .ca = true };
	const struct tls_lab_wish alien_ca = { .cn = "alien root", .ca = true };
	const struct tls_lab_wish first = { .san = "URI:sip:example.com,IP:192.0.2.9",
					    .serial = 11 };
	const struct tls_lab_wish more = { .san = "DNS:second.example", .serial = 22 };
	const struct tls_lab_cert *anchor[] = { &sides_root, NULL };
	struct config_errors errs = { 0 };

	tls_lab_folder();
	sides_root = tls_lab_cert_new(&ca, NULL);
	sides_alien_root = tls_lab_cert_new(&alien_ca, NULL);
	tls_lab_write_certs("ca.pem", anchor);
	sides_pair("server", &first, &sides_root, &sides_server);
	sides_pair("second", &more, &sides_root, &sides_second);
	sides_pair("alien", &first, &sides_alien_root, &sides_alien);
	sides_config = load("ca: @/ca.pem");
	sides_tls = tls_new(&sides_config, &errs);
	cr_assert(sides_tls, "%s", errs.n ? errs.v[0].text : "");
	config_errors_free(&errs);
}

void sides_down(void)
{
	tls_free(sides_tls);
	config_free(&sides_config);
	tls_lab_cert_free(&sides_root);
	tls_lab_cert_free(&sides_alien_root);
	tls_lab_cert_free(&sides_server);
	tls_lab_cert_free(&sides_second);
	tls_lab_cert_free(&sides_alien);
	tls_lab_clean();
}

int sides_reload(const char *section)
{
	struct config_errors errs = { 0 };
	struct config next = load(section);
	struct tls_set *set = tls_load(&next, &errs, NULL);
	int rc = set ? 0 : -EINVAL;

	if (set)
		tls_put(sides_tls, set);
	config_free(&sides_config);
	sides_config = next;
	config_errors_free(&errs);
	return rc;
}

SSL *sides_stranger(const struct tls_lab_cert *own)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), sides_root.cert);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (own)
		cr_assert(SSL_CTX_use_cert_and_key(ctx, own->cert, own->key, NULL, 1));
	ssl = SSL_new(ctx);
	SSL_set_connect_state(ssl);
	SSL_CTX_free(ctx);
	return ssl;
}

SSL *sides_foreign(const struct tls_lab_cert *own)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	cr_assert(SSL_CTX_use_cert_and_key(ctx, own->cert, own->key, NULL, 1));
	ssl = SSL_new(ctx);
	SSL_set_accept_state(ssl);
	SSL_CTX_free(ctx);
	return ssl;
}

SSL *sides_accept(int n)
{
	const struct endpoint at = tls_lab_endpoint(n);

	return tls_accept(sides_tls, &at);
}

SSL *sides_connect(int n, const char *name)
{
	const struct endpoint from = tls_lab_endpoint(1), to = tls_lab_endpoint(n);

	return tls_connect(sides_tls, &from, &to, name);
}

void sides_end(SSL *a, SSL *b)
{
	SSL_free(a);
	SSL_free(b);
	ERR_clear_error();
}

long sides_serial(SSL *ssl)
{
	X509 *cert = SSL_get0_peer_certificate(ssl);

	return cert ? ASN1_INTEGER_get(X509_get0_serialNumber(cert)) : 0;
}
