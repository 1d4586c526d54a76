/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One context: what RFC 9325 recommends, and the two checks that OpenSSL leaves to its user: who a
 * server is (RFC 5922), and which certificate a name gets (RFC 6066 3).
 */
#include "control/stream/tls_name.h"
#include "control/stream/tls_state.h"
#include "dataplane/sip/uri.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS "X25519:P-256:P-384" /* RFC 9325 4.4 */
#define SECURITY_LEVEL 2            /* of OpenSSL: 112 bits; RSA and DH of 2048, no SHA-1 */
#define CHAIN_DEPTH 10

/* --- whom the peer must be ----------------------------------------------------------------- */

/* Notes in @end whom the certificate is for. */
static void note_stranger(struct tls_end *end, const X509 *cert)
{
	char names[TLS_WHY_MAX / 2];

	OPENSSL_free(end->why);
	end->why = OPENSSL_malloc(TLS_WHY_MAX);
	if (end->why)
		snprintf(end->why, TLS_WHY_MAX, "the certificate is for %s, not for %s",
			 tls_names_text(cert, names, sizeof(names)), end->name);
}

/* As X509_verify_cert(), and the name. */
static int verify_server(X509_STORE_CTX *x, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_end *end = tls_end_of(ssl);
	const X509 *cert = X509_STORE_CTX_get0_cert(x);
	int ok = X509_verify_cert(x);

	(void)arg;
	if (ok <= 0 || SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE ||
	    (end && tls_name_fits(cert, end->name)))
		return ok;
	if (end)
		note_stranger(end, cert);
	X509_STORE_CTX_set_error(x, X509_V_ERR_HOSTNAME_MISMATCH);
	return 0;
}

/* --- which certificate a name gets --------------------------------------------------------- */

struct by_name {
	size_t n;
	struct tls_by_name *v; /* sorted */
};

static void free_name(struct tls_by_name *one)
{
	OPENSSL_free(one->name);
	SSL_CTX_free(one->ctx);
}

static void free_names(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long l, void *p)
{
	struct by_name *names = ptr;

	(void)parent;
	(void)data;
	(void)index;
	(void)l;
	(void)p;
	for (size_t i = 0; names && i < names->n; i++)
		free_name(&names->v[i]);
	if (names)
		OPENSSL_free(names->v);
	OPENSSL_free(names);
}

static int names_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_names);
	return index;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct tls_by_name *)a)->name, ((const struct tls_by_name *)b)->name);
}

static int compare_order(const void *a, const void *b)
{
	const struct tls_by_name *x = a, *y = b;
	int by_name = compare(a, b);

	return by_name ? by_name : (x->order > y->order) - (x->order < y->order);
}

/* Sorts; of equal names the first of the file stays. */
static void sort_names(struct by_name *names)
{
	size_t kept = 0;

	qsort(names->v, names->n, sizeof(names->v[0]), compare_order);
	for (size_t i = 0; i < names->n; i++) {
		if (kept && compare(&names->v[kept - 1], &names->v[i]) == 0)
			free_name(&names->v[i]);
		else
			names->v[kept++] = names->v[i];
	}
	names->n = kept;
}

/* A name that nobody here has gets the first certificate: who asked will judge. */
static int on_name(SSL *ssl, int *alert, void *arg)
{
	const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct by_name *names = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), names_index());
	char name[TLS_NAME_MAX + 1];
	struct tls_by_name key = { .name = name };
	const struct tls_by_name *found;

	(void)alert;
	(void)arg;
	if (!asked || !names || strlen(asked) > TLS_NAME_MAX)
		return SSL_TLSEXT_ERR_NOACK;
	for (size_t i = 0; i <= strlen(asked); i++)
		name[i] = (char)(asked[i] >= 'A' && asked[i] <= 'Z' ? asked[i] | 0x20 : asked[i]);
	found = bsearch(&key, names->v, names->n, sizeof(key), compare);
	if (!found)
		return SSL_TLSEXT_ERR_NOACK;
	if (found->ctx)
		SSL_set_SSL_CTX(ssl, found->ctx);
	return SSL_TLSEXT_ERR_OK;
}

