/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Marks: 32 bits of an XXH3 hash of the 128 bits that the branch stands for, which are in a
 * register when it is made or checked. Its text would be four times the work, and bytes that were
 * just stored in pieces cannot be read back at once.
 */
#include "dataplane/proxy/mark.h"

#include "dataplane/proxy/branch.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FEW 8 /* listeners that are tried one by one */

static uint32_t mask_of(const struct keys *k, const struct hex32 *branch)
{
	return (uint32_t)XXH3_64bits_withSecret(&branch->bytes, sizeof(branch->bytes), k->xxh,
						sizeof(k->xxh));
}

void mark_put(const struct keys *k, const struct hex32 *branch, uint32_t id, uint8_t *out)
{
	hex_write64((uint64_t)(id ^ mask_of(k, branch)) << 32, out);
}

void mark_make(const struct keys *k, const uint8_t *branch, uint32_t id, uint8_t *out)
{
	uint64_t high = 0, low = 0;
	uint8_t digits[16];
	struct hex32 h;

	hex_read64(branch + BRANCH_COOKIE_LEN, &high);
	hex_read64(branch + BRANCH_COOKIE_LEN + 16, &low);
	h = hex_of128(high, low);
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
	const __m128i digits[2] = { branch->first, branch->second };

	return XXH3_64bits_withSecret(digits, sizeof(digits), k->xxh, sizeof(k->xxh));
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
