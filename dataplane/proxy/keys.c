/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the one configured secret to the keys of keys.h, in two steps as HKDF (RFC 5869) has them:
 * extract to a key of fixed length, expand to one key for each purpose. Keyed BLAKE2b stands in for
 * HMAC. The labels are part of the format: changing one changes branches, tags and tables of a
 * running fleet. Control thread only, at start and reload.
 */
#include "dataplane/proxy/keys.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define SECRET_MIN 16

/* Fills @out with key number @part of purpose @label. */
static void expand(const uint8_t prk[crypto_generichash_KEYBYTES_MAX], const char *label,
		   uint8_t part, uint8_t *out, size_t n)
{
	uint8_t context[32] = { 0 };

	memcpy(context, label, strlen(label));
	context[sizeof(context) - 1] = part;
	crypto_generichash(out, n, context, sizeof(context), prk, crypto_generichash_KEYBYTES_MAX);
}

int keys_derive(const void *secret, size_t n, struct keys *out)
{
	static const uint8_t salt[32] = "viaduct secret 1";
	uint8_t prk[crypto_generichash_KEYBYTES_MAX];

	if (n < SECRET_MIN)
		return -EINVAL;
	crypto_generichash(prk, sizeof(prk), secret, n, salt, sizeof(salt));
	for (uint8_t i = 0; i < sizeof(out->xxh) / 64; i++)
		expand(prk, "viaduct xxh3", i, out->xxh + 64 * i, 64);
	expand(prk, "viaduct to tag", 0, out->tag, sizeof(out->tag));
	expand(prk, "viaduct route token", 0, out->token, sizeof(out->token));
	expand(prk, "viaduct branch 2543", 0, out->branch, sizeof(out->branch));
	sodium_memzero(prk, sizeof(prk));
	return 0;
}
