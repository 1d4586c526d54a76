/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line of viaload: what lines give, what is refused and how, and that the manual page
 * lists what the table has.
 */
#include "bench/load/front/options.h"
#include "bench/load/front/options_table.h"
#include "tests/unit/config_data.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 48

/* Lines that are complete but for what a row adds. */
#define SIDES "-c packet:out0 --callers 10.1.0.1 -p 10.1.0.10 -s packet:in0 --servers 10.2.0.11 "
#define SIDES_ADDRESSES "--callers 10.1.0.1 --servers 10.2.0.11"

/* Reads @line, words separated by blanks. The words must outlive @o. */
static int read_line(const char *line, struct options *o, char *error, char *copy, size_t room)
{
	char *words[WORDS_MAX] = { "viaload" }, *at = copy;
	int n = 1;

	cr_assert_lt(strlen(line), room);
	memcpy(copy, line, strlen(line) + 1);
	while (*at) {
		at += strspn(at, " ");
		if (!*at)
			break;
		cr_assert_lt(n, WORDS_MAX - 1);
		words[n++] = at;
		at += strcspn(at, " ");
		if (*at)
			*at++ = '\0';
	}
	error[0] = '\0';
	return options_read(o, n, words, error);
}

static struct options good(const char *line)
{
	static char copy[8][1024];
	static unsigned int turn;
	char error[OPTIONS_ERROR];
	struct options o;
	int rc = read_line(line, &o, error, copy[turn++ % 8], sizeof(copy[0]));

	cr_assert_eq(rc, 0, "%s: %s", line, error);
	return o;
}

static const char *text_of(const struct endpoint *e)
{
	static char text[IP_TEXT_MAX + 16];
	size_t n = ip_format_host(&e->ip, text);

	snprintf(text + n, sizeof(text) - n, ":%u", e->port);
	return text;
}

Test(load_options, defaults_are_those_of_the_table)
{
	struct options o = good(SIDES "call");

	cr_expect_eq(o.plan.scenario, LOAD_CALL);
	cr_expect_eq(o.plan.pace, LOAD_CLOSED);
	cr_expect_eq(o.plan.calls, 100);
	cr_expect_eq(o.plan.seconds, 10);
	cr_expect_eq(o.plan.distinct, 4096);
	cr_expect_eq(o.plan.mtu, 1500);
	cr_expect_float_eq(o.loss, 1e-5, 1e-12);
	cr_expect_not(o.loss_given || o.time_given || o.calls_given || o.rate_given);
	cr_expect_eq(o.plan.n_lcores, 0);
	cr_expect_null(o.plan.domain);
}

Test(load_options, reads_every_kind_of_value)
{
	struct options o = good(
		SIDES
		"--server memif:/tmp/x.sock,role=server --server-proxy-mac 02:00:00:00:00:0a "
		"--rate 2.5M --time 0.5 --max-calls 1G --cancel 10 --busy 80 --vias 3 "
		"--body 9000 --domain example.com --cpus 0,2-3 --no-huge --retransmit --loss 0 "
		"--json - -q --hold 250 --repeat 5 --reinvite 7 mix");

	cr_expect_eq(o.plan.scenario, LOAD_MIX);
	cr_expect_eq(o.plan.pace, LOAD_OPEN);
	cr_expect_eq(o.plan.rate, 2.5e6);
	cr_expect_eq(o.plan.seconds, 0.5);
	cr_expect_eq(o.plan.max_calls, 1000000000u);
	cr_expect_eq(o.plan.cancel_percent, 10);
	cr_expect_eq(o.plan.busy_percent, 80);
	cr_expect_eq(o.plan.hold_percent, 7);
	cr_expect_eq(o.plan.repeat_percent, 5);
	cr_expect_eq(o.plan.hold_ms, 250);
	cr_expect_eq(o.plan.vias, 3);
	cr_expect_eq(o.plan.body, 9000);
	cr_expect_str_eq(o.plan.domain, "example.com");
	cr_expect_eq(o.plan.n_lcores, 3);
	cr_expect_eq(o.plan.lcores[2], 3);
	cr_expect_eq(o.plan.server.n_devices, 2);
	cr_expect_str_eq(o.plan.server.device[1], "memif:/tmp/x.sock,role=server");
	cr_expect(o.plan.server.proxy_mac_known && o.plan.server.proxy_mac[5] == 0x0a);
	cr_expect_not(o.plan.caller.proxy_mac_known);
	cr_expect(o.no_huge && o.plan.retransmit && o.loss_given && o.quiet);
	cr_expect_eq(o.loss, 0);
	cr_expect_str_eq(o.json, "-");
}

