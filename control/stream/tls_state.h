/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inside of TLS, for the files that make it up: tls.c (what is in force, connections),
 * tls_load.c (from the configuration to contexts), tls_context.c (one context), tls_end.c (what a
 * connection carries). tls_files.h, tls_name.h, tls_tickets.h and tls_sessions.h stand alone.
 *
 *   tls -> set -> listeners -> server context -> (ex data) table of contexts by name (SNI)
 *    |      |               -> client context
 *    |      -> client context without a certificate
 *    -> tickets, sessions: outlast every set
 *
 * A connection holds a reference of its context, so a set can go while its connections live.
 */
#pragma once

#include "control/config/config.h"
#include "control/stream/tls.h"
#include "control/stream/tls_files.h"
#include "control/stream/tls_sessions.h"
#include "control/stream/tls_tickets.h"

struct tls_listener {
	const char *name;
	struct endpoint at;
	SSL_CTX *server;
	SSL_CTX *client;
	uint8_t policy[TLS_DIGEST];  /* of all that a session as a client depends on */
	uint8_t clients[TLS_DIGEST]; /* of the authorities of clients; zero = none */
};

/* All that one configuration says. */
struct tls_set {
	struct arena arena;
	struct tls_listener *listeners;
	uint32_t n_listeners;
	struct tls_certificate *certificates;
	uint32_t n_certificates;
	SSL_CTX *client; /* without a certificate */
	uint8_t policy[TLS_DIGEST];
	uint8_t servers[TLS_DIGEST]; /* of the authorities of servers */
	uint32_t resumption_ms;      /* 0 = off */
};

struct tls {
	struct tls_set *now;
	struct tls_tickets tickets;
	struct tls_sessions sessions;
	uint64_t (*mono)(void); /* clocks, in ms: monotonic, and since 1970 */
	uint64_t (*wall)(void);
};

#define TLS_WHY_MAX 160

/* What a connection carries beside its SSL; freed with it. */
struct tls_end {
	struct tls *tls;
	unsigned long error; /* OpenSSL's, when the handshake failed; 0 = none */
	int alert;           /* that came from the peer; 0 = none */
	int socket;          /* errno of the socket; 0 = none */
	char *why;           /* of a certificate that is for somebody else; NULL = it is not */
	uint8_t key[TLS_SESSION_KEY];
	char name[]; /* whom the certificate of the peer must be for; "" for servers */
};

/** An SSL of @ctx with its end. @name: NULL for a server. NULL without memory. */
SSL *tls_end_new(struct tls *t, SSL_CTX *ctx, const char *name);

/** The end of @ssl, or NULL. */
struct tls_end *tls_end_of(const SSL *ssl);

/** Makes the connections of @ctx note why their handshake fails. */
void tls_end_watch(SSL_CTX *ctx);

/* What a context is made of. */
struct tls_recipe {
	const struct config_tls *tls;
	const struct tls_pair *pair;               /* NULL = no certificate */
	const struct tls_authorities *authorities; /* of the other side; NULL = do not ask it */
	uint8_t id[TLS_DIGEST]; /* of servers: a session goes where its client would be let in */
};

/** A context for accepting. NULL without memory, or with what OpenSSL says of it in
 * tls_error_text(). */
SSL_CTX *tls_context_server(const struct tls_recipe *r);

/** A context for connecting. */
SSL_CTX *tls_context_client(const struct tls_recipe *r);

/* A certificate chosen by name. */
struct tls_by_name {
	char *name;     /* OPENSSL_malloc()ed; lower case */
	SSL_CTX *ctx;   /* owned; NULL = the listener's first */
	uint32_t order; /* of equal names the smallest counts */
};

/** Gives @ctx @n further contexts, by name; takes the array, made by OPENSSL_malloc(), and what is
 * in it, also on failure and if @ctx is NULL. 0 or -ENOMEM. */
int tls_context_names(SSL_CTX *ctx, struct tls_by_name *v, size_t n);

/* Callbacks of contexts, in tls.c. */
int tls_on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
		  EVP_MAC_CTX *mac, int make);
int tls_on_session(SSL *ssl, SSL_SESSION *session);
