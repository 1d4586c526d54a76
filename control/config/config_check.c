/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks across sections: what must be unique, what must refer to something, what must not collide.
 *
 * Runs over the whole configuration even after faults, so that all are reported at once; what could
 * not be read is zero or NULL and is passed over.
 */
#include "control/config/config_reader.h"
#include "control/config/config_set.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct endpoint) == 18, "endpoints are compared as bytes");

static bool is_set(const struct ip *ip)
{
	static const struct ip none;

	return !ip_equal(ip, &none);
}

static bool set_init(struct config_reader *r, struct config_set *s, uint32_t n)
{
	if (config_set_init(s, &r->scratch, n) < 0)
		r->no_memory = true;
	return !r->no_memory;
}

/* Adds @text to @s; faults if it is there already. NULL is passed over. */
static void put_text(struct config_reader *r, struct config_set *s, const char *key,
		     const char *text, struct config_mark mark)
{
	const struct config_set_slot *first =
		text ? config_set_put(s, text, strlen(text), mark) : NULL;
	char shown[CONFIG_SHOWN];

	if (first)
		config_fault(r, mark, "%s: \"%s\" is used twice; first at line %u", key,
			     config_show(shown, text, strlen(text)), first->mark.line);
}

static void put_ip(struct config_reader *r, struct config_set *s, const char *key,
		   const struct ip *ip, struct config_mark mark)
{
	const struct config_set_slot *first =
		is_set(ip) ? config_set_put(s, ip, sizeof(*ip), mark) : NULL;
	char shown[CONFIG_SHOWN];

	if (first)
		config_fault(r, mark, "%s: %s is used twice; first at line %u", key,
			     config_show_ip(shown, ip), first->mark.line);
}

static void check_neighbors(struct config_reader *r, const struct config_interface *i)
{
	struct config_set set;

	if (!set_init(r, &set, i->n_neighbors))
		return;
	for (uint32_t k = 0; k < i->n_neighbors; k++)
		put_ip(r, &set, "address", &i->neighbors[k].address,
		       i->neighbors[k].at[CK_neighbor_address]);
}

static void check_interfaces(struct config_reader *r, const struct config *c,
			     struct config_set *ips)
{
	struct config_set names, devices;

	if (!set_init(r, &names, c->n_interfaces) || !set_init(r, &devices, c->n_interfaces))
		return;
	for (uint32_t k = 0; k < c->n_interfaces && !r->no_memory; k++) {
		const struct config_interface *i = &c->interfaces[k];

		put_text(r, &names, "name", i->name, i->at[CK_interface_name]);
		put_text(r, &devices, "device", i->device.text, i->at[CK_interface_device]);
		check_neighbors(r, i);
		for (uint32_t a = 0; a < i->n_addresses; a++)
			put_ip(r, ips, "addresses", &i->addresses[a].ip, i->addresses[a].mark);
	}
}

/* True if the file states all addresses of all interfaces and all of them could be read. */
static bool addresses_known(const struct config *c)
{
	for (uint32_t k = 0; k < c->n_interfaces; k++) {
		const struct config_interface *i = &c->interfaces[k];

		for (uint32_t a = 0; a < i->n_addresses; a++) {
			if (!is_set(&i->addresses[a].ip))
				return false;
		}
		if (i->n_addresses == 0)
			return false;
	}
	return c->n_interfaces > 0;
}

/* One port takes datagrams once and streams once. */
static void put_listener(struct config_reader *r, struct config_set *udp, struct config_set *stream,
			 const struct config_listener *l)
{
	struct config_mark at = l->at[CK_listener_address];
	const struct config_set_slot *first = NULL;
	char shown[CONFIG_SHOWN];

	if (l->transports & CONFIG_UDP)
		first = config_set_put(udp, &l->address, sizeof(l->address), at);
	if (l->transports & (CONFIG_TCP | CONFIG_TLS)) {
		const struct config_set_slot *other =
			config_set_put(stream, &l->address, sizeof(l->address), at);

		first = first ? first : other;
	}
	if (first)
		config_fault(r, at, "address: %s is used twice; first at line %u",
			     config_show_endpoint(shown, &l->address), first->mark.line);
}

