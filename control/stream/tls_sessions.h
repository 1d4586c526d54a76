/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions with servers, for the next connection to the same server.
 *
 * A session belongs to all that its handshake was about: where it went, the name that the server
 * proved, the certificate that we showed and whom we trusted then. A hash of these is the key, so
 * after a change of any of them the old session is just not found. Bounded: sets of a few places
 * each, the oldest of a set gives way; no list to walk, nothing to expire. Control thread only.
 *
 *   key -> first bytes choose the set -> [place|place|place|place]
 */
#pragma once

#include <openssl/ssl.h>
#include <stdint.h>

#define TLS_SESSION_KEY 32 /* bytes of SHA-256 */
#define TLS_SESSION_SETS 1024
#define TLS_SESSION_WAYS 4

struct tls_session_place {
	SSL_SESSION *session; /* NULL = free; owned */
	uint64_t used;        /* age: the smallest of a set gives way */
	uint8_t key[TLS_SESSION_KEY];
};

/* All zero is empty. */
struct tls_sessions {
	struct tls_session_place places[TLS_SESSION_SETS][TLS_SESSION_WAYS];
	uint64_t clock; /* counts uses */
};

/** Keeps a copy of @session under @key: OpenSSL spoils the session of a connection that ends
 * without close_notify, as most do. */
void tls_sessions_put(struct tls_sessions *s, const uint8_t key[TLS_SESSION_KEY],
		      const SSL_SESSION *session);

/** The session under @key, or a copy of it, owned by the caller; NULL if there is none. One of
 * TLS 1.3 is handed out once (RFC 8446 C.4). @now: seconds since 1970; one whose certificate has
 * expired is dropped. */
SSL_SESSION *tls_sessions_take(struct tls_sessions *s, const uint8_t key[TLS_SESSION_KEY],
			       int64_t now);

void tls_sessions_clear(struct tls_sessions *s);
