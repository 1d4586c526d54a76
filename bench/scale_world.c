/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Worlds of any size (scale.h), out of lab.h.
 */
#include "bench/scale.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define POOL_BACKENDS 4
#define TEXT 48 /* bytes of a name or an address */

static void *must_alloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p) {
		fprintf(stderr, "scale: no memory\n");
		exit(2);
	}
	return p;
}

__attribute__((format(printf, 1, 2))) static const char *text(const char *format, ...)
{
	char *t = must_alloc(TEXT);
	va_list args;

	va_start(args, format);
	vsnprintf(t, TEXT, format, args);
	va_end(args);
	return t;
}

/* What all of these worlds share with messages_world(). */
static struct lab *base(void)
{
	static const struct lab common = {
		.secret = "the secret of all benches",
		.listeners = { { .address = "203.0.113.1:5060", .iface = 0 },
			       { .address = "10.20.0.1:5060", .iface = 1 } },
		.domains = { "sip.carrier.example", "ims.carrier.example", "voice.carrier.example",
			     "reg.carrier.example" },
		.trusted = { "198.51.100.0/24", "192.0.2.0/24" },
		.routes = { { "203.0.113.0/24", 0, FIB_UNICAST, NULL },
			    { "10.0.0.0/8", 1, FIB_UNICAST, NULL },
			    { "0.0.0.0/0", 0, FIB_UNICAST, "203.0.113.254" } },
		.neighbors = { { "203.0.113.254", 0 } },
		.record_route = true,
	};
	struct lab *lab = must_alloc(sizeof(*lab));

	*lab = common;
	return lab;
}

static const struct lab_world *build(const struct lab *lab)
{
	struct lab_world *w = must_alloc(sizeof(*w));

	lab_build(lab, w);
	return w;
}

/* @n backends from address @first of 10.20.0.0/16 on, and their neighbour entries. */
static void add_backends(struct lab_backend *b, struct lab_neighbor *nb, uint32_t n, uint32_t first)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t host = first + i;
		const char *ip = text("10.20.%u.%u", host >> 8, host & 255);

		b[i] = (struct lab_backend)LAB_SERVER(text("server%u", host), text("%s:5060", ip));
		nb[i] = (struct lab_neighbor){ ip, 1 };
	}
}

static void one_pool(struct lab *lab, uint32_t n)
{
	struct lab_backend *b = must_alloc(n * sizeof(*b));
	struct lab_neighbor *nb = must_alloc(n * sizeof(*nb));

	add_backends(b, nb, n, 11);
	lab->pools[0].name = "core";
	lab->pools[0].more_backends = b;
	lab->pools[0].n_more_backends = n;
	lab->more_neighbors = nb;
	lab->n_more_neighbors = n;
}

const struct lab_world *scale_world_backends(uint32_t n)
{
	struct lab *lab = base();

	one_pool(lab, n);
	lab->rules[0].pool = "core";
	return build(lab);
}

struct endpoint scale_source(uint32_t pool)
{
	struct endpoint e = lab_endpoint("198.18.0.9:5060");

	e.ip.b[13] = (uint8_t)(18 + (pool >> 8));
	e.ip.b[14] = (uint8_t)pool;
	return e;
}

const struct lab_world *scale_world_pools(uint32_t n)
{
	struct lab *lab = base();
	struct lab_pool *pools = must_alloc(n * sizeof(*pools));
	struct lab_rule *rules = must_alloc(n * sizeof(*rules));
	struct lab_backend *b = must_alloc(n * POOL_BACKENDS * sizeof(*b));
	struct lab_neighbor *nb = must_alloc(n * POOL_BACKENDS * sizeof(*nb));

	add_backends(b, nb, n * POOL_BACKENDS, 11);
	for (uint32_t i = 0; i < n; i++) {
		pools[i].name = text("pool%u", i);
		pools[i].more_backends = b + i * POOL_BACKENDS;
		pools[i].n_more_backends = POOL_BACKENDS;
		rules[i].pool = pools[i].name;
		rules[i].source = text("198.%u.%u.0/24", 18 + (i >> 8), i & 255);
	}
	lab->more_pools = pools;
	lab->more_rules = rules;
	lab->n_more_pools = lab->n_more_rules = n;
	lab->more_neighbors = nb;
	lab->n_more_neighbors = n * POOL_BACKENDS;
	return build(lab);
}

const struct lab_world *scale_world_rules(uint32_t n, enum scale_match match)
{
	struct lab *lab = base();
	struct lab_rule *rules = must_alloc(n * sizeof(*rules));

	one_pool(lab, SCALE_CORE_BACKENDS);
	for (uint32_t i = 0; i < n; i++)
		rules[i].pool = "core";
	for (uint32_t i = 0; i + 1 < n; i++) {
		if (match == SCALE_BY_DOMAIN)
			rules[i].domain = text("sip.carrier%04u.example", i);
		else
			rules[i].source = text("198.%u.%u.0/24", 18 + (i >> 8 & 1), i & 255);
	}
	lab->more_rules = rules;
	lab->n_more_rules = n;
	return build(lab);
}
