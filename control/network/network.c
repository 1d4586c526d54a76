/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network part: start, and the answers that snapshots are made of. What happens later stands in
 * follow.c.
 */
#include "control/network/network_state.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#define SETTLE_MS 3000 /* at start: time for addresses to come and to prove unique */
#define SETTLE_STEP_MS 20

/* Link index of each interface by the copy. Logs what has come and gone; true if something did. */
bool network_match_links(struct network *net)
{
	struct net_view view;
	bool moved = false;

	if (!net->nl)
		return false;
	netlink_view(net->nl, &view);
	for (uint16_t i = 0; i < net->n_ifaces; i++) {
		struct net_iface *f = &net->ifaces[i];
		const struct net_link *link =
			net->links[i][0] ? net_link_named(&view, net->links[i]) : NULL;
		int index = link ? link->index : 0;

		if (index == f->index)
			continue;
		if (f->index && !index)
			log_warning("interface %s: %s is gone", f->given->name, net->links[i]);
		else if (f->index)
			log_warning("interface %s: %s is another device now, restart to use it",
				    f->given->name, net->links[i]);
		f->index = index;
		moved = true;
	}
	return moved;
}

uint32_t network_copied(const struct network *net, uint32_t *out, uint32_t max)
{
	uint32_t n = 0;

	for (uint16_t i = 0; i < net->n_ifaces && n < max; i++) {
		if (net->ifaces[i].given->device.kind == CONFIG_DEVICE_PACKET &&
		    net->ifaces[i].index)
			out[n++] = (uint32_t)net->ifaces[i].index;
	}
	return n;
}

bool network_lost(const struct network *net, uint16_t i)
{
	return net->links[i][0] && net->ifaces[i].index == 0;
}

void network_use_config(struct network *net, const struct config *c)
{
	for (uint16_t i = 0; i < net->n_ifaces; i++)
		net->ifaces[i].given = &c->interfaces[i];
}

/* The interfaces as @c has them, which may be a configuration not in force yet. */
static void ifaces_of(const struct network *net, const struct config *c, struct net_iface *out)
{
	for (uint16_t i = 0; i < net->n_ifaces; i++)
		out[i] = (struct net_iface){ &c->interfaces[i], net->ifaces[i].index };
}

int network_fib(struct network *net, const struct config *c, struct fib **out)
{
	struct net_iface ifaces[PLANE_MAX_PORTS];
	struct net_view view;
	struct net_fib_input in = {
		.ifaces = ifaces,
		.n_ifaces = net->n_ifaces,
		.pmtus = net->pmtu_list,
		.n_pmtus = pmtu_list(&net->pmtus, net->pmtu_list),
		.seed = net->seed,
	};

	ifaces_of(net, c, ifaces);
	if (net->nl) {
		netlink_view(net->nl, &view);
		in.view = &view;
	}
	return net_fib_build(&in, out);
}

void network_facts(struct network *net, struct world_facts *facts)
{
	struct net_view view = { 0 };
	uint32_t used = 0;

	if (net->nl)
		netlink_view(net->nl, &view);
	for (uint16_t i = 0; i < net->n_ifaces; i++) {
		struct world_iface *f = &net->facts[i];

		f->addresses = &net->addresses[used];
		f->n_addresses = net_addresses(&view, &net->ifaces[i], &net->addresses[used],
					       WORLD_LISTENERS_MAX - used);
		used += f->n_addresses;
	}
	facts->ifaces = net->facts;
}

/* Whether the world depends on the addresses that Linux has, and they may still change. */
static bool unsettled(struct network *net)
{
	struct net_view view;

	netlink_view(net->nl, &view);
	if (net_addresses_tentative(&view, net->ifaces, net->n_ifaces))
		return true;
	for (uint16_t i = 0; i < net->n_ifaces; i++) {
		const struct net_iface *f = &net->ifaces[i];
		struct world_address any;

		if (f->given->kernel == CONFIG_KERNEL_SHARED && f->given->n_addresses == 0 &&
		    net_addresses(&view, f, &any, 1) == 0)
			return true;
	}
	return false;
}

