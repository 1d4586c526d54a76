/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prometheus' text format: what is escaped where, how numbers look, what becomes of a sample that
 * is too long.
 */
#include "control/watch/metrics_text.h"

#include <criterion/criterion.h>
#include <event2/buffer.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All that was written, as text; the caller frees it. */
static char *text_of(struct evbuffer *b)
{
	size_t n = evbuffer_get_length(b);
	char *text = malloc(n + 1);

	cr_assert_not_null(text);
	evbuffer_remove(b, text, n);
	text[n] = '\0';
	return text;
}

static void expect(struct evbuffer *b, const char *wanted)
{
	char *text = text_of(b);

	cr_expect_str_eq(text, wanted);
	free(text);
}

Test(metrics_text, writes_families_and_samples)
{
	struct metrics_out o = { .to = evbuffer_new() };

	metrics_family(&o, "a_total", METRIC_COUNTER, "what it is");
	metrics_sample(&o, "");
	metrics_u64(&o, 18446744073709551615u);
	metrics_sample(&o, "");
	metrics_worker(&o, 0, 2);
	metrics_label(&o, "reason", "bad_via");
	metrics_u64(&o, 7);
	metrics_sample(&o, "");
	metrics_worker(&o, 2, 2);
	metrics_double(&o, 0.25);
	expect(o.to, "# HELP a_total what it is\n# TYPE a_total counter\n"
		     "a_total 18446744073709551615\n"
		     "a_total{worker=\"0\",reason=\"bad_via\"} 7\n"
		     "a_total{worker=\"control\"} 0.25\n");
	cr_expect_not(o.failed);
	evbuffer_free(o.to);
}

Test(metrics_text, names_the_parts_of_a_histogram)
{
	struct metrics_out o = { .to = evbuffer_new() };

	metrics_family(&o, "t_seconds", METRIC_HISTOGRAM, "h");
	metrics_sample(&o, "_bucket");
	metrics_label(&o, "le", "+Inf");
	metrics_u64(&o, 3);
	metrics_sample(&o, "_count");
	metrics_u64(&o, 3);
	expect(o.to, "# HELP t_seconds h\n# TYPE t_seconds histogram\n"
		     "t_seconds_bucket{le=\"+Inf\"} 3\nt_seconds_count 3\n");
	evbuffer_free(o.to);
}

Test(metrics_text, escapes_what_would_end_a_label_or_a_line)
{
	struct metrics_out o = { .to = evbuffer_new() };

	metrics_family(&o, "a", METRIC_GAUGE, "a \"b\" \\ c\nd");
	metrics_sample(&o, "");
	metrics_label(&o, "l", "\"}\\\n\t\xc3\xa9");
	metrics_u64(&o, 1);
	expect(o.to, "# HELP a a \"b\" \\\\ c\\nd\n# TYPE a gauge\n"
		     "a{l=\"\\\"}\\\\\\n\t\xc3\xa9\"} 1\n");
	evbuffer_free(o.to);
}

Test(metrics_text, leaves_out_a_sample_that_does_not_fit)
{
	struct metrics_out o = { .to = evbuffer_new() };
	char large[METRICS_LINE_MAX + 1];

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	o.name = "a";
	metrics_sample(&o, "");
	metrics_label(&o, "l", large);
	metrics_u64(&o, 1);
	metrics_sample(&o, "");
	metrics_label(&o, "l", "y");
	metrics_u64(&o, 2);
	expect(o.to, "a{l=\"y\"} 2\n");
	evbuffer_free(o.to);
}

Test(metrics_text, writes_numbers_that_read_back_the_same)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "1" },
		{ 6.4e-08, "6.4e-08" },
		{ 0.1, "0.1" },
		{ 1.0 / 3, "0.33333333333333331" },
		{ 1763000000.25, "1763000000.25" },
		{ -2.5, "-2.5" },
		{ INFINITY, "+Inf" },
		{ -INFINITY, "-Inf" },
		{ NAN, "NaN" },
	};
	char text[40];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		metrics_number(cases[i].value, text, sizeof(text));
		cr_expect_str_eq(text, cases[i].text);
		cr_expect(isnan(cases[i].value) || strtod(text, NULL) == cases[i].value);
	}
}
