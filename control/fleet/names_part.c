/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each name without a port is followed once for each of its transports: their SRV records differ.
 * Names that `hosts:` or /etc/hosts know need no resolver. Addresses of a family without a listener
 * are left out, and those of our own listeners, for then requests would go in circles.
 *
 * The start waits for nothing: names come into the pools when they are known.
 */
#include "control/fleet/names_part.h"

#include "control/app.h"
#include "control/config/alloc.h"
#include "control/dns/dns.h"
#include "control/fleet/fleet_names.h"
#include "control/log.h"
#include "control/network/network.h"
#include "control/world/world_build.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>

#define TICK_MS 1000
#define TRANSPORTS 3
#define SIP_PORT 5060
#define SIPS_PORT 5061

/* A name for one transport. */
struct followed {
	struct follower *of;
	enum sip_transport transport;
	struct dns_watch *watch; /* NULL: a file knows the name */
	bool told;
	int rc;
	struct dns_target *v;
	uint32_t n;
};

struct follower {
	struct follower *next;
	struct app *app;
	uint64_t id; /* of the fleet's name */
	struct expand_name name;
	char host[DNS_NAME_MAX + 1];
	struct followed v[TRANSPORTS];
	uint32_t n;
	bool wanted;
	bool again; /* the fleet could not take all */
	struct log_limit log;
};

struct names {
	struct follower *first;
	struct event *tick;
	uint64_t listeners; /* what the last tick saw of them */
};

/* --- what a name leads to ---------------------------------------------------------------- */

/* Families in which there are listeners; both as long as there is none. */
static uint32_t families_of(const struct world *w)
{
	uint32_t families = 0;

	for (uint16_t i = 0; w && i < w->n_listeners; i++)
		families |= ip_is_v4(&w->listeners[i].addr.ip) ? EXPAND_IPV4 : EXPAND_IPV6;
	return families ? families : EXPAND_IPV4 | EXPAND_IPV6;
}

/*
 * Calls @fn for each listener, and for each that an address of Linux will become: it cannot as long
 * as a server is there. (Only without `listeners:` do addresses become listeners.)
 */
static void each_listener(const struct app *app, void (*fn)(void *arg, const struct endpoint *at),
			  void *arg)
{
	const struct config *c = &app->config;
	const struct world *w = app->now.world;
	struct world_facts facts = { 0 };

	for (uint16_t i = 0; w && i < w->n_listeners; i++)
		fn(arg, &w->listeners[i].addr);
	if (c->n_listeners)
		return;
	network_facts(app->network, &facts);
	for (uint32_t i = 0; i < c->n_interfaces; i++) {
		for (uint32_t k = 0; k < facts.ifaces[i].n_addresses; k++)
			fn(arg, &(struct endpoint){ facts.ifaces[i].addresses[k].ip, SIP_PORT });
	}
}

static void mix(void *arg, const struct endpoint *at)
{
	uint64_t h = *(uint64_t *)arg;

	for (size_t k = 0; k < sizeof(at->ip.b); k++)
		h = (h ^ at->ip.b[k]) * 0x100000001b3;
	*(uint64_t *)arg = (h ^ at->port) * 0x100000001b3;
}

/* A number that is another one when the addresses or ports of listeners are. */
static uint64_t listeners_of(const struct app *app)
{
	uint64_t h = 0xcbf29ce484222325;

	each_listener(app, mix, &h);
	return h;
}

/* Servers that are looked for among the listeners. */
struct servers {
	struct expand_server *v;
	uint32_t n;
	bool ours[DNS_TARGETS_MAX];
};

static void mark(void *arg, const struct endpoint *at)
{
	struct servers *s = arg;

	for (uint32_t i = 0; i < s->n; i++)
		s->ours[i] = s->ours[i] || endpoint_equal(&s->v[i].at, at);
}

/* Drops servers that are this proxy itself. */
static uint32_t without_ourselves(struct follower *f, struct expand_server *v, uint32_t n)
{
	struct servers s = { .v = v, .n = n };
	uint32_t kept = 0;

	each_listener(f->app, mark, &s);
	for (uint32_t i = 0; i < n; i++) {
		if (s.ours[i])
			log_limited(
				&f->log, LOG_AT_WARNING,
				"%s leads to a listener of this proxy; that address is left out",
				f->host);
		else
			v[kept++] = v[i];
	}
	return kept;
}

