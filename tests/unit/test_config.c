/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the configuration reader makes of good files, and what it says of faulty ones.
 *
 * The faulty ones are rows of tests/data/config/faults.yaml: text, and everything that must be said
 * of it.
 */
#include "control/config/config.h"
#include "control/config/yaml_tree.h"
#include "tests/unit/config_data.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <unistd.h>

/* What faults.yaml puts behind a case that does not have it. */
static const struct {
	const char *key;
	const char *text;
} tails[] = {
	{ "interfaces:", "interfaces:\n  - {name: net, device: \"packet:eth0\"}\n" },
	{ "pools:", "pools:\n  - name: core\n    backends:\n"
		    "      - {name: core1, address: \"10.0.0.11:5060\"}\n" },
	{ "routes:", "routes:\n  - {pool: core}\n" },
};

static bool has_key(const char *text, const char *key)
{
	for (const char *p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		if (strncmp(p, key, strlen(key)) == 0)
			return true;
	}
	return false;
}

/* The text of a case with its tails, to be freed. */
static char *complete(const struct yaml_node *row)
{
	const struct yaml_node *text = yaml_tree_get(row, "text");
	char *full = calloc(1, text->len + 1024);

	cr_assert(full);
	memcpy(full, text->text, text->len);
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		if (!yaml_tree_get(row, "whole") && !has_key(text->text, tails[i].key))
			memcpy(full + strlen(full), tails[i].text, strlen(tails[i].text) + 1);
	}
	return full;
}

static void check_row(const struct yaml_node *row)
{
	const char *name = yaml_tree_get(row, "name")->text;
	const struct yaml_node *expect = yaml_tree_get(row, "expect")->first;
	struct config_errors e = { 0 };
	struct config c;
	char *text = complete(row);
	int rc = data_load(text, strlen(text), &c, &e);

	cr_expect(rc == -EINVAL, "%s: rc %d", name, rc);
	for (uint32_t i = 0; i < config_errors_lines(&e) || expect; i++) {
		char line[1024] = "nothing", want[1024] = "nothing";

		if (i < config_errors_lines(&e))
			config_errors_format(&e, i, line, sizeof(line));
		if (expect) {
			const char *space = strchr(expect->text, ' ');

			snprintf(want, sizeof(want), "test.yaml:%.*s: %s",
				 (int)(space - expect->text), expect->text, space + 1);
			expect = expect->next;
		}
		cr_expect(strncmp(line, want, strlen(want)) == 0, "%s: expected\n  %s\ngot\n  %s",
			  name, want, line);
	}
	free(text);
	config_errors_free(&e);
}

Test(config, says_everything_that_is_wrong_and_where)
{
	struct config_errors e = { 0 };
	struct arena arena = { 0 };
	struct yaml_tree tree;
	uint32_t n_rows = 0;
	size_t n;
	char *text = data_read("tests/data/config/faults.yaml", &n);

	cr_assert(yaml_tree_read(&arena, text, n, &e, &tree) == 0 && e.n == 0 && tree.whole);
	for (const struct yaml_node *row = tree.root->first; row; row = row->next, n_rows++)
		check_row(row);
	cr_expect(n_rows >= 100, "%u rows", n_rows);
	arena_free(&arena);
	config_errors_free(&e);
	free(text);
	cr_expect(mem_live() == 0);
}

static bool ip_is(const struct ip *ip, const char *text)
{
	char shown[IP_TEXT_MAX];

	shown[ip_format(ip, shown)] = '\0';
	return strcmp(shown, text) == 0;
}

static bool at_is(const struct endpoint *e, const char *text, uint16_t port)
{
	return ip_is(&e->ip, text) && e->port == port;
}