/* Where datagrams come in TCP must be too (RFC 3261 18.2.1), so TLS cannot be there, also not by
 * another listener. */
static void check_tls_alone(struct config_reader *r, const struct config *c)
{
	char shown[CONFIG_SHOWN];

	for (uint32_t k = 0; k < c->n_listeners; k++) {
		const struct config_listener *l = &c->listeners[k];

		for (uint32_t i = 0; i < c->n_listeners && l->transports == CONFIG_TLS; i++) {
			const struct config_listener *u = &c->listeners[i];

			if (u->transports != CONFIG_UDP || !is_set(&l->address.ip) ||
			    !endpoint_equal(&u->address, &l->address))
				continue;
			config_fault(r, l->at[CK_listener_address],
				     "address: %s has udp (line %u), so tls cannot be there (RFC "
				     "3261 18.2.1)",
				     config_show_endpoint(shown, &l->address), u->mark.line);
			break;
		}
	}
}

static void check_listeners(struct config_reader *r, const struct config *c,
			    const struct config_set *ips, struct config_set *udp,
			    struct config_set *stream)
{
	bool known = addresses_known(c);
	struct config_set names;
	char shown[CONFIG_SHOWN];

	if (!set_init(r, &names, c->n_listeners))
		return;
	for (uint32_t k = 0; k < c->n_listeners; k++) {
		const struct config_listener *l = &c->listeners[k];

		put_text(r, &names, "name", l->name, l->at[CK_listener_name]);
		if (!is_set(&l->address.ip))
			continue;
		put_listener(r, udp, stream, l);
		if (known && !config_set_get(ips, &l->address.ip, sizeof(l->address.ip)))
			config_fault(r, l->at[CK_listener_address],
				     "address: %s is on no interface; "
				     "allowed are the addresses of the interfaces",
				     config_show_ip(shown, &l->address.ip));
	}
	check_tls_alone(r, c);
}

/* Where the proxy itself listens at @e, or NULL. */
static const struct config_set_slot *own(const struct config *c, const struct config_set *ips,
					 const struct config_set *udp,
					 const struct config_set *stream, const struct endpoint *e)
{
	const struct config_set_slot *at;

	if (c->n_listeners == 0)
		return e->port == 5060 ? config_set_get(ips, &e->ip, sizeof(e->ip)) : NULL;
	at = config_set_get(udp, e, sizeof(*e));
	return at ? at : config_set_get(stream, e, sizeof(*e));
}

static void check_backends(struct config_reader *r, const struct config_pool *p)
{
	struct config_set names, addresses;
	char shown[CONFIG_SHOWN];

	if (!set_init(r, &names, p->n_backends) || !set_init(r, &addresses, p->n_backends))
		return;
	for (uint32_t k = 0; k < p->n_backends; k++) {
		const struct config_backend *b = &p->backends[k];
		struct config_mark at = b->at[CK_backend_address];
		const struct config_set_slot *first;

		put_text(r, &names, "name", b->name, b->at[CK_backend_name]);
		if (!is_set(&b->address.at.ip))
			continue;
		first = config_set_put(&addresses, &b->address.at, sizeof(b->address.at), at);
		if (first)
			config_fault(r, at,
				     "address: %s is used twice in this pool; first at line %u",
				     config_show_endpoint(shown, &b->address.at), first->mark.line);
	}
}

