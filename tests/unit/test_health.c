/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Health as a whole over a real fleet, with probe results put in by the test: verdicts reach the
 * fleet past the panic rule, a node that is cut off changes nothing, reloads forget nothing. No
 * plane and no network: traffic is test_health_passive's, sockets are the end-to-end tests'.
 */
#include "control/app.h"
#include "control/health/health_state.h"
#include "tests/unit/config_data.h"

#include <errno.h>
#include <event2/event.h>

static struct app app;

/* Four backends of "core", two tiers in "spare", "plain" without probes. */
#define POOLS                                                                          \
	"pools:\n"                                                                     \
	"  - name: core\n"                                                             \
	"    probe: {interval: 1s, timeout: 1s, rise: 2, fall: 2%s}\n"                 \
	"    panic: %u\n"                                                              \
	"    backends: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2},\n" \
	"               {name: c, address: 10.0.0.3}, {name: d, address: 10.0.0.4}]\n" \
	"  - name: plain\n"                                                            \
	"    backends: [{name: p, address: 10.0.0.5}]\n"

static struct config load(const char *probe, unsigned int panic)
{
	struct config_errors e = { 0 };
	struct config c;
	char text[2048];
	int n = snprintf(text, sizeof(text),
			 "interfaces: [{name: net, device: \"packet:eth0\"},\n"
			 "  {name: wire, device: \"memif:/m\", addresses: [\"10.9.0.1/24\"]}]\n"
			 "routes: [{pool: core}, {pool: plain}]\n" POOLS,
			 probe, panic);

	cr_assert_eq(data_load(text, (size_t)n, &c, &e), 0, "%s", e.n ? e.v[0].text : "");
	config_errors_free(&e);
	return c;
}

/* A table in which all is reached by interface @iface. */
static void reach_by(uint16_t iface)
{
	const struct fib_route all = { .prefix = { { [10] = 0xff, [11] = 0xff } },
				       .len = 96,
				       .kind = FIB_UNICAST,
				       .iface = iface };
	size_t n = fib_size(1, 0, 0);
	void *mem = NULL;

	cr_assert_eq(posix_memalign(&mem, 64, (n + 63) / 64 * 64), 0);
	app.now.fib = fib_build(mem, 1, &all, 1, NULL, 0, NULL, 0);
}

static void start(const char *probe, unsigned int panic)
{
	app.config = load(probe, panic);
	app.base = event_base_new();
	app.fleet = fleet_new(&app.config);
	app.generation = 1;
	reach_by(0);
	cr_assert_eq(health_start(&app), 0);
	health_sync(app.health);
}

static void stop(void)
{
	health_stop(&app);
	fleet_free(app.fleet);
	event_base_free(app.base);
	config_free(&app.config);
	free(app.now.fib);
	cr_expect_eq(mem_live(), 0);
}

static uint16_t number(char name)
{
	return (uint16_t)(name - 'a');
}

static void end(char name, enum probe_end how, uint16_t code)
{
	const struct probe_result r = {
		.target = number(name), .end = how, .code = code, .hint = "", .error = ECONNREFUSED
	};

	health_found_probe(app.health, &r);
	health_judge(app.health);
}

/* A round of probes: "abc" are well, the others of core get no answer. */
static void probe(const char *well)
{
	for (char name = 'a'; name <= 'd'; name++)
		end(name, strchr(well, name) ? PROBE_ANSWERED : PROBE_TIMEOUT, 200);
}

/* The states of core: 'u' and 'd' for each. */
static const char *states(void)
{
	static char out[5];

	for (int i = 0; i < 4; i++)
		out[i] = fleet_at(app.fleet, (uint16_t)i)->state == BACKEND_UP ? 'u' : 'd';
	return out;
}

Test(health, a_backend_that_was_not_judged_counts_as_the_file_says)
{
	struct health_probe p;

	start("", 50);
	cr_expect_str_eq(states(), "uuuu");
	cr_assert(health_probe_of(&app, number('a'), &p));
	cr_expect(!p.known && p.up && p.sent == 0);
	cr_expect_not(health_probe_of(&app, 4, &p), "its pool has no probe");
	cr_expect_not(health_probe_of(&app, 5, &p), "there is no such backend");
	stop();
}

