/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How viactl writes: numbers with units, tables, harmless text, base64.
 */
#include "control/viactl/base64.h"
#include "control/viactl/screen.h"
#include "control/viactl/show.h"
#include "control/viactl/units.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *(*format)(char *out, double v);
	double v;
	const char *text;
} numbers[] = {
	{ units_rate, 0, "0 /s" },
	{ units_rate, 7, "7 /s" },
	{ units_rate, 0.25, "0.25 /s" },
	{ units_rate, 999.4, "999 /s" },
	{ units_rate, 999.6, "1 k/s" },
	{ units_rate, 12345, "12.3 k/s" },
	{ units_rate, 1.2e6, "1.2 M/s" },
	{ units_rate, 9.9949e9, "9.99 G/s" },
	{ units_rate, 9.996e9, "10 G/s" },
	{ units_rate, 0, "0 /s" },
	{ units_rate, 950, "950 /s" },
	{ units_rate, 1.25e6, "1.25 M/s" },
	{ units_rate, 2e20, "200000 P/s" },
	{ units_span, -1, "0 s" },
	{ units_span, 59.9, "59 s" },
	{ units_span, 60, "1 min" },
	{ units_span, 302, "5 min 2 s" },
	{ units_span, 3600 + 59, "1 h" },
	{ units_span, 3 * 86400 + 4 * 3600 + 5, "3 d 4 h" },
	{ units_percent, 0, "0 %" },
	{ units_percent, 0.0004, "< 0.1 %" },
	{ units_percent, 0.123, "12.3 %" },
	{ units_percent, 0.9996, "100 %" },
	{ units_percent, 1, "100 %" },
	{ units_time_us, 0.4, "0.4 us" },
	{ units_time_us, 12.34, "12.3 us" },
	{ units_time_us, 1234, "1.23 ms" },
	{ units_time_us, 2.5e6, "2.5 s" },
	{ units_time_us, 5e9, "5000 s" },
};

Test(viactl_text, writes_numbers_as_people_read_them)
{
	char out[UNITS_MAX];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		cr_expect_str_eq(numbers[i].format(out, numbers[i].v), numbers[i].text, "%g: %s",
				 numbers[i].v, out);
}

Test(viactl_text, writes_every_digit_of_exact_numbers)
{
	static const struct {
		int64_t v;
		const char *text;
	} rows[] = { { 0, "0" },
		     { 999, "999" },
		     { 1000, "1,000" },
		     { -1000, "-1,000" },
		     { -123, "-123" },
		     { 1234567, "1,234,567" },
		     { INT64_MAX, "9,223,372,036,854,775,807" } };
	char out[UNITS_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(units_exact(out, rows[i].v), rows[i].text, "%s", out);
}

/* What @print writes of @what; to be freed. */
static char *written(void (*print)(const void *what, FILE *to), const void *what)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	print(what, to);
	fclose(to);
	return text;
}

static void print_sheet(const void *sheet, FILE *to)
{
	sheet_print(sheet, to, 2);
}

static void fill(struct sheet *s)
{
	sheet_column(s, "name", false);
	sheet_column(s, "empty", false);
	sheet_column(s, "rate", true);
	sheet_column(s, "why", false);
	sheet_cell(s, COLOR_GOOD, "a");
	sheet_cell(s, COLOR_NONE, "%s", "");
	sheet_cell(s, COLOR_NONE, "%d", 5);
	sheet_cell(s, COLOR_NONE, "%s", "");
	sheet_cell(s, COLOR_NONE, "longer");
	sheet_cell(s, COLOR_NONE, "%s", "");
	sheet_cell(s, COLOR_NONE, "1234567");
	sheet_cell(s, COLOR_NONE, "\xc3\xa4\n\033[2J\xc2\x9b");
}

Test(viactl_text, aligns_columns_and_leaves_empty_ones_out)
{
	struct sheet s = { 0 };
	char *text;

	fill(&s);
	text = written(print_sheet, &s);
	cr_expect_str_eq(text,
			 "  name       rate  why\n"
			 "  a             5\n"
			 "  longer  1234567  \xc3\xa4??[2J??\n",
			 "%s", text);
	free(text);
	sheet_free(&s);
}

Test(viactl_text, colours_without_moving_anything)
{
	struct sheet s = { 0 };
	char *text;

	screen_use_color(true);
	fill(&s);
	text = written(print_sheet, &s);
	cr_expect(strstr(text, "  \033[32ma\033[0m             5\n"), "%s", text);
	free(text);
	sheet_free(&s);
}

static void print_error(const void *error, FILE *to)
{
	show_error(error, to);
}

Test(viactl_text, lists_the_faults_of_a_refusal)
{
	json_t *e = json_pack("{s:i, s:s, s:{s:[s,s]}}", "code", -32002, "message", "not reloaded",
			      "data", "faults", "a.yaml:1:2: first", "a.yaml:3:4: second\033");
	char *text = written(print_error, e);

	cr_expect_str_eq(text, "viactl: not reloaded\n  a.yaml:1:2: first\n  a.yaml:3:4: second?\n",
			 "%s", text);
	free(text);
	json_decref(e);
}

static void print_odd(const void *result, FILE *to)
{
	static const char *const methods[] = { "status",      "pools",     "pool.show",
					       "backend.set", "reload",    "counters",
					       "explain",     "log.level", "stop",
					       "node.drain",  "help",      "connections",
					       "transactions" };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		show_result(methods[i], result, to);
}

/* A proxy of another release may leave things out or say them in another way. */
Test(viactl_text, prints_something_of_any_result)
{
	static const char *const results[] = {
		"{}",
		"[]",
		"{\"pools\":[1,{}],\"pool\":[],\"counters\":{},\"backend\":7,\"workers\":[null]}",
		"{\"pools\":[{\"members\":[{},[],3]}],\"steps\":[1],\"difference\":[{}],"
		"\"counters\":[{}],\"examples\":[2],\"differences\":[1],\"warnings\":[{}]}",
	};

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		json_t *result = json_loads(results[i], 0, NULL);
		char *text = written(print_odd, result);

		cr_expect(strlen(text) > 0 && !strstr(text, "(null)"), "%s:\n%s", results[i], text);
		free(text);
		json_decref(result);
	}
}

Test(viactl_text, base64_there_and_back)
{
	static const char *const bad[] = { "A", "====", "AB=C", "A===", "AA\n=", "AA?=" };
	uint8_t bytes[64];
	size_t n;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 200);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		char *text = base64_encode(bytes, len);
		uint8_t *back = base64_decode(text, &n);

		cr_expect_eq(strlen(text), (len + 2) / 3 * 4);
		cr_assert(back && n == len, "%s", text);
		cr_expect_arr_eq(back, bytes, len);
		free(text);
		free(back);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_null(base64_decode(bad[i], &n), "%s", bad[i]);
}
