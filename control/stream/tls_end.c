/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a connection carries beside its SSL, and what is known of a handshake that failed.
 *
 * libevent takes OpenSSL's errors off their queue before its user hears of a failure, and an alert
 * that the peer sent says more than the error it becomes. So both are noted where they happen.
 */
#include "control/stream/tls_name.h"
#include "control/stream/tls_state.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static void free_end(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long l, void *p)
{
	struct tls_end *end = ptr;

	(void)parent;
	(void)data;
	(void)index;
	(void)l;
	(void)p;
	if (end)
		OPENSSL_free(end->why);
	OPENSSL_free(end);
}

/* The place of ours in every SSL; asked for once. */
static int end_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_end);
	return index;
}

SSL *tls_end_new(struct tls *t, SSL_CTX *ctx, const char *name)
{
	size_t n = name ? strlen(name) : 0;
	struct tls_end *end = OPENSSL_zalloc(sizeof(*end) + n + 1);
	SSL *ssl = end ? SSL_new(ctx) : NULL;

	if (!ssl || !SSL_set_ex_data(ssl, end_index(), end)) {
		SSL_free(ssl);
		OPENSSL_free(end);
		return NULL;
	}
	end->tls = t;
	if (n)
		memcpy(end->name, name, n);
	return ssl;
}

struct tls_end *tls_end_of(const SSL *ssl)
{
	return SSL_get_ex_data(ssl, end_index());
}

static void on_state(const SSL *ssl, int where, int value)
{
	struct tls_end *end = tls_end_of(ssl);

	if (!end)
		return;
	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (value >> 8) == SSL3_AL_FATAL)
		end->alert = value & 0xff;
	else if ((where & SSL_CB_EXIT) && value <= 0 && ERR_peek_last_error())
		end->error = ERR_peek_last_error();
	else if ((where & SSL_CB_EXIT) && value <= 0 && errno != EAGAIN)
		end->socket = errno; /* OpenSSL has set it to 0 before */
}

void tls_end_watch(SSL_CTX *ctx)
{
	SSL_CTX_set_info_callback(ctx, on_state);
}

void tls_why(const SSL *ssl, char *out, size_t n)
{
	const struct tls_end *end = tls_end_of(ssl);
	long verify = SSL_get_verify_result(ssl);
	const char *reason = end && end->error ? ERR_reason_error_string(end->error) : NULL;

	if (end && end->why)
		snprintf(out, n, "%s", end->why);
	else if (verify != X509_V_OK && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE)
		snprintf(out, n, "%s", X509_verify_cert_error_string(verify));
	else if (end && end->alert)
		snprintf(out, n, "the peer says: %s", SSL_alert_desc_string_long(end->alert));
	else if (reason)
		snprintf(out, n, "%s", reason);
	else if (end && end->socket)
		snprintf(out, n, "%s", strerror(end->socket));
	else
		snprintf(out, n, "the connection ended in the handshake");
}

bool tls_is_refused(const SSL *ssl)
{
	const struct tls_end *end = tls_end_of(ssl);

	return end && end->alert;
}

int tls_socket_error(const SSL *ssl)
{
	const struct tls_end *end = tls_end_of(ssl);
	bool refused = SSL_get_verify_result(ssl) != X509_V_OK &&
		       SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE;

	return !end || end->why || end->alert || end->error || refused ? 0 : end->socket;
}

bool tls_peer_is(const SSL *ssl, const char *name)
{
	X509 *cert = SSL_get0_peer_certificate(ssl);

	return cert && SSL_is_init_finished(ssl) && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE &&
	       SSL_get_verify_result(ssl) == X509_V_OK && tls_name_fits(cert, name);
}
