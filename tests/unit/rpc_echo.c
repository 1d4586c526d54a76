/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/rpc_echo.h"

#include "control/fleet/fleet.h"
#include "control/rpc/commands.h"

#include <stdlib.h>
#include <string.h>

unsigned long rpc_echo_calls;

/* Answers with the parameters. A pool called "none" is not there, one called "odd" is forgotten to
 * be answered about, one called "client" tells the client first. */
static json_t *echo(struct rpc_call *call, const char *method)
{
	const char *pool = rpc_text(call, "pool");
	char why[RPC_TEXT_MAX];

	rpc_echo_calls++;
	if (!command_check(command_of_method(method), call->params, why, sizeof(why)))
		abort();
	if (pool && strcmp(pool, "odd") == 0)
		return NULL;
	if (pool && strcmp(pool, "client") == 0)
		rpc_notify(call->client, "note", json_pack("{s:s}", "pool", pool));
	if (!pool || strcmp(pool, "none") != 0)
		return json_deep_copy(call->params);
	call->error.data = json_pack("{s:[s]}", "faults", "line");
	return rpc_fail(call, RPC_NOT_FOUND, "no pool \"%s\"", pool);
}

/* There is no fleet, and nothing waits. */
int fleet_commit(struct app *app)
{
	(void)app;
	return 0;
}

/* One handler for each command of the table, in place of the daemon's. */
#define COMMAND(handler, method, ...)                \
	json_t *cmd_##handler(struct rpc_call *call) \
	{                                            \
		return echo(call, method);           \
	}
#include "control/rpc/commands.def"
