/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command table, expanded, and searches in it.
 */
#include "control/rpc/commands.h"

#include "control/config/near.h"

#include <stdio.h>
#include <string.h>

/* One list of parameters for each command. */
#define COMMAND(handler, ...) static const struct command_param params_##handler[] = {
#define VIACTL_COMMAND(handler, ...) COMMAND(handler)
#define PARAM(n, f, t, required, h) \
	{ .name = #n, .form = PARAM_##f, .type = PARAM_##t, .need = PARAM_##required, .help = (h) },
#define COMMAND_END          \
	{                    \
		.name = NULL \
	}                    \
	}                    \
	;
#include "control/rpc/commands.def"

static const struct command commands[] = {
#define COMMAND(handler, m, w, k, h, e) \
	{ .method = (m),                \
	  .words = (w),                 \
	  .kind = COMMAND_##k,          \
	  .help = (h),                  \
	  .example = (e),               \
	  .params = params_##handler },
#define VIACTL_COMMAND(handler, w, h, e) \
	{ .words = (w),                  \
	  .kind = COMMAND_OF_VIACTL,     \
	  .help = (h),                   \
	  .example = (e),                \
	  .params = params_##handler },
#include "control/rpc/commands.def"
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command *command_at(size_t i)
{
	return i < N_COMMANDS ? &commands[i] : NULL;
}

const struct command *command_of_method(const char *method)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (commands[i].method && strcmp(commands[i].method, method) == 0)
			return &commands[i];
	}
	return NULL;
}

const char *command_near_method(const char *method)
{
	struct near near = near_begin(method, strlen(method));

	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (commands[i].method)
			near_offer(&near, commands[i].method);
	}
	return near.found;
}

static bool same_name(const char *known, const char *name, size_t n)
{
	if (strlen(known) != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (known[i] != (name[i] == '-' ? '_' : name[i]))
			return false;
	}
	return true;
}

const struct command_param *command_param(const struct command *c, const char *name, size_t n)
{
	for (const struct command_param *p = c->params; p->name; p++) {
		if (same_name(p->name, name, n))
			return p;
	}
	return NULL;
}

const char *const *param_words(enum param_type type)
{
	static const char *const states[] = { "up", "drain", "down", "file", NULL };
	static const char *const levels[] = { "error", "warning", "info", "debug", NULL };
	static const char *const on_off[] = { "on", "off", NULL };

	switch (type) {
	case PARAM_STATE:
		return states;
	case PARAM_LEVEL:
		return levels;
	case PARAM_ONOFF:
		return on_off;
	default:
		return NULL;
	}
}

const char *param_type_text(enum param_type type)
{
	static const char *const texts[PARAM_N_TYPES] = {
		[PARAM_TEXT] = "text",
		[PARAM_NUMBER] = "a whole number from 0 to 4294967295",
		[PARAM_FLAG] = "true or false",
		[PARAM_STATE] = "up, drain, down or file",
		[PARAM_WEIGHT] = "a whole number from 0 to 65535, or file",
		[PARAM_LEVEL] = "error, warning, info or debug",
		[PARAM_ONOFF] = "on or off",
		[PARAM_ENDPOINT] = "an IP address, with a port or without: 192.0.2.1:5060, "
				   "[2001:db8::1]:5060",
		[PARAM_SERVER] = "an IP address or a host name, with a port or without",
		[PARAM_POOL] = "the name of a pool",
		[PARAM_BACKEND] = "the name of a backend",
		[PARAM_PATH] = "the name of a file",
		[PARAM_FILE] = "text",
	};

	return texts[type];
}

/* What stands for a value of @p: the words that there are, or its kind or name in capitals. */
static void value_usage(const struct command_param *p, char *out, size_t n)
{
	static const char *const kinds[PARAM_N_TYPES] = {
		[PARAM_NUMBER] = "N",       [PARAM_WEIGHT] = "N|file", [PARAM_ENDPOINT] = "ADDRESS",
		[PARAM_SERVER] = "ADDRESS", [PARAM_PATH] = "FILE",     [PARAM_FILE] = "FILE",
	};
	const char *const *words = param_words(p->type);
	size_t used = 0;

	out[0] = '\0';
	for (; words && *words && used < n; words++)
		used += (size_t)snprintf(out + used, n - used, "%s%s", used ? "|" : "", *words);
	if (kinds[p->type])
		used = (size_t)snprintf(out, n, "%s", kinds[p->type]);
	if (used)
		return;
	for (; used + 1 < n && p->name[used]; used++) {
		char c = p->name[used];

		out[used] = (char)(c >= 'a' && c <= 'z' ? c & ~0x20 : c == '_' ? '-' : c);
	}
	out[used] = '\0';
}

/* The name of an option as it is typed. */
static void dashed(const char *name, char *out, size_t n)
{
	size_t i = 0;

	for (; name[i] && i + 1 < n; i++)
		out[i] = (char)(name[i] == '_' ? '-' : name[i]);
	out[i] = '\0';
}

const char *param_usage(const struct command_param *p, char *out, size_t n)
{
	char value[64], name[64];
	const char *open = p->need == PARAM_OPTIONAL ? "[" : "";
	const char *shut = p->need == PARAM_OPTIONAL ? "]" : "";

	value_usage(p, value, sizeof(value));
	dashed(p->name, name, sizeof(name));
	if (p->form == PARAM_POSITION)
		snprintf(out, n, "%s%s%s", open, value, shut);
	else if (p->form == PARAM_KEYWORD)
		snprintf(out, n, "%s%s=%s%s", open, p->name, value, shut);
	else if (p->type == PARAM_FLAG)
		snprintf(out, n, "%s--%s%s", open, name, shut);
	else
		snprintf(out, n, "%s--%s %s%s", open, name, value, shut);
	return out;
}

const char *command_usage(const struct command *c, char *out, size_t n)
{
	size_t used = (size_t)snprintf(out, n, "%s", c->words);
	char one[128];

	for (const struct command_param *p = c->params; p->name && used < n; p++) {
		if (p->form != PARAM_WIRE)
			used += (size_t)snprintf(out + used, n - used, " %s",
						 param_usage(p, one, sizeof(one)));
	}
	return out;
}
