/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table. It is searched from end to end: at most 4096 entries, on a path that the workers limit
 * to real errors about packets of ours.
 */
#include "control/network/pmtu.h"

/* The value that is believed: 0 = none. */
static uint32_t believe(const struct ip *ip, uint32_t mtu, uint32_t limit)
{
	if (ip_is_v4(ip)) {
		if (mtu < PMTU_LEAST_V4)
			return 0;
		mtu = mtu < PMTU_MIN_V4 ? PMTU_MIN_V4 : mtu;
	} else if (mtu < PMTU_MIN_V6) {
		return 0;
	}
	return mtu < limit ? mtu : 0;
}

static struct pmtu_entry *find(struct pmtu_table *t, const struct ip *ip)
{
	for (uint32_t i = 0; i < t->n; i++) {
		if (ip_equal(&t->v[i].ip, ip))
			return &t->v[i];
	}
	return NULL;
}

/* A new entry, in the place of the oldest if there is no room. */
static struct pmtu_entry *add(struct pmtu_table *t)
{
	struct pmtu_entry *oldest = &t->v[0];

	if (t->n < PMTU_MAX)
		return &t->v[t->n++];
	for (uint32_t i = 1; i < t->n; i++) {
		if (t->v[i].at_ms < oldest->at_ms)
			oldest = &t->v[i];
	}
	return oldest;
}

bool pmtu_learn(struct pmtu_table *t, const struct ip *ip, uint32_t mtu, uint32_t limit,
		uint64_t now_ms)
{
	struct pmtu_entry *e;

	mtu = believe(ip, mtu, limit);
	if (mtu == 0)
		return false;
	e = find(t, ip);
	if (e && mtu >= e->mtu) {
		if (mtu == e->mtu)
			e->at_ms = now_ms;
		return false;
	}
	if (!e)
		e = add(t);
	*e = (struct pmtu_entry){ *ip, mtu, now_ms };
	return true;
}

bool pmtu_expire(struct pmtu_table *t, uint64_t now_ms)
{
	uint32_t kept = 0, before = t->n;

	for (uint32_t i = 0; i < before; i++) {
		if (now_ms - t->v[i].at_ms < PMTU_LIFE_MS)
			t->v[kept++] = t->v[i];
	}
	t->n = kept;
	return kept != before;
}

uint32_t pmtu_list(const struct pmtu_table *t, struct fib_pmtu *out)
{
	for (uint32_t i = 0; i < t->n; i++)
		out[i] = (struct fib_pmtu){ t->v[i].ip, t->v[i].mtu };
	return t->n;
}
