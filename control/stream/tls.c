/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is in force, and the SSLs made of it. A change of files or configuration replaces the set of
 * contexts as a whole; each connection keeps the context that it began with alive by its reference,
 * so nothing that lives is touched. Tickets and sessions are kept beside the sets.
 */
#include "control/stream/tls.h"

#include "control/log.h"
#include "control/stream/tls_name.h"
#include "control/stream/tls_state.h"
#include "control/wall_time.h"

#include <openssl/err.h>
#include <string.h>

#define TICKET_PERIOD_MIN 60000u /* ms; for connections of before tickets were switched off */

/* --- what is in force ---------------------------------------------------------------------- */

static void log_warnings(const struct config_errors *warnings)
{
	char line[LOG_TEXT_MAX];

	for (uint32_t i = 0; i < config_errors_lines(warnings); i++) {
		config_errors_format(warnings, i, line, sizeof(line));
		log_warning("%s", line);
	}
}

/* tls_load(), warnings to the log. */
static struct tls_set *load(const struct config *c, struct config_errors *errs)
{
	struct config_errors warnings = { 0 };
	struct tls_set *set = tls_load(c, errs, &warnings);

	if (set)
		log_warnings(&warnings);
	config_errors_free(&warnings);
	return set;
}

struct tls *tls_new(const struct config *c, struct config_errors *errs)
{
	struct tls *t = mem_alloc(sizeof(*t));

	if (!t) {
		errs->no_memory = true;
		return NULL;
	}
	t->mono = log_clock_ms;
	t->wall = wall_time_ms;
	t->now = load(c, errs);
	if (t->now)
		return t;
	mem_free(t);
	return NULL;
}

void tls_put(struct tls *t, struct tls_set *set)
{
	tls_set_free(t->now);
	t->now = set;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	tls_set_free(t->now);
	tls_sessions_clear(&t->sessions);
	tls_tickets_wipe(&t->tickets);
	mem_free(t);
}

uint32_t tls_n_certificates(const struct tls *t)
{
	return t ? t->now->n_certificates : 0;
}

const struct tls_certificate *tls_certificate_at(const struct tls *t, uint32_t i)
{
	return &t->now->certificates[i];
}

/* --- connections --------------------------------------------------------------------------- */

static const struct tls_listener *listener_at(const struct tls_set *set, const struct endpoint *at)
{
	for (uint32_t i = 0; i < set->n_listeners; i++) {
		if (endpoint_equal(&set->listeners[i].at, at))
			return &set->listeners[i];
	}
	return NULL;
}

SSL *tls_accept(struct tls *t, const struct endpoint *listener)
{
	const struct tls_listener *l = listener_at(t->now, listener);
	SSL *ssl = l ? tls_end_new(t, l->server, NULL) : NULL;

	if (ssl)
		SSL_set_accept_state(ssl);
	return ssl;
}

/* The key of the sessions of one kind of connection. */
static void session_key(uint8_t out[TLS_SESSION_KEY], const uint8_t policy[TLS_DIGEST],
			const struct endpoint *to, const char *name)
{
	const uint8_t port[2] = { (uint8_t)(to->port >> 8), (uint8_t)to->port };
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	memset(out, 0, TLS_SESSION_KEY);
	if (md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) &&
	    EVP_DigestUpdate(md, policy, TLS_DIGEST) &&
	    EVP_DigestUpdate(md, to->ip.b, sizeof(to->ip.b)) &&
	    EVP_DigestUpdate(md, port, sizeof(port)) && EVP_DigestUpdate(md, name, strlen(name)))
		EVP_DigestFinal_ex(md, out, NULL);
	EVP_MD_CTX_free(md);
}

/* Offers what was agreed with the same server before. */
static void offer_session(struct tls *t, SSL *ssl)
{
	SSL_SESSION *session =
		tls_sessions_take(&t->sessions, tls_end_of(ssl)->key, (int64_t)(t->wall() / 1000));

	if (session)
		SSL_set_session(ssl, session);
	SSL_SESSION_free(session);
}

SSL *tls_connect(struct tls *t, const struct endpoint *listener, const struct endpoint *to,
		 const char *name)
{
	const struct tls_listener *l = listener_at(t->now, listener);
	char address[IP_TEXT_MAX];
	struct ip ip;
	SSL *ssl;

	if (!l && t->now->n_listeners)
		l = &t->now->listeners[0];
	address[ip_format(&to->ip, address)] = '\0';
	name = name ? name : address;
	ssl = tls_end_new(t, l ? l->client : t->now->client, name);
	if (!ssl)
		return NULL;
	/* RFC 6066 3: names only. */
	if (!ip_parse((const uint8_t *)name, strlen(name), &ip) &&
	    !SSL_set_tlsext_host_name(ssl, name)) {
		SSL_free(ssl);
		return NULL;
	}
	session_key(tls_end_of(ssl)->key, l ? l->policy : t->now->policy, to, name);
	offer_session(t, ssl);
	SSL_set_connect_state(ssl);
	return ssl;
}

/* --- callbacks of contexts ----------------------------------------------------------------- */

int tls_on_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_end *end = tls_end_of(ssl);

	if (end)
		tls_sessions_put(&end->tls->sessions, end->key, session);
	return 0; /* the reference stays OpenSSL's */
}

int tls_on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
		  EVP_MAC_CTX *mac, int make)
{
	struct tls_end *end = tls_end_of(ssl);
	uint64_t period;
	int rc;

	if (!end)
		return -1;
	period = end->tls->now->resumption_ms;
	period = period < TICKET_PERIOD_MIN ? TICKET_PERIOD_MIN : period;
	rc = tls_tickets_use(&end->tls->tickets, end->tls->mono(), period, name, iv, cipher, mac,
			     make);
	/* A ticket of TLS 1.3 is good once (RFC 8446 C.4), so who shows one gets another. */
	return rc == 1 && !make && SSL_version(ssl) >= TLS1_3_VERSION ? 2 : rc;
}