Test(health, verdicts_reach_the_fleet_with_their_cause)
{
	const struct fleet_backend *a;

	start("", 50);
	a = fleet_at(app.fleet, number('a'));
	probe("bcd");
	cr_expect_str_eq(states(), "uuuu");
	probe("bcd");
	cr_expect_str_eq(states(), "duuu");
	cr_expect_eq(a->cause, FLEET_BY_PROBE);
	cr_expect_str_eq(a->why, "2 probes in a row failed: timeout");
	probe("abcd");
	cr_expect_str_eq(states(), "duuu");
	probe("abcd");
	cr_expect_str_eq(states(), "uuuu");
	cr_expect_eq(a->cause, FLEET_BY_FILE);
	stop();
}

Test(health, reasons_are_said)
{
	struct health_probe p;

	start("", 100);
	end('a', PROBE_ANSWERED, 503);
	end('b', PROBE_REFUSED, 0);
	end('c', PROBE_UNSENT, 0);
	health_probe_of(&app, number('a'), &p);
	cr_expect(p.code == 503 && !p.ok && p.failed == 1);
	cr_expect_str_eq(p.reason, "answered 503");
	health_probe_of(&app, number('b'), &p);
	cr_expect_str_eq(p.reason, "port unreachable (ICMP)");
	health_probe_of(&app, number('c'), &p);
	cr_expect(strncmp(p.reason, "not sent: ", 10) == 0);
	end('a', PROBE_ANSWERED, 404);
	health_probe_of(&app, number('a'), &p);
	cr_expect(p.code == 404 && p.ok && p.reason[0] == '\0' && p.sent == 2);
	stop();
}

Test(health, only_accepted_codes_are_good)
{
	static const struct {
		const char *accept;
		uint16_t code;
		bool good;
	} rows[] = {
		{ "", 200, true },
		{ "", 299, true },
		{ "", 300, false },
		{ "", 404, true },
		{ "", 501, true },
		{ "", 699, false },
		{ ", accept: [200]", 202, false },
		{ ", accept: [\"200-699\"]", 699, true },
	};
	struct health_probe p;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(rows[i].accept, 50);
		end('a', PROBE_ANSWERED, rows[i].code);
		health_probe_of(&app, number('a'), &p);
		cr_expect_eq(p.ok, rows[i].good, "row %zu", i);
		stop();
	}
}

Test(health, panic_keeps_what_is_left)
{
	start("", 50);
	for (int i = 0; i < 3; i++)
		probe("d");
	cr_expect_str_eq(states(), "dduu");
	cr_expect(health_in_panic(&app, 0) && !health_in_panic(&app, 1));
	/* a recovers: c, which waits, takes its place; b recovers: no panic any more. */
	probe("ad");
	probe("ad");
	cr_expect_str_eq(states(), "uddu");
	cr_expect_not(health_in_panic(&app, 0));
	probe("abd");
	probe("abd");
	cr_expect_str_eq(states(), "uudu");
	stop();
}

Test(health, operators_have_their_way)
{
	const struct fleet_change down = { .set_state = true, .state = CONFIG_STATE_DOWN };

	start("", 50);
	fleet_set(app.fleet, fleet_at(app.fleet, number('d')), &down);
	app.generation++;
	health_sync(app.health);
	probe("abcd");
	probe("abcd");
	cr_expect_str_eq(states(), "uuud");
	/* Of the three that are left one may go. */
	for (int i = 0; i < 3; i++)
		probe("ad");
	cr_expect_str_eq(states(), "udud");
	cr_expect(health_in_panic(&app, 0));
	stop();
}

