/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLS 1.2 and 1.3 by OpenSSL 3: contexts made from the configuration, replaced without touching a
 * connection, and the rules for who a certificate is for (RFC 5922, RFC 8996, RFC 9325). Knows
 * nothing of sockets: connection.c puts an SSL into a bufferevent. Control thread only.
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct config_errors;
struct tls;
struct tls_set;

/** Loads certificates, keys and authorities that @c names. NULL with a fault in @errs for each that
 * cannot be used (file, line of the configuration, what OpenSSL says). What peers may refuse (an
 * expired certificate) is logged as a warning. */
struct tls *tls_new(const struct config *c, struct config_errors *errs);

/** The SSLs made of it must be gone. NULL is allowed. */
void tls_free(struct tls *t);

/* --- a reload, in two steps, since it may be refused elsewhere ------------------------------- */

/** Loads all that @c names, and puts nothing in force. NULL with faults in @errs. @warnings: what
 * peers may refuse; NULL = nobody wants to know. */
struct tls_set *tls_load(const struct config *c, struct config_errors *errs,
			 struct config_errors *warnings);

/** Puts @set in force for new connections, and takes it. */
void tls_put(struct tls *t, struct tls_set *set);

/** Calls @fn with words for each file whose contents in @next are not those in force; the text is
 * good until it returns. */
void tls_changes(const struct tls *t, const struct tls_set *next,
		 void (*fn)(void *arg, const char *text), void *arg);

/** NULL is allowed. */
void tls_set_free(struct tls_set *set);

/* --- connections ---------------------------------------------------------------------------- */

/** An SSL for a connection that was accepted by the TLS listener at @listener. The caller's. NULL
 * without memory or without such a listener. */
SSL *tls_accept(struct tls *t, const struct endpoint *listener);

/** An SSL for a connection to @to, with the certificate of the listener at @listener (any TLS
 * listener if that has none), offering the session of before; the handshake checks the peer against
 * @name (NULL = the address of @to) and the configured authorities. The caller's. NULL without
 * memory. */
SSL *tls_connect(struct tls *t, const struct endpoint *listener, const struct endpoint *to,
		 const char *name);

/** True if the peer showed a certificate that was checked and is for @name, a host name or an
 * address in text (RFC 5922 7.2: subjectAltName URI "sip:name" or DNS; no wildcards). */
bool tls_peer_is(const SSL *ssl, const char *name);

/** Why the handshake of @ssl failed, for people: "certificate has expired". */
void tls_why(const SSL *ssl, char *out, size_t n);

/** True if the peer has ended @ssl with a fatal alert. A server of TLS 1.3 may do so after our
 * handshake is over: it looks at our certificate later. */
bool tls_is_refused(const SSL *ssl);

/** The errno for which the handshake of @ssl failed, if TLS had no part in it: no connection came
 * about, or it broke. 0: TLS is why. */
int tls_socket_error(const SSL *ssl);

/* --- for people ----------------------------------------------------------------------------- */

/* A certificate that listeners show, in force. */
struct tls_certificate {
	const char *listener; /* name */
	const char *file;
	bool by_name;    /* shown to those who ask for a name that it is for (SNI) */
	bool asks;       /* the listener asks clients for theirs */
	X509 *cert;      /* borrowed */
	uint32_t n_more; /* authorities behind it in the file */
	int64_t expires; /* seconds since 1970, of the first in the file to do so */
};

/** How many there are. @t may be NULL. */
uint32_t tls_n_certificates(const struct tls *t);

/** The @i-th, in the order of the configuration; good until the next change. */
const struct tls_certificate *tls_certificate_at(const struct tls *t, uint32_t i);

/** Writes the serial number of @cert in hex to @out, at most @n bytes with the NUL. Returns @out.
 */
const char *tls_serial(const X509 *cert, char *out, size_t n);
