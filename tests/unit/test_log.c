/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines: forms, escapes, bounds, and the limit on how many.
 */
#include "control/log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define NOON 1767268800123 /* 2026-01-01 12:00:00.123 UTC */

static const char *format(const struct log_setup *s, bool systemd, enum log_level level,
			  const char *text)
{
	static char line[512];
	size_t n = log_format(line, sizeof(line), s, systemd, level, NOON, text);

	cr_assert_eq(n, strlen(line));
	return line;
}

Test(log, a_line_of_text_has_time_and_level)
{
	struct log_setup s = { LOG_AT_INFO, false, "lb1" };

	cr_expect_str_eq(format(&s, false, LOG_AT_INFO, "ready"),
			 "2026-01-01T12:00:00.123Z info: ready");
	cr_expect_str_eq(format(&s, false, LOG_AT_ERROR, "bad"),
			 "2026-01-01T12:00:00.123Z error: bad");
}

Test(log, the_journal_gets_a_priority_instead)
{
	struct log_setup s = { LOG_AT_INFO, false, NULL };

	cr_expect_str_eq(format(&s, true, LOG_AT_ERROR, "x"), "<3>x");
	cr_expect_str_eq(format(&s, true, LOG_AT_WARNING, "x"), "<4>x");
	cr_expect_str_eq(format(&s, true, LOG_AT_INFO, "x"), "<6>x");
	cr_expect_str_eq(format(&s, true, LOG_AT_DEBUG, "x"), "<7>x");
}

Test(log, json_names_the_node_and_escapes_the_text)
{
	struct log_setup s = { LOG_AT_INFO, true, "lb1" };

	cr_expect_str_eq(
		format(&s, true, LOG_AT_WARNING, "a \"b\" \\ c"),
		"{\"time\":\"2026-01-01T12:00:00.123Z\",\"level\":\"warning\",\"node\":\"lb1\","
		"\"text\":\"a \\\"b\\\" \\\\ c\"}");
}

Test(log, control_characters_cannot_forge_lines)
{
	struct log_setup s = { LOG_AT_INFO, false, NULL };

	cr_expect_str_eq(format(&s, true, LOG_AT_INFO, "a\nb\r\t\x1b[1m\x7f"), "<6>a?b???[1m?");
}

Test(log, lines_are_cut_at_the_size_of_the_buffer_and_json_stays_whole)
{
	struct log_setup s = { LOG_AT_INFO, true, "lb1" };
	char text[LOG_TEXT_MAX], line[128];

	memset(text, '"', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (size_t size = 80; size <= sizeof(line); size++) {
		size_t n = log_format(line, size, &s, false, LOG_AT_INFO, NOON, text);

		cr_assert_lt(n, size);
		cr_assert_eq(n, strlen(line));
		cr_expect_str_eq(line + n - 2, "\"}", "size %zu: %s", size, line);
		/* What was cut is whole escapes. */
		cr_expect_str_eq(line + n - 4, "\\\"\"}", "size %zu: %s", size, line);
	}
}

Test(log, a_flood_is_held_back_and_counted)
{
	struct log_limit l = { 0 };
	uint32_t skipped, passed = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		passed += log_limit_pass(&l, 5000 + i, &skipped);
		cr_assert_eq(skipped, 0);
	}
	cr_expect_eq(passed, 5);
	cr_expect(log_limit_pass(&l, 15000, &skipped));
	cr_expect_eq(skipped, 995);
	cr_expect(log_limit_pass(&l, 15001, &skipped));
	cr_expect_eq(skipped, 0);
}
