/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/stream/tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <string.h>

static int make_key(struct tls_ticket_key *k, uint64_t now_ms)
{
	if (RAND_bytes(k->name, sizeof(k->name)) != 1 ||
	    RAND_priv_bytes(k->cipher, sizeof(k->cipher)) != 1 ||
	    RAND_priv_bytes(k->mac, sizeof(k->mac)) != 1)
		return -1;
	k->made_ms = now_ms ? now_ms : 1;
	return 0;
}

/* Retires keys by their age. */
static int turn(struct tls_tickets *t, uint64_t now_ms, uint64_t period_ms)
{
	if (t->before.made_ms && now_ms - t->before.made_ms >= 2 * period_ms)
		OPENSSL_cleanse(&t->before, sizeof(t->before));
	if (t->now.made_ms && now_ms - t->now.made_ms < period_ms)
		return 0;
	if (t->now.made_ms && now_ms - t->now.made_ms < 2 * period_ms)
		t->before = t->now;
	return make_key(&t->now, now_ms);
}

static int begin(const struct tls_ticket_key *k, const uint8_t *iv, EVP_CIPHER_CTX *cipher,
		 EVP_MAC_CTX *mac, int make)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)k->mac,
						  sizeof(k->mac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, k->cipher, iv, make) == 1 &&
	       EVP_MAC_CTX_set_params(mac, params) == 1;
}

int tls_tickets_use(struct tls_tickets *t, uint64_t now_ms, uint64_t period_ms, uint8_t name[16],
		    uint8_t *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int make)
{
	const struct tls_ticket_key *k = &t->now;

	if (turn(t, now_ms, period_ms))
		return -1;
	if (make) {
		memcpy(name, k->name, sizeof(k->name));
		if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
			return -1;
		return begin(k, iv, cipher, mac, make) ? 1 : -1;
	}
	if (memcmp(name, k->name, sizeof(k->name)) != 0) {
		k = &t->before;
		if (!k->made_ms || memcmp(name, k->name, sizeof(k->name)) != 0)
			return 0;
	}
	if (!begin(k, iv, cipher, mac, make))
		return -1;
	return k == &t->now ? 1 : 2;
}

void tls_tickets_wipe(struct tls_tickets *t)
{
	OPENSSL_cleanse(t, sizeof(*t));
}
