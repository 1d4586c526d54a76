/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Marks: 32 bits of an XXH3 hash of the branch as it stands in the Via. The hash is taken of the
 * digits while they are in registers: read back from where they were just stored in two pieces,
 * they would hold up the whole message.
 */
#include "dataplane/proxy/mark.h"

#include "dataplane/proxy/branch.h"

#include <smmintrin.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FEW 8 /* listeners that are tried one by one */

/* XXH3's product of two words under 16 bytes of the secret. */
static inline uint64_t fold(uint64_t a, uint64_t b, const uint8_t *secret)
{
	uint64_t s[2];
	unsigned __int128 product;

	memcpy(s, secret, sizeof(s));
	product = (unsigned __int128)(a ^ s[0]) * (b ^ s[1]);
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* XXH3_64bits_withSecret() of the 39 bytes cookie, digits: its way for 33 to 64 bytes. */
static uint32_t mask_of(const struct keys *k, const struct hex32 *branch)
{
	static_assert(BRANCH_LEN == 39, "the offsets below");
	uint64_t a = (uint64_t)_mm_cvtsi128_si64(branch->first);
	uint64_t b = (uint64_t)_mm_extract_epi64(branch->first, 1);
	uint64_t c = (uint64_t)_mm_cvtsi128_si64(branch->second);
	uint64_t d = (uint64_t)_mm_extract_epi64(branch->second, 1);
	uint64_t cookie = 0, sum = BRANCH_LEN * XXH_PRIME64_1;

	memcpy(&cookie, BRANCH_COOKIE, BRANCH_COOKIE_LEN);
	sum += fold(b >> 8 | c << 56, c >> 8 | d << 56, k->xxh + 32); /* bytes 16 to 31 */
	sum += fold(a, b, k->xxh + 48);                               /* 7 to 22 */
	sum += fold(cookie | a << 56, a >> 8 | b << 56, k->xxh);      /* 0 to 15 */
	sum += fold(c, d, k->xxh + 16);                               /* 23 to 38 */
	return (uint32_t)XXH3_avalanche(sum);
}

void mark_put(const struct keys *k, const struct hex32 *branch, uint32_t id, uint8_t *out)
{
	hex_write64((uint64_t)(id ^ mask_of(k, branch)) << 32, out);
}

void mark_make(const struct keys *k, const uint8_t *branch, uint32_t id, uint8_t *out)
{
	uint8_t digits[16];
	struct hex32 h;

	memcpy(&h, branch + BRANCH_COOKIE_LEN, sizeof(h));
	mark_put(k, &h, id, digits);
	memcpy(out, digits, MARK_LEN);
}

uint16_t mark_read(const struct world *w, const uint8_t *p, const struct hex32 *branch,
		   struct span s)
{
	uint16_t n = w->n_listeners < FEW ? w->n_listeners : FEW;
	uint32_t id;
	int64_t found;

	if (s.len != MARK_LEN || !hex_read32(p + s.off, &id))
		return WORLD_NONE;
	id ^= mask_of(&w->keys, branch);
	for (uint16_t i = 0; i < n; i++)
		if (w->listeners[i].id == id)
			return i;
	found = names_find(w->listener_ids, &id, sizeof(id));
	return found < 0 ? WORLD_NONE : (uint16_t)found;
}

/* Not the mask of listeners, of which a server could know the plain text. */
static uint64_t connection_mask(const struct keys *k, const struct hex32 *branch)
{
	return XXH3_64bits_withSecret(branch, sizeof(*branch), k->xxh, sizeof(k->xxh));
}

void mark_put_connection(const struct keys *k, const struct hex32 *branch, uint64_t connection,
			 uint8_t *out)
{
	hex_write64(connection ^ connection_mask(k, branch), out);
}

uint64_t mark_read_connection(const struct keys *k, const uint8_t *p, const struct hex32 *branch,
			      struct span s)
{
	uint64_t masked;

	if (s.len != MARK_CONNECTION_LEN || !hex_read64(p + s.off, &masked))
		return 0;
	return masked ^ connection_mask(k, branch);
}
