/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands: status, log.level, stop.
 */
#include "control/app.h"
#include "control/endpoint_text.h"
#include "control/log.h"
#include "control/network/network.h"
#include "control/publish.h"
#include "control/rpc/rpc.h"
#include "control/stream/stream.h"
#include "control/transaction/transaction.h"
#include "control/wall_time.h"
#include "control/watch/alarms.h"
#include "control/watch/rates.h"
#include "dataplane/plane_watch.h"
#include "dataplane/sip/msg.h"

#include <unistd.h>

static json_t *window_json(const struct app *app)
{
	const struct world *w = app->now.world;

	return json_pack("{s:i, s:I}", "past", w ? (int)w->n_past : 0, "ends_in_s",
			 (json_int_t)(w ? (publish_window_left(app) + 999) / 1000 : 0));
}

static json_t *config_json(const struct app *app)
{
	const struct world *w = app->now.world;

	return json_pack("{s:o, s:o, s:I, s:I, s:o}", "file", rpc_string(app->config_path),
			 "loaded", wall_time_json(app->loaded_ms), "generation",
			 (json_int_t)app->generation, "epoch", (json_int_t)(w ? w->epoch : 0),
			 "window", window_json(app));
}

/* Of an interface that Linux shares, Linux knows better than the driver. */
static bool has_link(const struct app *app, uint16_t i, const struct plane_link *link)
{
	bool shared = app->config.interfaces[i].kernel == CONFIG_KERNEL_SHARED;

	return !network_lost(app->network, i) && (shared || link->up);
}

static json_t *interface_json(const struct app *app, uint16_t i)
{
	const struct config_interface *c = &app->config.interfaces[i];
	struct plane_link link = plane_link(app->plane, i);
	uint8_t mac[6];
	uint32_t mtu;
	json_t *o;

	plane_port_info(app->plane, i, mac, &mtu);
	o = json_pack("{s:s, s:s, s:s?, s:i, s:i, s:b}", "name", c->name, "device", c->device.text,
		      "linux", network_link_name(app->network, i), "mtu", (int)mtu, "queues",
		      (int)link.rx_queues, "up", has_link(app, i, &link));
	/* Drivers without a cable make one up. */
	if (c->device.kind == CONFIG_DEVICE_PCI && link.speed)
		json_object_set_new(o, "speed", json_integer(link.speed));
	return o;
}

static json_t *interfaces_json(const struct app *app)
{
	json_t *list = json_array();

	for (uint16_t i = 0; app->plane && i < app->config.n_interfaces; i++)
		json_array_append_new(list, interface_json(app, i));
	return list;
}

static json_t *transports_json(uint32_t transports)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} known[] = { { WORLD_UDP, "udp" }, { WORLD_TCP, "tcp" }, { WORLD_TLS, "tls" } };
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (transports & known[i].bit)
			json_array_append_new(list, json_string(known[i].name));
	}
	return list;
}

static json_t *listeners_json(const struct world *w)
{
	json_t *list = json_array();

	for (uint16_t i = 0; w && i < w->n_listeners; i++) {
		const struct listener *l = &w->listeners[i];

		json_array_append_new(list,
				      json_pack("{s:o, s:o, s:o}", "name",
						json_stringn(l->name.s, l->name.len), "address",
						endpoint_json(&l->addr), "transports",
						transports_json(l->transports)));
	}
	return list;
}

static json_t *workers_json(const struct app *app)
{
	json_t *list = json_array();

	for (unsigned int i = 0; app->rates && i < app->n_workers; i++) {
		struct rates_worker w = rates_worker(app->rates, i);

		json_array_append_new(list, json_pack("{s:i, s:f, s:f, s:f, s:f}", "id", (int)i,
						      "busy", w.busy, "rx", w.rx, "tx", w.tx,
						      "dropped", w.dropped));
	}
	return list;
}

static json_t *rates_json(const struct rates_second *now)
{
	return json_pack("{s:f, s:f, s:f, s:f, s:f}", "requests", now->requests, "responses",
			 now->responses, "forwarded", now->forwarded, "answered", now->answered,
			 "dropped", now->dropped);
}

/* Adds what the last second was like to @status. */
static void add_rates(json_t *status, const struct app *app)
{
	static const struct rates_second none;
	const struct rates_second *now = app->rates ? rates_now(app->rates) : &none;
	const struct rates_latency *l = &now->latency_us;

	json_object_set_new(status, "workers", workers_json(app));
	json_object_set_new(status, "rates", rates_json(now));
	json_object_set_new(
		status, "latency_us",
		json_pack("{s:f, s:f, s:f}", "p50", l->p50, "p99", l->p99, "p999", l->p999));
}

/* Adds what the control thread carries itself. */
static void add_relay(json_t *status, const struct app *app)
{
	const struct relay_counts *waiting = relay_counts(app->relay);
	const struct txn_counts *t = txns_counts(relay_transactions(app->relay));

	json_object_set_new(status, "relay",
			    json_pack("{s:I, s:I, s:I, s:I}", "connections",
				      (json_int_t)streams_count(app->streams), "transactions",
				      (json_int_t)t->present, "waiting_for_names",
				      (json_int_t)waiting->names, "waiting_for_connections",
				      (json_int_t)waiting->connections));
}

/* Adds what changes seldom. */
static void add_places(json_t *status, const struct app *app)
{
	json_object_set_new(status, "config", config_json(app));
	json_object_set_new(status, "interfaces", interfaces_json(app));
	json_object_set_new(status, "listeners", listeners_json(app->now.world));
	json_object_set_new(status, "scanner", json_string(sip_scan_name()));
}

json_t *cmd_status(struct rpc_call *call)
{
	const struct app *app = call->app;
	uint64_t now = wall_time_ms();
	uint64_t up = now > app->started_ms ? now - app->started_ms : 0;
	json_t *status = json_pack("{s:s, s:o, s:i, s:I, s:o, s:b, s:b}", "version",
				   VIADUCT_VERSION, "node", rpc_string(log_node()), "pid",
				   (int)getpid(), "uptime_s", (json_int_t)(up / 1000), "started",
				   wall_time_json(app->started_ms), "ready", app->ready, "draining",
				   app->now.world && app->now.world->draining);

	if (!status)
		return NULL;
	add_rates(status, app);
	if (app->relay && app->streams)
		add_relay(status, app);
	add_places(status, app);
	json_object_set_new(status, "alarms", alarms_json(app->alarms));
	return status;
}

json_t *cmd_log_level(struct rpc_call *call)
{
	const char *level = rpc_text(call, "level");

	log_set_level(log_level_of(level));
	return json_pack("{s:s}", "level", level);
}

json_t *cmd_stop(struct rpc_call *call)
{
	log_info("stopping on command");
	loop_end(call->app);
	return json_pack("{s:b}", "stopping", true);
}
