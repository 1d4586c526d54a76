/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inside of an index of rules: one block of memory, written once by rules_build.c and then only
 * read, by any number of workers. For rules_build.c and rules.c alone.
 *
 *   struct rule_index | set numbers by entry | sets | tables of methods, domains, sources
 *
 * A set says which rules one value of a condition allows: bit i = rule i. Most values occur in a
 * few rules of thousands, so only words that are not 0 are kept:
 *
 *   +--------+----------+------+----------+------+-----+------+------+-----+
 *   | parent | summary  | base | summary  | base | ... | word | word | ... |     64 bits each
 *   +--------+----------+------+----------+------+-----+------+------+-----+
 *             of 4,096 rules    of the next
 *
 * Bit b of summary s: word 64 * s + b is kept; it stands at base + the number of summary bits below
 * b. What else a value allows is in the parent, and in its parent: of 10.1.0.0/16 that is
 * 10.0.0.0/8, of "a.example.com" it is "*.example.com", of a method the rules for any. Copying the
 * parents into each set would save some loads, and cost memory that grows with rules times values;
 * so it grows with the file.
 *
 * Rules for any host and those for any source are two sets apart. Where a file has many of both,
 * these have bits in the same words and seldom one in common, and each request would walk through
 * all words; so the first rule of the method for any host and any source is worked out beforehand,
 * and stands in the upper half of the word for the parent.
 */
#pragma once

#include "dataplane/proxy/rules.h"

#define RULES_PER_SUMMARY 4096u

/* Last byte of a key of the domain table. */
enum rule_key { RULE_KEY_NAME = 'n', RULE_KEY_SUFFIX = 's', RULE_KEY_IP = 'i' };

#define RULE_NAME_MAX (NAME_MAX_LEN - 1) /* longest name that has a key */

struct rule_index {
	const uint64_t *sets; /* numbers of sets are places in here; 0 = none */
	uint32_t n_summaries;
	uint32_t method[SIP_N_METHODS]; /* set of each method; of OTHER: of those that no rule names
					 */
	uint32_t any_domain, any_source; /* sets of rules without such a condition; 0 = none */
	unsigned int most_dots;          /* of a suffix */
	const struct names *methods;     /* name -> entry; NULL = none, and so below */
	const struct names *domains;     /* key -> entry */
	const struct fib *sources;       /* prefix -> entry */
	const uint32_t *method_set, *domain_set, *source_set; /* by entry */
};

/** Number of the set of the domain with the key of @len bytes at @key, or 0. */
static inline uint32_t rule_domain_set(const struct rule_index *x, const uint8_t *key, size_t len)
{
	int64_t entry = names_find(x->domains, key, len);

	return entry < 0 ? 0 : x->domain_set[entry];
}

/** Summary @s of set @at and its parents. */
static inline uint64_t rule_set_summary(const uint64_t *sets, uint32_t at, uint32_t s)
{
	uint64_t all = 0;

	for (; at; at = (uint32_t)sets[at])
		all |= sets[at + 1 + 2 * s];
	return all;
}

/** Word @b of summary @s of the same. */
static inline uint64_t rule_set_word(const uint64_t *sets, uint32_t at, uint32_t s, unsigned int b)
{
	uint64_t all = 0;

	for (; at; at = (uint32_t)sets[at]) {
		uint64_t sum = sets[at + 1 + 2 * s];
		uint64_t below = sum & ((UINT64_C(1) << b) - 1);

		if (sum >> b & 1)
			all |= sets[at + sets[at + 2 + 2 * s] +
				    (uint32_t)__builtin_popcountll(below)];
	}
	return all;
}

/** The first rule of the method with set @at for any host and any source; WORLD_NONE = none. */
static inline uint32_t rule_set_open(const uint64_t *sets, uint32_t at)
{
	return at ? (uint32_t)(sets[at] >> 32) : WORLD_NONE;
}
