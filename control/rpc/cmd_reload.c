/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands: reload, node.drain.
 */
#include "control/app.h"
#include "control/log.h"
#include "control/publish.h"
#include "control/reload.h"
#include "control/rpc/rpc.h"

#include <errno.h>
#include <string.h>

/* The remarks of @errs as texts, FILE:LINE:COLUMN first. */
static json_t *lines_json(const struct config_errors *errs)
{
	json_t *list = json_array();
	char line[LOG_TEXT_MAX];

	for (uint32_t i = 0; i < config_errors_lines(errs); i++) {
		config_errors_format(errs, i, line, sizeof(line));
		json_array_append_new(list, rpc_string(line));
	}
	return list;
}

static json_t *refuse(struct rpc_call *call, const struct reload_result *r, int rc)
{
	uint32_t n = config_errors_lines(&r->faults);

	call->error.data = json_pack("{s:o}", "faults", lines_json(&r->faults));
	if (rc == -ENOMEM)
		return rpc_fail(call, RPC_REFUSED, "no memory; nothing has changed");
	return rpc_fail(call, RPC_REFUSED, "%s has %u fault%s; nothing has changed",
			call->app->config_path, n, n == 1 ? "" : "s");
}

json_t *cmd_reload(struct rpc_call *call)
{
	bool dry = rpc_flag(call, "dry_run"), reset = rpc_flag(call, "reset");
	struct reload_result r = { 0 };
	unsigned int flags = (dry ? RELOAD_DRY_RUN : 0) | (reset ? RELOAD_RESET : 0);
	int rc = reload_now(call->app, flags, &r);
	json_t *result;

	if (rc)
		result = refuse(call, &r, rc);
	else
		result = json_pack("{s:b, s:b, s:I, s:O, s:O, s:o}", "changed",
				   json_array_size(r.differences) > 0, "dry_run", (int)dry,
				   "generation", (json_int_t)call->app->generation, "differences",
				   r.differences, "pools", r.pools, "warnings",
				   lines_json(&r.warnings));
	reload_result_free(&r);
	return result;
}

json_t *cmd_node_drain(struct rpc_call *call)
{
	bool on = strcmp(rpc_text(call, "state"), "on") == 0, was = call->app->draining;

	call->app->draining = on;
	if (on != was && publish_world(call->app)) {
		call->app->draining = was;
		return rpc_fail(call, RPC_REFUSED, "no new snapshot could be made; see the log");
	}
	if (on != was)
		log_info(on ? "the node drains: OPTIONS to it and /healthz fail"
			    : "the node is in service again");
	return json_pack("{s:b, s:I}", "draining", (int)on, "generation",
			 (json_int_t)call->app->generation);
}
