/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listeners of a world: which addresses, on which interface, under which names, with the text that
 * every message carries made once. Also the table of all names that are ours, since most of it is
 * listeners.
 *
 * A listener of the file belongs to the interface that has its address, else to the one whose
 * subnet holds it (an address that a VRRP peer has just now), longest prefix first.
 */
#include "control/world/world_parts.h"
#include "dataplane/proxy/own.h"

#include <errno.h>
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SIP_PORT 5060
#define SIPS_PORT 5061

_Static_assert(CONFIG_UDP == WORLD_UDP && CONFIG_TCP == WORLD_TCP && CONFIG_TLS == WORLD_TLS,
	       "transports go over as they are");

/* One address of interface @i; the file's own win over what Linux has. */
static bool iface_address(const struct build *b, uint32_t i, uint32_t k, struct world_address *out)
{
	const struct config_interface *given = &b->c->interfaces[i];
	const struct world_iface *found = b->facts->ifaces ? &b->facts->ifaces[i] : NULL;

	if (given->n_addresses) {
		if (k >= given->n_addresses)
			return false;
		*out = (struct world_address){ given->addresses[k].ip, given->addresses[k].len };
		return true;
	}
	if (!found || k >= found->n_addresses)
		return false;
	*out = found->addresses[k];
	return true;
}

static uint16_t iface_of(const struct build *b, const struct ip *ip)
{
	struct world_address a;
	uint16_t best = WORLD_NONE;
	int best_len = -1;

	for (uint32_t i = 0; i < b->c->n_interfaces; i++) {
		for (uint32_t k = 0; iface_address(b, i, k, &a); k++) {
			struct prefix subnet = { a.ip, a.len };
			int len = ip_equal(&a.ip, ip) ? 129 : a.len;

			/* A prefix of the whole family says nothing about where an address is. */
			if (a.len == 0 || (a.len == 96 && ip_is_v4(&a.ip)) ||
			    !prefix_has(&subnet, ip))
				continue;
			if (len > best_len) {
				best_len = len;
				best = (uint16_t)i;
			}
		}
	}
	return best;
}

/* Of @transports those that can be served on interface @iface: streams are Linux's. */
static uint16_t served(const struct build *b, uint16_t iface, uint32_t transports)
{
	bool linux_has_it = b->c->interfaces[iface].kernel != CONFIG_KERNEL_NONE;

	return (uint16_t)(linux_has_it ? transports : transports & WORLD_UDP);
}

static void plan_given(struct build *b)
{
	for (uint32_t i = 0; i < b->c->n_listeners; i++) {
		const struct config_listener *l = &b->c->listeners[i];
		uint16_t iface = iface_of(b, &l->address.ip);
		uint16_t transports = iface == WORLD_NONE ? 0 : served(b, iface, l->transports);

		if (iface == WORLD_NONE) {
			config_errors_add(
				b->errs, l->at[CK_listener_address],
				"listener %s: no interface has this address or its subnet",
				l->name);
			continue;
		}
		if (!transports) {
			config_errors_add(b->errs, l->at[CK_listener_transports],
					  "listener %s: tcp and tls need Linux on the interface, "
					  "which has kernel: none",
					  l->name);
			continue;
		}
		b->plan[b->n_plan++] = (struct listener_plan){ l, l->address, iface, transports };
	}
}

static bool planned(const struct build *b, const struct ip *ip)
{
	for (uint32_t i = 0; i < b->n_plan; i++) {
		if (ip_equal(&b->plan[i].addr.ip, ip))
			return true;
	}
	return false;
}

