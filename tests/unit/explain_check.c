/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/explain_check.h"

#define FAIL(...)                                                      \
	do {                                                           \
		snprintf(fault.text, sizeof(fault.text), __VA_ARGS__); \
		return fault;                                          \
	} while (0)

json_t *explain_bytes_at(const struct lab_world *w, const struct proxy_in *at, const uint8_t *p,
			 size_t n)
{
	static const struct explain_iface ifaces[] = { { "outside", 1500, true },
						       { "inside", 1500, true } };
	struct explain_in in = {
		.world = &w->world,
		.fib = w->fib,
		.ifaces = ifaces,
		.n_ifaces = 2,
		.src = at->src,
		.src_given = true,
		.listener = at->listener,
		.transport = at->transport,
		.text = p,
		.n = (uint32_t)n,
	};

	return explain(&in);
}

/* True if @e has exactly the text @want at @key; NULL = null. */
static bool has_text(const json_t *e, const char *key, const char *want)
{
	const json_t *v = json_object_get(e, key);

	if (!want)
		return json_is_null(v);
	return json_is_string(v) && strcmp(json_string_value(v), want) == 0;
}

static bool has_bytes(const json_t *e, const char *key, const uint8_t *p, size_t n)
{
	json_t *want = explain_utf8(p, n);
	bool equal = json_equal(want, json_object_get(e, key));

	json_decref(want);
	return equal;
}

static void format_at(const struct endpoint *e, char *out, size_t size)
{
	char ip[IP_TEXT_MAX + 2];

	snprintf(out, size, "%.*s:%u", (int)ip_format_host(&e->ip, ip), ip, e->port);
}

/* Steps that say where it ends. */
static unsigned int count_ends(const json_t *e)
{
	const json_t *steps = json_object_get(e, "steps");
	unsigned int n = 0;

	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *text = json_object_get(json_array_get(steps, i), "text");

		n += strstr(json_string_value(text), "ends here: ") != NULL;
	}
	return n;
}

/* Lines of the difference that are in the message of before ('-') or after ('+'), as one text. */
static json_t *side(const json_t *e, char op)
{
	const json_t *lines = json_object_get(e, "difference");
	size_t size = 1, n = 0;
	json_t *text;
	char *at;

	for (size_t i = 0; i < json_array_size(lines); i++)
		size += json_string_length(json_object_get(json_array_get(lines, i), "line")) + 1;
	at = calloc(1, size);
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *line = json_array_get(lines, i);
		const char *which = json_string_value(json_object_get(line, "op"));
		const json_t *s = json_object_get(line, "line");

		if (which[0] != ' ' && which[0] != op)
			continue;
		memcpy(at + n, json_string_value(s), json_string_length(s));
		n += json_string_length(s);
		at[n++] = '\n';
	}
	text = json_stringn(at, n);
	free(at);
	return text;
}

/* The lines of @n bytes at @p as side() has them. */
static json_t *lines_of(const uint8_t *p, size_t n)
{
	uint8_t *at = calloc(1, n + 1);
	size_t to = 0;
	json_t *text;

	for (size_t i = 0; i < n;) {
		const uint8_t *lf = memchr(p + i, '\n', n - i);
		size_t next = lf ? (size_t)(lf - p) + 1 : n, end = next;

		while (end > i && (p[end - 1] == '\r' || p[end - 1] == '\n'))
			end--;
		memcpy(at + to, p + i, end - i);
		to += end - i;
		at[to++] = '\n';
		i = next;
	}
	text = explain_utf8(at, to);
	free(at);
	return text;
}

static bool side_is(const json_t *e, char op, const uint8_t *p, size_t n)
{
	json_t *got = side(e, op), *want = lines_of(p, n);
	bool equal = json_equal(got, want);

	json_decref(got);
	json_decref(want);
	return equal;
}

struct explain_fault explain_against_core(const struct lab_world *w, const struct proxy_in *at,
					  const uint8_t *p, size_t n, const json_t *e)
{
	static const char *const verdicts[] = { "drop", "forward", "answer", "resolve" };
	struct proxy_in able = *at;
	static uint8_t bytes[SIP_MAX_LEN + SIP_PAD], sent[SIP_MAX_LEN];
	static struct proxy_out out;
	static struct sip_msg m;
	struct explain_fault fault = { "" };
	int n_sent = 0;
	char to[64];

	memcpy(bytes, p, n);
	memset(bytes + n, 0, SIP_PAD);
	sip_parse(bytes, n, SIP_PADDED, &m);
	able.able = true;
	able.connection = proxy_is_stream(at->transport) ? EXPLAIN_CONNECTION : 0;
	proxy_message(&w->world, w->fib, &able, &m, &out);
	if (!has_text(e, "verdict", verdicts[out.verdict]))
		FAIL("verdict is %s", verdicts[out.verdict]);
	if (!has_text(e, "reason", out.reason ? sip_reason_info(out.reason)->name : NULL))
		FAIL("reason is %s", sip_reason_info(out.reason)->name);
	if (!has_text(e, "backend",
		      out.backend == WORLD_NONE ? NULL : w->world.backends[out.backend].name))
		FAIL("backend is %u", out.backend);
	if (!has_text(e, "pool", out.pool == WORLD_NONE ? NULL : w->world.pools[out.pool].name))
		FAIL("pool is %u", out.pool);
	if (out.verdict == PROXY_DROP) {
		if (count_ends(e) != 1 && out.reason != SIP_R_NO_NETWORK_ROUTE)
			FAIL("%u ends of a drop", count_ends(e));
		return fault;
	}
	if (out.verdict == PROXY_HAND_OVER)
		return fault;
	format_at(&out.dst, to, sizeof(to));
	if (!has_text(e, "to", to) || !has_text(e, "from", w->world.listeners[out.listener].name.s))
		FAIL("goes to %s from %s", to, w->world.listeners[out.listener].name.s);
	if (out.verdict == PROXY_ANSWER)
		return has_bytes(e, "message", out.answer, out.answer_len)
			       ? fault
			       : (struct explain_fault){ "other answer" };
	n_sent = edit_copy(&out.edits, bytes, m.len, sent, sizeof(sent));
	if (n_sent < 0 || !has_bytes(e, "message", sent, (size_t)n_sent))
		FAIL("other bytes");
	if (count_ends(e) != 0)
		FAIL("a forwarded message that ends somewhere");
	if (!side_is(e, '-', bytes, m.len) || !side_is(e, '+', sent, (size_t)n_sent))
		FAIL("the difference is not one of the two messages");
	return fault;
}

static bool was_repaired(const json_t *e)
{
	const json_t *step = json_array_get(json_object_get(e, "steps"), 0);

	return strcmp(json_string_value(json_object_get(step, "rule")), "pasted text") == 0;
}

struct explain_fault explain_check(const struct lab_world *w, const struct proxy_in *at,
				   const uint8_t *p, size_t n)
{
	struct explain_fault fault = { "no memory" };
	json_t *e = explain_bytes_at(w, at, p, n);
	const json_t *received = json_object_get(e, "received");

	if (e && !was_repaired(e))
		fault = explain_against_core(w, at, p, n, e);
	else if (e && !strstr(json_string_value(received), "\xef\xbf\xbd"))
		fault = explain_against_core(w, at, (const uint8_t *)json_string_value(received),
					     json_string_length(received), e);
	else if (e)
		fault.text[0] = '\0';
	json_decref(e);
	return fault;
}
