/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command: help. The table as JSON.
 */
#include "control/rpc/commands.h"
#include "control/rpc/rpc.h"

#include <string.h>

static json_t *params_json(const struct command *c)
{
	json_t *list = json_array();

	for (const struct command_param *p = c->params; p->name; p++) {
		if (param_is_sent(p))
			json_array_append_new(
				list, json_pack("{s:s, s:s, s:b, s:s}", "name", p->name, "type",
						param_type_text(p->type), "required",
						p->need == PARAM_REQUIRED, "help", p->help));
	}
	return list;
}

static json_t *command_json(const struct command *c)
{
	char usage[512];

	return json_pack("{s:s, s:s, s:b, s:s, s:s, s:o}", "method", c->method, "usage",
			 command_usage(c, usage, sizeof(usage)), "changes",
			 c->kind == COMMAND_CHANGES, "help", c->help, "example", c->example,
			 "params", params_json(c));
}

json_t *cmd_help(struct rpc_call *call)
{
	const char *wanted = rpc_text(call, "command");
	json_t *list = json_array();
	const struct command *c;

	for (size_t i = 0; (c = command_at(i)); i++) {
		bool named = wanted && c->method &&
			     (strcmp(c->method, wanted) == 0 || strcmp(c->words, wanted) == 0);

		if (c->method && (!wanted || named))
			json_array_append_new(list, command_json(c));
	}
	if (json_array_size(list))
		return json_pack("{s:o}", "commands", list);
	json_decref(list);
	return rpc_fail(call, RPC_NOT_FOUND, "no such command");
}
