/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The look-up table of names.h.
 *
 *   struct names | slots (a power of two, at least twice the entries) | bytes of all names
 *
 * Linear probing in a table that is at most half full: a hit or a miss mostly ends in the first
 * cache line. A slot keeps 32 bits of the hash, so that names are compared only where they are
 * almost surely equal. The table carries its own copy of the hash secret: readers need nothing but
 * the pointer. A perfect hash would save one probe and cost a build that can fail.
 *
 * Names of up to 64 bytes are hashed and compared as blocks of 32 or 64 bytes with zeros behind
 * them: what is usual has no branch for its length. The hash of a block is the sum of folded
 * products that XXH3 takes for such lengths, each of 16 bytes under 16 bytes of the secret.
 */
#include "dataplane/proxy/names.h"

#include <smmintrin.h>
#include <stdbool.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SLOTS_MIN 4u
#define LANES (NAME_KEY_MAX / 16)

struct slot {
	uint32_t tag; /* upper half of the hash; the lower half chose the slot */
	uint32_t off; /* of the name, from the start of the bytes */
	uint32_t value;
	uint16_t len; /* 0 = free */
	uint16_t pad;
};

struct names {
	uint8_t secret[sizeof(((struct keys *)0)->xxh)];
	uint64_t byte16[4]; /* bit per value of byte 16: there is a name of 17 or more with it */
	uint32_t mask;      /* number of slots - 1 */
	uint32_t bytes_off; /* from the start of this struct */
	struct slot slot[];
};

static uint32_t slots_for(uint32_t n)
{
	uint32_t slots = SLOTS_MIN;

	while (slots < 2 * (uint64_t)n && slots < 1u << 31)
		slots *= 2;
	return slots;
}

/* Bytes that a name of @len takes: a block, or what it has. */
static uint32_t room_of(uint32_t len)
{
	return len < NAME_KEY_MAX ? NAME_KEY_MAX : len;
}

size_t names_size(uint32_t n, size_t bytes)
{
	size_t size = sizeof(struct names) + (size_t)slots_for(n) * sizeof(struct slot) + bytes +
		      (size_t)n * NAME_KEY_MAX;

	return (size + 7) & ~(size_t)7;
}

static uint64_t fold(const uint8_t *secret, __m128i v)
{
	__m128i s = _mm_loadu_si128((const __m128i *)(const void *)secret);
	unsigned __int128 product;

	s = _mm_xor_si128(s, v);
	product = (unsigned __int128)(uint64_t)_mm_cvtsi128_si64(s) *
		  (uint64_t)_mm_extract_epi64(s, 1);
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_key(const struct names *t, const struct name_key *key)
{
	uint64_t h = key->len * UINT64_C(0x9e3779b97f4a7c15);

	h += fold(t->secret, key->lane[0]) + fold(t->secret + 16, key->lane[1]);
	if (__builtin_expect(key->len > 32, 0))
		h += fold(t->secret + 32, key->lane[2]) + fold(t->secret + 48, key->lane[3]);
	return h;
}

static inline bool same_key(const uint8_t *name, const struct name_key *key)
{
	const __m128i *q = (const __m128i *)(const void *)name;
	__m128i d = _mm_xor_si128(_mm_loadu_si128(q), key->lane[0]);

	d = _mm_or_si128(d, _mm_xor_si128(_mm_loadu_si128(q + 1), key->lane[1]));
	d = _mm_or_si128(d, _mm_xor_si128(_mm_loadu_si128(q + 2), key->lane[2]));
	d = _mm_or_si128(d, _mm_xor_si128(_mm_loadu_si128(q + 3), key->lane[3]));
	return _mm_testz_si128(d, d);
}

static const uint8_t *name_at(const struct names *t, const struct slot *s)
{
	return (const uint8_t *)t + t->bytes_off + s->off;
}

/* The slot with this name, or the free one where it would go. */
static inline const struct slot *find_key(const struct names *t, const struct name_key *key,
					  uint64_t hash)
{
	uint32_t i = (uint32_t)hash & t->mask;

	for (;; i = (i + 1) & t->mask) {
		const struct slot *s = &t->slot[i];

		if (s->len == 0 || (s->tag == (uint32_t)(hash >> 32) && s->len == key->len &&
				    same_key(name_at(t, s), key)))
			return s;
	}
}

static const struct slot *find_long(const struct names *t, const void *name, size_t len,
				    uint64_t hash)
{
	uint32_t i = (uint32_t)hash & t->mask;

	for (;; i = (i + 1) & t->mask) {
		const struct slot *s = &t->slot[i];

		if (s->len == 0 || (s->tag == (uint32_t)(hash >> 32) && s->len == len &&
				    memcmp(name_at(t, s), name, len) == 0))
			return s;
	}
}

/* The same for a name of any length as it lies in memory; @hash gets its hash. */
static const struct slot *find(const struct names *t, const void *name, size_t len, uint64_t *hash)
{
	struct name_key key = { .len = (uint32_t)len };
	uint8_t block[NAME_KEY_MAX] = { 0 };

	if (len > NAME_KEY_MAX) {
		*hash = XXH3_64bits_withSecret(name, len, t->secret, sizeof(t->secret));
		return find_long(t, name, len, *hash);
	}
	memcpy(block, name, len);
	memcpy(key.lane, block, sizeof(key.lane));
	*hash = hash_key(t, &key);
	return find_key(t, &key, *hash);
}

struct names *names_build(void *mem, const struct keys *k, const struct name_entry *entries,
			  uint32_t n)
{
	uint32_t slots = slots_for(n);
	struct names *t = mem;
	uint32_t used = 0;

	memcpy(t->secret, k->xxh, sizeof(t->secret));
	t->mask = slots - 1;
	t->bytes_off = (uint32_t)(sizeof(*t) + (size_t)slots * sizeof(struct slot));
	memset(t->byte16, 0, sizeof(t->byte16));
	memset(t->slot, 0, (size_t)slots * sizeof(struct slot));
	for (uint32_t i = 0; i < n; i++) {
		const struct name_entry *e = &entries[i];
		uint64_t hash;
		struct slot *s;

		if (e->len == 0 || e->len > NAME_MAX_LEN)
			continue;
		s = (struct slot *)find(t, e->name, e->len, &hash);
		if (s->len != 0)
			continue;
		*s = (struct slot){ (uint32_t)(hash >> 32), used, e->value, e->len, 0 };
		memset((uint8_t *)t + t->bytes_off + used, 0, room_of(e->len));
		memcpy((uint8_t *)t + t->bytes_off + used, e->name, e->len);
		if (e->len > 16)
			t->byte16[e->name[16] / 64] |= 1ULL << e->name[16] % 64;
		used += room_of(e->len);
	}
	return t;
}

int64_t names_find(const struct names *t, const void *name, size_t len)
{
	const struct slot *s;
	uint64_t hash;

	if (!t || len == 0 || len > NAME_MAX_LEN)
		return -1;
	s = find(t, name, len, &hash);
	return s->len != 0 ? (int64_t)s->value : -1;
}

int64_t names_find_key(const struct names *t, const struct name_key *key)
{
	const struct slot *s;

	if (!t)
		return -1;
	s = find_key(t, key, hash_key(t, key));
	return s->len != 0 ? (int64_t)s->value : -1;
}

bool names_may_have(const struct names *t, uint8_t byte16)
{
	return t && (t->byte16[byte16 / 64] >> byte16 % 64 & 1);
}
