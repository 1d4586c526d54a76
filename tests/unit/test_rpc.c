/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON-RPC 2.0: what comes of each line, good or bad, with handlers that echo their parameters.
 */
#include "control/log.h"
#include "control/rpc/rpc.h"
#include "tests/unit/rpc_echo.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST "\"jsonrpc\":\"2.0\",\"id\":1,"
#define ERROR(code, text, id) \
	"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":" code ",\"message\":\"" text "\"},\"id\":" id "}"
#define RESULT(result, id) "{\"jsonrpc\":\"2.0\",\"result\":" result ",\"id\":" id "}"

struct row {
	const char *line;
	const char *response; /* "" = none */
};

static void setup(void)
{
	log_set_level(LOG_AT_ERROR);
}

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *got = rpc_answer(NULL, NULL, rows[i].line, strlen(rows[i].line));
		char *text = got ? json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

		cr_expect_str_eq(text ? text : "", rows[i].response, "%s\n  gave %s\n  want %s",
				 rows[i].line, text ? text : "nothing", rows[i].response);
		free(text);
		json_decref(got);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

Test(rpc, answers_requests_and_no_notifications, .init = setup)
{
	static const struct row rows[] = {
		{ "{" REQUEST "\"method\":\"status\"}", RESULT("{}", "1") },
		{ "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"status\",\"params\":{}}",
		  RESULT("{}", "\"a\"") },
		{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"status\"}", RESULT("{}", "null") },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"status\"}", RESULT("{}", "1.5") },
		{ " {" REQUEST "\"method\":\"pool.show\",\"params\":{\"pool\":\"core\"}} \r",
		  RESULT("{\"pool\":\"core\"}", "1") },
		{ "{" REQUEST "\"method\":\"pool.show\",\"params\":[\"core\"]}",
		  RESULT("{\"pool\":\"core\"}", "1") },
		{ "{" REQUEST "\"method\":\"backend.set\",\"params\":[\"a\",\"b\",\"drain\",7]}",
		  RESULT("{\"pool\":\"a\",\"backend\":\"b\",\"state\":\"drain\",\"weight\":7}",
			 "1") },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"status\"}", "" },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"no such method\"}", "" },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"pool.show\"}", "" },
	};

	CHECK(rows);
	cr_expect_eq(rpc_echo_calls, 8);
}

Test(rpc, refuses_what_is_no_request_with_the_codes_of_the_specification, .init = setup)
{
	static const struct row rows[] = {
		{ "{", ERROR("-32700", "not JSON: string or '}' expected near end of file, byte 1",
			     "null") },
		{ "{} x",
		  ERROR("-32700", "not JSON: end of file expected near 'x', byte 4", "null") },
		{ "\xff", ERROR("-32700", "not JSON: unable to decode byte 0xff, byte 0", "null") },
		{ "{\"a\":1,\"a\":2}",
		  ERROR("-32700", "not JSON: duplicate object key near '\\\\x22a\\\\x22', byte 10",
			"null") },
		{ "1", ERROR("-32600", "a request is an object", "null") },
		{ "\"text\"", ERROR("-32600", "a request is an object", "null") },
		{ "{}", ERROR("-32600", "jsonrpc: expected \\\"2.0\\\"", "null") },
		{ "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"status\"}",
		  ERROR("-32600", "jsonrpc: expected \\\"2.0\\\"", "1") },
		{ "{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"status\"}",
		  ERROR("-32600", "id: expected text, a number or null", "null") },
		{ "{" REQUEST "\"method\":1}", ERROR("-32600", "method: expected text", "1") },
		{ "{" REQUEST "\"method\":\"status\",\"prams\":{}}",
		  ERROR("-32600",
			"\\\"prams\\\" is no member of a request; did you mean \\\"params\\\"?",
			"1") },
		{ "{" REQUEST "\"method\":\"stats\"}",
		  ERROR("-32601", "no method \\\"stats\\\"; did you mean \\\"status\\\"?", "1") },
		{ "{" REQUEST "\"method\":\"quit\"}",
		  ERROR("-32601", "no method \\\"quit\\\"; \\\"help\\\" lists them", "1") },
		{ "{" REQUEST "\"method\":\"top\"}",
		  ERROR("-32601", "no method \\\"top\\\"; did you mean \\\"stop\\\"?", "1") },
		{ "{" REQUEST "\"method\":\"status\",\"params\":1}",
		  ERROR("-32602", "params: expected an object or a list", "1") },
		{ "{" REQUEST "\"method\":\"status\",\"params\":[1]}",
		  ERROR("-32602", "status has at most 0 parameters", "1") },
	};

	CHECK(rows);
	cr_expect_eq(rpc_echo_calls, 0);
}

Test(rpc, tells_what_a_handler_refuses, .init = setup)
{
	static const struct row rows[] = {
		{ "{" REQUEST "\"method\":\"pool.show\",\"params\":{\"pool\":\"none\"}}",
		  "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32001,\"message\":\"no pool "
		  "\\\"none\\\"\",\"data\":{\"faults\":[\"line\"]}},\"id\":1}" },
		{ "{" REQUEST "\"method\":\"pool.show\",\"params\":{\"pool\":\"odd\"}}",
		  ERROR("-32603", "no memory for the answer", "1") },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"pool.show\",\"params\":{\"pool\":\"none\"}}",
		  "" },
	};

	CHECK(rows);
}

Test(rpc, answers_batches_in_one_line, .init = setup)
{
	static const struct row rows[] = {
		{ "[]", ERROR("-32600", "an empty batch", "null") },
		{ "[1]", "[" ERROR("-32600", "a request is an object", "null") "]" },
		{ "[[]]", "[" ERROR("-32600", "a request is an object", "null") "]" },
		{ "[{" REQUEST "\"method\":\"status\"},{\"jsonrpc\":\"2.0\",\"method\":\"status\"},"
		  "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"counters\",\"params\":[\"x\"]}]",
		  "[" RESULT("{}", "1") "," RESULT("{\"pattern\":\"x\"}", "2") "]" },
		{ "[{\"jsonrpc\":\"2.0\",\"method\":\"status\"}]", "" },
	};

	CHECK(rows);
}

Test(rpc, bounds_batches_and_nesting, .init = setup)
{
	char text[8192] = "[1";
	struct row batch = { text,
			     ERROR("-32003", "a batch of 33 requests; 32 are allowed", "null") };
	struct row nested = {
		text, ERROR("-32700", "not JSON: maximum parsing depth reached near '[', byte 2049",
			    "null")
	};

	for (int i = 1; i < 33; i++)
		memcpy(text + 2 * i, ",1", 3);
	memcpy(text + 66, "]", 2);
	check(&batch, 1);
	memset(text, '[', 4096);
	text[4096] = '\0';
	check(&nested, 1);
	cr_expect_eq(rpc_echo_calls, 0);
}

Test(rpc, strings_that_are_not_utf8_are_made_so)
{
	json_t *s = rpc_string("a\xff\xc3\xa4");

	cr_expect_str_eq(json_string_value(s), "a???");
	json_decref(s);
	s = rpc_string("\xc3\xa4");
	cr_expect_str_eq(json_string_value(s), "\xc3\xa4");
	json_decref(s);
}
