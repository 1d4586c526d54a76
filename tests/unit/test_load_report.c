/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What viaload writes about a run: the verdict, the JSON document, the page, and numbers for
 * people.
 */
#include "bench/load/front/json.h"
#include "bench/load/front/numbers.h"
#include "bench/load/front/record.h"
#include "bench/load/front/report.h"
#include "bench/load/front/spell.h"
#include "bench/load/front/summary.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct options options;
static struct record record;

/* A run of three servers with all kinds of content, some of it nasty. */
static struct record *made(void)
{
	static char *argv[] = { "viaload", "--report", "a</script>.html", "call" };
	static const char message[] =
		"INVITE sip:a@b SIP/2.0\r\nX: </script><!-- \\ \"\xff\r\n\r\n";
	struct load_counts *c = &record.result.sum;

	options = (struct options){
		.plan = { .scenario = LOAD_CALL, .pace = LOAD_OPEN, .rate = 1e6, .seconds = 2 }
	};
	options.plan.caller.n_devices = options.plan.server.n_devices = 1;
	options.plan.caller.device[0] = options.plan.server.device[0] = "packet:x";
	options.plan.server.n_local = 3;
	record = (struct record){ .options = &options, .argc = 4, .argv = argv };
	record.result.seconds = 2;
	record.result.sent_rate = record.result.received_rate = 1e6;
	record.result.ceiling = 2.5e6;
	histogram_clear(&c->latency);
	for (uint64_t ns = 1000; ns <= 100000; ns += 10)
		histogram_count(&c->latency, ns);
	histogram_clear(&c->late);
	for (uint64_t ns = 90010; ns <= 100000; ns += 10)
		histogram_count(&c->late, ns);
	for (unsigned int i = 0; i < LOAD_N_COUNTERS; i++)
		c->c[i] = load_counter_wrong[i] ? 0 : 1000 + i;
	for (unsigned int i = 0; i < 3; i++)
		c->server[i] = 100 + i;
	c->n_faults = 1;
	c->fault[0] = (struct load_fault){ .id = 0xabc,
					   .what = L_ALTERED,
					   .why = "body \"differs\"",
					   .len = sizeof(message) - 1 };
	memcpy(c->fault[0].message, message, sizeof(message) - 1);
	return &record;
}

static json_t *parsed(const struct record *r, unsigned int indent)
{
	char *text = json_make(r, indent);
	json_error_t error;
	json_t *top;

	cr_assert(text);
	top = json_loads(text, 0, &error);
	cr_assert(top, "%s at %d", error.text, error.position);
	free(text);
	return top;
}

/* The value at a path such as "result.counters.sent". */
static json_t *at(json_t *top, const char *path)
{
	while (*path && top) {
		char name[64];
		size_t n = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		top = json_object_get(top, name);
		path += n + (path[n] == '.');
	}
	cr_assert(top, "no %s", path);
	return top;
}

Test(load_report, json_has_every_counter_with_its_meaning)
{
	struct record *r = made();
	json_t *top;

	record_judge(r);
	top = parsed(r, 1);
	for (unsigned int i = 0; i < LOAD_N_COUNTERS; i++) {
		json_t *n = json_object_get(at(top, "result.counters"), load_counter_names[i]);
		json_t *meaning = json_object_get(at(top, "meanings"), load_counter_names[i]);

		cr_expect_eq(json_integer_value(n), (json_int_t)r->result.sum.c[i], "%s",
			     load_counter_names[i]);
		cr_expect_str_eq(json_string_value(json_object_get(meaning, "text")),
				 load_counter_texts[i]);
		cr_expect_eq(json_boolean_value(json_object_get(meaning, "wrong")),
			     load_counter_wrong[i]);
	}
	json_decref(top);
}

