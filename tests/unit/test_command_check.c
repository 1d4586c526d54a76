/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of parameters against the command table, and the search for near names.
 */
#include "control/config/near.h"
#include "control/rpc/commands.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
	const char *method, *params;
	const char *why; /* NULL = good */
} rows[] = {
	{ "status", "{}", NULL },
	{ "status", "{\"all\":true}", "\"all\" is no parameter of status" },
	{ "counters", "{\"xpattern\":\"x\"}",
	  "\"xpattern\" is no parameter of counters; did you mean \"pattern\"?" },
	{ "counters", "{\"all\":1}", "all: expected true or false, got \"1\"" },
	{ "counters", "{\"all\":false,\"pattern\":\"drop\"}", NULL },
	{ "pool.show", "{}", "pool is missing: name of the pool" },
	{ "pool.show", "{\"pool\":\"\"}", "pool: expected the name of a pool, got \"\"" },
	{ "pool.show", "{\"pool\":null}", "pool: expected the name of a pool" },
	{ "backend.set", "{\"pool\":\"a\",\"backend\":\"b\",\"state\":\"Down\"}",
	  "state: expected up, drain, down or file, got \"Down\"; did you mean \"down\"?" },
	{ "backend.set", "{\"pool\":\"a\",\"backend\":\"b\",\"state\":\"off\"}",
	  "state: expected up, drain, down or file, got \"off\"" },
	{ "backend.set", "{\"pool\":\"a\",\"backend\":\"b\",\"weight\":65535}", NULL },
	{ "backend.set", "{\"pool\":\"a\",\"backend\":\"b\",\"weight\":\"file\"}", NULL },
	{ "backend.set", "{\"pool\":\"a\",\"backend\":\"b\",\"weight\":65536}",
	  "weight: expected a whole number from 0 to 65535, or file, got \"65536\"" },
	{ "backend.set", "{\"pool\":\"a\",\"backend\":\"b\",\"weight\":-1}",
	  "weight: expected a whole number from 0 to 65535, or file, got \"-1\"" },
	{ "backend.set", "{\"pool\":\"a\",\"backend\":\"b\",\"weight\":1.0}",
	  "weight: expected a whole number from 0 to 65535, or file" },
	{ "backend.set", "{\"pool\":\"a\",\"backend\":\"b\",\"wait\":true}",
	  "\"wait\" is no parameter of backend.set" },
	{ "backend.add", "{\"pool\":\"a\",\"name\":\"b\",\"address\":\"192.0.2.1\"}", NULL },
	{ "backend.add", "{\"pool\":\"a\",\"name\":\"b\",\"address\":\"sip.test\"}", NULL },
	{ "backend.add", "{\"pool\":\"a\",\"name\":\"b\",\"address\":\"sip.test:5070\"}", NULL },
	{ "backend.add", "{\"pool\":\"a\",\"name\":\"b\",\"address\":\"192.0.2.1:65535\"}", NULL },
	{ "backend.add", "{\"pool\":\"a\",\"name\":\"b\",\"address\":\"[2001:db8::1]:5060\"}",
	  NULL },
	{ "backend.add", "{\"pool\":\"a\",\"name\":\"b\",\"address\":\"2001:db8::1\"}", NULL },
	{ "trace", "{\"count\":4294967295}", NULL },
	{ "trace", "{\"count\":4294967296}",
	  "count: expected a whole number from 0 to 4294967295, got \"4294967296\"" },
	{ "trace", "{\"pcap\":\"file\"}", "\"pcap\" is no parameter of trace" },
	{ "log.level", "{\"level\":\"a\\u0001\\\"b\"}",
	  "level: expected error, warning, info or debug, got \"a\\x01\\x22b\"" },
};

Test(command_check, says_what_is_wrong_with_parameters)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *params = json_loads(rows[i].params, 0, NULL);
		char why[256] = "";
		bool ok;

		cr_assert(params, "%s", rows[i].params);
		ok = command_check(command_of_method(rows[i].method), params, why, sizeof(why));
		cr_expect_eq(ok, rows[i].why == NULL, "%s %s: %s", rows[i].method, rows[i].params,
			     why);
		if (rows[i].why)
			cr_expect_str_eq(why, rows[i].why);
		json_decref(params);
	}
}

Test(command_check, refuses_what_is_no_address)
{
	static const char *const bad[] = { "",
					   "ho st",
					   "host:",
					   "host:0",
					   "192.0.2.1:",
					   "192.0.2.1:0",
					   "192.0.2.1:65536",
					   "192.0.2.1:5060x",
					   "192.0.2.256",
					   "[2001:db8::1",
					   "[2001:db8::1]5060",
					   "[]:5060",
					   ":5060",
					   "192.0.2.1:000005060" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *params =
			json_pack("{s:s, s:s, s:s}", "pool", "a", "name", "b", "address", bad[i]);
		char why[256];

		cr_expect_not(
			command_check(command_of_method("backend.add"), params, why, sizeof(why)),
			"%s", bad[i]);
		cr_expect_eq(strncmp(why, "address: expected an IP address", 31), 0, "%s", why);
		json_decref(params);
	}
}

Test(command_check, each_command_has_help_an_example_and_a_place_of_its_own)
{
	const struct command *c, *d;

	for (size_t i = 0; (c = command_at(i)); i++) {
		cr_expect(c->help[0] && strncmp(c->example, "viactl ", 7) == 0, "%s", c->words);
		cr_expect_eq(strncmp(c->example + 7, c->words, strlen(c->words)), 0, "%s",
			     c->example);
		for (size_t k = 0; k < i && (d = command_at(k)); k++)
			cr_expect_str_neq(c->words, d->words);
	}
	cr_expect_null(command_of_method("top"));
}

Test(near, finds_slips_and_not_other_words)
{
	static const struct {
		const char *typed, *found;
	} slips[] = { { "pols", "pools" },
		      { "poolss", "pools" },
		      { "POOLS", "pools" },
		      { "stauts", "status" },
		      { "sta", NULL },
		      { "xyz", NULL },
		      { "backend-set", "backend_set" },
		      { "", NULL },
		      { "counter", "counters" },
		      { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL } };
	static const char *const known[] = { "pools", "status", "backend_set", "counters" };

	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		struct near near = near_begin(slips[i].typed, strlen(slips[i].typed));

		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			near_offer(&near, known[k]);
		cr_expect_str_eq(near.found ? near.found : "", slips[i].found ? slips[i].found : "",
				 "%s", slips[i].typed);
	}
}