Test(health, a_node_whose_probes_all_fail_changes_nothing)
{
	start("", 100);
	probe("abcd");
	for (int i = 0; i < 9; i++)
		probe("");
	cr_expect_str_eq(states(), "uuuu");
	cr_expect(health_is_cut_off(&app));
	/* The network is back; a is the first to say so. Nobody falls for what was before. */
	probe("abc");
	cr_expect_not(health_is_cut_off(&app));
	cr_expect_str_eq(states(), "uuuu");
	for (char name = 'a'; name <= 'c'; name++)
		end(name, PROBE_ANSWERED, 200);
	cr_expect_str_eq(states(), "uuuu", "the second of two that d may miss is still to come");
	end('d', PROBE_TIMEOUT, 0);
	cr_expect_str_eq(states(), "uuud");
	stop();
}

Test(health, one_sign_of_life_is_enough_to_believe_the_rest)
{
	start("", 100);
	for (int i = 0; i < 3; i++) {
		end('a', PROBE_TIMEOUT, 0);
		end('b', PROBE_TIMEOUT, 0);
		end('c', PROBE_REFUSED, 0); /* a closed port: the host lives, and so does the way */
		end('d', PROBE_TIMEOUT, 0);
	}
	cr_expect_str_eq(states(), "dddd");
	cr_expect_not(health_is_cut_off(&app));
	stop();
}

/* A probe by a stream came to nothing for @error. */
static void refuse(char name, int error)
{
	const struct probe_result r = { .target = number(name),
					.end = PROBE_REFUSED,
					.stream = true,
					.hint = "",
					.error = error };

	health_found_probe(app.health, &r);
	health_judge(app.health);
}

Test(health, a_connection_that_fails_says_why_and_whether_anyone_is_there)
{
	static const struct {
		int error;
		const char *reason;
		bool life;
	} rows[] = {
		{ ECONNREFUSED, "connection refused", true },
		{ ECONNRESET, "Connection reset by peer", true },
		{ EPROTO, "TLS handshake failed", true },
		{ ETIMEDOUT, "Connection timed out", false },
		{ EHOSTUNREACH, "host unreachable", false },
	};
	struct health_probe p;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start("", 100);
		for (char name = 'a'; name <= 'd'; name++) {
			refuse(name, rows[i].error);
			refuse(name, rows[i].error);
		}
		health_probe_of(&app, number('a'), &p);
		cr_expect_str_eq(p.reason, rows[i].reason);
		cr_expect_eq(health_is_cut_off(&app), !rows[i].life, "%s", p.reason);
		cr_expect_str_eq(states() + 3, rows[i].life ? "d" : "u", "%s", p.reason);
		stop();
	}
}

/* Takes @c into force as a reload does. */
static void reload(struct config c, bool reset)
{
	struct config old = app.config;

	cr_assert_eq(fleet_use_config(app.fleet, &c, reset), 0);
	app.config = c;
	config_free(&old);
	app.generation++;
	health_sync(app.health);
}

Test(health, a_reload_forgets_nothing)
{
	struct health_probe p;

	start("", 50);
	probe("bcd");
	probe("bcd");
	cr_assert_str_eq(states(), "duuu");
	reload(load("", 50), false);
	cr_expect_str_eq(states(), "duuu");
	health_probe_of(&app, number('a'), &p);
	cr_expect(p.sent == 2 && p.failed == 2 && p.in_a_row == 2);
	probe("abcd");
	probe("abcd");
	cr_expect_str_eq(states(), "uuuu");
	stop();
}

Test(health, a_reload_with_reset_forgets_verdicts_but_not_counters)
{
	struct health_probe p;

	start("", 50);
	probe("bcd");
	probe("bcd");
	cr_assert_str_eq(states(), "duuu");
	reload(load("", 50), true);
	cr_expect_str_eq(states(), "uuuu");
	health_probe_of(&app, number('a'), &p);
	cr_expect(!p.known && p.sent == 2);
	probe("bcd");
	cr_expect_str_eq(states(), "uuuu");
	probe("bcd");
	cr_expect_str_eq(states(), "duuu");
	stop();
}

