/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys are hashes already: their low bits choose the set.
 */
#include "control/dns/dns_asked.h"

uint64_t dns_asked_at(const struct dns_asked *a, uint64_t key, uint64_t since_ms)
{
	const struct dns_asked_slot *set = a->v[key % DNS_ASKED_SETS];

	for (uint32_t i = 0; i < DNS_ASKED_WAYS; i++) {
		if (set[i].key == key && set[i].ms >= since_ms)
			return set[i].ms;
	}
	return 0;
}

void dns_asked_note(struct dns_asked *a, uint64_t key, uint64_t since_ms, uint64_t now_ms)
{
	struct dns_asked_slot *set = a->v[key % DNS_ASKED_SETS], *oldest = &set[0];

	for (uint32_t i = 0; i < DNS_ASKED_WAYS; i++) {
		if (set[i].key == key && set[i].ms >= since_ms)
			return;
		if (set[i].key == key) {
			set[i].ms = now_ms;
			return;
		}
		if (set[i].ms < oldest->ms)
			oldest = &set[i];
	}
	*oldest = (struct dns_asked_slot){ key, now_ms };
}
