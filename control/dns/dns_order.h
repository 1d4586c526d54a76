/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of equal choices for a stateless proxy (RFC 3263 4.4): where RFC 2782 draws by weight,
 * a hash of what a transaction keeps decides. Weighted rendezvous: each choice has a score of its
 * own for each key, so weights hold over many keys, and a choice that goes or comes moves only the
 * keys that it had or gets. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** The score of the choice named by the @n bytes at @p under @key: the smallest is taken first.
 * Weight 0: hardly ever before one that has weight (RFC 2782). */
double dns_score(uint64_t key, const void *p, size_t n, uint16_t weight);
