/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds lab worlds (lab.h). One function for each part of struct world, each reading one list of
 * struct lab. Memory is never given back: a lab lives as long as its program.
 */
#include "bench/lab.h"

#include "dataplane/proxy/own.h"
#include "dataplane/proxy/rules.h"
#include "dataplane/proxy/servers.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(list, member) \
	count((list), sizeof((list)[0]), offsetof(__typeof__((list)[0]), member))

/* One array of the entries of @list in place and those of more_@list of @from; their number goes to
 * @n. */
#define JOIN(from, list, member, n)                                          \
	join((from)->list, COUNT((from)->list, member), (from)->more_##list, \
	     (from)->n_more_##list, sizeof((from)->list[0]), (n))

static void lab_fail(const char *what, const char *text)
{
	fprintf(stderr, "lab: %s: %s\n", what, text);
	exit(2);
}

/* A block that stays; all of them hang on one chain, so that no leak checker takes them for lost.
 */
static void *lab_alloc(size_t size)
{
	static uint8_t *chain;
	size_t room = (size + 2 * 64 - 1) & ~(size_t)63;
	uint8_t *block = aligned_alloc(64, room);

	if (!block)
		lab_fail("memory", "none left");
	memset(block, 0, room);
	memcpy(block, &chain, sizeof(chain));
	chain = block;
	return block + 64;
}

/* Entries up to the first whose pointer at @offset is NULL. */
static uint16_t count(const void *list, size_t size, size_t offset)
{
	uint16_t n = 0;

	for (const char *p = list; n < LAB_MAX; n++, p += size) {
		const void *field;

		memcpy(&field, p + offset, sizeof(field));
		if (!field)
			break;
	}
	return n;
}

static const void *join(const void *list, uint32_t n_list, const void *more, uint32_t n_more,
			size_t size, uint32_t *n)
{
	uint8_t *all;

	*n = n_list + n_more;
	if (n_more == 0)
		return list;
	all = lab_alloc(*n * size);
	memcpy(all, list, n_list * size);
	memcpy(all + n_list * size, more, n_more * size);
	return all;
}

struct endpoint lab_endpoint(const char *text)
{
	struct endpoint e = { .port = 0 };
	const char *colon = strrchr(text, ':');
	size_t n = strlen(text);

	/* One colon, or the one after a bracket, starts a port. */
	if (colon && (strchr(text, ':') == colon || colon[-1] == ']')) {
		e.port = (uint16_t)strtoul(colon + 1, NULL, 10);
		n = (size_t)(colon - text);
	}
	if (!ip_parse((const uint8_t *)text, n, &e.ip))
		lab_fail("not an address", text);
	return e;
}

static struct prefix lab_prefix(const char *text)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	struct prefix p = { .len = 128 };

	if (!ip_parse((const uint8_t *)text, n, &p.ip))
		lab_fail("not a prefix", text);
	if (slash)
		p.len = (uint8_t)(strtoul(slash + 1, NULL, 10) + (ip_is_v4(&p.ip) ? 96 : 0));
	return p;
}

static void set_text(struct world_text *t, const char *a, const char *b, const char *c)
{
	t->len = (uint16_t)snprintf(t->s, sizeof(t->s), "%s%s%s", a, b, c);
}

/* The 18 bytes that name an endpoint, as in the tables of world.h. */
static void endpoint_bytes(const struct endpoint *e, uint8_t *out)
{
	memcpy(out, e->ip.b, 16);
	out[16] = (uint8_t)(e->port >> 8);
	out[17] = (uint8_t)e->port;
}

static void build_listeners(const struct lab *lab, struct world *w)
{
	uint16_t n = COUNT(lab->listeners, address);
	struct listener *l = lab_alloc(n * sizeof(*l));

	for (uint16_t i = 0; i < n; i++) {
		const struct lab_listener *from = &lab->listeners[i];
		const char *sent_by = from->advertise ? from->advertise : from->address;
		uint8_t bytes[18];

		l[i].addr = lab_endpoint(from->address);
		l[i].iface = from->iface;
		l[i].transports = from->transports ? from->transports : WORLD_UDP;
		endpoint_bytes(&l[i].addr, bytes);
		l[i].id = (uint32_t)maglev_id(&w->keys, bytes, sizeof(bytes));
		set_text(&l[i].sent_by, sent_by, "", "");
		set_text(&l[i].via[SIP_UDP], "Via: SIP/2.0/UDP ", sent_by, ";branch=");
		set_text(&l[i].via[SIP_TCP], "Via: SIP/2.0/TCP ", sent_by, ";branch=");
		set_text(&l[i].via[SIP_TLS], "Via: SIP/2.0/TLS ", sent_by, ";alias;branch=");
		set_text(&l[i].rr[SIP_UDP], "<sip:", sent_by, ";lr;vt=");
		set_text(&l[i].rr[SIP_TCP], "<sip:", sent_by, ";transport=tcp;lr;vt=");
		set_text(&l[i].rr[SIP_TLS], "<sip:", sent_by, ";transport=tls;lr;vt=");
		set_text(&l[i].rr[WORLD_RR_SIPS], "<sips:", sent_by, ";lr;vt=");
		set_text(&l[i].name, from->address, "", "");
	}
	w->listeners = l;
	w->n_listeners = n;
}

