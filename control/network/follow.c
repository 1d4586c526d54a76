/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The follow part: changes of Linux' network come into force. Three clocks: changes wait PUBLISH_MS
 * for others before they are published; once per second stale neighbours are probed and backends
 * without one are asked for; path MTUs age with the same tick.
 */
#include "control/health/health.h"
#include "control/network/icmp_error.h"
#include "control/network/network_state.h"
#include "control/publish.h"

#include <errno.h>
#include <event2/event.h>

#define PUBLISH_MS 5    /* changes within this time share one publication */
#define PUBLISH_COST 10 /* ... or ten times as long as the last publication took */
#define RETRY_MS 200    /* after a failed read of the tables */
#define TICK_MS 1000
#define PROBES_PER_TICK 128 /* stale neighbours */
#define WANTED_PER_TICK 256 /* backends looked at for a missing neighbour */
#define WANTED_PERIOD_MS 10000

static void arm(struct network *net, uint32_t ms)
{
	struct timeval delay = { ms / 1000, ms % 1000 * 1000 };

	if (!event_pending(net->publish, EV_TIMEOUT, NULL))
		event_add(net->publish, &delay);
}

static void arm_for_change(struct network *net)
{
	arm(net,
	    net->cost_ms * PUBLISH_COST > PUBLISH_MS ? net->cost_ms * PUBLISH_COST : PUBLISH_MS);
}

static void on_changes(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;
	struct network *net = app->network;
	unsigned int news = netlink_read(net->nl);

	(void)fd;
	(void)what;
	net->changed |= news & NET_NEIGHBORS;
	if (news)
		arm_for_change(net);
}

/* Whether a backend is reached by another interface than the world in force was built for. */
static bool paths_moved(const struct app *app, const struct fib *old, const struct fib *fib)
{
	const struct world *w = app->now.world;

	for (uint16_t i = 0; i < w->n_backends; i++) {
		if (fib_iface(old, &w->backends[i].addr.ip) !=
		    fib_iface(fib, &w->backends[i].addr.ip))
			return true;
	}
	return false;
}

static bool mtu_stated(const struct config *c)
{
	for (uint32_t i = 0; i < c->n_interfaces; i++) {
		if (c->interfaces[i].mtu)
			return true;
	}
	return false;
}

/* Whether listeners or path MTUs of the world depend on what has changed. */
static bool world_depends(struct app *app, unsigned int changed, bool links_moved)
{
	struct network *net = app->network;
	struct fib *fib;
	bool moved;

	if (links_moved || (changed & NET_ADDRESSES))
		return true;
	if (!(changed & NET_ROUTES) || !mtu_stated(&app->config) ||
	    network_fib(net, &app->config, &fib) < 0)
		return false;
	moved = paths_moved(app, app->now.fib, fib);
	draft_free(&(struct snapshots){ .fib = fib });
	return moved;
}

static void publish_changes(struct app *app)
{
	struct network *net = app->network;
	bool links_moved = (net->changed & NET_LINKS) && network_match_links(net);

	if (net->changed == 0 && !net->pmtus_changed)
		return;
	if (world_depends(app, net->changed, links_moved))
		publish_all(app);
	else
		publish_fib(app);
	net->changed = 0;
	net->pmtus_changed = false;
}

static void on_publish(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;
	struct network *net = app->network;
	uint64_t began = log_clock_ms();
	int rc = net->nl && netlink_due(net->nl) ? netlink_refresh(net->nl, &net->changed) : 0;

	(void)fd;
	(void)what;
	publish_changes(app);
	net->cost_ms = (uint32_t)(log_clock_ms() - began);
	if (rc == 0)
		return;
	log_limited(&net->log, LOG_AT_WARNING, "network of Linux cannot be read: %s",
		    strerror(-rc));
	arm(net, RETRY_MS);
}

