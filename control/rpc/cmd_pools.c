/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands: pools, pool.show, backend.set, backend.add, backend.remove.
 *
 * A change is made to a copy of the fleet, of which a world is built and published; only then does
 * the fleet become the copy. So a command that is refused has changed nothing, and the answer tells
 * what is in force.
 */
#include "control/app.h"
#include "control/fleet/fleet_names.h"
#include "control/fleet/fleet_state.h"
#include "control/fleet/names_part.h"
#include "control/fleet/pool_json.h"
#include "control/fleet/pool_moved.h"
#include "control/log.h"
#include "control/publish.h"
#include "control/rpc/rpc.h"
#include "control/world/table.h"
#include "dataplane/sip/uri.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

json_t *cmd_pools(struct rpc_call *call)
{
	const struct app *app = call->app;
	json_t *list = json_array();

	for (uint16_t i = 0; i < app->now.world->n_pools; i++)
		json_array_append_new(list, pool_json(app, i, false));
	return json_pack("{s:o}", "pools", list);
}

json_t *cmd_pool_show(struct rpc_call *call)
{
	char why[FLEET_REASON_MAX];
	uint16_t pool = fleet_find_pool(call->app->fleet, rpc_text(call, "pool"), why, sizeof(why));

	if (pool == WORLD_NONE)
		return rpc_fail(call, RPC_NOT_FOUND, "%s", why);
	return json_pack("{s:o}", "pool", pool_json(call->app, pool, true));
}

/* --- changes ----------------------------------------------------------------------------- */

/* A change under way. */
struct change {
	struct rpc_call *call;
	struct fleet *fleet; /* the copy */
	struct fleet_backend *b;
	struct fleet_name *name; /* the backend is a name, and b NULL */
};

/* The tables of a pool before and after. */
static double moved_since(const struct app *app, const struct pool *before, uint16_t pool)
{
	return pool_moved(before, &app->now.world->pools[pool]);
}

/* What was changed, as it is now. */
static json_t *changed_json(const struct change *c, uint16_t number)
{
	const struct app *app = c->call->app;
	const char *name = rpc_text(c->call, "backend");

	if (number != WORLD_NONE)
		return backend_json(app, fleet_at(app->fleet, number));
	return name_json(app, rpc_text(c->call, "pool"), name ? name : rpc_text(c->call, "name"));
}

/* Publishes the copy and answers; frees it if that cannot be done. */
static json_t *publish(struct change *c, uint16_t pool)
{
	struct app *app = c->call->app;
	struct pool before = app->now.world->pools[pool];
	uint16_t number = c->b ? c->b->number : WORLD_NONE;
	char why[LOG_TEXT_MAX];
	json_t *result;
	int rc;

	table_hold(before.table);
	rc = publish_fleet(app, c->fleet, why, sizeof(why));
	if (rc) {
		fleet_free(c->fleet);
		result = rpc_fail(c->call, RPC_REFUSED, "%s; nothing has changed", why);
	} else {
		names_sync(app);
		result = json_pack("{s:o, s:f, s:I}", "backend", changed_json(c, number), "moved",
				   moved_since(app, &before, pool), "generation",
				   (json_int_t)app->generation);
	}
	table_drop(before.table);
	return result;
}

/* Copies the fleet and finds the backend that the parameters name. False with the error filled. */
static bool begin(struct change *c)
{
	const char *pool = rpc_text(c->call, "pool"), *backend = rpc_text(c->call, "backend");
	char why[FLEET_REASON_MAX];

	c->fleet = fleet_copy(c->call->app->fleet);
	if (!c->fleet) {
		rpc_fail(c->call, RPC_INTERNAL_ERROR, "no memory");
		return false;
	}
	c->name = fleet_find_name(c->fleet, pool, backend);
	c->b = c->name ? NULL : fleet_find(c->fleet, pool, backend, why, sizeof(why));
	if (c->b || c->name)
		return true;
	rpc_fail(c->call, RPC_NOT_FOUND, "%s", why);
	fleet_free(c->fleet);
	return false;
}

static uint16_t pool_of(const struct change *c)
{
	return c->b ? c->b->pool : fleet_pool_index(c->fleet, rpc_text(c->call, "pool"));
}

static enum config_state state_of(const char *name)
{
	return strcmp(name, "up") == 0      ? CONFIG_STATE_UP
	       : strcmp(name, "drain") == 0 ? CONFIG_STATE_DRAIN
					    : CONFIG_STATE_DOWN;
}

