/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/stream/tls_sessions.h"

#include "control/stream/tls_files.h"

#include <string.h>

static struct tls_session_place *set_of(struct tls_sessions *s, const uint8_t *key)
{
	return s->places[(key[0] | key[1] << 8) % TLS_SESSION_SETS];
}

static struct tls_session_place *find(struct tls_sessions *s, const uint8_t *key)
{
	struct tls_session_place *set = set_of(s, key);

	for (unsigned int i = 0; i < TLS_SESSION_WAYS; i++) {
		if (set[i].session && memcmp(set[i].key, key, TLS_SESSION_KEY) == 0)
			return &set[i];
	}
	return NULL;
}

static void drop(struct tls_session_place *p)
{
	SSL_SESSION_free(p->session);
	*p = (struct tls_session_place){ 0 };
}

/* The place for a new key: a free one, else that of the oldest. */
static struct tls_session_place *oldest(struct tls_sessions *s, const uint8_t *key)
{
	struct tls_session_place *set = set_of(s, key), *p = set;

	for (unsigned int i = 1; i < TLS_SESSION_WAYS; i++) {
		if (set[i].used < p->used)
			p = &set[i];
	}
	return p;
}

void tls_sessions_put(struct tls_sessions *s, const uint8_t key[TLS_SESSION_KEY],
		      const SSL_SESSION *session)
{
	struct tls_session_place *p = find(s, key);

	if (!p)
		p = oldest(s, key);
	drop(p);
	p->session = SSL_SESSION_dup(session);
	p->used = ++s->clock;
	memcpy(p->key, key, TLS_SESSION_KEY);
}

SSL_SESSION *tls_sessions_take(struct tls_sessions *s, const uint8_t key[TLS_SESSION_KEY],
			       int64_t now)
{
	struct tls_session_place *p = find(s, key);
	SSL_SESSION *session;
	const X509 *cert;

	if (!p)
		return NULL;
	session = p->session;
	cert = SSL_SESSION_get0_peer(session);
	if (!SSL_SESSION_is_resumable(session) || (cert && tls_expires(cert) <= now)) {
		drop(p);
		return NULL;
	}
	p->used = ++s->clock;
	if (SSL_SESSION_get_protocol_version(session) != TLS1_3_VERSION)
		return SSL_SESSION_dup(session);
	*p = (struct tls_session_place){ 0 };
	return session;
}

void tls_sessions_clear(struct tls_sessions *s)
{
	for (unsigned int i = 0; i < TLS_SESSION_SETS; i++) {
		for (unsigned int k = 0; k < TLS_SESSION_WAYS; k++)
			drop(&s->places[i][k]);
	}
}
