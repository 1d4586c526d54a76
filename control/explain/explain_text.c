/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Texts of explain: they live in one arena until the result is made; without memory the story ends
 * and explain() returns NULL.
 */
#include "control/endpoint_text.h"
#include "control/explain/explain_parts.h"

#include <stdarg.h>

#define SHOWN 160 /* bytes of a value that are shown in a step */

static __attribute__((format(printf, 2, 0))) const char *text_v(struct explain *x, const char *fmt,
								va_list ap)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	text = n < 0 ? NULL : arena_alloc(&x->arena, (size_t)n + 1);
	if (!text) {
		x->no_memory = true;
		return "";
	}
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

const char *explain_text(struct explain *x, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = text_v(x, fmt, ap);
	va_end(ap);
	return text;
}

static void add(struct explain *x, const char *rule, const char *text)
{
	json_t *step = json_pack("{s:s, s:s}", "rule", rule, "text", text);

	if (!step || json_array_append_new(x->steps, step))
		x->no_memory = true;
}

void explain_step(struct explain *x, const char *rule, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(x, rule, text_v(x, fmt, ap));
	va_end(ap);
}

void explain_stop(struct explain *x, const char *rule, enum sip_reason reason, const char *fmt, ...)
{
	const struct sip_reason_info *info = sip_reason_info(reason);
	const char *facts;
	va_list ap;

	va_start(ap, fmt);
	facts = text_v(x, fmt, ap);
	va_end(ap);
	add(x, rule,
	    explain_text(x, "%s%sends here: %s (%s)", facts, facts[0] ? "; " : "", info->help,
			 info->name));
	x->stopped = true;
}

/* Length of the UTF-8 character at @p, 0 if there is none (RFC 3629 4). */
static size_t utf8_len(const uint8_t *p, size_t n)
{
	static const struct {
		uint8_t first, last, low, high; /* first byte, and bounds of the second */
		uint8_t len;
	} rows[] = {
		{ 0x01, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (p[0] < rows[i].first || p[0] > rows[i].last)
			continue;
		if (rows[i].len > n ||
		    (rows[i].len > 1 && (p[1] < rows[i].low || p[1] > rows[i].high)))
			return 0;
		for (size_t k = 2; k < rows[i].len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].len;
	}
	return 0;
}

json_t *explain_utf8(const uint8_t *p, size_t n)
{
	static const char replacement[3] = "\xef\xbf\xbd";
	char *text = mem_alloc(3 * n + 1);
	size_t to = 0;
	json_t *value;

	if (!text)
		return NULL;
	for (size_t i = 0; i < n;) {
		size_t len = utf8_len(p + i, n - i);

		if (len)
			memcpy(text + to, p + i, len);
		else
			memcpy(text + to, replacement, sizeof(replacement));
		to += len ? len : sizeof(replacement);
		i += len ? len : 1;
	}
	value = json_stringn(text, to);
	mem_free(text);
	return value;
}

const char *explain_bytes(struct explain *x, const uint8_t *p, size_t n)
{
	size_t shown = n < SHOWN ? n : SHOWN;
	uint8_t *text = arena_alloc(&x->arena, shown + sizeof("..."));

	if (!text) {
		x->no_memory = true;
		return "";
	}
	for (size_t i = 0; i < shown; i++)
		text[i] = p[i] >= ' ' && p[i] < 0x7f ? p[i] : '.';
	if (shown < n)
		memcpy(text + shown, "...", 3);
	return (const char *)text;
}

const char *explain_span(struct explain *x, struct span s)
{
	return explain_bytes(x, x->bytes + s.off, s.len);
}

const char *explain_ip(struct explain *x, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	return explain_text(x, "%.*s", (int)ip_format(ip, text), text);
}

const char *explain_at(struct explain *x, const struct endpoint *e)
{
	char text[ENDPOINT_TEXT_MAX];

	endpoint_text(e, text);
	return explain_text(x, "%s", text);
}

void explain_set(struct explain *x, json_t *object, const char *key, json_t *value)
{
	if (!value || json_object_set_new(object, key, value))
		x->no_memory = true;
}

const char *explain_transport(unsigned int transport)
{
	static const char *const names[] = {
		[SIP_UDP] = "UDP", [SIP_TCP] = "TCP", [SIP_TLS] = "TLS"
	};

	return names[transport];
}

void explain_question(struct explain *x)
{
	x->stopped = true;
	explain_step(x, "RFC 3263",
		     "%s is a name: it is asked for, and the message goes on when its "
		     "addresses are known",
		     explain_span(x, x->out.question.host));
}