json_t *cmd_backend_set(struct rpc_call *call)
{
	const json_t *weight = json_object_get(call->params, "weight");
	const char *state = rpc_text(call, "state");
	struct fleet_change change = { 0 };
	struct change c = { .call = call };

	if (!state && !weight)
		return rpc_fail(call, RPC_INVALID_PARAMS, "nothing to set: give state or weight");
	if (state && strcmp(state, "file") == 0)
		change.clear_state = true;
	else if (state)
		change = (struct fleet_change){ .set_state = true, .state = state_of(state) };
	if (json_is_integer(weight)) {
		change.set_weight = true;
		change.weight = (uint32_t)json_integer_value(weight);
	} else if (weight) {
		change.clear_weight = true;
	}
	if (!begin(&c))
		return NULL;
	if (c.name)
		fleet_set_name(c.fleet, c.name, &change);
	else
		fleet_set(c.fleet, c.b, &change);
	return publish(&c, pool_of(&c));
}

json_t *cmd_backend_remove(struct rpc_call *call)
{
	struct change c = { .call = call };
	uint16_t pool;
	int rc;

	if (!begin(&c))
		return NULL;
	pool = pool_of(&c);
	rc = c.name ? fleet_remove_name(c.fleet, c.name) : fleet_remove(c.fleet, c.b);
	if (rc == 0)
		return publish(&c, pool);
	fleet_free(c.fleet);
	return rpc_fail(call, RPC_INTERNAL_ERROR, "no memory");
}

/* --- add --------------------------------------------------------------------------------- */

/* "udp,tcp" as WORLD_UDP | WORLD_TCP; 0 if @text says something else. */
static uint32_t transports_of(const char *text)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} known[] = { { "udp", WORLD_UDP }, { "tcp", WORLD_TCP }, { "tls", WORLD_TLS } };
	uint32_t transports = 0;

	while (*text) {
		size_t n = strcspn(text, ",");
		uint32_t bit = 0;

		for (size_t i = 0; i < 3; i++) {
			if (n == 3 && memcmp(text, known[i].name, 3) == 0)
				bit = known[i].bit;
		}
		if (!bit)
			return 0;
		transports |= bit;
		text += n + (text[n] == ',');
	}
	return transports;
}

/* An address of either family, with a port or without, IPv6 with a port in brackets; or a name,
 * which goes to @name. */
static bool read_endpoint(const char *text, struct endpoint *out, char name[DNS_NAME_MAX + 1])
{
	const uint8_t *p = (const uint8_t *)text;
	size_t n = strlen(text);
	struct sip_host host;
	uint16_t port = 0;

	if (!ip_parse(p, n, &host.ip)) {
		if (!hostport_parse(p, span_of(0, (uint32_t)n), &host, &port))
			return false;
		if (host.kind == HOST_NAME) {
			*out = (struct endpoint){ .port = port };
			return dns_name_copy(text, host.text.len, name);
		}
	}
	*out = (struct endpoint){ host.ip, port };
	return true;
}

struct new_backend {
	struct endpoint addr;
	char host[DNS_NAME_MAX + 1]; /* "" = an address */
	uint32_t transports;
	uint16_t tls_port;
	const char *tls_name;
	uint32_t weight;
	uint32_t tier;
};

static bool is_host_name(const char *text)
{
	struct sip_host host;

	return host_parse((const uint8_t *)text, span_of(0, (uint32_t)strlen(text)), false,
			  &host) &&
	       host.kind == HOST_NAME;
}

/* Fills in the ports that are not given, as the configuration does; @tls_port: 0 = not given. */
static void fill_ports(struct new_backend *out, uint16_t tls_port)
{
	bool tls = out->transports & WORLD_TLS, alone = out->transports == WORLD_TLS;

	if (alone && out->addr.port == 0 && !out->host[0])
		out->addr.port = tls_port ? tls_port : 5061;
	if (out->addr.port == 0 && !out->host[0])
		out->addr.port = 5060;
	if (tls && tls_port)
		out->tls_port = tls_port;
	else if (tls)
		out->tls_port = alone && out->addr.port ? out->addr.port : 5061;
}

/* Reads what concerns TLS alone, and fills in the ports. False with the error filled. */
static bool read_tls(struct rpc_call *call, struct new_backend *out)
{
	bool tls = out->transports & WORLD_TLS, alone = out->transports == WORLD_TLS;
	json_int_t port = rpc_number(call, "tls_port", 0);

	out->tls_name = rpc_text(call, "tls_name");
	if (!tls && (port || out->tls_name))
		rpc_fail(call, RPC_INVALID_PARAMS,
			 "tls_port and tls_name are for backends whose transports have tls");
	else if (port < 0 || port > UINT16_MAX)
		rpc_fail(call, RPC_INVALID_PARAMS, "tls_port: allowed are 1 to 65535");
	else if (alone && port && out->addr.port && port != out->addr.port)
		rpc_fail(call, RPC_INVALID_PARAMS,
			 "tls_port: with tls alone it is the port of the address");
	else if (out->tls_name && !is_host_name(out->tls_name))
		rpc_fail(call, RPC_INVALID_PARAMS, "tls_name: \"%s\" is no host name",
			 out->tls_name);
	else {
		fill_ports(out, (uint16_t)port);
		if (!tls || !(out->transports & WORLD_TCP) || out->tls_port != out->addr.port)
			return true;
		rpc_fail(call, RPC_INVALID_PARAMS, "tls_port: tcp has port %u already",
			 out->tls_port);
	}
	return false;
}