int tls_context_names(SSL_CTX *ctx, struct tls_by_name *v, size_t n)
{
	struct by_name *names = ctx ? OPENSSL_zalloc(sizeof(*names)) : NULL;

	if (names) {
		*names = (struct by_name){ n, v };
		sort_names(names);
		if (SSL_CTX_set_ex_data(ctx, names_index(), names))
			return 0;
		free_names(NULL, names, NULL, 0, 0, NULL);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		free_name(&v[i]);
	OPENSSL_free(v);
	return ctx ? -ENOMEM : 0;
}

/* --- what both roles share ----------------------------------------------------------------- */

/* Who offers protocols and not SIP means another server (RFC 7301 3.2, RFC 9325 3.8). */
static int on_protocols(SSL *ssl, const unsigned char **out, unsigned char *out_len,
			const unsigned char *in, unsigned int in_len, void *arg)
{
	static const unsigned char sip[] = { 5, 's', 'i', 'p', '/', '2' };
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, sip, sizeof(sip), in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* An end without close_notify is no fault: what counts is told by Content-Length (RFC 3261 18.3),
 * and most peers end so. Buffers are given back while a connection is idle. */
static bool set_common(SSL_CTX *ctx, const struct tls_recipe *r)
{
	int least = r->tls->min_version == CONFIG_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;

	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify_depth(ctx, CHAIN_DEPTH);
	SSL_CTX_set_timeout(ctx, r->tls->resumption / 1000);
	tls_end_watch(ctx);
	if (r->authorities)
		SSL_CTX_set1_cert_store(ctx, r->authorities->store);
	return SSL_CTX_set_min_proto_version(ctx, least) &&
	       SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) &&
	       SSL_CTX_set_cipher_list(ctx, r->tls->ciphers) &&
	       SSL_CTX_set_ciphersuites(ctx, r->tls->ciphersuites) &&
	       SSL_CTX_set1_groups_list(ctx, GROUPS) &&
	       (!r->pair ||
		SSL_CTX_use_cert_and_key(ctx, r->pair->leaf, r->pair->key, r->pair->chain, 1));
}

/* --- the two roles -------------------------------------------------------------------------- */

/* Sessions are in tickets alone: nothing is kept of clients that are gone. */
static bool set_server(SSL_CTX *ctx, const struct tls_recipe *r)
{
	STACK_OF(X509_NAME) * names;

	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(ctx, on_protocols, NULL);
	SSL_CTX_set_tlsext_servername_callback(ctx, on_name);
	if (r->tls->resumption == 0) {
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		SSL_CTX_set_num_tickets(ctx, 0);
	}
	if (!SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, tls_on_ticket) ||
	    !SSL_CTX_set_session_id_context(ctx, r->id, sizeof(r->id)))
		return false;
	if (!r->authorities)
		return true;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	names = SSL_dup_CA_list(r->authorities->names);
	SSL_CTX_set_client_CA_list(ctx, names);
	return names != NULL;
}

static bool set_client(SSL_CTX *ctx, const struct tls_recipe *r)
{
	bool keep = r->tls->resumption != 0;

	SSL_CTX_set_session_cache_mode(ctx,
				       keep ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
					    : SSL_SESS_CACHE_OFF);
	SSL_CTX_sess_set_new_cb(ctx, tls_on_session);
	SSL_CTX_set_cert_verify_callback(ctx, verify_server, NULL);
	SSL_CTX_set_verify(ctx, r->tls->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	return true;
}

static SSL_CTX *make(const struct tls_recipe *r, const SSL_METHOD *method,
		     bool (*set)(SSL_CTX *ctx, const struct tls_recipe *r))
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (ctx && set_common(ctx, r) && set(ctx, r))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

SSL_CTX *tls_context_server(const struct tls_recipe *r)
{
	return make(r, TLS_server_method(), set_server);
}

SSL_CTX *tls_context_client(const struct tls_recipe *r)
{
	return make(r, TLS_client_method(), set_client);
}