/* A table of names under construction. */
struct name_list {
	struct name_entry e[4 * LAB_MAX]; /* listeners, domains and hosts have no more_ list */
	uint32_t n;
	size_t bytes;
};

static void name_add(struct name_list *l, const void *bytes, size_t n, uint32_t value)
{
	uint8_t *copy = lab_alloc(n);

	memcpy(copy, bytes, n);
	l->e[l->n++] = (struct name_entry){ .name = copy, .len = (uint16_t)n, .value = value };
	l->bytes += n;
}

static const struct names *name_build(const struct name_list *l, const struct keys *k)
{
	return names_build(lab_alloc(names_size(l->n, l->bytes)), k, l->e, l->n);
}

static void add_domain(struct name_list *own, const char *domain)
{
	uint8_t key[OWN_KEY_MAX];
	size_t n = strlen(domain);
	struct ip ip;

	n = ip_parse((const uint8_t *)domain, n, &ip) ? own_key_domain_ip(key, &ip)
						      : own_key_domain(key, domain, n);
	name_add(own, key, n, own_value(OWN_DOMAIN, 0));
}

static void add_listener(struct name_list *own, const struct listener *l, const char *advertise,
			 uint16_t index)
{
	const char *colon = advertise ? strrchr(advertise, ':') : NULL;
	uint8_t key[OWN_KEY_MAX];
	size_t n = own_key_listener(key, &l->addr.ip, l->addr.port);

	name_add(own, key, n, own_value(OWN_LISTENER, index + 1u));
	if (!colon)
		return;
	n = own_key_advertised(key, advertise, (size_t)(colon - advertise),
			       (uint16_t)strtoul(colon + 1, NULL, 10));
	name_add(own, key, n, own_value(OWN_LISTENER, 0));
}

/* Which server an address is. Not for worlds of thousands, where nobody asks. */
static void build_servers(struct world *w)
{
	struct name_list servers = { .n = 0 };

	if (w->n_backends > 4 * LAB_MAX)
		return;
	for (uint16_t i = 0; i < w->n_backends; i++) {
		uint8_t key[SERVERS_KEY_MAX];
		uint16_t k = 0;

		while (!endpoint_equal(&w->backends[k].addr, &w->backends[i].addr))
			k++;
		servers_key(key, &w->backends[i].addr);
		if (k == i)
			name_add(&servers, key, sizeof(key), i);
	}
	w->servers = name_build(&servers, &w->keys);
}

static void build_names(const struct lab *lab, struct world *w)
{
	struct name_list own = { .n = 0 }, ids = { .n = 0 }, hosts = { .n = 0 };
	uint16_t n_hosts = COUNT(lab->hosts, name);
	struct ip *ips = lab_alloc((n_hosts + 1u) * sizeof(*ips));

	for (uint16_t i = 0; i < w->n_listeners; i++) {
		const struct listener *l = &w->listeners[i];

		add_listener(&own, l, lab->listeners[i].advertise, i);
		w->advertises_names |= lab->listeners[i].advertise != NULL;
		name_add(&ids, &l->id, sizeof(l->id), i);
	}
	for (uint16_t i = 0; i < LAB_MAX && lab->domains[i]; i++)
		add_domain(&own, lab->domains[i]);
	for (uint16_t i = 0; i < n_hosts; i++) {
		ips[i] = lab_endpoint(lab->hosts[i].address).ip;
		name_add(&hosts, lab->hosts[i].name, strlen(lab->hosts[i].name), i);
	}
	w->own = name_build(&own, &w->keys);
	w->listener_ids = name_build(&ids, &w->keys);
	w->hosts = name_build(&hosts, &w->keys);
	w->host_ips = ips;
}

