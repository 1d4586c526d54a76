/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command: explain.
 */
#include "control/app.h"
#include "control/explain/explain.h"
#include "control/fleet/fleet.h"
#include "control/rpc/rpc.h"

#include <sodium.h>
#include <stdio.h>

/* What a command needs besides the snapshots, for the time of one call. */
struct room {
	struct explain_iface *ifaces;
	uint8_t *bytes; /* of a message that came in base64 */
};

/* "192.0.2.1", "192.0.2.1:5060", "2001:db8::1", "[2001:db8::1]:5060". */
static bool read_endpoint(const char *text, struct endpoint *out)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t n = strnlen(text, 2 * IP_TEXT_MAX);
	struct sip_host host;

	if (ip_parse(p, n, &out->ip)) {
		out->port = 5060;
		return true;
	}
	if (!hostport_parse(p, span_of(0, (unsigned int)n), &host, &out->port) ||
	    host.kind != HOST_IP)
		return false;
	*out = (struct endpoint){ host.ip, out->port ? out->port : 5060 };
	return true;
}

/* The transport called @name. False if there is none. */
static bool read_transport(const char *name, uint8_t *out)
{
	static const char *const names[] = {
		[SIP_UDP] = "udp", [SIP_TCP] = "tcp", [SIP_TLS] = "tls"
	};

	for (uint8_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		*out = i;
		return true;
	}
	return !name;
}

/* Whence the message comes, and where to. False with call->error filled. */
static bool read_arrival(struct rpc_call *call, struct explain_in *in)
{
	const char *source = rpc_text(call, "source"), *listener = rpc_text(call, "listener");
	const char *transport = rpc_text(call, "transport");
	const struct listener *l;

	in->transport = SIP_UDP;
	if (!read_transport(transport, &in->transport)) {
		rpc_fail(call, RPC_INVALID_PARAMS, "transport: allowed are udp, tcp and tls");
		return false;
	}
	if (source && (!read_endpoint(source, &in->src) || ip_is_unusable(&in->src.ip))) {
		rpc_fail(call, RPC_INVALID_PARAMS, "source: no message can come from %s", source);
		return false;
	}
	in->src_given = source != NULL;
	in->listener = explain_listener(in->world, listener, (enum sip_transport)in->transport,
					source ? &in->src.ip : NULL);
	if (in->listener == WORLD_NONE) {
		rpc_fail(call, RPC_NOT_FOUND, "no listener %s%s",
			 listener ? "is called " : "takes ",
			 listener    ? listener
			 : transport ? transport
				     : "UDP");
		return false;
	}
	l = &in->world->listeners[in->listener];
	if (!source)
		in->src = explain_stranger(l);
	if ((l->transports & 1u << in->transport) && ip_is_v4(&in->src.ip) == ip_is_v4(&l->addr.ip))
		return true;
	rpc_fail(call, RPC_INVALID_PARAMS, "listener %s takes nothing by %s from there", l->name.s,
		 transport ? transport : "UDP");
	return false;
}

/* The bytes of the message. False with call->error filled. */
static bool read_message(struct rpc_call *call, struct explain_in *in, struct room *room)
{
	const json_t *text = json_object_get(call->params, "message");
	size_t n = json_string_length(text);

	in->text = (const uint8_t *)json_string_value(text);
	if (rpc_flag(call, "base64")) {
		room->bytes = mem_alloc(n + 1);
		if (!room->bytes) {
			rpc_fail(call, RPC_INTERNAL_ERROR, "no memory");
			return false;
		}
		if (sodium_base642bin(room->bytes, n + 1, json_string_value(text), n, "\r\n", &n,
				      NULL, sodium_base64_VARIANT_ORIGINAL)) {
			rpc_fail(call, RPC_INVALID_PARAMS, "message: expected base64");
			return false;
		}
		in->text = room->bytes;
	}
	if (n > SIP_MAX_LEN) {
		rpc_fail(call, RPC_INVALID_PARAMS, "message: %zu bytes, a datagram has %u at most",
			 n, SIP_MAX_LEN);
		return false;
	}
	in->n = (uint32_t)n;
	return true;
}

static bool read_ifaces(struct rpc_call *call, struct explain_in *in, struct room *room)
{
	const struct app *app = call->app;

	room->ifaces = mem_alloc(app->config.n_interfaces * sizeof(*room->ifaces));
	if (!room->ifaces) {
		rpc_fail(call, RPC_INTERNAL_ERROR, "no memory");
		return false;
	}
	for (uint16_t i = 0; i < app->config.n_interfaces; i++) {
		uint8_t mac[6];

		room->ifaces[i].name = app->config.interfaces[i].name;
		room->ifaces[i].shared = app->ports && app->ports[i].shared;
		if (app->plane)
			plane_port_info(app->plane, i, mac, &room->ifaces[i].mtu);
	}
	in->ifaces = room->ifaces;
	in->n_ifaces = (uint16_t)app->config.n_interfaces;
	return true;
}

static void why(void *arg, uint16_t number, char *out, size_t size)
{
	const struct fleet_backend *b = fleet_at(arg, number);

	if (!b)
		return;
	if (b->why[0] && b->cause != FLEET_BY_FILE)
		snprintf(out, size, "%s: %s", fleet_cause_name(b->cause), b->why);
	else
		snprintf(out, size, "by %s", fleet_cause_name(b->cause));
}

json_t *cmd_explain(struct rpc_call *call)
{
	struct app *app = call->app;
	struct explain_in in = {
		.world = app->now.world,
		.fib = app->now.fib,
		.config = &app->config,
		.why = app->fleet ? why : NULL,
		.arg = app->fleet,
	};
	struct room room = { 0 };
	json_t *result = NULL;

	if (!in.world || in.world->n_listeners == 0)
		return rpc_fail(call, RPC_REFUSED, "there is no listener yet");
	if (read_arrival(call, &in) && read_message(call, &in, &room) &&
	    read_ifaces(call, &in, &room)) {
		result = explain(&in);
		if (!result)
			rpc_fail(call, RPC_INTERNAL_ERROR, "no memory");
	}
	mem_free(room.ifaces);
	mem_free(room.bytes);
	return result;
}
