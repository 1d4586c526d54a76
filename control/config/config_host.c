/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers of hosts: names, domains with or without a wildcard, what listeners advertise.
 *
 * Names are compared without case (RFC 3261 19.1.4), so they are kept in lower case, without the
 * dot that an absolute name may end in; addresses are kept by value and in their RFC 5952 form.
 */
#include "control/config/config_reader.h"

#include <stdio.h>
#include <string.h>

#define HOST_MAX 253 /* characters of a name (RFC 1035 2.3.4, without the dot at the end) */

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
	return is_alpha(c) || (c >= '0' && c <= '9');
}

bool config_is_hostname(const char *p, size_t n)
{
	size_t start = 0;

	if (n == 0 || n > HOST_MAX)
		return false;
	for (size_t i = 0; i <= n; i++) {
		if (i < n && p[i] != '.') {
			if (!is_alnum(p[i]) && p[i] != '-')
				return false;
			continue;
		}
		if (i == start || i - start > 63 || !is_alnum(p[start]) || !is_alnum(p[i - 1]))
			return false;
		if (i == n)
			return is_alpha(p[start]);
		start = i + 1;
	}
	return false;
}

const char *config_lower(struct config_reader *r, const char *p, size_t n)
{
	char *text = arena_copy(r->arena, p, n);

	if (!text)
		r->no_memory = true;
	for (size_t i = 0; text && i < n; i++) {
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] | 0x20);
	}
	return text;
}

/* Length of a name without the dot that it may end in. */
static size_t undotted(const char *p, size_t n)
{
	return n > 1 && p[n - 1] == '.' ? n - 1 : n;
}

static void fault_host(struct config_reader *r, const struct config_key *key,
		       const struct yaml_node *node)
{
	char shown[CONFIG_SHOWN];

	config_fault(r, node->mark, "%s: \"%s\" is not %s", key->name,
		     config_show(shown, node->text, node->len), config_type_words(key->type));
}

void config_read_HOSTNAME(struct config_reader *r, const struct config_key *key,
			  const struct yaml_node *node, void *out)
{
	const char *name;
	size_t n;

	if (!config_scalar(r, key, node))
		return;
	n = undotted(node->text, node->len);
	if (!config_is_hostname(node->text, n)) {
		fault_host(r, key, node);
		return;
	}
	name = config_lower(r, node->text, n);
	if (name)
		*(const char **)out = name;
}

/* Reads an address, IPv6 with or without brackets, as it may stand where a host may. */
static bool read_literal(const char *p, size_t n, struct ip *out)
{
	if (n > 2 && p[0] == '[' && p[n - 1] == ']')
		return memchr(p, ':', n) && config_ip(p + 1, n - 2, out);
	return config_ip(p, n, out);
}

void config_read_DOMAIN(struct config_reader *r, const struct config_key *key,
			const struct yaml_node *node, void *out)
{
	struct config_domain *d = out;
	char text[CONFIG_SHOWN];
	size_t n;

	if (!config_scalar(r, key, node))
		return;
	n = undotted(node->text, node->len);
	if (read_literal(node->text, node->len, &d->ip)) {
		d->is_ip = true;
		config_show_ip(text, &d->ip);
		d->name = config_copy(r, text, strlen(text));
	} else if (config_is_hostname(node->text, n)) {
		d->name = config_lower(r, node->text, n);
	} else {
		fault_host(r, key, node);
	}
}

void config_read_GLOB(struct config_reader *r, const struct config_key *key,
		      const struct yaml_node *node, void *out)
{
	struct config_domain *d = out;
	size_t n;

	if (node->kind != YAML_SCALAR || node->text[0] != '*') {
		config_read_DOMAIN(r, key, node, out);
		return;
	}
	n = undotted(node->text, node->len);
	if (node->len == 1) {
		d->wildcard = true;
		d->name = "";
		return;
	}
	if (n < 3 || node->text[1] != '.' || !config_is_hostname(node->text + 2, n - 2)) {
		fault_host(r, key, node);
		return;
	}
	d->wildcard = true;
	d->name = config_lower(r, node->text + 2, n - 2);
}

/* Where ":PORT" begins in the @n bytes at @p, or @n. */
static size_t port_at(const char *p, size_t n)
{
	const char *from = n && p[0] == '[' ? memchr(p, ']', n) : p;
	const char *colon = from ? memchr(from, ':', n - (size_t)(from - p)) : NULL;

	return colon ? (size_t)(colon - p) : n;
}

void config_read_ADVERTISE(struct config_reader *r, const struct config_key *key,
			   const struct yaml_node *node, void *out)
{
	struct config_advertise a = { NULL, 0 };
	int64_t port = 0;
	char text[CONFIG_SHOWN];
	struct ip ip;
	size_t n;

	if (!config_scalar(r, key, node))
		return;
	if (config_ip(node->text, node->len, &ip) && !ip_is_v4(&ip)) {
		config_fault(r, node->mark, "%s: \"%s\" needs brackets: \"[2001:db8::1]:5060\"",
			     key->name, config_show(text, node->text, node->len));
		return;
	}
	n = port_at(node->text, node->len);
	if (n < node->len && (!config_digits(node->text + n + 1, node->len - n - 1, &port) ||
			      port < 1 || port > 65535)) {
		config_fault(r, node->mark, "%s: \"%s\" is not a port; allowed 1 to 65535",
			     key->name, config_show(text, node->text + n + 1, node->len - n - 1));
		return;
	}
	a.port = (uint16_t)port;
	if (read_literal(node->text, n, &ip) && !ip_is_unusable(&ip)) {
		text[ip_format_host(&ip, text)] = '\0';
		a.host = config_copy(r, text, strlen(text));
	} else if (config_is_hostname(node->text, n)) {
		a.host = config_lower(r, node->text, n);
	} else {
		fault_host(r, key, node);
	}
	if (a.host)
		*(struct config_advertise *)out = a;
}
