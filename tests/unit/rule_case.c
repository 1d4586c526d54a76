/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the rows of rule_case.h. What is checked of every row beyond what it says itself: the same
 * message gives the same bytes again; edits in place give what edits into a copy give; what is
 * forwarded is a message without fault.
 */
#include "tests/unit/rule_case.h"

#include <criterion/criterion.h>

static struct text message, expected, scratch, other;
static struct run first, second;
static struct sip_msg reread;
static uint8_t buffer[TEXT_MAX + 8192];

static void report(const struct rule_case *c, const char *what, const struct text *want,
		   const struct text *got)
{
	static char a[9000], b[9000];

	cr_expect(false, "%s\n  %s\n--- expected\n%s\n--- got\n%s\n---", c->name, what,
		  text_show(want->b, want->n, a, sizeof(a)),
		  text_show(got->b, got->n, b, sizeof(b)));
}

static bool same_text(const struct text *a, const struct text *b)
{
	return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}

static void insert(struct text *t, uint32_t at, const struct text *what)
{
	memmove(t->b + at + what->n, t->b + at, t->n - at);
	memcpy(t->b + at, what->b, what->n);
	t->n += what->n;
}

static uint32_t line_end(const struct text *t, uint32_t from)
{
	const uint8_t *at = memmem(t->b + from, t->n - from, "\r\n", 2);

	return at ? (uint32_t)(at - t->b) + 2 : t->n;
}

/* The message with its changes made and its new rows put in. */
static void expect_forward(const struct lab_world *w, const struct rule_case *c)
{
	static struct text find, put;

	expected = message;
	for (int i = 0; i < CHANGES && c->change[i]; i += 2) {
		fixture_expected(w, &first, c->change[i], &find);
		fixture_expected(w, &first, c->change[i + 1], &put);
		cr_assert(text_replace(&expected, &find, &put),
			  "%s: row of the table: \"%s\" is not there", c->name, c->change[i]);
	}
	if (c->added) {
		fixture_expected(w, &first, c->added, &put);
		insert(&expected, line_end(&expected, 0), &put);
	}
}

static void append(struct text *t, const void *p, size_t n)
{
	memcpy(t->b + t->n, p, n);
	t->n += (uint32_t)n;
}

static void append_template(const struct lab_world *w, struct text *t, const char *from)
{
	fixture_expected(w, &first, from, &other);
	append(t, other.b, other.n);
}

/* Appends the lines of the request that begin with @name; only the first unless @all. */
static void append_rows(const struct lab_world *w, const struct rule_case *c, const char *name,
			bool all)
{
	bool is_via = strcmp(name, "Via: ") == 0, is_to = strcmp(name, "To: ") == 0;

	for (uint32_t at = line_end(&message, 0), end; at < message.n; at = end) {
		end = line_end(&message, at);
		if (strncasecmp((const char *)message.b + at, name, strlen(name)) != 0)
			continue;
		if (is_via && c->via) {
			append_template(w, &expected, "Via: ");
			append_template(w, &expected, c->via);
			append_template(w, &expected, "\n");
			is_via = false;
		} else {
			append(&expected, message.b + at, end - at);
			is_via = false;
		}
		if (is_to && !memmem(message.b + at, end - at, ";tag=", 5)) {
			expected.n -= 2;
			append_template(w, &expected, ";tag={totag}\n");
		}
		if (!all)
			return;
	}
}

static void expect_answer(const struct lab_world *w, const struct rule_case *c)
{
	if (c->whole) {
		fixture_expected(w, &first, c->whole, &expected);
		return;
	}
	expected.n = 0;
	append_template(w, &expected, "SIP/2.0 ");
	append_template(w, &expected, c->status);
	append_template(w, &expected, "\n");
	append_rows(w, c, "Via: ", true);
	append_rows(w, c, "From: ", false);
	append_rows(w, c, "To: ", false);
	append_rows(w, c, "Call-ID: ", false);
	append_rows(w, c, "CSeq: ", false);
	if (c->extra)
		append_template(w, &expected, c->extra);
	append_template(w, &expected, "Content-Length: 0\n\n");
}

/* In place, with room on both sides, the edits must give what the copy is. */
static void check_in_place(const struct rule_case *c)
{
	struct edit_result res;
	uint8_t *at = buffer + 4096;
	int e;

	memcpy(at, first.m.p, first.m.len);
	e = edit_apply(&first.out.edits, at, first.m.len, (struct edit_room){ 4096, 4096 }, &res);
	scratch.n = e == 0 ? res.len : 0;
	memcpy(scratch.b, at + res.head_shift, scratch.n);
	if (e != 0 || !same_text(&scratch, &first.sent))
		report(c, "edits in place", &first.sent, &scratch);
}

