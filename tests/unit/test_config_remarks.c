/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is said about valid configurations: what is likely not meant, what only a restart changes.
 */
#include "tests/unit/config_data.h"

#include <criterion/criterion.h>
#include <errno.h>

/* Loads @text with its tails and prints what @ask says of it into @out. */
static int ask(const char *text, int (*fn)(const struct config *, struct config_errors *),
	       char *out, size_t size)
{
	struct config_errors e = { 0 };
	struct config c;
	size_t used = 0;
	int rc;

	cr_assert(data_load(text, strlen(text), &c, &e) == 0, "%s", text);
	rc = fn(&c, &e);
	out[0] = '\0';
	for (uint32_t i = 0; i < config_errors_lines(&e); i++) {
		used += config_errors_format(&e, i, out + used, size - used);
		used += (size_t)snprintf(out + used, size - used, "\n");
	}
	config_free(&c);
	config_errors_free(&e);
	return rc;
}

Test(config_remarks, serves_every_device_and_transport)
{
	static const char text[] =
		"control: {socket: /s, http: \"127.0.0.1:9460\"}\n"
		"interfaces:\n"
		"  - {name: a, device: \"xdp:eth0\"}\n"
		"  - {name: b, device: \"pci:0000:3b:00.0\"}\n"
		"  - {name: c, device: \"tap:v0\", kernel: tap}\n"
		"listeners:\n"
		"  - {name: a, address: \"192.0.2.1:5061\", transports: [tls], "
		"certificate: c, key: k}\n"
		"  - {name: b, address: \"192.0.2.1:5062\", transports: [tcp]}\n"
		"  - {name: c, address: \"192.0.2.1:5063\"}\n"
		"pools:\n"
		"  - name: core\n"
		"    probe: {rise: 2}\n"
		"    backends: [{name: a, address: \"10.0.0.1\", transports: [tcp]},\n"
		"               {name: b, address: \"10.0.0.2\", transports: [udp, tcp]}]\n"
		"routes: [{pool: core}]\n";
	char out[4096];

	cr_expect(ask(text, config_warnings, out, sizeof(out)) == 0);
	cr_expect_str_eq(out, "");
}

Test(config_remarks, a_tap_may_have_addresses_neighbors_and_gateways_or_none)
{
	static const char text[] =
		"interfaces:\n"
		"  - {name: a, device: \"tap:v0\", kernel: tap}\n"
		"  - name: b\n"
		"    device: \"vdev:net_null0\"\n"
		"    kernel: tap\n"
		"    addresses: [\"10.0.0.1/24\"]\n"
		"    gateway: 10.0.0.9\n"
		"    neighbors: [{address: 10.0.0.9, mac: \"02:00:00:00:00:09\"}]\n"
		"pools: [{name: core, backends: [{name: a, address: \"10.0.0.2\"}]}]\n"
		"routes: [{pool: core}]\n";
	char out[4096];

	cr_expect(ask(text, config_warnings, out, sizeof(out)) == 0);
	cr_expect_str_eq(out, "");
}

Test(config_remarks, warns_of_what_is_likely_not_meant)
{
	static const char text[] =
		"interfaces:\n"
		"  - name: a\n"
		"    device: \"packet:eth0\"\n"
		"    gateway: 192.0.2.1\n"
		"pools:\n"
		"  - {name: core, backends: [{name: a, address: \"10.0.0.1\", weight: 0},\n"
		"                            {name: b, address: \"10.0.0.2\", state: drain}]}\n"
		"  - {name: idle, table_size: 251, backends: [{name: a, address: \"10.0.0.1\"},\n"
		"                  {name: b, address: \"10.0.0.2\"}, "
		"{name: c, address: \"10.0.0.3\"}]}\n"
		"routes:\n"
		"  - {pool: core}\n"
		"  - {match: {method: REGISTER}, pool: core}\n";
	char out[4096];

	cr_expect(ask(text, config_warnings, out, sizeof(out)) == 0);
	cr_expect_str_eq(
		out,
		"test.yaml:4:14: gateway: no effect with kernel: shared; Linux routes\n"
		"test.yaml:6:5: pool \"core\": no backend is up and has weight, so it takes no "
		"new calls\n"
		"test.yaml:8:5: pool \"idle\": no route leads to it\n"
		"test.yaml:8:5: pool \"idle\": 251 slots for 3 backends spread calls unevenly; "
		"100 for each are good\n"
		"test.yaml:12:5: routes: never reached; the route at line 11 takes every "
		"request\n");
}

static const char running[] =
	"node: a\n"
	"interfaces: [{name: x, device: \"packet:eth0\", mtu: 1400}]\n"
	"pools: [{name: core, backends: [{name: a, address: \"10.0.0.1\"}]}]\n"
	"routes: [{pool: core}]\n";

static int restart_of(const char *text, struct config_errors *e)
{
	struct config old, new;
	int rc;

	cr_assert(data_load(running, strlen(running), &old, e) == 0);
	cr_assert(data_load(text, strlen(text), &new, e) == 0, "%s", e->n ? e->v[0].text : "");
	rc = config_needs_restart(&old, &new, e);
	config_free(&old);
	config_free(&new);
	return rc;
}

Test(config_remarks, knows_what_only_a_restart_changes)
{
	static const char same[] =
		"# said differently\nnode: \"a\"\nidle: sleep\n"
		"secret: file:/var/lib/viaduct/secret\n"
		"interfaces: [{name: x, device: packet:eth0, kernel: shared, mtu: 1500}]\n"
		"pools: [{name: core, key: from, backends: [{name: b, address: \"10.0.0.2\"}]}]\n"
		"routes: [{pool: core}]\n";
	static const char other[] =
		"interfaces: [{name: x, device: packet:eth1}]\n"
		"node: b\nworkers: 2\nsecret: file:/s\nreassembly: {timeout: 6s}\n"
		"pools: [{name: core, backends: [{name: a, address: \"10.0.0.1\"}]}]\n"
		"routes: [{pool: core}]\n";
	static const char more[] =
		"node: a\ninterfaces: [{name: x, device: packet:eth0}, "
		"{name: y, device: packet:eth1}]\n"
		"pools: [{name: core, backends: [{name: a, address: \"10.0.0.1\"}]}]\n"
		"routes: [{pool: core}]\n";
	struct config_errors e = { 0 };

	cr_expect(restart_of(same, &e) == 0 && e.n == 0);
	cr_expect(restart_of(other, &e) == -EBUSY);
	cr_assert(e.n == 5);
	cr_expect(mark_is(e.v[0].mark, 1, 32) && strncmp(e.v[0].text, "device: ", 8) == 0);
	cr_expect(mark_is(e.v[1].mark, 2, 7) && strncmp(e.v[1].text, "node: ", 6) == 0);
	cr_expect(mark_is(e.v[4].mark, 5, 23) && strncmp(e.v[4].text, "timeout: ", 9) == 0);
	config_errors_free(&e);
	cr_expect(restart_of(more, &e) == -EBUSY && e.n == 1);
	cr_expect(mark_is(e.v[0].mark, 2, 1) && strncmp(e.v[0].text, "interfaces: ", 12) == 0);
	config_errors_free(&e);
}
