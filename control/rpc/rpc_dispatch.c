/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON-RPC 2.0: from the bytes of a line to the response. Parsing, the form of a request, batches,
 * parameters, and one log line for each command that changes something.
 *
 * Stricter than the specification where a slip would otherwise pass unseen: members that a request
 * does not have, and names given twice, are refused. Duplicate names and NULs are refused by the
 * parser, which also bounds nesting (2048 deep).
 */
#include "control/config/config_reader.h"
#include "control/config/near.h"
#include "control/fleet/fleet.h"
#include "control/log.h"
#include "control/rpc/commands.h"
#include "control/rpc/rpc.h"
#include "control/rpc/rpc_client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RPC_BATCH_MAX 32
#define LOGGED_PARAMS 400 /* bytes of the parameters in a log line */

static const struct {
	const char *method;
	rpc_handler run;
} handlers[] = {
#define COMMAND(handler, method, ...) { method, cmd_##handler },
#include "control/rpc/commands.def"
};

#define N_HANDLERS (sizeof(handlers) / sizeof(handlers[0]))

static rpc_handler handler_of(const char *method)
{
	for (size_t i = 0; i < N_HANDLERS; i++) {
		if (strcmp(handlers[i].method, method) == 0)
			return handlers[i].run;
	}
	return NULL;
}

json_t *rpc_string(const char *text)
{
	json_t *s = json_string(text);
	size_t n = strlen(text);
	char *copy;

	if (s)
		return s;
	copy = malloc(n + 1);
	for (size_t i = 0; copy && i <= n; i++)
		copy[i] = (char)((unsigned char)text[i] > 0x7e ? '?' : text[i]);
	s = copy ? json_string(copy) : NULL;
	free(copy);
	return s;
}

static void fail(struct rpc_error *e, int code, const char *fmt, va_list ap)
{
	e->code = code;
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
}

json_t *rpc_fail(struct rpc_call *call, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail(&call->error, code, fmt, ap);
	va_end(ap);
	return NULL;
}

const char *rpc_text(const struct rpc_call *call, const char *name)
{
	return json_string_value(json_object_get(call->params, name));
}

json_int_t rpc_number(const struct rpc_call *call, const char *name, json_int_t other)
{
	const json_t *v = json_object_get(call->params, name);

	return json_is_integer(v) ? json_integer_value(v) : other;
}

bool rpc_flag(const struct rpc_call *call, const char *name)
{
	return json_is_true(json_object_get(call->params, name));
}

/* {"jsonrpc", "error", "id"}; what @e owns goes into it. @id NULL: null. */
static json_t *error_response(struct rpc_error *e, json_t *id)
{
	json_t *error = json_pack("{s:i, s:o}", "code", e->code, "message", rpc_string(e->text));

	if (e->data)
		json_object_set_new(error, "data", e->data);
	e->data = NULL;
	return json_pack("{s:s, s:o, s:O?}", "jsonrpc", "2.0", "error", error, "id",
			 id ? id : json_null());
}

__attribute__((format(printf, 3, 4))) static json_t *refuse(int code, json_t *id, const char *fmt,
							    ...)
{
	struct rpc_error e = { 0 };
	va_list ap;

	va_start(ap, fmt);
	fail(&e, code, fmt, ap);
	va_end(ap);
	return error_response(&e, id);
}

static bool is_id(const json_t *id)
{
	return !id || json_is_string(id) || json_is_number(id) || json_is_null(id);
}

/* The first member that a request does not have, or NULL; @near gets the one that was meant. */
static const char *odd_member(const json_t *request, const char **near_name)
{
	static const char *const members[] = { "jsonrpc", "method", "params", "id" };
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)request, name, value)
	{
		struct near near = near_begin(name, strlen(name));
		bool known = false;

		for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
			known = known || strcmp(name, members[i]) == 0;
			near_offer(&near, members[i]);
		}
		*near_name = near.found;
		if (!known)
			return name;
	}
	return NULL;
}

/* Says what is wrong with the form of @request; NULL if nothing is. */
static json_t *check_form(const json_t *request)
{
	const char *version = json_string_value(json_object_get(request, "jsonrpc"));
	json_t *id = json_object_get(request, "id");
	const char *odd, *near_name = NULL;
	char shown[CONFIG_SHOWN];

	if (!json_is_object(request))
		return refuse(RPC_INVALID_REQUEST, NULL, "a request is an object");
	if (!is_id(id))
		return refuse(RPC_INVALID_REQUEST, NULL, "id: expected text, a number or null");
	if (!version || strcmp(version, "2.0") != 0)
		return refuse(RPC_INVALID_REQUEST, id, "jsonrpc: expected \"2.0\"");
	if (!json_is_string(json_object_get(request, "method")))
		return refuse(RPC_INVALID_REQUEST, id, "method: expected text");
	odd = odd_member(request, &near_name);
	if (!odd)
		return NULL;
	config_show(shown, odd, strlen(odd));
	return near_name
		       ? refuse(RPC_INVALID_REQUEST, id,
				"\"%s\" is no member of a request; did you mean \"%s\"?", shown,
				near_name)
		       : refuse(RPC_INVALID_REQUEST, id, "\"%s\" is no member of a request", shown);
}