static const char *reason(int rc)
{
	return rc == -ENOENT      ? "no such name or records"
	       : rc == -ETIMEDOUT ? "no resolver answers"
				  : "no resolver has a usable answer";
}

/* Tells the fleet what is known, once all transports are. */
static void apply(struct follower *f)
{
	struct expand_server servers[DNS_TARGETS_MAX];
	struct expand_found found[TRANSPORTS];
	char why[FLEET_WHY_MAX];
	uint32_t n, any = 0;
	int rc = -ENOENT;

	for (uint32_t i = 0; i < f->n; i++) {
		if (!f->v[i].told)
			return;
		found[i] = (struct expand_found){ f->v[i].v, f->v[i].n };
		any += f->v[i].n;
		rc = f->v[i].rc && f->v[i].rc != -ENOENT ? f->v[i].rc : rc;
	}
	f->name.families = families_of(f->app->now.world);
	n = without_ourselves(f, servers, expand(&f->name, found, f->n, servers));
	snprintf(why, sizeof(why), "%.60s: %s", f->host,
		 any ? "no address that can be reached" : reason(rc));
	if (n == 0)
		log_limited(&f->log, LOG_AT_WARNING, "%s", why);
	rc = fleet_resolve(f->app->fleet, f->id, servers, n, why);
	f->again = rc != 0 && rc != -ENOENT;
	if (f->again)
		log_limited(&f->log, LOG_AT_ERROR, "%s: not all of its addresses: %s", f->host,
			    rc == -ENOSPC ? "no free numbers for backends" : "no memory");
	fleet_commit_soon(f->app);
}

static void on_answer(void *arg, int rc, const struct dns_target *v, uint32_t n)
{
	struct followed *one = arg;
	struct dns_target *kept = n ? mem_alloc(n * sizeof(*kept)) : NULL;

	if (n && !kept)
		return; /* what was known goes on */
	if (n)
		memcpy(kept, v, n * sizeof(*kept));
	mem_free(one->v);
	one->v = kept;
	one->n = n;
	one->rc = rc;
	one->told = true;
	apply(one->of);
}

/* --- names without resolvers ------------------------------------------------------------- */

static void add_host(struct follower *f, const struct ip *ip)
{
	for (uint32_t i = 0; i < f->n; i++) {
		struct followed *one = &f->v[i];
		uint16_t port = one->transport == SIP_TLS ? SIPS_PORT : SIP_PORT;
		struct dns_target *v = mem_alloc((one->n + 1) * sizeof(*v));

		if (!v || one->n == DNS_TARGETS_MAX) {
			mem_free(v);
			continue;
		}
		if (one->n)
			memcpy(v, one->v, one->n * sizeof(*v));
		v[one->n++] =
			(struct dns_target){ .at = { *ip, f->name.port ? f->name.port : port },
					     .transport = one->transport,
					     .weight = 1,
					     .plain = true };
		mem_free(one->v);
		one->v = v;
	}
}

/* How many addresses the configuration or else /etc/hosts has for the host. @take: they are what is
 * known of it. */
static uint32_t from_files(struct follower *f, bool take)
{
	const struct config *c = &f->app->config;
	const struct hosts *h = &f->app->hosts;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_hosts; i++) {
		if (strcmp(c->hosts[i].name, f->host) == 0 && ++n && take)
			add_host(f, &c->hosts[i].address);
	}
	for (uint32_t i = 0, found = n; i < h->n && !found; i++) {
		if (strcmp(h->v[i].name, f->host) == 0 && ++n && take)
			add_host(f, &h->v[i].ip);
	}
	return n;
}

static bool is_in_files(struct follower *f)
{
	return from_files(f, false) > 0;
}

static void take_from_files(struct follower *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		f->v[i].n = 0;
		f->v[i].told = true;
	}
	from_files(f, true);
	apply(f);
}

/* --- followers --------------------------------------------------------------------------- */

static void stop(struct follower *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		dns_unwatch(f->app->dns, f->v[i].watch);
		mem_free(f->v[i].v);
	}
	mem_free(f);
}

