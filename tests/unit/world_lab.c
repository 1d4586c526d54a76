/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/world_lab.h"

#include <criterion/criterion.h>
#include <stdio.h>

const char world_lab_smallest[] = "interfaces:\n"
				  "  - {name: net, device: \"packet:eth0\"}\n"
				  "pools:\n"
				  "  - name: core\n"
				  "    backends:\n"
				  "      - {name: core1, address: \"10.0.0.11:5060\"}\n"
				  "      - {name: core2, address: \"10.0.0.12:5060\"}\n"
				  "routes:\n"
				  "  - {pool: core}\n";

const char world_lab_full[] =
	"interfaces:\n"
	"  - {name: outside, device: \"packet:eth0\"}\n"
	"  - {name: inside, device: \"packet:eth1\", mtu: 9000}\n"
	"listeners:\n"
	"  - {name: ext, address: \"192.0.2.10:5060\", advertise: \"sip.example.com\"}\n"
	"  - {name: nat, address: \"192.0.2.11:5070\", advertise: \"203.0.113.5:5071\"}\n"
	"  - {name: vip, address: \"192.0.2.200\"}\n"
	"  - {name: core, address: \"10.0.0.1:5060\", transports: [udp]}\n"
	"domains: [example.com, \"198.51.100.9\"]\n"
	"record_route: false\n"
	"max_breadth: 60\n"
	"trusted: [\"172.16.0.0/12\", \"2001:db8:5::/48\"]\n"
	"hosts:\n"
	"  - {name: p1.example.net, address: \"10.0.0.90\"}\n"
	"pools:\n"
	"  - name: reg\n"
	"    key: user\n"
	"    table_size: 251\n"
	"    mtu: 1400\n"
	"    backends:\n"
	"      - {name: r1, address: \"10.0.0.31\"}\n"
	"  - name: core\n"
	"    key: \"header:X-Call\"\n"
	"    table_size: 1009\n"
	"    backends:\n"
	"      - {name: c1, address: \"10.0.0.41\", state: down}\n"
	"      - {name: c2, address: \"10.0.0.42\", tier: 1, weight: 3}\n"
	"      - {name: c3, address: \"10.0.0.43:5080\", tier: 1, weight: 1}\n"
	"      - {name: c4, address: \"10.0.0.44\", tier: 2}\n"
	"      - {name: c5, address: \"192.0.2.45\", tier: 1, state: drain}\n"
	"      - {name: c6, address: \"10.0.0.46\", weight: 0}\n"
	"routes:\n"
	"  - {match: {method: [REGISTER, FOO]}, pool: reg}\n"
	"  - {match: {domain: \"*.ims.example.com\", source: \"198.51.100.0/24\"}, pool: reg}\n"
	"  - {pool: core}\n";

struct ip world_lab_ip(const char *text)
{
	struct ip a;

	cr_assert(ip_parse((const uint8_t *)text, strlen(text), &a), "%s", text);
	return a;
}

/* What Linux has on the one or two interfaces of the tests. */
static struct world_address on_eth0[4], on_eth1[1];
static struct world_iface ifaces[2];

struct world_facts world_lab_facts(void)
{
	on_eth0[0] = (struct world_address){ world_lab_ip("192.0.2.10"), 96 + 24 };
	on_eth0[1] = (struct world_address){ world_lab_ip("2001:db8::10"), 64 };
	on_eth0[2] = (struct world_address){ world_lab_ip("fe80::10"), 64 };
	on_eth0[3] = (struct world_address){ world_lab_ip("192.0.2.11"), 96 + 24 };
	on_eth1[0] = (struct world_address){ world_lab_ip("10.0.0.1"), 96 + 8 };
	ifaces[0] = (struct world_iface){ on_eth0, 4 };
	ifaces[1] = (struct world_iface){ on_eth1, 1 };
	return (struct world_facts){ .ifaces = ifaces,
				     .secret = WORLD_LAB_SECRET,
				     .secret_len = sizeof(WORLD_LAB_SECRET) - 1,
				     .generation = 7 };
}

/* Builds the world of @text; NULL if it has faults, which then are in @errs. */
struct world *world_lab_try(const char *text, const struct world_facts *f,
			    struct config_errors *errs)
{
	struct world *w = NULL;
	struct config c = { 0 };
	int rc = config_load_memory("test.yaml", text, strlen(text), &c, errs);

	if (rc)
		config_errors_print(errs, stderr);
	cr_assert_eq(rc, 0);
	rc = world_build(&c, f, &w, errs);
	config_free(&c);
	cr_assert_eq(rc == 0, w != NULL);
	cr_assert_eq(rc != 0, errs->n != 0);
	return w;
}

struct world *world_lab_build(const char *text, const struct world_facts *f)
{
	struct config_errors errs = { 0 };
	struct world *w = world_lab_try(text, f, &errs);

	config_errors_print(&errs, stderr);
	cr_assert(w);
	config_errors_free(&errs);
	return w;
}

/* The one fault of @text at @line mentions @what. */
void world_lab_fault(const char *text, const struct world_facts *f, uint32_t line, const char *what)
{
	struct config_errors errs = { 0 };
	struct world *w = world_lab_try(text, f, &errs);

	cr_assert_null(w);
	cr_expect_eq(errs.n, 1);
	cr_expect_eq(errs.v[0].mark.line, line, "line %u", errs.v[0].mark.line);
	cr_expect(strstr(errs.v[0].text, what), "%s", errs.v[0].text);
	config_errors_free(&errs);
}