/* IPv6 link-local addresses mean nothing in a Via: whoever reads it may sit on another link. */
static bool link_local(const struct ip *ip)
{
	return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

static void plan_default(struct build *b)
{
	struct world_address a;

	for (uint32_t i = 0; i < b->c->n_interfaces; i++) {
		for (uint32_t k = 0; iface_address(b, i, k, &a); k++) {
			if (link_local(&a.ip) || planned(b, &a.ip) ||
			    b->n_plan >= WORLD_LISTENERS_MAX)
				continue;
			b->plan[b->n_plan++] = (struct listener_plan){
				NULL,
				{ a.ip, SIP_PORT },
				(uint16_t)i,
				served(b, (uint16_t)i, WORLD_UDP | WORLD_TCP),
			};
		}
	}
}

int build_plan_listeners(struct build *b)
{
	uint32_t room = b->c->n_listeners ? b->c->n_listeners : WORLD_LISTENERS_MAX;

	b->plan = arena_alloc(&b->scratch, room * sizeof(*b->plan));
	if (!b->plan)
		return -ENOMEM;
	if (b->c->n_listeners)
		plan_given(b);
	else
		plan_default(b);
	return 0;
}

/* Names of ours at most: address and advertised host of each listener, and each domain. */
static uint32_t n_own(const struct build *b)
{
	return 2 * b->n_plan + b->c->n_domains;
}

size_t build_listeners_size(const struct build *b)
{
	return build_room(b->n_plan * sizeof(struct listener)) +
	       build_room(names_size(b->n_plan, b->n_plan * sizeof(uint32_t))) +
	       build_room(names_size(n_own(b), (size_t)n_own(b) * OWN_KEY_MAX));
}

__attribute__((format(printf, 2, 3))) static void put(struct world_text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->s, sizeof(t->s), fmt, ap);
	va_end(ap);
	t->len = (uint16_t)(n < (int)sizeof(t->s) ? n : (int)sizeof(t->s) - 1);
}

static void put_texts(struct build *b, struct listener *l, const struct listener_plan *p)
{
	const struct config_advertise *adv = p->given ? &p->given->advertise : NULL;
	char host[IP_TEXT_MAX + 2];

	host[ip_format_host(&p->addr.ip, host)] = '\0';
	if (!adv || !adv->host)
		put(&l->sent_by, "%s:%u", host, p->addr.port);
	else if (adv->port)
		put(&l->sent_by, "%s:%u", adv->host, adv->port);
	else
		put(&l->sent_by, "%s", adv->host);
	put(&l->via[SIP_UDP], "Via: SIP/2.0/UDP %s;branch=", l->sent_by.s);
	put(&l->via[SIP_TCP], "Via: SIP/2.0/TCP %s;branch=", l->sent_by.s);
	put(&l->via[SIP_TLS], "Via: SIP/2.0/TLS %s;alias;branch=", l->sent_by.s);
	put(&l->rr[SIP_UDP], "<sip:%s;lr;vt=", l->sent_by.s);
	put(&l->rr[SIP_TCP], "<sip:%s;transport=tcp;lr;vt=", l->sent_by.s);
	put(&l->rr[SIP_TLS], "<sip:%s;transport=tls;lr;vt=", l->sent_by.s);
	put(&l->rr[WORLD_RR_SIPS], "<sips:%s;lr;vt=", l->sent_by.s);
	if (p->given)
		put(&l->name, "%s", p->given->name);
	else
		put(&l->name, "%s-%s", b->c->interfaces[p->iface].name, host);
}

/* Names the listener at @addr in our Via, the same on every restart. @salt parts two that would be
 * alike. */
static uint32_t listener_id(const struct keys *k, const struct endpoint *addr, uint8_t salt)
{
	uint8_t in[19];

	memcpy(in, addr->ip.b, sizeof(addr->ip.b));
	in[16] = (uint8_t)(addr->port >> 8);
	in[17] = (uint8_t)addr->port;
	in[18] = salt;
	return (uint32_t)XXH3_64bits_withSecret(in, sizeof(in), k->xxh, sizeof(k->xxh));
}

/* Index of the listener before @n that has this id but another address. */
static bool id_taken(const struct listener *l, uint32_t n, uint32_t id, const struct endpoint *addr)
{
	for (uint32_t i = 0; i < n; i++) {
		if (l[i].id == id && !endpoint_equal(&l[i].addr, addr))
			return true;
	}
	return false;
}