static bool watch(struct follower *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		struct dns_question q = { .port = f->name.port, .transport = f->v[i].transport };

		dns_name_set(q.host, f->host);
		f->v[i].watch = dns_watch(f->app->dns, &q, on_answer, &f->v[i]);
		if (!f->v[i].watch)
			return false;
	}
	return true;
}

/* Follows @n. NULL without memory: the next tick tries again. */
static struct follower *follow(struct app *app, const struct fleet_name *n)
{
	static const enum sip_transport all[TRANSPORTS] = { SIP_UDP, SIP_TCP, SIP_TLS };
	struct follower *f = mem_alloc(sizeof(*f));

	if (!f)
		return NULL;
	f->app = app;
	f->id = n->id;
	f->name = (struct expand_name){ .transports = n->transports,
					.port = n->port,
					.tls_port = n->tls_port,
					.weight = n->weight,
					.tier = n->tier };
	if (n->transports == 1u << SIP_TLS && n->port)
		f->name.tls_port = n->port;
	dns_name_set(f->host, n->host);
	for (uint32_t i = 0; i < TRANSPORTS; i++) {
		if ((n->transports >> all[i] & 1) && !(n->port && f->n))
			f->v[f->n++] = (struct followed){ .of = f, .transport = all[i] };
	}
	f->wanted = true;
	if (is_in_files(f)) {
		take_from_files(f);
	} else if (!watch(f)) {
		stop(f);
		return NULL;
	}
	return f;
}

static struct follower *find(const struct names *all, uint64_t id)
{
	struct follower *f = all->first;

	while (f && f->id != id)
		f = f->next;
	return f;
}

static void stop_unwanted(struct names *all)
{
	struct follower **at = &all->first;

	while (*at) {
		struct follower *f = *at;

		if (f->wanted) {
			f->wanted = false;
			at = &f->next;
			continue;
		}
		*at = f->next;
		stop(f);
	}
}

static void sync_all(struct app *app)
{
	struct names *all = app->names;
	const struct fleet_name *n;

	for (uint32_t i = 0; (n = fleet_name_at(app->fleet, i)); i++) {
		struct follower *f = find(all, n->id);

		if (f) {
			f->wanted = true;
			continue;
		}
		f = follow(app, n);
		if (!f)
			continue;
		f->next = all->first;
		all->first = f;
	}
	stop_unwanted(all);
}

void names_sync(struct app *app)
{
	struct names *all = app->names;

	if (!all)
		return;
	/* Names that came into the files, or went: followed anew, the other way. */
	for (struct follower *f = all->first; f; f = f->next) {
		if (is_in_files(f) != !f->v[0].watch)
			f->id = 0;
	}
	sync_all(app);
	/* Those that are there may have other addresses now. */
	for (struct follower *f = all->first; f; f = f->next) {
		if (!f->v[0].watch)
			take_from_files(f);
	}
}

/* What changed beside names and answers: the listeners, room for backends. */
static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;
	struct names *all = app->names;
	uint64_t listeners = listeners_of(app);

	(void)fd;
	(void)what;
	sync_all(app);
	for (struct follower *f = all->first; f; f = f->next) {
		if (f->again || listeners != all->listeners)
			apply(f);
	}
	all->listeners = listeners;
}

int names_start(struct app *app)
{
	struct timeval period = { TICK_MS / 1000, 0 };
	struct names *all = mem_alloc(sizeof(*all));

	if (!all)
		return -ENOMEM;
	app->names = all;
	all->listeners = listeners_of(app);
	all->tick = event_new(app->base, -1, EV_PERSIST, on_tick, app);
	if (!all->tick || event_add(all->tick, &period)) {
		log_error("no memory for names");
		names_stop(app);
		return -ENOMEM;
	}
	names_sync(app);
	return 0;
}

void names_stop(struct app *app)
{
	struct names *all = app->names;

	if (!all)
		return;
	while (all->first) {
		struct follower *f = all->first;

		all->first = f->next;
		stop(f);
	}
	if (all->tick)
		event_free(all->tick);
	mem_free(all);
	app->names = NULL;
}