Test(config, fills_in_every_default_of_the_smallest_file)
{
	char host[256] = "";
	struct config c;

	data_good("docs/examples/minimal.yaml", &c);
	gethostname(host, sizeof(host) - 1);
	cr_expect_str_eq(c.node, host);
	cr_expect_str_eq(c.secret, "/var/lib/viaduct/secret");
	cr_expect(!CONFIG_GIVEN(&c, top, secret) && !CONFIG_GIVEN(&c, top, listeners));
	cr_expect(c.workers == 0 && c.idle == CONFIG_IDLE_SLEEP);
	cr_expect(c.hugepages == CONFIG_HUGEPAGES_AUTO && c.record_route);
	cr_expect_str_eq(c.control.socket, "/run/viaduct/control.sock");
	cr_expect(c.control.http.port == 0 && c.n_listeners == 0 && c.n_domains == 0);
	cr_expect(c.n_trusted == 0 && c.n_hosts == 0 && c.max_breadth == 0);
	cr_expect(c.answer_limit == 10000);
	cr_expect(c.reassembly.memory_mb == 16 && c.reassembly.timeout == 5000);
	cr_expect(c.streams.max_connections == 50000 && c.streams.idle_time == 900000);
	cr_expect(c.pools[0].connections.size == 1 && c.pools[0].connections.warm == 0);
	cr_expect(c.log.level == CONFIG_LOG_INFO && c.log.format == CONFIG_LOG_TEXT);
	cr_assert(c.n_interfaces == 1 && c.n_pools == 1 && c.n_routes == 1);
	cr_expect_str_eq(c.interfaces[0].name, "net");
	cr_expect(c.interfaces[0].kernel == CONFIG_KERNEL_SHARED);
	cr_expect(c.interfaces[0].n_addresses == 0 && c.interfaces[0].mtu == 0);
	cr_expect(c.pools[0].key.kind == KEY_CALL_ID && c.pools[0].table_size == 65537);
	cr_expect(c.pools[0].mtu == 0 && !CONFIG_GIVEN(&c.pools[0], pool, probe));
	cr_assert(c.pools[0].n_backends == 2);
	cr_expect(at_is(&c.pools[0].backends[1].address.at, "10.0.0.12", 5060));
	cr_expect(c.pools[0].backends[0].transports == CONFIG_UDP);
	cr_expect(c.pools[0].backends[0].weight == 1 && c.pools[0].backends[0].tier == 0);
	cr_expect(c.pools[0].backends[0].state == CONFIG_STATE_UP);
	cr_expect(c.routes[0].pool_index == 0 && c.routes[0].match.n_method == 0);
	config_free(&c);
	cr_expect(mem_live() == 0 && c.node == NULL);
}

Test(config, takes_the_example_of_the_contract_as_it_is)
{
	struct config c;

	data_good("tests/data/config/contract.yaml", &c);
	cr_expect_str_eq(c.node, "lb1");
	cr_expect_str_eq(c.secret, "/etc/viaduct/secret");
	cr_expect(c.workers == 1 && CONFIG_GIVEN(&c, top, secret));
	cr_expect(at_is(&c.control.http, "127.0.0.1", 9460));
	cr_assert(c.n_interfaces == 1 && c.n_listeners == 2);
	cr_expect_str_eq(c.interfaces[0].device.arg, "eth0");
	cr_expect(c.interfaces[0].addresses[0].len == 96 + 24);
	cr_expect(c.interfaces[0].addresses[1].len == 64 && c.interfaces[0].mtu == 1500);
	cr_expect(at_is(&c.listeners[0].address, "192.0.2.10", 5060));
	cr_expect(c.listeners[0].transports == (CONFIG_UDP | CONFIG_TCP));
	cr_expect_str_eq(c.listeners[1].client_ca, "ca.pem");
	cr_expect_str_eq(c.domains[0].name, "example.com");
	cr_assert(c.n_trusted == 1 && c.n_pools == 3 && c.n_routes == 3);
	cr_expect(c.trusted[0].prefix.len == 96 + 8);
	cr_expect(c.pools[0].probe.interval == 5000 && c.pools[0].probe.fall == 3);
	cr_assert(c.pools[0].probe.n_accept == 4);
	cr_expect(c.pools[0].probe.accept[0].low == 200 && c.pools[0].probe.accept[0].high == 299);
	cr_expect(c.pools[0].probe.accept[3].low == 501 && c.pools[0].probe.accept[3].high == 501);
	cr_expect(!c.pools[0].probe.from && !c.pools[0].probe.request_uri);
	cr_expect(c.pools[0].panic == 50 && !c.pools[0].passive.eject && c.pools[0].passive.rest);
	cr_expect_str_eq(c.routes[0].match.method[0].name, "REGISTER");
	cr_expect(c.routes[0].pool_index == 1 && c.routes[1].pool_index == 2);
	cr_expect(c.routes[1].match.domain[0].wildcard);
	cr_expect_str_eq(c.routes[1].match.domain[0].name, "ims.example.com");
	config_free(&c);
	data_good("docs/examples/full.yaml", &c);
	config_free(&c);
}

