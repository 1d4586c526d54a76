/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command: transactions. Those that are kept between UDP and TCP or TLS; there are no others.
 */
#include "control/app.h"
#include "control/endpoint_text.h"
#include "control/log.h"
#include "control/rpc/rpc.h"
#include "control/transaction/transaction.h"

#include <string.h>

#define SHOWN_DEFAULT 1000
#define SHOWN_MOST 10000

/* The list under way. */
struct listing {
	json_t *list;
	const char *pattern; /* NULL = all */
	json_int_t most;
	json_int_t matching;
};

static bool matches(const struct listing *l, const struct txn_info *i)
{
	char caller[ENDPOINT_TEXT_MAX], server[ENDPOINT_TEXT_MAX];

	if (!l->pattern)
		return true;
	endpoint_text(&i->caller.to, caller);
	endpoint_text(&i->server.to, server);
	return strstr(caller, l->pattern) || strstr(server, l->pattern) ||
	       strstr(i->method, l->pattern);
}

static json_t *leg_json(const struct txn_leg *l, const char *state)
{
	static const char *const names[] = {
		[SIP_UDP] = "udp", [SIP_TCP] = "tcp", [SIP_TLS] = "tls"
	};

	return json_pack("{s:s, s:o, s:o, s:s}", "transport", names[l->transport], "address",
			 endpoint_json(&l->to), "listener", endpoint_json(&l->listener), "state",
			 state);
}

static bool add(void *arg, const struct txn_info *i)
{
	struct listing *l = arg;

	if (!matches(l, i) || l->matching++ >= l->most)
		return true;
	json_array_append_new(l->list, json_pack("{s:o, s:i, s:f, s:o, s:o}", "method",
						 rpc_string(i->method), "status", i->status,
						 "age_s", (double)i->age_ms / 1000, "caller",
						 leg_json(&i->caller, i->server_state), "server",
						 leg_json(&i->server, i->client_state)));
	return true;
}

static json_t *counts_json(const struct txn_counts *n)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "begun",
			 (json_int_t)n->begun, "ended", (json_int_t)n->ended, "retransmitted",
			 (json_int_t)n->retransmitted, "absorbed", (json_int_t)n->absorbed,
			 "strays", (json_int_t)n->strays, "timeouts", (json_int_t)n->timeouts,
			 "failures", (json_int_t)n->failures, "refused", (json_int_t)n->refused,
			 "acks", (json_int_t)n->acks, "cancels", (json_int_t)n->cancels);
}

json_t *cmd_transactions(struct rpc_call *call)
{
	const struct transactions *t = relay_transactions(call->app->relay);
	json_int_t most = rpc_number(call, "count", SHOWN_DEFAULT);
	struct listing l = { .list = json_array(),
			     .pattern = rpc_text(call, "pattern"),
			     .most = most < SHOWN_MOST ? most : SHOWN_MOST };

	txns_each(t, log_clock_ms(), add, &l);
	return json_pack("{s:I, s:I, s:I, s:o, s:o}", "total", (json_int_t)txns_counts(t)->present,
			 "bytes", (json_int_t)txns_counts(t)->bytes, "matching", l.matching,
			 "counts", counts_json(txns_counts(t)), "transactions", l.list);
}