Test(load_options, lists_of_addresses_are_every_address_with_every_port)
{
	static const struct {
		const char *list, *first, *last;
		unsigned int n;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1:5060", "192.0.2.1:5060", 1 },
		{ "192.0.2.1:7", "192.0.2.1:7", "192.0.2.1:7", 1 },
		{ "192.0.2.254-192.0.3.1", "192.0.2.254:5060", "192.0.3.1:5060", 4 },
		{ "192.0.2.1-192.0.2.4:5060-5075", "192.0.2.1:5060", "192.0.2.4:5075", 64 },
		{ "192.0.2.9,192.0.2.1:5061", "192.0.2.9:5060", "192.0.2.1:5061", 2 },
		{ "fd01::1", "[fd01::1]:5060", "[fd01::1]:5060", 1 },
		{ "fd01::1-fd01::3", "[fd01::1]:5060", "[fd01::3]:5060", 3 },
		{ "[fd01::1]:65535", "[fd01::1]:65535", "[fd01::1]:65535", 1 },
		{ "[fd01::ffff-fd01::1:1]:1-2,[fd01::7]", "[fd01::ffff]:1", "[fd01::7]:5060", 7 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[512];
		struct options o;

		snprintf(line, sizeof(line),
			 "-s packet:x --callers 10.0.0.9 -p 10.0.0.2 --servers %s call",
			 rows[i].list);
		o = good(line);
		cr_assert_eq(o.plan.server.n_local, rows[i].n, "%s: %u", rows[i].list,
			     o.plan.server.n_local);
		cr_expect_str_eq(text_of(&o.plan.server.local[0]), rows[i].first);
		cr_expect_str_eq(text_of(&o.plan.server.local[rows[i].n - 1]), rows[i].last);
	}
}

Test(load_options, a_run_without_an_end_of_its_own_goes_on)
{
	cr_expect_gt(good(SIDES "--max-calls 5 call").plan.seconds, 1e6);
	cr_expect_eq(good(SIDES "--max-calls 5 -t 3 call").plan.seconds, 3);
	cr_expect_gt(good("-s packet:x -p 10.0.0.2 " SIDES_ADDRESSES " call").plan.seconds, 1e6);
}

Test(load_options, servers_count_from_the_first_message)
{
	cr_expect_eq(good(SIDES "call").plan.warm_up, 0.5);
	cr_expect_eq(good("-s packet:x -p 10.0.0.2 " SIDES_ADDRESSES " call").plan.warm_up, 0);
	cr_expect_eq(
		good("-s packet:x -p 10.0.0.2 " SIDES_ADDRESSES " --warm-up 2 call").plan.warm_up,
		2);
}

Test(load_options, find_limit_is_open_loop)
{
	struct options o = good("find-limit " SIDES "--min 100k --max 3M --tries 3 options");

	cr_expect(o.find_limit);
	cr_expect_eq(o.plan.pace, LOAD_OPEN);
	cr_expect_eq(o.plan.scenario, LOAD_OPTIONS);
	cr_expect_eq(o.min_rate, 1e5);
	cr_expect_eq(o.max_rate, 3e6);
	cr_expect_eq(o.plan.rate, 3e6);
	cr_expect_eq(o.tries, 3);
}

Test(load_options, files_follow_their_scenario)
{
	struct options o = good(SIDES "file a.sip -r max b.pcap");

	cr_expect_eq(o.plan.scenario, LOAD_FILE);
	cr_expect_eq(o.plan.pace, LOAD_MAX);
	cr_expect_eq(o.plan.calls, 0);
	cr_assert_eq(o.plan.n_files, 2);
	cr_expect_str_eq(o.plan.files[1], "b.pcap");
}

Test(load_options, faults_are_named_in_one_line)
{
	static const struct {
		const char *line, *says;
	} rows[] = {
		{ "", "no scenario" },
		{ "find-limit", "no scenario" },
		{ SIDES "calls", "\"calls\" is no scenario" },
		{ "call", "no device" },
		{ SIDES "--nonsense call", "\"--nonsense\" is no option" },
		{ SIDES "call --rate", "--rate needs a value" },
		{ SIDES "--rate fast call", "--rate: \"fast\" is not a number" },
		{ SIDES "--rate 0x10 call", "--rate: \"0x10\" is not a number" },
		{ SIDES "--rate nan call", "is not a number" },
		{ SIDES "--rate 3kk call", "is not a number" },
		{ SIDES "--rate -5 call", "is not a number" },
		{ SIDES "--rate 0.5 call", "--rate: 0.5 is out of bounds: 1 to 1000000000" },
		{ SIDES "--calls 2.5 call", "--calls: 2.5 is not a whole number" },
		{ SIDES "--cancel 101 call", "out of bounds: 0 to 100" },
		{ SIDES "--cancel 60 --busy 41 call", "more than 100 per cent" },
		{ SIDES "--busy 60 --reinvite 41 call", "more than 100 per cent" },
		{ SIDES "--rate 5 --calls 5 call", "exclude each other" },
		{ SIDES "call a.sip", "only the scenario file takes files" },
		{ SIDES "file", "file needs at least one FILE" },
		{ SIDES "--domain a,b call", "is no host name" },
		{ SIDES "--caller eth0 call", "\"eth0\" is no device; allowed are packet:IF" },
		{ SIDES "--caller packet: call", "\"packet:\" is no device" },
		{ SIDES "--cpus 3-1 call", "is no list of CPUs" },
		{ SIDES "--cpus 1, call", "is no list of CPUs" },
		{ SIDES "--proxy-mac 02:00:00:00:00 call", "is no Ethernet address" },
		{ SIDES "--proxy-mac 03:00:00:00:00:01 call", "not the address of one host" },
		{ SIDES "--callers 10.0.0.256 call", "\"10.0.0.256\" is no IP address" },
		{ SIDES "--callers 10.0.0.1:0 call", "\"0\" is no port" },
		{ SIDES "--callers 10.0.0.1:65536 call", "\"65536\" is no port" },
		{ SIDES "--callers 10.0.0.5-10.0.0.1 call", "ends before it begins" },
		{ SIDES "--callers [fd01::1 call", "is no address" },
		{ SIDES "--callers [fd01::1]5060 call", "is no address" },
		{ SIDES "--callers 224.0.0.1 call", "is not the address of one host" },
		{ SIDES "--callers 10.0.0.1-10.0.1.1 call", "more than 64 addresses" },
		{ SIDES "--callers fd01::1 call", "different IP versions" },
		{ SIDES "--proxy 10.0.0.1-10.0.0.2 call", "is a range" },
		{ "-c packet:x " SIDES_ADDRESSES " call", "--proxy is missing" },
		{ "-c packet:x --servers 10.0.0.1 -p 10.0.0.1 call", "--callers is missing" },
		{ "-s packet:x --callers 10.0.0.1 -p 10.0.0.1 call", "--servers is missing" },
		{ "-c memif:/x -p 10.0.0.2 " SIDES_ADDRESSES " call", "needs --proxy-mac" },
		{ "find-limit -s packet:x -p 10.0.0.2 " SIDES_ADDRESSES " call",
		  "find-limit needs --caller" },
		{ "find-limit " SIDES "-r 5 call", "find-limit sets the rate itself" },
		{ "find-limit " SIDES "--min 5k --max 4k call", "--min is above --max" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char error[OPTIONS_ERROR], copy[1024];
		struct options o;
		int rc = read_line(rows[i].line, &o, error, copy, sizeof(copy));

		cr_expect_lt(rc, 0, "taken: %s", rows[i].line);
		cr_expect(strstr(error, rows[i].says), "%s: says \"%s\", not \"%s\"", rows[i].line,
			  error, rows[i].says);
		cr_expect_null(strchr(error, '\n'), "more than one line: %s", error);
	}
}

Test(load_options, help_and_version_need_nothing_else)
{
	cr_expect(good("--help").help);
	cr_expect(good("-V").version);
}

/* What @print writes; the caller frees it. */
static char *printed(void (*print)(FILE *to))
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	cr_assert(to);
	print(to);
	fclose(to);
	return text;
}

Test(load_options, help_names_every_option_once)
{
	char *text = printed(options_help);

	for (unsigned int g = 0; g < OPTION_GROUPS; g++) {
		for (const struct option_row *r = option_groups[g].rows; r->name; r++) {
			char name[64];
			const char *at;

			snprintf(name, sizeof(name), "--%s%c", r->name, r->arg ? ' ' : '\n');
			at = strstr(text, name);
			cr_expect(at, "no %s", name);
		}
	}
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		cr_expect_leq(strcspn(line, "\n"), 80, "too long: %.90s", line);
	free(text);
}

Test(load_options, the_manual_page_lists_the_options_of_the_table)
{
	char *list = printed(options_mdoc), *page;
	size_t n;

	page = data_read("docs/man/viaload.8", &n);
	page[n < (1 << 20) ? n : n - 1] = '\0';
	cr_expect(strstr(page, list),
		  "docs/man/viaload.8 has another list of options than this:\n%s", list);
	free(page);
	free(list);
}
