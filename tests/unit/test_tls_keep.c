/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What TLS keeps between connections: keys of tickets, which age, and sessions with servers, which
 * are bounded.
 */
#include "control/stream/tls_sessions.h"
#include "control/stream/tls_tickets.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <string.h>

#define HOUR 3600000ull

/* --- tickets ------------------------------------------------------------------------------- */

struct ticket {
	uint8_t name[16], iv[EVP_MAX_IV_LENGTH];
};

/* Makes or opens a ticket @hours after the start, keys living two. */
static int use(struct tls_tickets *t, uint64_t hours, struct ticket *ticket, int make)
{
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);
	int rc = tls_tickets_use(t, 5 + hours * HOUR, 2 * HOUR, ticket->name, ticket->iv, cipher,
				 mac, make);

	EVP_CIPHER_CTX_free(cipher);
	EVP_MAC_CTX_free(mac);
	EVP_MAC_free(hmac);
	return rc;
}

Test(tls_keep, opens_tickets_for_one_period_more_and_renews_them)
{
	struct tls_tickets t = { 0 };
	struct ticket first, later;

	cr_assert(use(&t, 0, &first, 1) == 1);
	cr_expect(use(&t, 1, &first, 0) == 1);
	cr_assert(use(&t, 2, &later, 1) == 1);
	cr_expect(memcmp(first.name, later.name, sizeof(first.name)) != 0);
	cr_expect(use(&t, 3, &first, 0) == 2);
	cr_expect(use(&t, 3, &later, 0) == 1);
	cr_expect(use(&t, 4, &first, 0) == 0);
	cr_expect(use(&t, 5, &later, 0) == 2);
	tls_tickets_wipe(&t);
	cr_expect(use(&t, 5, &later, 0) == 0);
}

Test(tls_keep, wipes_keys_that_nobody_used_for_long)
{
	static const struct tls_ticket_key none;
	struct tls_tickets t = { 0 };
	struct ticket first, later;

	cr_assert(use(&t, 0, &first, 1) == 1);
	cr_assert(use(&t, 9, &later, 1) == 1);
	cr_expect(memcmp(&t.before, &none, sizeof(none)) == 0);
	cr_expect(use(&t, 9, &first, 0) == 0);
}

/* --- sessions ------------------------------------------------------------------------------ */

static SSL_SESSION *session(int version)
{
	SSL_SESSION *s = SSL_SESSION_new();

	SSL_SESSION_set_protocol_version(s, version);
	SSL_SESSION_set1_id(s, (const unsigned char *)"id", 2);
	return s;
}

static void put(struct tls_sessions *s, uint32_t n, int version)
{
	uint8_t key[TLS_SESSION_KEY] = { 0 };
	SSL_SESSION *one = session(version);

	memcpy(key, &n, sizeof(n));
	tls_sessions_put(s, key, one);
	SSL_SESSION_free(one);
}

static bool has(struct tls_sessions *s, uint32_t n)
{
	uint8_t key[TLS_SESSION_KEY] = { 0 };
	SSL_SESSION *one;

	memcpy(key, &n, sizeof(n));
	one = tls_sessions_take(s, key, 0);
	SSL_SESSION_free(one);
	return one != NULL;
}

Test(tls_keep, gives_a_session_of_1_3_once_and_of_1_2_again)
{
	static struct tls_sessions s;

	put(&s, 1, TLS1_3_VERSION);
	put(&s, 2, TLS1_2_VERSION);
	cr_expect(has(&s, 1) && !has(&s, 1));
	cr_expect(has(&s, 2) && has(&s, 2));
	tls_sessions_clear(&s);
	cr_expect(!has(&s, 2));
}

/* Keys whose first two bytes are the same share a set. */
Test(tls_keep, lets_the_oldest_of_a_full_set_go)
{
	static struct tls_sessions s;

	for (uint32_t i = 0; i < TLS_SESSION_WAYS; i++)
		put(&s, i << 16, TLS1_2_VERSION);
	cr_assert(has(&s, 0));
	put(&s, 99u << 16, TLS1_2_VERSION);
	cr_expect(has(&s, 0) && has(&s, 99u << 16) && !has(&s, 1u << 16) && has(&s, 2u << 16));
	tls_sessions_clear(&s);
}