Test(load_report, json_has_the_histogram_whole)
{
	json_t *top = parsed(made(), 0), *cells = at(top, "result.latency_ns.cells"), *cell;
	json_int_t n = 0, before = -1;
	size_t i;

	json_array_foreach(cells, i, cell)
	{
		cr_expect_gt(json_integer_value(json_array_get(cell, 0)), before);
		before = json_integer_value(json_array_get(cell, 1));
		n += json_integer_value(json_array_get(cell, 2));
	}
	cr_expect_eq(n, 9901);
	cr_expect_eq(json_integer_value(at(top, "result.latency_ns.count")), 9901);
	cr_expect_eq(json_integer_value(
			     json_object_get(at(top, "result.latency_ns.percentiles"), "max")),
		     100000);
	cr_expect_float_eq(json_number_value(at(top, "result.headroom")), 2.5, 1e-9);
	json_decref(top);
}

Test(load_report, json_tells_what_met_a_pause_of_viaload)
{
	json_t *top = parsed(made(), 0), *rest = at(top, "result.latency_ns_running");
	json_int_t most =
		json_integer_value(json_object_get(json_object_get(rest, "percentiles"), "max"));

	cr_expect_eq(json_integer_value(json_object_get(rest, "count")), 8901);
	cr_expect(most >= 90000 && most < 92000, "%ld", (long)most);
	json_decref(top);
}

Test(load_report, json_carries_bytes_that_are_no_text)
{
	json_t *top = parsed(made(), 1), *fault = json_array_get(at(top, "faults"), 0);
	const char *message = json_string_value(json_object_get(fault, "message"));

	cr_assert(message);
	cr_expect_str_eq(message, "INVITE sip:a@b SIP/2.0\nX: </script><!-- \\x5c \"\\xff\n\n");
	cr_expect_str_eq(json_string_value(json_object_get(fault, "what")), "altered");
	cr_expect_str_eq(json_string_value(json_object_get(fault, "call")), "0000000000000abc");
	json_decref(top);
}

Test(load_report, json_lists_all_trials_of_a_search)
{
	struct record *r = made();
	struct trial t = { .rate = 5e5,
			   .step = SEARCH_HALVE,
			   .outcome = SEARCH_FAILED,
			   .why = "loss above the bound",
			   .loss = 0.25 };
	json_t *top, *trial;

	options.find_limit = true;
	options.tries = 2;
	r->limit_by = "proxy";
	record_add_trial(r, &t);
	t.outcome = SEARCH_PASSED;
	record_add_trial(r, &t);
	top = parsed(r, 1);
	trial = json_array_get(at(top, "find_limit.trials"), 0);
	cr_expect_eq(json_array_size(at(top, "find_limit.trials")), 2);
	cr_expect_str_eq(json_string_value(json_object_get(trial, "outcome")), "failed");
	cr_expect_str_eq(json_string_value(json_object_get(trial, "step")), "halve");
	cr_expect_float_eq(json_number_value(json_object_get(trial, "loss")), 0.25, 1e-9);
	json_decref(top);
	record_free(r);
}

Test(load_report, samples_of_a_long_run_are_put_together)
{
	struct record *r = made();
	double seconds = 0;
	uint64_t lost = 0;
	const unsigned int n = 3 * RECORD_SAMPLES + 1;

	record_clear_samples(r);
	for (unsigned int i = 0; i < n; i++) {
		struct sample s = { .at = i + 1,
				    .seconds = 1,
				    .sent = i % 2 ? 30 : 10,
				    .lost = 1,
				    .latency = { i % 2 ? 7 : 9 } };

		record_add_sample(r, &s);
	}
	cr_assert_leq(r->n_samples, RECORD_SAMPLES);
	cr_expect_eq(r->samples[r->n_samples - 1].at, n);
	for (size_t i = 0; i < r->n_samples; i++) {
		const struct sample *s = &r->samples[i];

		seconds += s->seconds;
		lost += s->lost;
		cr_expect_eq(s->at, seconds);
		cr_expect_eq(s->latency[0], 9);
		cr_expect(i + 1 == r->n_samples || (s->sent == 20 && s->seconds == 4), "%f in %f s",
			  s->sent, s->seconds);
	}
	cr_expect_eq(seconds, n);
	cr_expect_eq(lost, n);
	record_free(r);
}

