/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of names: backends that are some, and who is asked for them.
 */
#include "control/config/config.h"

#include <criterion/criterion.h>
#include <string.h>

static bool at_is(const struct endpoint *e, const char *ip, uint16_t port)
{
	struct ip want;

	return ip_parse((const uint8_t *)ip, strlen(ip), &want) && ip_equal(&e->ip, &want) &&
	       e->port == port;
}

Test(config_names, backends_may_be_names_and_resolvers_have_a_port)
{
	static const char text[] =
		"interfaces: [{name: net, device: \"packet:eth0\"}]\n"
		"resolvers: [192.0.2.53, \"[2001:db8::53]:5353\", \"::1\"]\n"
		"dns: {timeout: 300ms, stale: 1h}\n"
		"pools:\n"
		"  - name: core\n"
		"    backends:\n"
		"      - {name: a, address: SIP.Example.NET}\n"
		"      - {name: b, address: \"sip.example.net.:5070\"}\n"
		"      - {name: c, address: sip.example.net, transports: [tls]}\n"
		"      - {name: d, address: 192.0.2.1}\n"
		"routes: [{pool: core}]\n";
	static const struct {
		const char *host; /* NULL: an address */
		uint16_t port, tls_port;
	} rows[] = { { "sip.example.net", 0, 0 },
		     { "sip.example.net", 5070, 0 },
		     { "sip.example.net", 0, 5061 },
		     { NULL, 5060, 0 } };
	struct config_errors e = { 0 };
	struct config c;

	cr_assert(config_load_memory("t.yaml", text, sizeof(text) - 1, &c, &e) == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct config_backend *b = &c.pools[0].backends[i];

		cr_expect(!rows[i].host == !b->address.host, "row %zu", i);
		if (rows[i].host)
			cr_expect_str_eq(b->address.host, rows[i].host);
		cr_expect(b->address.at.port == rows[i].port, "row %zu", i);
		cr_expect(b->tls_port == rows[i].tls_port, "row %zu: %u", i, b->tls_port);
	}
	cr_expect(at_is(&c.resolvers[0].address, "192.0.2.53", 53));
	cr_expect(at_is(&c.resolvers[1].address, "2001:db8::53", 5353));
	cr_expect(at_is(&c.resolvers[2].address, "::1", 53));
	cr_expect(c.dns.timeout == 300 && c.dns.stale == 3600000 && c.dns.attempts == 3);
	config_free(&c);
	config_errors_free(&e);
}