static void build_backends(const struct lab *lab, struct world *w)
{
	uint32_t n_pools, room = 0;
	const struct lab_pool *pools = JOIN(lab, pools, name, &n_pools);
	struct pool *p = lab_alloc(n_pools * sizeof(*p));
	struct backend *b;

	for (uint32_t i = 0; i < n_pools; i++)
		room += COUNT(pools[i].backends, name) + pools[i].n_more_backends;
	b = lab_alloc(room * sizeof(*b));
	w->n_pools = (uint16_t)n_pools;
	for (uint16_t i = 0; i < w->n_pools; i++) {
		const struct lab_pool *from = &pools[i];
		uint16_t *members;
		uint32_t n;
		const struct lab_backend *backends = JOIN(from, backends, name, &n);

		p[i].name = from->name;
		p[i].key.kind = from->key;
		if (from->header) {
			p[i].key.header_len = (uint8_t)strlen(from->header);
			memcpy(p[i].key.header, from->header, p[i].key.header_len);
		}
		members = lab_alloc(n * sizeof(*members));
		p[i].members = members;
		p[i].n_members = (uint16_t)n;
		for (uint16_t j = 0; j < p[i].n_members; j++) {
			const struct lab_backend *source = &backends[j];
			struct backend *to = &b[w->n_backends];

			to->addr = lab_endpoint(source->address);
			to->pool = i;
			to->transports = source->transports ? source->transports : WORLD_UDP;
			to->tls_port = to->transports == WORLD_TLS ? to->addr.port : 5061;
			to->state = source->state;
			to->tier = source->tier;
			to->weight = source->weight ? source->weight : 1;
			to->name = source->name;
			members[j] = w->n_backends++;
		}
	}
	w->pools = p;
	w->backends = b;
}

/* The table over the live backends of the lowest live tier. */
static void build_table(struct world *w, struct pool *p)
{
	struct maglev_server *servers = lab_alloc(p->n_members * sizeof(*servers));
	uint16_t *table = lab_alloc(MAGLEV_SIZE * sizeof(*table));
	uint8_t tier = UINT8_MAX;

	for (uint16_t i = 0; i < p->n_members; i++) {
		const struct backend *b = &w->backends[p->members[i]];

		if (b->state == BACKEND_UP && b->tier < tier)
			tier = b->tier;
	}
	for (uint16_t i = 0; i < p->n_members; i++) {
		const struct backend *b = &w->backends[p->members[i]];

		if (b->state != BACKEND_UP || b->tier != tier)
			continue;
		servers[p->n_live++] = (struct maglev_server){
			.id = maglev_id(&w->keys, b->name, strlen(b->name)),
			.weight = b->weight,
			.index = p->members[i],
		};
	}
	maglev_build(table, MAGLEV_SIZE, servers, p->n_live, lab_alloc(maglev_scratch(p->n_live)));
	p->table = table;
	p->table_size = MAGLEV_SIZE;
}

static void build_domain(const char *text, struct domain_match *d)
{
	d->suffix = text[0] == '*';
	d->text = (const uint8_t *)text + d->suffix;
	d->len = (uint16_t)(strlen(text) - d->suffix);
	d->is_ip = !d->suffix && ip_parse(d->text, d->len, &d->ip);
}

static uint16_t pool_index(const struct world *w, const char *name)
{
	for (uint16_t i = 0; i < w->n_pools; i++) {
		if (strcmp(w->pools[i].name, name) == 0)
			return i;
	}
	lab_fail("no such pool", name);
	return WORLD_NONE;
}

static void use_rules(struct world *w, const struct rule *rules, uint16_t n)
{
	struct rules_counts counts = { .rules = 0 };
	void *scratch;

	for (uint16_t i = 0; i < n; i++)
		rules_count(&rules[i], &counts);
	scratch = aligned_alloc(64, rules_scratch_size(&counts) + 64);
	if (!scratch)
		lab_fail("memory", "none left");
	rules_use(w, rules, n, lab_alloc(rules_index_size(&counts)), scratch);
	free(scratch);
}