/* The page about @r; the caller frees it. */
static char *page_of(const struct record *r)
{
	char path[] = "/tmp/test_load_report.XXXXXX", *text = malloc(1 << 20);
	int fd = mkstemp(path);
	ssize_t n;

	cr_assert(fd >= 0 && text);
	cr_assert_eq(report_write(r, path), 0);
	n = read(fd, text, (1 << 20) - 1);
	cr_assert_gt(n, 0);
	text[n] = '\0';
	close(fd);
	unlink(path);
	return text;
}

static unsigned int occurrences(const char *text, const char *what)
{
	unsigned int n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

Test(load_report, the_page_needs_nothing_from_elsewhere)
{
	char *page = page_of(made());

	cr_expect_eq(occurrences(page, "<script src"), 0);
	cr_expect_eq(occurrences(page, "<link rel=\"stylesheet\""), 0);
	cr_expect_eq(occurrences(page, "@import"), 0);
	cr_expect_eq(occurrences(page, "https:"), 0);
	/* The one address that is there names SVG. */
	cr_expect_eq(occurrences(page, "http:"), occurrences(page, "http://www.w3.org/2000/svg"));
	cr_expect(strstr(page, "default-src 'none'"));
	cr_expect(strstr(page, "</html>"));
	free(page);
}

Test(load_report, no_message_can_end_the_script_that_holds_the_data)
{
	static const char begin[] = "id=\"data\">";
	struct record *r = made();
	char *page = page_of(r), *data = strstr(page, begin), *whole = json_make(r, 1);
	json_t *in_page, *wanted = json_loads(whole, 0, NULL);

	cr_assert(data && wanted);
	data += strlen(begin);
	data[strcspn(data, "<")] = '\0';
	in_page = json_loads(data, 0, NULL);
	cr_assert(in_page, "the data ends at its first \"<\"");
	cr_expect(json_equal(in_page, wanted));
	cr_expect_eq(occurrences(data, "@DATA@"), 0);
	json_decref(in_page);
	json_decref(wanted);
	free(whole);
	free(page);
}

Test(load_report, the_verdict)
{
	static const struct {
		const char *what;
		enum load_counter counter;
		double loss;
		bool loss_given, find_limit, passed;
	} rows[] = {
		{ "all is well", L_SENT, 0, false, false, true },
		{ "altered", L_ALTERED, 0, false, false, false },
		{ "altered, with a bound", L_ALTERED, 0, true, false, false },
		{ "failed calls", L_CALLS_FAILED, 1e-6, false, false, false },
		{ "failed calls, by loss within the bound", L_CALLS_FAILED, 1e-6, true, false,
		  true },
		{ "loss above the bound", L_SENT, 1e-3, true, false, false },
		{ "loss without a bound", L_SENT, 1e-3, false, false, true },
		{ "no limit found", L_SENT, 0, false, true, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record *r = made();

		options.loss = 1e-5;
		options.loss_given = rows[i].loss_given;
		options.find_limit = rows[i].find_limit;
		r->result.loss = rows[i].loss;
		r->result.sum.c[rows[i].counter] = 1;
		record_judge(r);
		cr_expect_eq(r->verdict.passed, rows[i].passed, "%s: %s", rows[i].what,
			     r->verdict.reason);
		cr_expect_eq(r->verdict.passed, r->verdict.reason == NULL);
	}
}

Test(load_report, loss_in_a_closed_loop_is_a_fault_unless_it_was_allowed)
{
	for (int given = 0; given < 2; given++) {
		struct record *r = made();

		options.plan.pace = LOAD_CLOSED;
		options.loss_given = given;
		options.loss = 0.1;
		r->result.loss = 0.05;
		record_judge(r);
		cr_expect_eq(r->verdict.passed, given, "%s", r->verdict.reason);
	}
}

Test(load_report, silence_is_no_success)
{
	struct record *r = made();

	r->result.sum.c[L_RECEIVED] = 0;
	record_judge(r);
	cr_expect_not(r->verdict.passed);
	r = made();
	r->result.sum.c[L_CALLS_STARTED] = 0;
	record_judge(r);
	cr_expect_not(r->verdict.passed);
}

Test(load_report, the_summary_says_whose_limit_it_was)
{
	struct record *r = made();

	for (int ceiling = 0; ceiling < 2; ceiling++) {
		char *text = NULL;
		size_t n;
		FILE *to = open_memstream(&text, &n);

		r->result.at_ceiling = ceiling;
		r->result.sum.c[L_ALTERED] = 7;
		record_judge(r);
		summary_print(r, to);
		fclose(to);
		cr_expect_eq(strstr(text, "THE GENERATOR'S LIMIT") != NULL, ceiling);
		cr_expect(strstr(text, "2.50 times faster"));
		cr_expect(strstr(text, "of viaload's own"));
		cr_expect(strstr(text, "7 altered: "), "%s", text);
		cr_expect(strstr(text, "body \"differs\""));
		cr_expect(strstr(text, "FAILED: "));
		free(text);
	}
}

Test(load_report, spread_is_measured_against_the_mean)
{
	struct load_counts *c = &made()->result.sum;
	struct spread s = record_spread(c, 3);

	cr_expect_eq(s.total, 303);
	cr_expect_eq(s.least, 100);
	cr_expect_eq(s.most, 102);
	cr_expect_float_eq(s.deviation, 0.00808414, 1e-6);
	s = record_spread(c, 0);
	cr_expect_eq(s.total, 0);
	cr_expect_eq(s.least, 0);
}

Test(load_report, numbers_have_three_digits_and_a_unit)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 7, "7" },
		{ 0.25, "0.25" },
		{ 999, "999" },
		{ 999.6, "1.00 k" },
		{ 1000, "1.00 k" },
		{ 42857, "42.9 k" },
		{ 299999, "300 k" },
		{ 999499, "999 k" },
		{ 999500, "1.00 M" },
		{ 2.537e6, "2.54 M" },
		{ 99.95e6, "100 M" },
		{ 1.5e9, "1.50 G" },
	};
	char n[NUMBER_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(number_short(n, rows[i].value), rows[i].text);
	cr_expect_str_eq(number_time(n, 0), "0 ns");
	cr_expect_str_eq(number_time(n, 999), "999 ns");
	cr_expect_str_eq(number_time(n, 12345), "12.3 us");
	cr_expect_str_eq(number_time(n, 999499), "999 us");
	cr_expect_str_eq(number_time(n, 1250000), "1.25 ms");
	cr_expect_str_eq(number_time(n, 2100000000), "2.10 s");
	cr_expect_str_eq(number_long(n, 0), "0");
	cr_expect_str_eq(number_long(n, 999), "999");
	cr_expect_str_eq(number_long(n, 1000), "1,000");
	cr_expect_str_eq(number_long(n, UINT64_MAX), "18,446,744,073,709,551,615");
	cr_expect_str_eq(number_share(n, 0), "0");
	cr_expect_str_eq(number_share(n, 1e-5), "1.0e-05");
	cr_expect_str_eq(number_share(n, 0.25), "25.0 %");
}

Test(load_report, spelling_stays_within_its_room)
{
	char out[9];

	memset(out, 'x', sizeof(out));
	cr_expect_lt(spell(out, 8, (const uint8_t *)"\xff\xff\xff\xff", 4), 8);
	cr_expect_eq(out[8], 'x');
	cr_expect_str_eq(out, "\\xff");
}