/* Reads what the parameters say of the new backend. False with the error filled. */
static bool read_new(struct rpc_call *call, struct new_backend *out)
{
	const char *address = rpc_text(call, "address");
	const char *transports = rpc_text(call, "transports");
	json_int_t weight = rpc_number(call, "weight", 1), tier = rpc_number(call, "tier", 0);

	*out = (struct new_backend){ 0 };
	if (!read_endpoint(address, &out->addr, out->host)) {
		rpc_fail(call, RPC_INVALID_PARAMS,
			 "address: \"%s\" is no IP address and port, nor a host name", address);
		return false;
	}
	if (!out->host[0] && ip_is_unusable(&out->addr.ip)) {
		rpc_fail(call, RPC_INVALID_PARAMS,
			 "address: \"%s\" is not the address of one host; multicast, broadcast and "
			 "unspecified addresses are not allowed",
			 address);
		return false;
	}
	out->transports = transports_of(transports ? transports : "udp");
	out->weight = (uint32_t)weight;
	out->tier = (uint32_t)tier;
	if (weight < 0 || weight > UINT16_MAX)
		rpc_fail(call, RPC_INVALID_PARAMS, "weight: allowed are 0 to 65535");
	else if (tier < 0 || tier > UINT8_MAX)
		rpc_fail(call, RPC_INVALID_PARAMS, "tier: allowed are 0 to 255");
	else if (!out->transports)
		rpc_fail(call, RPC_INVALID_PARAMS,
			 "transports: \"%s\"; allowed are udp, tcp and tls, separated by commas",
			 transports);
	else
		return read_tls(call, out);
	return false;
}

/* The name that the certificates of the addresses of @new must be for; NULL = that of its pool. */
static const char *tls_name_of(const struct rpc_call *call, const struct new_backend *new)
{
	const struct config *c = &call->app->config;
	const char *pool = rpc_text(call, "pool");

	for (uint32_t i = 0; i < c->n_pools && !new->tls_name; i++) {
		if (c->pools[i].tls_name && strcmp(c->pools[i].name, pool) == 0)
			return NULL;
	}
	return new->tls_name ? new->tls_name : new->host;
}

/* Adds @new to the copy. 0, or a negative errno with @why filled. */
static int add(struct change *c, const struct new_backend *new, char *why, size_t n)
{
	const char *pool = rpc_text(c->call, "pool"), *name = rpc_text(c->call, "name");
	/* Borrowed texts, of which the fleet makes copies. */
	const struct fleet_name as_name = {
		.pool = (char *)(uintptr_t)pool,
		.name = (char *)(uintptr_t)name,
		.host = (char *)(uintptr_t) new->host,
		.port = new->addr.port,
		.tls_port = new->tls_port,
		.tls_name = (char *)(uintptr_t)tls_name_of(c->call, new),
		.transports = new->transports,
		.weight = new->weight,
		.tier = new->tier,
		.state = CONFIG_STATE_UP,
	};
	int rc;

	if (new->host[0])
		return fleet_add_name(c->fleet, &as_name, why, n);
	rc = fleet_add(c->fleet, pool, name, &new->addr, new->transports, new->weight, new->tier,
		       why, n);
	if (rc)
		return rc;
	c->b = fleet_find(c->fleet, pool, name, why, n);
	rc = fleet_set_tls(c->b, new->tls_port, new->tls_name);
	if (rc)
		snprintf(why, n, "no memory");
	return rc;
}

json_t *cmd_backend_add(struct rpc_call *call)
{
	struct change c = { .call = call };
	char why[FLEET_REASON_MAX];
	struct new_backend new;
	int rc;

	if (!read_new(call, &new))
		return NULL;
	c.fleet = fleet_copy(call->app->fleet);
	if (!c.fleet)
		return rpc_fail(call, RPC_INTERNAL_ERROR, "no memory");
	rc = add(&c, &new, why, sizeof(why));
	if (rc == 0)
		return publish(&c, pool_of(&c));
	fleet_free(c.fleet);
	return rpc_fail(call,
			rc == -ENOENT   ? RPC_NOT_FOUND
			: rc == -EINVAL ? RPC_INVALID_PARAMS
					: RPC_REFUSED,
			"%s", why);
}