static void check_lab_network(const struct config *c)
{
	const struct config_interface *i = &c->interfaces[0];

	cr_assert(c->n_interfaces == 5 && i->n_addresses == 2 && i->n_neighbors == 2);
	cr_expect(i->device.kind == CONFIG_DEVICE_MEMIF && i->kernel == CONFIG_KERNEL_NONE);
	cr_expect_str_eq(i->device.arg, "/run/out.sock,role=server");
	cr_expect(ip_is(&i->addresses[1].ip, "2001:db8::10") && i->mtu == 9000);
	cr_expect(ip_is(&i->neighbors[1].address, "2001:db8::1"));
	cr_expect(memcmp(i->neighbors[1].mac, "\x02\0\0\xaa\xbb\xcc", 6) == 0);
	cr_assert(i->n_gateway == 2);
	cr_expect(ip_is(&i->gateway[0].ip, "2001:db8::1") && ip_is(&i->gateway[1].ip, "192.0.2.1"));
	cr_expect(c->interfaces[1].device.kind == CONFIG_DEVICE_VDEV);
	cr_expect_str_eq(c->interfaces[1].device.arg, "net_ring0,nodeaction=a");
	cr_expect(c->interfaces[2].kernel == CONFIG_KERNEL_TAP);
	cr_expect_str_eq(c->interfaces[2].device.arg, "0000:3b:00.0");
	cr_expect(c->interfaces[3].kernel == CONFIG_KERNEL_SHARED);
	cr_expect(c->interfaces[4].kernel == CONFIG_KERNEL_NONE);
	cr_expect(c->interfaces[4].addresses[0].len == 128);
	cr_assert(c->n_listeners == 3 && c->n_domains == 4 && c->n_trusted == 5 && c->n_hosts == 2);
	cr_expect_str_eq(c->listeners[0].advertise.host, "sip.example.com");
	cr_expect(at_is(&c->listeners[0].address, "192.0.2.10", 5060));
	cr_expect(at_is(&c->listeners[1].address, "2001:db8::10", 5080));
	cr_expect_str_eq(c->listeners[1].advertise.host, "[2001:db8::99]");
	cr_expect(c->listeners[1].advertise.port == 5070 && c->listeners[0].advertise.port == 0);
	cr_expect(at_is(&c->listeners[2].address, "192.0.2.10", 5061));
	cr_expect_str_eq(c->domains[0].name, "example.com");
	cr_expect_str_eq(c->domains[1].name, "sip.example.com");
	cr_expect(c->domains[2].is_ip && ip_is(&c->domains[3].ip, "2001:db8::99"));
	cr_expect_str_eq(c->domains[3].name, "2001:db8::99");
	cr_expect(c->trusted[1].prefix.len == 128 && c->trusted[2].prefix.len == 48);
	cr_expect(c->trusted[3].prefix.len == 96 && c->trusted[4].prefix.len == 0);
	cr_expect_str_eq(c->hosts[0].name, "gw.example.net");
	cr_expect(ip_is(&c->hosts[1].address, "2001:db8::77"));
}

Test(config, reads_every_key_in_every_form)
{
	const struct config_backend *b;
	const struct config_match *m;
	struct config c;

	data_good("tests/data/config/lab.yaml", &c);
	check_lab_network(&c);
	cr_expect_str_eq(c.node, "lb-2.example");
	cr_expect(c.workers == 3 && c.idle == CONFIG_IDLE_SPIN && !c.record_route);
	cr_expect(c.hugepages == CONFIG_HUGEPAGES_OFF && c.max_breadth == 60);
	cr_expect(c.answer_limit == 500 && c.reassembly.memory_mb == 64);
	cr_expect(c.reassembly.timeout == 1500);
	cr_expect(c.log.level == CONFIG_LOG_DEBUG && c.log.format == CONFIG_LOG_JSON);
	cr_assert(c.n_pools == 2 && c.pools[0].n_backends == 4 && c.n_routes == 3);
	b = c.pools[0].backends;
	cr_expect(c.pools[0].key.kind == KEY_USER && c.pools[0].mtu == 1400);
	cr_expect(c.pools[0].table_size == 251 && c.pools[0].probe.interval == 60000);
	cr_expect(c.pools[0].probe.timeout == 1000 && c.pools[0].probe.n_accept == 1);
	cr_expect(b[0].weight == 0 && b[0].tier == 255 && b[0].state == CONFIG_STATE_DRAIN);
	cr_expect(b[1].weight == 65535 && b[1].state == CONFIG_STATE_DOWN);
	cr_expect(b[1].transports == (CONFIG_UDP | CONFIG_TCP | CONFIG_TLS));
	cr_expect(at_is(&b[1].address.at, "2001:db8::b", 5060));
	cr_expect(b[2].address.at.port == 5070 && b[3].address.at.port == 5061);
	cr_expect(c.pools[1].key.kind == KEY_HEADER && c.pools[1].key.header_len == 15);
	cr_expect(memcmp(c.pools[1].key.header, "x-subscriber-id", 15) == 0);
	m = &c.routes[0].match;
	cr_assert(m->n_method == 1 && m->n_domain == 3 && m->n_source == 1);
	cr_expect(!m->domain[0].wildcard && m->domain[1].wildcard && m->domain[2].is_ip);
	cr_expect_str_eq(m->domain[1].name, "ims.example.com");
	cr_expect(c.routes[0].pool_index == 1 && c.routes[1].pool_index == 0);
	m = &c.routes[1].match;
	cr_expect_str_eq(m->method[1].name, "FOO");
	cr_expect(m->domain[0].wildcard && m->domain[0].name[0] == '\0');
	config_free(&c);
}