/* Gives addresses that are on their way a little time: DHCP, duplicate address detection. */
static int settle(struct network *net)
{
	const struct timespec step = { 0, SETTLE_STEP_MS * 1000000L };
	unsigned int changed = 0;
	int rc = netlink_refresh(net->nl, &changed);

	for (int waited = 0; rc == 0 && waited < SETTLE_MS; waited += SETTLE_STEP_MS) {
		network_match_links(net);
		if (!unsettled(net))
			break;
		nanosleep(&step, NULL);
		netlink_read(net->nl);
		rc = netlink_refresh(net->nl, &changed);
	}
	return rc;
}

/* Every interface that Linux should have is there. */
static int check_links(struct app *app, const struct network *net)
{
	for (uint16_t i = 0; i < net->n_ifaces; i++) {
		const struct config_interface *c = net->ifaces[i].given;
		struct config_mark at = c->at[CK_interface_device];

		if (!network_lost(net, i))
			continue;
		log_error("%s:%u:%u: device: Linux has no interface %s", app->config_path, at.line,
			  at.column, c->device.arg);
		return -ENODEV;
	}
	return 0;
}

static bool any_linux(const struct config *c)
{
	bool any = false;

	for (uint32_t i = 0; i < c->n_interfaces; i++)
		any = any || c->interfaces[i].kernel != CONFIG_KERNEL_NONE;
	return any;
}

void network_set_link(struct network *net, uint16_t i, const char *name)
{
	snprintf(net->links[i], sizeof(net->links[i]), "%s", name);
}

const char *network_link_name(const struct network *net, uint16_t i)
{
	return net->links[i][0] ? net->links[i] : NULL;
}

int network_reread(struct app *app)
{
	struct network *net = app->network;
	unsigned int changed = 0;
	int rc;

	netlink_read(net->nl);
	rc = netlink_refresh(net->nl, &changed);
	if (rc)
		log_error("network of Linux: %s", strerror(-rc));
	else
		network_match_links(net);
	return rc;
}

static int network_make(struct app *app, struct network *net)
{
	const struct config *c = &app->config;

	if (c->n_interfaces > PLANE_MAX_PORTS) {
		log_error("%s: interfaces: %u at most", app->config_path, PLANE_MAX_PORTS);
		return -E2BIG;
	}
	net->n_ifaces = (uint16_t)c->n_interfaces;
	net->ifaces = mem_alloc(c->n_interfaces * sizeof(*net->ifaces));
	net->facts = mem_alloc(c->n_interfaces * sizeof(*net->facts));
	net->links = mem_alloc(c->n_interfaces * sizeof(*net->links));
	if (!net->ifaces || !net->facts || !net->links)
		return -ENOMEM;
	for (uint16_t i = 0; i < net->n_ifaces; i++) {
		if (c->interfaces[i].kernel == CONFIG_KERNEL_SHARED)
			network_set_link(net, i, c->interfaces[i].device.arg);
	}
	if (getrandom(&net->seed, sizeof(net->seed), 0) != sizeof(net->seed))
		return -EIO;
	network_use_config(net, c);
	return any_linux(c) ? netlink_open(&net->nl) : 0;
}

int network_start(struct app *app)
{
	struct network *net = mem_alloc(sizeof(*net));
	int rc = net ? 0 : -ENOMEM;

	app->network = net;
	if (rc == 0)
		rc = hosts_read(HOSTS_PATH, &app->hosts);
	if (rc == 0)
		rc = network_make(app, net);
	if (rc == 0 && net->nl)
		rc = settle(net);
	if (rc)
		log_error("network of Linux: %s", strerror(-rc));
	if (rc == 0 && net->nl)
		rc = check_links(app, net);
	if (rc)
		network_stop(app);
	return rc;
}

void network_stop(struct app *app)
{
	struct network *net = app->network;

	hosts_free(&app->hosts);
	if (!net)
		return;
	netlink_close(net->nl);
	mem_free(net->ifaces);
	mem_free(net->facts);
	mem_free(net->links);
	mem_free(net);
	app->network = NULL;
}
