/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rules of a world (the routes of the file), in their order, and the set of trusted sources: the
 * prefixes of the file and every backend, those included that were removed and still serve calls of
 * before, as a table of routes of which only presence counts.
 */
#include "control/config/block.h"
#include "control/world/world_parts.h"
#include "dataplane/proxy/rules.h"

#include <errno.h>

/* What there is to index of the routes of the file; never less than rules_count() finds. */
static struct rules_counts count_rules(const struct config *c)
{
	struct rules_counts counts = { .rules = c->n_routes };

	for (uint32_t i = 0; i < c->n_routes; i++) {
		const struct config_match *m = &c->routes[i].match;

		counts.methods += m->n_method;
		counts.domains += m->n_domain;
		counts.sources += m->n_source;
		for (uint32_t k = 0; k < m->n_method; k++)
			counts.bytes += strlen(m->method[k].name);
		for (uint32_t k = 0; k < m->n_domain; k++)
			counts.bytes += strlen(m->domain[k].name) + 1;
	}
	return counts;
}

size_t build_rules_size(const struct build *b)
{
	struct rules_counts counts = count_rules(b->c);
	size_t size = build_room(rules_index_size(&counts)) +
		      build_room(b->c->n_routes * sizeof(struct rule)) +
		      build_room(fib_size(b->c->n_trusted + b->overlay->n_servers, 0, 0));

	for (uint32_t i = 0; i < b->c->n_routes; i++) {
		const struct config_match *m = &b->c->routes[i].match;

		size += build_room(m->n_method * sizeof(struct method_match)) +
			build_room(m->n_domain * sizeof(struct domain_match)) +
			build_room(m->n_source * sizeof(struct prefix));
		for (uint32_t k = 0; k < m->n_method; k++)
			size += build_room(strlen(m->method[k].name) + 1);
		for (uint32_t k = 0; k < m->n_domain; k++)
			size += build_room(strlen(m->domain[k].name) + 2);
	}
	return size;
}

static void fill_methods(struct build *b, const struct config_match *m, struct rule *r)
{
	struct method_match *names = build_take(b, m->n_method * sizeof(*names));

	for (uint32_t i = 0; i < m->n_method; i++) {
		const char *name = m->method[i].name;
		size_t len = strlen(name);
		enum sip_method id =
			sip_method_of((const uint8_t *)name, span_of(0, (unsigned int)len));

		if (id != SIP_M_OTHER)
			r->methods |= 1u << id;
		else
			names[r->n_method_names++] =
				(struct method_match){ build_text(b, name, len), (uint16_t)len };
	}
	r->method_names = names;
}

static void fill_domains(struct build *b, const struct config_match *m, struct rule *r)
{
	struct domain_match *domains = build_take(b, m->n_domain * sizeof(*domains));

	for (uint32_t i = 0; i < m->n_domain; i++) {
		const struct config_domain *d = &m->domain[i];
		size_t len = strlen(d->name);
		char *text = build_take(b, len + 2);

		/* "*.example.com" is kept as the suffix ".example.com". */
		if (d->wildcard && len)
			text[0] = '.';
		memcpy(text + (d->wildcard && len), d->name, len);
		domains[i] = (struct domain_match){ (const uint8_t *)text,
						    (uint16_t)(len + (d->wildcard && len)),
						    d->wildcard, d->is_ip, d->ip };
	}
	r->domains = domains;
	r->n_domains = (uint16_t)m->n_domain;
}

static void fill_sources(struct build *b, const struct config_match *m, struct rule *r)
{
	struct prefix *sources = build_take(b, m->n_source * sizeof(*sources));

	for (uint32_t i = 0; i < m->n_source; i++)
		sources[i] = m->source[i].prefix;
	r->sources = sources;
	r->n_sources = (uint16_t)m->n_source;
}

static int fill_trusted(struct build *b)
{
	uint32_t n = b->c->n_trusted + b->overlay->n_servers;
	struct fib_route *routes = arena_alloc(&b->scratch, n * sizeof(*routes));
	void *table = build_take(b, fib_size(n, 0, 0));
	uint64_t seed;
	uint32_t k = 0;

	if (!routes)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->c->n_trusted; i++)
		routes[k++] = (struct fib_route){ .prefix = b->c->trusted[i].prefix.ip,
						  .len = b->c->trusted[i].prefix.len };
	for (uint32_t i = 0; i < b->overlay->n_servers; i++) {
		if (b->overlay->servers[i].name)
			routes[k++] = (struct fib_route){ .prefix = b->w->backends[i].addr.ip,
							  .len = 128 };
	}
	memcpy(&seed, b->w->keys.xxh, sizeof(seed));
	b->w->trusted = fib_build(table, seed, routes, k, NULL, 0, NULL, 0);
	return 0;
}

static int use_rules(struct build *b, const struct rule *rules)
{
	struct rules_counts counts = count_rules(b->c);
	void *index = build_take(b, rules_index_size(&counts));
	void *scratch = block_new(rules_scratch_size(&counts));

	if (!scratch)
		return -ENOMEM;
	rules_use(b->w, rules, (uint16_t)b->c->n_routes, index, scratch);
	block_free(scratch);
	return 0;
}

int build_rules(struct build *b)
{
	struct rule *rules = build_take(b, b->c->n_routes * sizeof(*rules));
	int rc;

	for (uint32_t i = 0; i < b->c->n_routes; i++) {
		const struct config_route *given = &b->c->routes[i];

		rules[i].pool = (uint16_t)given->pool_index;
		fill_methods(b, &given->match, &rules[i]);
		fill_domains(b, &given->match, &rules[i]);
		fill_sources(b, &given->match, &rules[i]);
	}
	rc = use_rules(b, rules);
	return rc ? rc : fill_trusted(b);
}