/* Parameters by position, as an object. NULL with @e filled if there are too many. */
static json_t *named_params(const struct command *c, const json_t *list, struct rpc_error *e)
{
	const struct command_param *p = c->params;
	json_t *params = json_object();

	for (size_t i = 0; i < json_array_size(list); i++, p++) {
		while (p->name && !param_is_sent(p))
			p++;
		if (!p->name) {
			e->code = RPC_INVALID_PARAMS;
			snprintf(e->text, sizeof(e->text), "%s has at most %zu parameters",
				 c->method, i);
			json_decref(params);
			return NULL;
		}
		json_object_set(params, p->name, json_array_get(list, i));
	}
	return params;
}

/* The parameters of @request as an object that the table agrees to (new reference), or NULL. */
static json_t *take_params(const struct command *c, const json_t *request, struct rpc_error *e)
{
	json_t *given = json_object_get(request, "params");
	json_t *params = NULL;

	if (!given)
		params = json_object();
	else if (json_is_object(given))
		params = json_incref(given);
	else if (json_is_array(given))
		params = named_params(c, given, e);
	if (params && command_check(c, params, e->text, sizeof(e->text)))
		return params;
	json_decref(params);
	e->code = RPC_INVALID_PARAMS;
	if (!e->text[0])
		snprintf(e->text, sizeof(e->text), "params: expected an object or a list");
	return NULL;
}

/* Who changed what, or tried to. */
static void log_change(const struct rpc_client *client, const struct command *c,
		       const json_t *params, const struct rpc_error *e)
{
	static struct log_limit refused;
	char who[RPC_WHO_MAX];
	char *text = json_dumps(params, JSON_COMPACT | JSON_ENSURE_ASCII);
	const char *shown = text ? text : "{}";

	rpc_client_who(client, who, sizeof(who));
	if (e->code)
		log_limited(&refused, LOG_AT_WARNING, "%s: %s %.*s refused: %s", who, c->method,
			    LOGGED_PARAMS, shown, e->text);
	else
		log_info("%s: %s %.*s", who, c->method, LOGGED_PARAMS, shown);
	free(text);
}

/* What a command shows is in force: a change by health that waits for others goes out first. A
 * commit that fails has said so, and its timer tries again. */
static json_t *run(struct app *app, struct rpc_client *client, const struct command *c,
		   rpc_handler handler, const json_t *request, struct rpc_error *error)
{
	json_t *params = take_params(c, request, error);
	struct rpc_call call = { .app = app, .params = params, .client = client };
	json_t *result;

	if (!params)
		return NULL;
	fleet_commit(app);
	result = handler(&call);
	if (!result && !call.error.code)
		rpc_fail(&call, RPC_INTERNAL_ERROR, "no memory for the answer");
	if (c->kind == COMMAND_CHANGES)
		log_change(client, c, params, &call.error);
	json_decref(params);
	*error = call.error;
	if (!error->code)
		return result;
	json_decref(result);
	return NULL;
}

static json_t *no_method(const char *method, json_t *id)
{
	const char *near_name = command_near_method(method);
	char shown[CONFIG_SHOWN];

	config_show(shown, method, strlen(method));
	if (near_name)
		return refuse(RPC_METHOD_NOT_FOUND, id, "no method \"%s\"; did you mean \"%s\"?",
			      shown, near_name);
	return refuse(RPC_METHOD_NOT_FOUND, id, "no method \"%s\"; \"help\" lists them", shown);
}

json_t *rpc_dispatch(struct app *app, struct rpc_client *client, const json_t *request)
{
	json_t *id = json_object_get(request, "id"), *response = check_form(request), *result;
	struct rpc_error error = { 0 };
	const struct command *c;
	rpc_handler handler;
	const char *method;

	if (response)
		return response;
	method = json_string_value(json_object_get(request, "method"));
	c = command_of_method(method);
	handler = c ? handler_of(method) : NULL;
	if (!handler)
		return id ? no_method(method, id) : NULL;
	result = run(app, client, c, handler, request, &error);
	if (!id) {
		json_decref(result);
		json_decref(error.data);
		return NULL;
	}
	if (!result)
		return error_response(&error, id);
	return json_pack("{s:s, s:o, s:O}", "jsonrpc", "2.0", "result", result, "id", id);
}

static json_t *answer_batch(struct app *app, struct rpc_client *client, const json_t *batch)
{
	json_t *responses, *request;
	size_t i;

	if (json_array_size(batch) == 0)
		return refuse(RPC_INVALID_REQUEST, NULL, "an empty batch");
	if (json_array_size(batch) > RPC_BATCH_MAX)
		return refuse(RPC_BUSY, NULL, "a batch of %zu requests; %d are allowed",
			      json_array_size(batch), RPC_BATCH_MAX);
	responses = json_array();
	json_array_foreach((json_t *)batch, i, request)
	{
		json_t *response = rpc_dispatch(app, client, request);

		if (response)
			json_array_append_new(responses, response);
	}
	if (json_array_size(responses))
		return responses;
	json_decref(responses);
	return NULL;
}

json_t *rpc_answer(struct app *app, struct rpc_client *client, const char *line, size_t n)
{
	json_error_t error;
	json_t *request = json_loadb(line, n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	char shown[CONFIG_SHOWN];
	json_t *response;

	if (!request)
		return refuse(RPC_PARSE_ERROR, NULL, "not JSON: %s, byte %d",
			      config_show(shown, error.text, strlen(error.text)), error.position);
	response = json_is_array(request) ? answer_batch(app, client, request)
					  : rpc_dispatch(app, client, request);
	json_decref(request);
	return response;
}
