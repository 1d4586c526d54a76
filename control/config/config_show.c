/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the configuration reader speaks: faults, and values made fit to be shown in them.
 *
 * Files are hand-edited and may hold anything; what is quoted in a message must neither break the
 * line nor the terminal, so all but printable ASCII is escaped.
 */
#include "control/config/config_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *config_alloc(struct config_reader *r, size_t n)
{
	void *p = arena_alloc(r->arena, n);

	if (!p)
		r->no_memory = true;
	return p;
}

const char *config_copy(struct config_reader *r, const void *p, size_t n)
{
	const char *text = arena_copy(r->arena, p, n);

	if (!text)
		r->no_memory = true;
	return text;
}

void config_fault(struct config_reader *r, struct config_mark mark, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	config_errors_addv(r->errs, mark, fmt, ap);
	va_end(ap);
}

const char *config_show(char out[CONFIG_SHOWN], const void *p, size_t n)
{
	const uint8_t *b = p;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		bool printable = b[i] >= 0x20 && b[i] < 0x7f && b[i] != '"' && b[i] != '\\';

		if (len + 8 > CONFIG_SHOWN) {
			memcpy(out + len, "...", 4);
			return out;
		}
		if (printable)
			out[len++] = (char)b[i];
		else
			len += (size_t)snprintf(out + len, 5, "\\x%02x", b[i]);
	}
	out[len] = '\0';
	return out;
}

const char *config_show_ip(char out[CONFIG_SHOWN], const struct ip *ip)
{
	out[ip_format(ip, out)] = '\0';
	return out;
}

const char *config_show_endpoint(char out[CONFIG_SHOWN], const struct endpoint *e)
{
	size_t n = ip_format_host(&e->ip, out);

	snprintf(out + n, CONFIG_SHOWN - n, ":%u", e->port);
	return out;
}

void config_fault_type(struct config_reader *r, const struct config_key *key,
		       const struct yaml_node *node, const char *words)
{
	char shown[CONFIG_SHOWN];

	if (node->kind == YAML_LIST)
		config_fault(r, node->mark, "%s: expected %s, found a list", key->name, words);
	else if (node->kind == YAML_MAP)
		config_fault(r, node->mark, "%s: expected %s, found a mapping", key->name, words);
	else
		config_fault(r, node->mark, "%s: expected %s, found %s\"%s\"", key->name, words,
			     node->plain ? "" : "quoted text ",
			     config_show(shown, node->text, node->len));
}