static void check_forward(const struct lab_world *w, const struct rule_case *c)
{
	cr_expect(sip_parse(first.sent.b, first.sent.n, SIP_EXACT, &reread) == SIP_OK,
		  "%s: the output is faulty: %s", c->name, sip_reason_info(reread.reason)->name);
	check_in_place(c);
	if (c->loose)
		return;
	expect_forward(w, c);
	if (!same_text(&expected, &first.sent))
		report(c, "forwarded", &expected, &first.sent);
}

static void check_answer(const struct lab_world *w, const struct rule_case *c)
{
	if (!c->whole && !c->status)
		return;
	expect_answer(w, c);
	if (!same_text(&expected, &first.sent))
		report(c, "answered", &expected, &first.sent);
}

static const char *verdict_name(enum proxy_verdict v)
{
	static const char *const names[] = { "drop", "forward", "answer", "hand over" };

	return names[v];
}

static void take_twice(const struct lab_world *w, const struct rule_case *c)
{
	struct proxy_found found = { .transport = (uint8_t)c->found_by };
	struct proxy_in in = {
		.src = lab_endpoint(c->source ? c->source : "203.0.113.40:5060"),
		.listener = c->listener,
		.transport = (uint8_t)c->by,
		.able = c->able || c->by != SIP_UDP,
		.no_stream = c->no_stream,
		.connection = c->by == SIP_UDP ? 0 : CONNECTION,
		.found = c->found ? &found : NULL,
	};

	if (c->found)
		found.at = lab_endpoint(c->found);
	fixture_take(w, &in, &message, &second);
	fixture_take(w, &in, &message, &first);
	first.in.found = second.in.found = NULL;
}

/* The name that must be found out about. */
static void check_question(const struct rule_case *c)
{
	struct span host = first.out.question.host;

	cr_expect(host.len == strlen(c->asks) &&
			  memcmp(first.m.p + host.off, c->asks, host.len) == 0,
		  "%s: asks for %.*s", c->name, (int)host.len, (const char *)first.m.p + host.off);
}

static void run_case(const struct rule_case *c)
{
	const struct lab_world *w = fixture_world(c->bed);
	struct endpoint dst;

	fixture_message(w, c->message, &message);
	take_twice(w, c);
	cr_expect(first.out.verdict == second.out.verdict && same_text(&first.sent, &second.sent),
		  "%s: not the same twice", c->name);
	cr_expect(first.out.verdict == c->verdict &&
			  (c->reason == ANY_REASON || first.out.reason == c->reason),
		  "%s: expected %s (%s), got %s (%s)", c->name, verdict_name(c->verdict),
		  c->reason == ANY_REASON ? "any reason"
		  : c->reason             ? sip_reason_info(c->reason)->name
					  : "ok",
		  verdict_name(first.out.verdict),
		  first.out.reason ? sip_reason_info(first.out.reason)->name : "ok");
	if (c->asks && first.out.verdict == PROXY_HAND_OVER)
		check_question(c);
	if (first.out.verdict != c->verdict || c->verdict == PROXY_DROP ||
	    c->verdict == PROXY_HAND_OVER)
		return;
	if (c->verdict == PROXY_FORWARD)
		cr_expect(first.out.transport == c->to && first.out.crossing == c->crossing &&
				  first.out.connection == (c->back ? CONNECTION : 0),
			  "%s: leaves by transport %u, crossing %d, connection %lx", c->name,
			  first.out.transport, first.out.crossing,
			  (unsigned long)first.out.connection);
	if (c->dst) {
		dst = lab_endpoint(c->dst);
		cr_expect(endpoint_equal(&dst, &first.out.dst),
			  "%s: expected to go to %s, goes to port %u of ...%u.%u", c->name, c->dst,
			  first.out.dst.port, first.out.dst.ip.b[14], first.out.dst.ip.b[15]);
	}
	cr_expect(c->from == ANY_LISTENER || first.out.listener == c->from,
		  "%s: expected to leave from listener %u, leaves from %u", c->name, c->from,
		  first.out.listener);
	if (c->verdict == PROXY_FORWARD)
		check_forward(w, c);
	else
		check_answer(w, c);
}

void rule_cases_run(const struct rule_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		run_case(&cases[i]);
}