static void build_rules(const struct lab *lab, struct world *w)
{
	uint32_t n;
	const struct lab_rule *rules = JOIN(lab, rules, pool, &n);
	struct rule *r = lab_alloc(n * sizeof(*r));

	for (uint32_t i = 0; i < n; i++) {
		const struct lab_rule *from = &rules[i];

		r[i].methods = from->methods;
		r[i].pool = pool_index(w, from->pool);
		if (from->method_name) {
			struct method_match *m = lab_alloc(sizeof(*m));

			m->name = from->method_name;
			m->len = (uint16_t)strlen(from->method_name);
			r[i].method_names = m;
			r[i].n_method_names = 1;
		}
		if (from->domain) {
			struct domain_match *d = lab_alloc(sizeof(*d));

			build_domain(from->domain, d);
			r[i].domains = d;
			r[i].n_domains = 1;
		}
		if (from->source) {
			struct prefix *p = lab_alloc(sizeof(*p));

			*p = lab_prefix(from->source);
			r[i].sources = p;
			r[i].n_sources = 1;
		}
	}
	use_rules(w, r, (uint16_t)n);
}

static const struct fib *fib_of(uint64_t seed, const struct fib_route *r, uint32_t n_routes,
				const struct fib_neighbor *nb, uint32_t n_neighbors)
{
	void *mem = lab_alloc(fib_size(n_routes, n_neighbors, 0));

	return fib_build(mem, seed, r, n_routes, nb, n_neighbors, NULL, 0);
}

static void build_trusted(const struct lab *lab, struct world *w)
{
	struct fib_route *r = lab_alloc((LAB_MAX + w->n_backends) * sizeof(*r));
	uint32_t n = 0;

	for (; n < LAB_MAX && lab->trusted[n]; n++) {
		struct prefix p = lab_prefix(lab->trusted[n]);

		r[n] = (struct fib_route){ .prefix = p.ip, .len = p.len };
	}
	for (uint16_t i = 0; i < w->n_backends; i++)
		r[n++] = (struct fib_route){ .prefix = w->backends[i].addr.ip, .len = 128 };
	w->trusted = fib_of(1, r, n, NULL, 0);
}

static void fill_routes(const struct lab_route *routes, uint32_t n, struct fib_route *out)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct lab_route *from = &routes[i];
		struct prefix p = lab_prefix(from->prefix);

		out[i] = (struct fib_route){
			.prefix = p.ip, .len = p.len, .kind = from->kind, .iface = from->iface
		};
		if (from->gateway)
			out[i].gateway = lab_endpoint(from->gateway).ip;
	}
}

static const struct fib *build_fib(const struct lab *lab, const struct world *w)
{
	uint32_t n_routes, n_neighbors;
	const struct lab_route *routes = JOIN(lab, routes, prefix, &n_routes);
	const struct lab_neighbor *neighbors = JOIN(lab, neighbors, address, &n_neighbors);
	struct fib_route *r = lab_alloc((n_routes + w->n_listeners) * sizeof(*r));
	struct fib_neighbor *nb = lab_alloc(n_neighbors * sizeof(*nb));

	fill_routes(routes, n_routes, r);
	for (uint16_t i = 0; i < w->n_listeners; i++, n_routes++)
		r[n_routes] = (struct fib_route){ .prefix = w->listeners[i].addr.ip,
						  .len = 128,
						  .kind = FIB_LOCAL,
						  .iface = w->listeners[i].iface };
	for (uint32_t i = 0; i < n_neighbors; i++) {
		uint8_t mac[6] = { 2, 0, 0, 0, (uint8_t)((i + 1) >> 8), (uint8_t)(i + 1) };

		nb[i].ip = lab_endpoint(neighbors[i].address).ip;
		nb[i].iface = neighbors[i].iface;
		memcpy(nb[i].mac, mac, sizeof(mac));
	}
	return fib_of(2, r, n_routes, nb, n_neighbors);
}

void lab_build(const struct lab *lab, struct lab_world *out)
{
	struct world *w = &out->world;

	memset(out, 0, sizeof(*out));
	if (keys_derive(lab->secret, strlen(lab->secret), &w->keys) != 0)
		lab_fail("secret too short", lab->secret);
	build_listeners(lab, w);
	build_names(lab, w);
	build_backends(lab, w);
	build_servers(w);
	for (uint16_t i = 0; i < w->n_pools; i++)
		build_table(w, (struct pool *)&w->pools[i]);
	build_rules(lab, w);
	build_trusted(lab, w);
	w->max_breadth = lab->max_breadth;
	w->record_route = lab->record_route;
	w->preloaded_route = !lab->no_preloaded_route;
	w->draining = lab->draining;
	out->fib = build_fib(lab, w);
}