static int fill_listeners(struct build *b)
{
	size_t table = names_size(b->n_plan, b->n_plan * sizeof(uint32_t));
	struct listener *l = build_take(b, b->n_plan * sizeof(*l));
	struct name_entry *entries = arena_alloc(&b->scratch, b->n_plan * sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->n_plan; i++) {
		uint8_t salt = 0;

		l[i].addr = b->plan[i].addr;
		l[i].iface = b->plan[i].iface;
		l[i].transports = b->plan[i].transports;
		put_texts(b, &l[i], &b->plan[i]);
		do
			l[i].id = listener_id(&b->w->keys, &l[i].addr, salt++);
		while (id_taken(l, i, l[i].id, &l[i].addr));
		entries[i] = (struct name_entry){ (const uint8_t *)&l[i].id, sizeof(l[i].id), i };
	}
	b->w->listeners = l;
	b->w->n_listeners = (uint16_t)b->n_plan;
	b->w->listener_ids = names_build(build_take(b, table), &b->w->keys, entries, b->n_plan);
	return 0;
}

/* The rows of the own table while they are collected. */
struct own_rows {
	struct name_entry *entries;
	uint8_t *keys;
	uint32_t n;
	size_t bytes;
};

static uint8_t *own_next(struct own_rows *rows)
{
	return rows->keys + rows->bytes;
}

static void own_add(struct own_rows *rows, size_t len, uint32_t value)
{
	rows->entries[rows->n++] = (struct name_entry){ own_next(rows), (uint16_t)len, value };
	rows->bytes += len;
}

static void add_advertised(struct build *b, struct own_rows *rows, const struct config_listener *l)
{
	uint16_t port = l->advertise.port;
	size_t n = strlen(l->advertise.host), len;
	struct ip ip;

	if (port == 0)
		port = l->transports == CONFIG_TLS ? SIPS_PORT : SIP_PORT;
	if (ip_parse((const uint8_t *)l->advertise.host, n, &ip)) {
		len = own_key_listener(own_next(rows), &ip, port);
	} else {
		len = own_key_advertised(own_next(rows), l->advertise.host, n, port);
		b->w->advertises_names = true;
	}
	if (len == 0 || len > NAME_MAX_LEN)
		config_errors_add(b->errs, l->at[CK_listener_advertise],
				  "listener %s: advertised name too long, %u bytes at most",
				  l->name, NAME_MAX_LEN - 7u);
	else
		own_add(rows, len, own_value(OWN_LISTENER, 0));
}

/* True addresses first, those with UDP before the others: of equal names the first counts. */
static void add_addresses(struct build *b, struct own_rows *rows, bool udp)
{
	for (uint32_t i = 0; i < b->n_plan; i++) {
		const struct listener_plan *p = &b->plan[i];

		if (!(p->transports & WORLD_UDP) == udp)
			continue;
		own_add(rows, own_key_listener(own_next(rows), &p->addr.ip, p->addr.port),
			own_value(OWN_LISTENER, i + 1));
	}
}

static int fill_own(struct build *b)
{
	void *table = build_take(b, names_size(n_own(b), (size_t)n_own(b) * OWN_KEY_MAX));
	struct own_rows rows = { 0 };

	rows.entries = arena_alloc(&b->scratch, n_own(b) * sizeof(*rows.entries));
	rows.keys = arena_alloc(&b->scratch, (size_t)n_own(b) * OWN_KEY_MAX);
	if (!rows.entries || !rows.keys)
		return -ENOMEM;
	add_addresses(b, &rows, true);
	add_addresses(b, &rows, false);
	for (uint32_t i = 0; i < b->n_plan; i++) {
		if (b->plan[i].given && b->plan[i].given->advertise.host)
			add_advertised(b, &rows, b->plan[i].given);
	}
	for (uint32_t i = 0; i < b->c->n_domains; i++) {
		const struct config_domain *d = &b->c->domains[i];
		size_t len = d->is_ip ? own_key_domain_ip(own_next(&rows), &d->ip)
				      : own_key_domain(own_next(&rows), d->name, strlen(d->name));

		own_add(&rows, len, own_value(OWN_DOMAIN, 0));
	}
	b->w->own = names_build(table, &b->w->keys, rows.entries, rows.n);
	return 0;
}

int build_listeners(struct build *b)
{
	int rc = fill_listeners(b);

	return rc ? rc : fill_own(b);
}
