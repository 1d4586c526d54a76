/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command: connections.
 */
#include "control/app.h"
#include "control/endpoint_text.h"
#include "control/log.h"
#include "control/rpc/rpc.h"
#include "control/stream/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_DEFAULT 1000
#define SHOWN_MOST 10000

/* The list under way. */
struct listing {
	json_t *list;
	const char *pattern; /* NULL = all */
	json_int_t most;
	json_int_t matching;
	uint64_t now_ms;
};

static bool matches(const struct listing *l, const struct stream_info *i)
{
	char peer[ENDPOINT_TEXT_MAX], listener[ENDPOINT_TEXT_MAX];

	if (!l->pattern)
		return true;
	endpoint_text(&i->peer, peer);
	endpoint_text(&i->listener, listener);
	return strstr(peer, l->pattern) || strstr(listener, l->pattern) ||
	       (i->peer_cn && strstr(i->peer_cn, l->pattern));
}

static json_t *connection_json(const struct stream_info *i, uint64_t now_ms)
{
	char number[17];
	json_t *o;

	snprintf(number, sizeof(number), "%016" PRIx64, i->connection);
	o = json_pack("{s:s, s:o, s:o, s:s, s:s, s:s}", "connection", number, "peer",
		      endpoint_json(&i->peer), "listener", endpoint_json(&i->listener), "transport",
		      i->transport == SIP_TLS ? "tls" : "tcp", "direction",
		      i->outbound ? "out" : "in", "state", i->connected ? "open" : "opening");
	json_object_update_new(o, json_pack("{s:f, s:f, s:I, s:I, s:I, s:I, s:I}", "age_s",
					    (double)(now_ms - i->opened_ms) / 1000, "idle_s",
					    (double)(now_ms - i->last_ms) / 1000, "messages_in",
					    (json_int_t)i->messages_in, "messages_out",
					    (json_int_t)i->messages_out, "bytes_in",
					    (json_int_t)i->bytes_in, "bytes_out",
					    (json_int_t)i->bytes_out, "waiting",
					    (json_int_t)i->waiting));
	if (i->cipher)
		json_object_set_new(o, "cipher", rpc_string(i->cipher));
	if (i->peer_cn)
		json_object_set_new(o, "peer_name", rpc_string(i->peer_cn));
	return o;
}

static bool add(void *arg, const struct stream_info *i)
{
	struct listing *l = arg;

	if (!matches(l, i))
		return true;
	if (l->matching++ < l->most)
		json_array_append_new(l->list, connection_json(i, l->now_ms));
	return true;
}

json_t *cmd_connections(struct rpc_call *call)
{
	json_int_t most = rpc_number(call, "count", SHOWN_DEFAULT);
	struct listing l = { .list = json_array(),
			     .pattern = rpc_text(call, "pattern"),
			     .most = most < SHOWN_MOST ? most : SHOWN_MOST,
			     .now_ms = log_clock_ms() };

	streams_each(call->app->streams, add, &l);
	return json_pack("{s:I, s:I, s:o}", "total", (json_int_t)streams_count(call->app->streams),
			 "matching", l.matching, "connections", l.list);
}