void network_icmp(struct app *app, uint16_t iface, const uint8_t *p, size_t len)
{
	struct network *net = app->network;
	struct icmp_error r;
	struct fib_hop hop;
	uint8_t mac[6];
	uint32_t mtu;

	(void)iface;
	if (!icmp_error_read(p, len, &r) || world_listener_at(app->now.world, &r.src) == WORLD_NONE)
		return;
	if (r.kind == ICMP_UNREACHABLE) {
		health_unreachable(app, &r.dst);
		return;
	}
	if (!fib_lookup(app->now.fib, &r.dst.ip, &hop) || hop.kind != FIB_UNICAST ||
	    hop.iface == FIB_NO_IFACE)
		return;
	plane_port_info(app->plane, hop.iface, mac, &mtu);
	if (!pmtu_learn(&net->pmtus, &r.dst.ip, r.mtu, mtu, log_clock_ms()))
		return;
	net->pmtus_changed = true;
	arm_for_change(net);
}

static bool is_ours(const struct network *net, int index)
{
	for (uint16_t i = 0; i < net->n_ifaces; i++) {
		if (index && net->ifaces[i].index == index)
			return true;
	}
	return false;
}

static void probe_stale(struct network *net, uint64_t now_ms)
{
	struct net_neighbor stale[PROBES_PER_TICK];
	uint32_t n = neighbors_stale(netlink_neighbors(net->nl), now_ms, NEIGHBORS_MAX, stale,
				     PROBES_PER_TICK);

	for (uint32_t i = 0; i < n; i++) {
		if (is_ours(net, stale[i].index))
			netlink_probe(net->nl, stale[i].index, &stale[i].ip);
	}
}

/* Backends, or the gateways to them, that Linux does not know: asks before the first call needs
 * them. */
static void probe_wanted(struct app *app, uint64_t now_ms)
{
	const struct world *w = app->now.world;
	struct network *net = app->network;

	if (net->wanted >= w->n_backends) {
		if (now_ms - net->wanted_ms < WANTED_PERIOD_MS)
			return;
		net->wanted = 0;
		net->wanted_ms = now_ms;
	}
	for (uint32_t n = 0; n < WANTED_PER_TICK && net->wanted < w->n_backends; n++) {
		const struct backend *b = &w->backends[net->wanted++];
		struct fib_hop hop;

		if (b->state >= BACKEND_DOWN || !fib_lookup(app->now.fib, &b->addr.ip, &hop) ||
		    hop.kind != FIB_UNICAST || hop.has_mac || hop.iface >= net->n_ifaces)
			continue;
		if (net->ifaces[hop.iface].index)
			netlink_probe(net->nl, net->ifaces[hop.iface].index, &hop.next);
	}
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;
	struct network *net = app->network;
	uint64_t now_ms = log_clock_ms();

	(void)fd;
	(void)what;
	if (net->nl) {
		probe_stale(net, now_ms);
		probe_wanted(app, now_ms);
	}
	if (pmtu_expire(&net->pmtus, now_ms)) {
		net->pmtus_changed = true;
		arm_for_change(net);
	}
}

int follow_start(struct app *app)
{
	struct timeval period = { TICK_MS / 1000, 0 };
	struct network *net = app->network;
	bool ok;

	net->publish = evtimer_new(app->base, on_publish, app);
	net->tick = event_new(app->base, -1, EV_PERSIST, on_tick, app);
	ok = net->publish && net->tick && event_add(net->tick, &period) == 0;
	if (ok && net->nl) {
		net->changes = event_new(app->base, netlink_fd(net->nl), EV_READ | EV_PERSIST,
					 on_changes, app);
		ok = net->changes && event_add(net->changes, NULL) == 0;
	}
	if (!ok) {
		log_error("no memory for the timers");
		follow_stop(app);
		return -ENOMEM;
	}
	if (net->nl)
		netlink_restore_permanent(net->nl); /* the ports are open: see there */
	/* The first look for backends without a neighbour comes at once. */
	net->wanted_ms = log_clock_ms();
	on_tick(-1, 0, app);
	return 0;
}

static void event_drop(struct event **e)
{
	if (*e)
		event_free(*e);
	*e = NULL;
}

void follow_stop(struct app *app)
{
	event_drop(&app->network->changes);
	event_drop(&app->network->publish);
	event_drop(&app->network->tick);
}