Test(config, remembers_where_everything_stands)
{
	static const char text[] = "pools:\n"
				   "- name: core\n"
				   "  probe:\n"
				   "    rise: 9\n"
				   "  backends:\n"
				   "  - {name: a, address:\n"
				   "      \"10.0.0.1\"}\n"
				   "interfaces: [{name: x, device: \"packet:eth0\"}]\n"
				   "routes: [{pool: core}]\n";
	struct config_errors e = { 0 };
	struct config c;

	cr_assert(data_load(text, strlen(text), &c, &e) == 0);
	cr_expect(mark_is(c.mark, 1, 1) && mark_is(c.at[CK_top_interfaces], 8, 1));
	cr_expect(mark_is(c.pools[0].mark, 2, 3) && mark_is(c.pools[0].at[CK_pool_name], 2, 9));
	cr_expect(mark_is(c.pools[0].at[CK_pool_probe], 3, 3));
	cr_expect(mark_is(c.pools[0].probe.at[CK_probe_rise], 4, 11));
	cr_expect(mark_is(c.pools[0].probe.at[CK_probe_fall], 0, 0));
	cr_expect(mark_is(c.pools[0].backends[0].at[CK_backend_address], 7, 7));
	cr_expect(mark_is(c.routes[0].mark, 9, 10) &&
		  mark_is(c.routes[0].at[CK_route_pool], 9, 17));
	cr_expect_str_eq(c.file, "test.yaml");
	config_free(&c);
	config_errors_free(&e);
}

Test(config, does_not_mind_how_lines_end_or_begin)
{
	struct config_errors e = { 0 };
	size_t n, m = 0;
	char *text = data_read("docs/examples/minimal.yaml", &n);
	char *crlf = malloc(n * 2 + 3);
	struct config c;

	cr_assert(crlf);
	memcpy(crlf, "\xef\xbb\xbf", 3);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			crlf[3 + m++] = '\r';
		crlf[3 + m++] = text[i];
	}
	cr_assert(data_load(crlf, m + 3, &c, &e) == 0, "%s", e.n ? e.v[0].text : "");
	cr_expect_str_eq(c.pools[0].name, "core");
	config_free(&c);
	config_errors_free(&e);
	free(text);
	free(crlf);
}

Test(config, prints_every_key_of_the_table_as_one_row)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	unsigned int rows = 0, expected = 0;

	config_print_keys(to);
	fclose(to);
#define KEY(section, field, ...) \
	expected++;              \
	cr_expect(strstr(text, "\n| `" #field "` | "), #section "." #field);
#define LIST KEY
#define MAP KEY
#define MAPS KEY
#include "control/config/config_keys.def"
	for (const char *p = text; (p = strstr(p, "\n| `")); p++) {
		unsigned int bars = 0;

		for (const char *q = p + 1; *q != '\n'; q++)
			bars += *q == '|' && q[-1] != '\\';
		cr_expect(bars == 6, "%.60s", p + 1);
		rows++;
	}
	cr_expect(rows == expected && rows > 60, "%u rows, %u keys", rows, expected);
	free(text);
}
