/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each transport has SRV records of its own, which mostly name the same hosts. Servers are told
 * apart by address and port; only for TLS, whose port is another, the address alone decides.
 */
#include "control/fleet/expand.h"

#define TIER_MOST 255u
#define WEIGHT_MOST 65535u
#define SHARES 5040u /* what 1 to 10 addresses of a host divide without a remainder */

/* A server on its way. */
struct draft {
	struct expand_server *server;
	uint32_t priority;
	uint64_t weight; /* in SHARES; of SRV records */
};

struct drafts {
	const struct expand_name *name;
	struct expand_server *out;
	struct draft v[DNS_TARGETS_MAX];
	uint32_t n;
};

static bool reachable(const struct expand_name *name, const struct dns_target *t)
{
	return name->families & (ip_is_v4(&t->at.ip) ? EXPAND_IPV4 : EXPAND_IPV6);
}

/* How many addresses that can be reached the host of target @i of @found has. */
static uint32_t shares(const struct drafts *d, const struct expand_found *found, uint32_t i)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < found->n; k++)
		n += found->v[k].host == found->v[i].host && reachable(d->name, &found->v[k]);
	return n;
}

/* The server at which target @t is one more transport, or NULL. */
static struct draft *find(struct drafts *d, const struct dns_target *t)
{
	for (uint32_t i = 0; i < d->n; i++) {
		struct expand_server *s = d->v[i].server;

		if (t->transport == SIP_TLS ? ip_equal(&s->at.ip, &t->at.ip) && !s->tls_port
					    : endpoint_equal(&s->at, &t->at))
			return &d->v[i];
	}
	return NULL;
}

static void take(struct drafts *d, const struct dns_target *t, uint32_t share)
{
	struct draft *one = find(d, t);

	if (!one) {
		if (d->n == DNS_TARGETS_MAX)
			return;
		one = &d->v[d->n];
		*one = (struct draft){ &d->out[d->n], t->priority,
				       (uint64_t)t->weight * SHARES / share };
		*one->server = (struct expand_server){ .at = t->at };
		d->n++;
	}
	one->priority = t->priority < one->priority ? t->priority : one->priority;
	if (d->name->port) {
		one->server->transports = d->name->transports;
		one->server->tls_port = d->name->tls_port;
		return;
	}
	one->server->transports |= 1u << t->transport;
	if (t->transport == SIP_TLS)
		one->server->tls_port = t->at.port;
}

/* --- weights and tiers ------------------------------------------------------------------- */

static uint64_t divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Makes weights of the servers of one priority; weight 0 beside others is hardly any (RFC 2782). */
static void weigh(struct drafts *d, uint32_t priority)
{
	uint64_t common = 0, most = 0;

	for (uint32_t i = 0; i < d->n; i++) {
		struct draft *one = &d->v[i];

		if (one->priority != priority)
			continue;
		if (one->weight == 0)
			one->weight = SHARES / 16;
		common = divisor(one->weight, common);
		most = one->weight > most ? one->weight : most;
	}
	for (uint32_t i = 0; i < d->n; i++) {
		uint64_t whole = d->v[i].weight / (common ? common : 1) * d->name->weight;
		uint64_t largest = most / (common ? common : 1) * d->name->weight;

		if (d->v[i].priority != priority)
			continue;
		if (largest > WEIGHT_MOST) {
			whole = whole * WEIGHT_MOST / largest;
			whole = whole ? whole : 1;
		}
		d->v[i].server->weight = (uint32_t)whole;
	}
}

/* Gives each priority its tier. */
static void rank(struct drafts *d)
{
	uint32_t tier = d->name->tier, next = 0;

	while (next != UINT32_MAX) {
		uint32_t priority = UINT32_MAX;

		for (uint32_t i = 0; i < d->n; i++) {
			if (d->v[i].priority >= next && d->v[i].priority < priority)
				priority = d->v[i].priority;
		}
		if (priority == UINT32_MAX)
			return;
		for (uint32_t i = 0; i < d->n; i++) {
			if (d->v[i].priority == priority)
				d->v[i].server->tier = tier < TIER_MOST ? tier : TIER_MOST;
		}
		weigh(d, priority);
		next = priority + 1;
		tier++;
	}
}

uint32_t expand(const struct expand_name *name, const struct expand_found *found, uint32_t n_found,
		struct expand_server out[DNS_TARGETS_MAX])
{
	struct drafts d = { .name = name, .out = out };
	bool srv = false;

	for (uint32_t i = 0; i < n_found; i++)
		srv = srv || (found[i].n && !found[i].v[0].plain);
	for (uint32_t i = 0; i < n_found; i++) {
		for (uint32_t k = 0; k < found[i].n; k++) {
			struct dns_target t = found[i].v[k];

			/* Only the configuration knows the port for TLS of a host itself. */
			if (t.plain && t.transport == SIP_TLS && name->tls_port)
				t.at.port = name->tls_port;
			/* A transport without SRV records where others have some is not offered. */
			if (reachable(name, &t) && !(srv && t.plain))
				take(&d, &t, shares(&d, &found[i], k));
		}
	}
	rank(&d);
	return d.n;
}
