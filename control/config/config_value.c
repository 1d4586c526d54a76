/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One function for each kind of value; where the C type says nothing of the text (an enum, a set),
 * the words of the key do.
 */
#include "control/config/config_value.h"

#include "control/config/config_reader.h"

#include <stdio.h>
#include <string.h>

static const char *key_names[] = {
	[KEY_CALL_ID] = "call-id", [KEY_FROM] = "from",
	[KEY_TO] = "to",           [KEY_REQUEST_URI] = "request-uri",
	[KEY_SOURCE] = "source",   [KEY_HEADER] = "header:",
	[KEY_USER] = "user",
};

static void put_flags(const struct config_key *key, uint32_t v, char *out, size_t n)
{
	size_t used = 0;

	for (const struct config_word *w = key->words; w->name && used < n; w++) {
		if (v & w->value)
			used += (size_t)snprintf(out + used, n - used, "%s%s", used ? "," : "",
						 w->name);
	}
}

static void put_duration(uint32_t ms, char *out, size_t n)
{
	if (ms % 1000)
		snprintf(out, n, "%ums", ms);
	else if (ms % 60000 || ms == 0)
		snprintf(out, n, "%us", ms / 1000);
	else
		snprintf(out, n, "%um", ms / 60000);
}

/* @len counts from 96 for IPv4. */
static void put_prefix(const struct ip *ip, uint8_t len, char *out, size_t n)
{
	char shown[CONFIG_SHOWN];

	snprintf(out, n, "%s/%d", config_show_ip(shown, ip), ip_is_v4(ip) ? len - 96 : len);
}

static void put_endpoint(const struct endpoint *e, char *out, size_t n)
{
	char shown[CONFIG_SHOWN];

	snprintf(out, n, "%s", e->port ? config_show_endpoint(shown, e) : "off");
}

static void put_domain(const struct config_domain *d, char *out, size_t n)
{
	snprintf(out, n, "%s%s", d->wildcard ? d->name[0] ? "*." : "*" : "", d->name);
}

static void put_advertise(const struct config_advertise *a, char *out, size_t n)
{
	if (a->host && a->port)
		snprintf(out, n, "%s:%u", a->host, a->port);
	else
		snprintf(out, n, "%s", a->host ? a->host : "the address");
}

static void put_codes(const struct config_codes *c, char *out, size_t n)
{
	if (c->low == c->high)
		snprintf(out, n, "%u", c->low);
	else
		snprintf(out, n, "%u-%u", c->low, c->high);
}

static void put_pool_key(const struct key_spec *k, char *out, size_t n)
{
	snprintf(out, n, "%s%.*s", key_names[k->kind], k->kind == KEY_HEADER ? k->header_len : 0,
		 k->header);
}

static void put_mac(const uint8_t *m, char *out, size_t n)
{
	snprintf(out, n, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static void put_number(const struct config_key *key, uint32_t v, char *out, size_t n)
{
	const struct config_word *word;

	if (key->type == TYPE_FLAGS) {
		put_flags(key, v, out, n);
	} else if (key->type == TYPE_DURATION) {
		put_duration(v, out, n);
	} else if (key->type == TYPE_MODE) {
		snprintf(out, n, "%04o", v);
	} else if (key->type == TYPE_ENUM) {
		word = config_word_of(key->words, v);
		snprintf(out, n, "%s", word ? word->name : "?");
	} else {
		snprintf(out, n, "%u", v);
	}
}

static void put_server(const struct config_server *s, char *out, size_t n)
{
	if (!s->host)
		put_endpoint(&s->at, out, n);
	else if (s->at.port)
		snprintf(out, n, "%s:%u", s->host, s->at.port);
	else
		snprintf(out, n, "%s", s->host);
}

const char *config_value_text(const struct config_key *key, const void *value, char *out, size_t n)
{
	const struct config_prefix *prefix = value;
	const struct config_address *address = value;
	char shown[CONFIG_SHOWN];
	uint32_t number;
	const char *text;

	out[0] = '\0';
	switch (key->type) {
	case TYPE_TEXT:
	case TYPE_NAME:
	case TYPE_SECRET:
	case TYPE_HOSTNAME:
	case TYPE_SIPURI:
		memcpy(&text, value, sizeof(text));
		snprintf(out, n, "%s", text ? text : "none");
		break;
	case TYPE_UINT:
	case TYPE_ENUM:
	case TYPE_FLAGS:
	case TYPE_DURATION:
	case TYPE_MODE:
		memcpy(&number, value, sizeof(number));
		put_number(key, number, out, n);
		break;
	case TYPE_BOOL:
		snprintf(out, n, "%s", *(const bool *)value ? "true" : "false");
		break;
	case TYPE_DEVICE:
		snprintf(out, n, "%s", ((const struct config_device *)value)->text);
		break;
	case TYPE_IP:
		snprintf(out, n, "%s", config_show_ip(shown, value));
		break;
	case TYPE_GATEWAY:
		snprintf(out, n, "%s",
			 config_show_ip(shown, &((const struct config_gateway *)value)->ip));
		break;
	case TYPE_SERVER:
		put_server(value, out, n);
		break;
	case TYPE_RESOLVER:
		put_endpoint(&((const struct config_resolver *)value)->address, out, n);
		break;
	case TYPE_ENDPOINT:
		put_endpoint(value, out, n);
		break;
	case TYPE_ADDRESS:
		put_prefix(&address->ip, address->len, out, n);
		break;
	case TYPE_PREFIX:
		put_prefix(&prefix->prefix.ip, prefix->prefix.len, out, n);
		break;
	case TYPE_MAC:
		put_mac(value, out, n);
		break;
	case TYPE_DOMAIN:
	case TYPE_GLOB:
		put_domain(value, out, n);
		break;
	case TYPE_ADVERTISE:
		put_advertise(value, out, n);
		break;
	case TYPE_POOLKEY:
		put_pool_key(value, out, n);
		break;
	case TYPE_CODES:
		put_codes(value, out, n);
		break;
	case TYPE_METHOD:
		snprintf(out, n, "%s", ((const struct config_method *)value)->name);
		break;
	case TYPE_SECTION:
		break;
	}
	return out;
}
