/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command trace: its parameters into a filter. What it then finds is told by tracer.c.
 */
#include "control/app.h"
#include "control/config/config_reader.h"
#include "control/config/near.h"
#include "control/fleet/fleet.h"
#include "control/rpc/rpc.h"
#include "control/watch/trace_json.h"
#include "control/watch/tracer.h"
#include "dataplane/example.h"

#include <errno.h>
#include <string.h>

#define WHY_MAX 256
#define CAUSE_MAX 64

/* Takes parameter @name into @to of @room bytes. False if it is too long, the error set. */
static bool take_text(struct rpc_call *call, const char *name, char *to, size_t room, uint8_t *len)
{
	const char *text = rpc_text(call, name);
	size_t n = text ? strlen(text) : 0;

	if (n > room) {
		rpc_fail(call, RPC_INVALID_PARAMS, "%s: longer than %zu bytes", name, room);
		return false;
	}
	if (text)
		memcpy(to, text, n);
	*len = (uint8_t)n;
	return true;
}

/* Length of the prefix behind the slash, in bits of an IPv6 address; -1 = none that there is. */
static int prefix_len(const char *digits, bool v4)
{
	int64_t n = 0;

	if (!digits)
		return 128;
	if (!config_digits(digits, strlen(digits), &n) || n > (v4 ? 32 : 128))
		return -1;
	return (int)n + (v4 ? 96 : 0);
}

static bool take_source(struct rpc_call *call, struct trace_filter *f)
{
	const char *text = rpc_text(call, "source");
	const char *slash = text ? strchr(text, '/') : NULL;
	size_t n = slash ? (size_t)(slash - text) : text ? strlen(text) : 0;
	int len = -1;

	if (!text)
		return true;
	if (ip_parse((const uint8_t *)text, n, &f->source.ip))
		len = prefix_len(slash ? slash + 1 : NULL, ip_is_v4(&f->source.ip));
	if (len < 0) {
		rpc_fail(call, RPC_INVALID_PARAMS,
			 "source: \"%s\" is no address or prefix such as 192.0.2.0/24", text);
		return false;
	}
	f->source.len = (uint8_t)len;
	f->by_source = true;
	return true;
}

static bool take_backend(struct rpc_call *call, struct trace_filter *f)
{
	const char *text = rpc_text(call, "backend");
	const char *slash = text ? strchr(text, '/') : NULL;
	const struct fleet_backend *b;
	char pool[WHY_MAX], why[WHY_MAX];

	if (!text)
		return true;
	if (!slash || (size_t)(slash - text) >= sizeof(pool)) {
		rpc_fail(call, RPC_INVALID_PARAMS, "backend: \"%s\" is not POOL/BACKEND", text);
		return false;
	}
	memcpy(pool, text, (size_t)(slash - text));
	pool[slash - text] = '\0';
	b = fleet_find(call->app->fleet, pool, slash + 1, why, sizeof(why));
	if (!b) {
		rpc_fail(call, RPC_NOT_FOUND, "%s", why);
		return false;
	}
	f->server = b->addr;
	f->by_server = true;
	return true;
}

static bool is_verdict(const char *text, struct trace_filter *f)
{
	static const enum trace_verdict all[] = { TRACE_FORWARDED, TRACE_ANSWERED, TRACE_DROPPED,
						  TRACE_ABSORBED };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(text, trace_verdict_name(all[i])) == 0)
			f->verdicts = all[i];
	}
	return f->verdicts != 0;
}

static bool is_cause(unsigned int i)
{
	return i < SIP_N_REASONS
		       ? i != SIP_OK
		       : counter_info((enum counter)(i - SIP_N_REASONS))->class == COUNTER_drop;
}

static bool take_verdict(struct rpc_call *call, struct trace_filter *f)
{
	static char names[EXAMPLES][CAUSE_MAX];
	const char *text = rpc_text(call, "verdict");
	struct near near;

	if (!text || is_verdict(text, f))
		return true;
	near = near_begin(text, strlen(text));
	for (unsigned int i = 0; i < EXAMPLES; i++) {
		if (!is_cause(i))
			continue;
		trace_cause_name(i, names[i], CAUSE_MAX);
		if (strcmp(text, names[i]) == 0) {
			f->by_cause = true;
			f->cause = (uint16_t)i;
			return true;
		}
		near_offer(&near, names[i]);
	}
	rpc_fail(call, RPC_INVALID_PARAMS,
		 "verdict: \"%s\" is not forwarded, answered, dropped, absorbed or the name of "
		 "a reason%s%s",
		 text, near.found ? "; did you mean " : "", near.found ? near.found : "");
	return false;
}

static bool take_numbers(struct rpc_call *call, struct tracer_wish *wish)
{
	json_int_t count = rpc_number(call, "count", TRACER_COUNT_DEFAULT);
	json_int_t rate = rpc_number(call, "rate", TRACER_RATE_DEFAULT);

	if (count < 0 || rate < 1 || rate > TRACE_RATE_MAX) {
		rpc_fail(call, RPC_INVALID_PARAMS, "count is 0 or more, rate is 1 to %u",
			 TRACE_RATE_MAX);
		return false;
	}
	wish->count = (uint64_t)count;
	wish->rate = (uint32_t)rate;
	return true;
}

json_t *cmd_trace(struct rpc_call *call)
{
	struct tracer_wish wish = { 0 };
	struct trace_filter *f = &wish.filter;
	int64_t id;

	if (!call->client)
		return rpc_fail(call, RPC_REFUSED, "trace needs a connection to answer on");
	if (!take_text(call, "call_id", f->call_id, sizeof(f->call_id), &f->call_id_len) ||
	    !take_text(call, "method", f->method, sizeof(f->method), &f->method_len) ||
	    !take_source(call, f) || !take_backend(call, f) || !take_verdict(call, f) ||
	    !take_numbers(call, &wish))
		return NULL;
	id = tracer_add(call->app, call->client, &wish);
	if (id == -EALREADY)
		return rpc_fail(call, RPC_BUSY, "this connection traces already");
	if (id == -EBUSY)
		return rpc_fail(call, RPC_BUSY, "%u traces are under way already", TRACE_SLOTS);
	if (id < 0)
		return rpc_fail(call, RPC_INTERNAL_ERROR, "no memory for a trace");
	return json_pack("{s:I}", "id", (json_int_t)id);
}
