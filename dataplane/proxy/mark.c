/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proxy/mark.h"

#include "dataplane/proxy/branch.h"
#include "dataplane/proxy/hex.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint32_t mask_of(const struct keys *k, const uint8_t *branch)
{
	return (uint32_t)XXH3_64bits_withSecret(branch, BRANCH_LEN, k->xxh, sizeof(k->xxh));
}

void mark_make(const struct keys *k, const uint8_t *branch, uint32_t id, uint8_t *out)
{
	uint8_t digits[16];

	hex_write64((uint64_t)(id ^ mask_of(k, branch)) << 32, digits);
	memcpy(out, digits, MARK_LEN);
}

uint16_t mark_read(const struct world *w, const uint8_t *p, struct span branch, struct span s)
{
	uint8_t digits[16];
	uint64_t v;
	uint32_t id;
	int64_t i;

	if (s.len != MARK_LEN || branch.len != BRANCH_LEN)
		return WORLD_NONE;
	memcpy(digits, p + s.off, MARK_LEN);
	memset(digits + MARK_LEN, '0', sizeof(digits) - MARK_LEN);
	if (!hex_read64(digits, &v))
		return WORLD_NONE;
	id = (uint32_t)(v >> 32) ^ mask_of(&w->keys, p + branch.off);
	i = names_find(w->listener_ids, &id, sizeof(id));
	return i < 0 ? WORLD_NONE : (uint16_t)i;
}
