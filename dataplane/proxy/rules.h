/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules (routes of the file) of a world: which one takes a request, and why others do not.
 *
 * The first rule wins whose conditions all hold. A few rules are asked one by one. Of many, each
 * condition of the request is looked up by itself, the rules that it allows come as a set of bits,
 * and the first bit that all three sets have is the rule (Lakshman and Stiliadis, SIGCOMM 1998): as
 * good as the same cost for ten rules and for ten thousand. Both ways give the same answer.
 */
#pragma once

#include "dataplane/proxy/world.h"

#include <stddef.h>

#define RULES_WALKED 8 /* up to so many are asked one by one */

/* What of a request a rule does not take. */
enum rule_miss { RULE_TAKES, RULE_NOT_METHOD, RULE_NOT_SOURCE, RULE_NOT_DOMAIN };

/** Whether rule @r takes request @m from @src, or the first condition that does not hold. */
enum rule_miss rule_try(const struct rule *r, const struct sip_msg *m, const struct ip *src);

/** Index of the first rule that takes request @m from @src, or WORLD_NONE. */
uint16_t rules_find(const struct world *w, const struct sip_msg *m, const struct ip *src);

/* How much there is to index. */
struct rules_counts {
	uint32_t rules;
	uint32_t methods, domains, sources; /* conditions in all; methods: those by name */
	size_t bytes;                       /* of the names of methods and domains */
};

/** Adds what rule @r holds to @counts. */
void rules_count(const struct rule *r, struct rules_counts *counts);

/** Bytes that an index of @counts needs. They grow with the conditions, not with their product. */
size_t rules_index_size(const struct rules_counts *counts);

/** Bytes of scratch that making it takes. */
size_t rules_scratch_size(const struct rules_counts *counts);

/**
 * Lets the @n rules at @rules be looked up in world @w: walked, or by an index made in @mem
 * (rules_index_size() bytes, aligned to 64, which must live as long as @rules). @scratch:
 * rules_scratch_size() bytes, aligned to 64. Neither is needed for RULES_WALKED rules or less. Not
 * for the packet path. Deterministic. Needs w->keys.
 */
void rules_use(struct world *w, const struct rule *rules, uint16_t n, void *mem, void *scratch);