static void check_pools(struct config_reader *r, const struct config *c,
			const struct config_set *ips, const struct config_set *udp,
			const struct config_set *stream)
{
	char shown[CONFIG_SHOWN];
	uint32_t n = 0;

	for (uint32_t k = 0; k < c->n_pools && !r->no_memory; k++) {
		const struct config_pool *p = &c->pools[k];

		check_backends(r, p);
		if (n <= CONFIG_BACKENDS_MAX && n + p->n_backends > CONFIG_BACKENDS_MAX)
			config_fault(r, p->mark, "backends: more than %u in all pools together",
				     CONFIG_BACKENDS_MAX);
		n += p->n_backends;
		for (uint32_t i = 0; i < p->n_backends; i++) {
			const struct config_backend *b = &p->backends[i];
			const struct config_set_slot *at = own(c, ips, udp, stream, &b->address.at);

			if (at)
				config_fault(r, b->at[CK_backend_address],
					     "address: %s is this proxy's own "
					     "listener (line %u); requests would go in circles",
					     config_show_endpoint(shown, &b->address.at),
					     at->mark.line);
		}
	}
}

/* True if all pools that the file means to have are known by name. */
static bool pools_known(const struct config_reader *r, const struct config *c)
{
	for (uint32_t k = 0; k < c->n_pools; k++) {
		if (!c->pools[k].name)
			return false;
	}
	return r->whole && c->n_pools > 0;
}

/* Names of pools must be unique and those in routes known. */
static void check_routes(struct config_reader *r, struct config *c)
{
	bool known = pools_known(r, c);
	struct config_set names;
	char shown[CONFIG_SHOWN];

	if (!set_init(r, &names, c->n_pools))
		return;
	for (uint32_t k = 0; k < c->n_pools; k++)
		put_text(r, &names, "name", c->pools[k].name, c->pools[k].at[CK_pool_name]);
	for (uint32_t k = 0; k < c->n_routes; k++) {
		struct config_route *route = &c->routes[k];
		const struct config_set_slot *pool;

		if (!route->pool)
			continue;
		/* The order is the index: a pool that breaks it also fails the load. */
		pool = config_set_get(&names, route->pool, strlen(route->pool));
		if (pool)
			route->pool_index = pool->order;
		else if (known)
			config_fault(r, route->at[CK_route_pool],
				     "pool: there is no pool called \"%s\"",
				     config_show(shown, route->pool, strlen(route->pool)));
	}
}

static void check_domains(struct config_reader *r, const struct config *c)
{
	struct config_set set;

	if (!set_init(r, &set, c->n_domains))
		return;
	for (uint32_t k = 0; k < c->n_domains; k++)
		put_text(r, &set, "domains", c->domains[k].name, c->domains[k].mark);
}

static void check_hosts(struct config_reader *r, const struct config *c)
{
	struct config_set set;

	if (!set_init(r, &set, c->n_hosts))
		return;
	for (uint32_t k = 0; k < c->n_hosts; k++)
		put_text(r, &set, "name", c->hosts[k].name, c->hosts[k].at[CK_host_name]);
}

static void check_trusted(struct config_reader *r, const struct config *c)
{
	const struct config_set_slot *first;
	struct config_set set;

	if (!set_init(r, &set, c->n_trusted))
		return;
	for (uint32_t k = 0; k < c->n_trusted; k++) {
		const struct config_prefix *p = &c->trusted[k];

		first = config_set_put(&set, &p->prefix, sizeof(p->prefix), p->mark);
		if (first && is_set(&p->prefix.ip))
			config_fault(r, p->mark,
				     "trusted: this network is listed twice; first at line %u",
				     first->mark.line);
	}
}

void config_check(struct config_reader *r, struct config *c)
{
	struct config_set ips, udp, stream;
	uint32_t n_ips = 0;

	for (uint32_t k = 0; k < c->n_interfaces; k++)
		n_ips += c->interfaces[k].n_addresses;
	if (!set_init(r, &ips, n_ips) || !set_init(r, &udp, c->n_listeners) ||
	    !set_init(r, &stream, c->n_listeners))
		return;
	check_interfaces(r, c, &ips);
	if (!r->no_memory)
		check_listeners(r, c, &ips, &udp, &stream);
	if (!r->no_memory)
		check_pools(r, c, &ips, &udp, &stream);
	if (!r->no_memory)
		check_routes(r, c);
	if (!r->no_memory)
		check_domains(r, c);
	if (!r->no_memory)
		check_hosts(r, c);
	if (!r->no_memory)
		check_trusted(r, c);
}