Test(health, a_pool_that_is_not_probed_any_more_is_as_the_file_says)
{
	struct config_errors e = { 0 };
	static const char text[] =
		"interfaces: [{name: net, device: \"packet:eth0\"}]\n"
		"routes: [{pool: core}]\n"
		"pools:\n"
		"  - name: core\n"
		"    backends: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2},\n"
		"               {name: c, address: 10.0.0.3}, {name: d, address: 10.0.0.4}]\n";
	struct health_probe p;
	struct config c;

	start("", 50);
	probe("bcd");
	probe("bcd");
	cr_assert_str_eq(states(), "duuu");
	cr_assert_eq(data_load(text, sizeof(text) - 1, &c, &e), 0);
	config_errors_free(&e);
	reload(c, false);
	health_judge(app.health);
	cr_expect_str_eq(states(), "uuuu");
	cr_expect_not(health_probe_of(&app, number('a'), &p));
	stop();
}

Test(health, backends_out_of_reach_of_linux_are_not_probed_unless_the_file_names_a_source)
{
	struct health_probe p;

	start("", 50);
	free(app.now.fib);
	reach_by(1);
	app.generation++;
	health_sync(app.health);
	cr_expect_not(health_probe_of(&app, number('a'), &p));
	cr_expect_str_eq(states(), "uuuu");
	reload(load(", source: 127.0.0.1", 50), false);
	cr_expect(health_probe_of(&app, number('a'), &p));
	stop();
}

/* The lines with which --check remarks on @text. */
static void warnings_of(const char *text, char *out, size_t size)
{
	struct config_errors e = { 0 };
	struct config c;
	size_t used = 0;

	cr_assert_eq(data_load(text, strlen(text), &c, &e), 0);
	cr_expect_eq(config_warnings(&c, &e), 0);
	out[0] = '\0';
	for (uint32_t i = 0; i < config_errors_lines(&e); i++) {
		used += config_errors_format(&e, i, out + used, size - used);
		used += (size_t)snprintf(out + used, size - used, "\n");
	}
	config_free(&c);
	config_errors_free(&e);
}

Test(health, warns_of_probes_that_cannot_be_sent)
{
	static const char text[] =
		"interfaces:\n"
		"  - {name: a, device: \"packet:eth0\"%s}\n"
		"  - {name: b, device: \"memif:/m\", addresses: [\"10.1.0.1/24\"]}\n"
		"pools:\n"
		"  - name: core\n"
		"    probe: {rise: 1%s}\n"
		"    backends:\n"
		"      - {name: tcp, address: \"10.0.0.1\", transports: [tcp]}\n"
		"      - {name: near, address: \"10.1.0.2\"}\n"
		"      - {name: far, address: \"10.2.0.2\"}\n"
		"routes:\n"
		"  - {pool: core}\n";
	static const struct {
		const char *kernel, *probe;
		bool near, far;
	} rows[] = {
		{ "", "", true, false },
		{ ", kernel: none, addresses: [\"10.3.0.1/24\"]", "", true, true },
		{ "", ", source: 192.0.2.1", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char file[1024], out[4096];

		snprintf(file, sizeof(file), text, rows[i].kernel, rows[i].probe);
		warnings_of(file, out, sizeof(out));
		cr_expect_eq(!!strstr(out, ":8:9: backend \"tcp\": is not probed"), rows[i].far,
			     "row %zu: %s", i, out);
		cr_expect_eq(!!strstr(out, ":9:9: backend \"near\": is not probed"), rows[i].near,
			     "row %zu: %s", i, out);
		cr_expect_eq(!!strstr(out, ":10:9: backend \"far\": is not probed"), rows[i].far,
			     "row %zu: %s", i, out);
	}
}

Test(health, running_out_of_memory_is_survived)
{
	for (unsigned long n = 1; n < 12; n++) {
		start("", 50);
		app.generation++;
		alloc_fail_at(n);
		health_sync(app.health);
		alloc_fail_at(0);
		health_sync(app.health);
		probe("bcd");
		probe("bcd");
		cr_expect_str_eq(states(), "duuu", "allocation %lu", n);
		stop();
	}
}
