/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of parameters against the command table: what handlers may rely on.
 *
 * Values come from whoever can open the socket. What is quoted in a message is made printable.
 */
#include "control/config/config_reader.h"
#include "control/config/near.h"
#include "control/rpc/commands.h"
#include "dataplane/sip/host.h"
#include "dataplane/sip/ip.h"

#include <stdio.h>
#include <string.h>

/* Length of the host part of "HOST", "HOST:PORT" or "[IPV6]:PORT". */
static size_t host_len(const char *text)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
	const char *colon = strchr(text, ':');

	if (end)
		return (size_t)(end + 1 - text);
	/* More than one colon: a bare IPv6 address, without a port. */
	return colon && !strchr(colon + 1, ':') ? (size_t)(colon - text) : strlen(text);
}

static bool is_port(const char *p)
{
	unsigned int v = 0;

	if (!*p || strlen(p) > 5)
		return false;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		v = v * 10 + (unsigned int)(*p - '0');
	}
	return v >= 1 && v <= 65535;
}

static bool is_endpoint(const char *text)
{
	size_t n = host_len(text);
	struct ip ip;

	if (!ip_parse((const uint8_t *)text, n, &ip))
		return false;
	return !text[n] || (text[n] == ':' && is_port(text + n + 1));
}

/* "sip.example.net" or "sip.example.net:5060" */
static bool is_named_endpoint(const char *text)
{
	size_t n = host_len(text);
	struct sip_host host;

	if (!host_parse((const uint8_t *)text, span_of(0, (uint32_t)n), false, &host) ||
	    host.kind != HOST_NAME)
		return false;
	return !text[n] || is_port(text + n + 1);
}

static bool is_word(const char *const *words, const char *text)
{
	for (; *words; words++) {
		if (strcmp(*words, text) == 0)
			return true;
	}
	return false;
}

static bool in_range(const json_t *v, json_int_t max)
{
	return json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) <= max;
}

static bool has_type(enum param_type type, const json_t *v)
{
	const char *text = json_string_value(v);

	switch (type) {
	case PARAM_NUMBER:
		return in_range(v, COMMAND_NUMBER_MAX);
	case PARAM_FLAG:
		return json_is_boolean(v);
	case PARAM_WEIGHT:
		return in_range(v, COMMAND_WEIGHT_MAX) || (text && strcmp(text, "file") == 0);
	case PARAM_STATE:
	case PARAM_LEVEL:
	case PARAM_ONOFF:
		return text && is_word(param_words(type), text);
	case PARAM_ENDPOINT:
		return text && is_endpoint(text);
	case PARAM_SERVER:
		return text && (is_endpoint(text) || is_named_endpoint(text));
	case PARAM_POOL:
	case PARAM_BACKEND:
		return text && text[0];
	default:
		return text != NULL;
	}
}

/* Says that @v is no value of @p, and which word it is near to. */
static bool wrong_value(const struct command_param *p, const json_t *v, char *why, size_t n)
{
	const char *text = json_string_value(v);
	const char *const *words = param_words(p->type);
	char number[32], shown[CONFIG_SHOWN];
	struct near near;

	if (json_is_integer(v)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		text = number;
	}
	if (!text) {
		snprintf(why, n, "%s: expected %s", p->name, param_type_text(p->type));
		return false;
	}
	near = near_begin(text, strlen(text));
	for (; words && *words; words++)
		near_offer(&near, *words);
	if (near.found)
		snprintf(why, n, "%s: expected %s, got \"%s\"; did you mean \"%s\"?", p->name,
			 param_type_text(p->type), config_show(shown, text, strlen(text)),
			 near.found);
	else
		snprintf(why, n, "%s: expected %s, got \"%s\"", p->name, param_type_text(p->type),
			 config_show(shown, text, strlen(text)));
	return false;
}

static bool unknown_name(const struct command *c, const char *name, char *why, size_t n)
{
	struct near near = near_begin(name, strlen(name));
	char shown[CONFIG_SHOWN];

	for (const struct command_param *p = c->params; p->name; p++) {
		if (param_is_sent(p))
			near_offer(&near, p->name);
	}
	config_show(shown, name, strlen(name));
	if (near.found)
		snprintf(why, n, "\"%s\" is no parameter of %s; did you mean \"%s\"?", shown,
			 c->method, near.found);
	else
		snprintf(why, n, "\"%s\" is no parameter of %s", shown, c->method);
	return false;
}

static const struct command_param *sent_param(const struct command *c, const char *name)
{
	for (const struct command_param *p = c->params; p->name; p++) {
		if (param_is_sent(p) && strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

bool command_check(const struct command *c, const json_t *params, char *why, size_t n)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)params, name, value)
	{
		const struct command_param *p = sent_param(c, name);

		if (!p)
			return unknown_name(c, name, why, n);
		if (!has_type(p->type, value))
			return wrong_value(p, value, why, n);
	}
	for (const struct command_param *p = c->params; p->name; p++) {
		if (p->need == PARAM_REQUIRED && !json_object_get(params, p->name)) {
			snprintf(why, n, "%s is missing: %s", p->name, p->help);
			return false;
		}
	}
	return true;
}
