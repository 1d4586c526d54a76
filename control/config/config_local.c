/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of one section by itself, once its keys are read, and defaults that depend on other keys.
 *
 * Required keys may be missing and values unreadable, which is reported already: fields are then
 * zero.
 */
#include "control/config/config_reader.h"

#include <string.h>

/* The place of @key if the file gives it, else of the whole section. */
#define PLACE(ptr, section, key) \
	(CONFIG_GIVEN(ptr, section, key) ? (ptr)->at[CK_##section##_##key] : (ptr)->mark)

static bool is_set(const struct ip *ip)
{
	static const struct ip none;

	return !ip_equal(ip, &none);
}

static void check_kernel(struct config_reader *r, struct config_interface *i)
{
	enum config_device_kind kind = i->device.kind;
	bool linux_port = kind == CONFIG_DEVICE_PACKET || kind == CONFIG_DEVICE_XDP;
	struct config_mark at = PLACE(i, interface, kernel);

	if (i->kernel == CONFIG_KERNEL_DEFAULT && kind == CONFIG_DEVICE_PCI)
		i->kernel = CONFIG_KERNEL_TAP;
	else if (i->kernel == CONFIG_KERNEL_DEFAULT)
		i->kernel = linux_port ? CONFIG_KERNEL_SHARED : CONFIG_KERNEL_NONE;
	if (kind == CONFIG_DEVICE_NONE)
		return;
	if (i->kernel == CONFIG_KERNEL_SHARED && !linux_port)
		config_fault(
			r, at,
			"kernel: \"shared\" needs an interface of Linux (packet, xdp); allowed "
			"here are tap and none");
	else if (i->kernel == CONFIG_KERNEL_TAP && linux_port)
		config_fault(r, at,
			     "kernel: \"tap\" is for devices that Linux does not have; allowed for "
			     "packet and xdp are shared and none");
	else if (i->kernel == CONFIG_KERNEL_NONE && !CONFIG_GIVEN(i, interface, addresses))
		config_fault(r, i->mark,
			     "missing key \"addresses\": without a kernel there is nobody else "
			     "to know them");
}

/* True if a packet to @ip leaves @i without a gateway. */
static bool on_link(const struct config_interface *i, const struct ip *ip)
{
	if (!ip_is_v4(ip) && ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80)
		return true;
	for (uint32_t k = 0; k < i->n_neighbors; k++) {
		if (ip_equal(&i->neighbors[k].address, ip))
			return true;
	}
	for (uint32_t k = 0; k < i->n_addresses; k++) {
		const struct prefix net = { i->addresses[k].ip, i->addresses[k].len };

		if (net.len && prefix_has(&net, ip))
			return true;
	}
	return i->n_addresses == 0;
}

static void check_gateways(struct config_reader *r, const struct config_interface *i)
{
	char shown[CONFIG_SHOWN];

	for (uint32_t k = 0; k < i->n_gateway; k++) {
		const struct config_gateway *g = &i->gateway[k];

		if (!is_set(&g->ip))
			continue;
		if (k > 0 && is_set(&i->gateway[0].ip) &&
		    ip_is_v4(&g->ip) == ip_is_v4(&i->gateway[0].ip))
			config_fault(r, g->mark,
				     "gateway: a second one of the same IP version; allowed is "
				     "one of each");
		else if (!on_link(i, &g->ip))
			config_fault(r, g->mark, "gateway: %s is on no network of this interface",
				     config_show_ip(shown, &g->ip));
	}
}

static void check_interface(struct config_reader *r, struct config_interface *i)
{
	check_kernel(r, i);
	check_gateways(r, i);
	if (i->device.kind == CONFIG_DEVICE_XDP && i->mtu > CONFIG_XDP_MTU)
		config_fault(r, i->at[CK_interface_mtu],
			     "mtu: %u is too large for xdp; allowed is up to %u", i->mtu,
			     CONFIG_XDP_MTU);
	if (i->mtu == 0 || i->mtu >= 1280)
		return;
	for (uint32_t k = 0; k < i->n_addresses; k++) {
		if (i->addresses[k].len && !ip_is_v4(&i->addresses[k].ip)) {
			config_fault(r, i->at[CK_interface_mtu],
				     "mtu: %u is too small for IPv6; allowed is "
				     "1280 or more",
				     i->mtu);
			return;
		}
	}
}

/* RFC 3261 19.1.2: 5060, for TLS 5061. */
static void default_port(struct endpoint *e, uint32_t transports)
{
	if (e->port == 0 && is_set(&e->ip))
		e->port = transports == CONFIG_TLS ? 5061 : 5060;
}

static void check_listener(struct config_reader *r, struct config_listener *l)
{
	bool tls = l->transports & CONFIG_TLS;
	struct config_mark at = PLACE(l, listener, transports);

	default_port(&l->address, l->transports);
	if (tls && (l->transports & CONFIG_TCP))
		config_fault(r, at,
			     "transports: tcp and tls cannot share a port; write two listeners");
	if (tls && (l->transports & CONFIG_UDP))
		config_fault(
			r, at,
			"transports: udp and tls cannot share a port, for where udp is tcp must "
			"be (RFC 3261 18.2.1); write two listeners");
	if (tls && !CONFIG_GIVEN(l, listener, certificate))
		config_fault(r, at, "transports: tls needs the key \"certificate\" too");
	if (tls && !CONFIG_GIVEN(l, listener, key))
		config_fault(r, at, "transports: tls needs the key \"key\" too");
	if (!tls && CONFIG_GIVEN(l, listener, certificate))
		config_fault(r, l->at[CK_listener_certificate],
			     "certificate: only for transports: [tls]");
	if (!tls && CONFIG_GIVEN(l, listener, key))
		config_fault(r, l->at[CK_listener_key], "key: only for transports: [tls]");
	if (!tls && CONFIG_GIVEN(l, listener, client_ca))
		config_fault(r, l->at[CK_listener_client_ca],
			     "client_ca: only for transports: [tls]");
	if (!tls && CONFIG_GIVEN(l, listener, sni))
		config_fault(r, l->at[CK_listener_sni], "sni: only for transports: [tls]");
}

static void check_backend(struct config_reader *r, struct config_backend *b)
{
	bool tls = b->transports & CONFIG_TLS;
	struct endpoint *at = &b->address.at;

	if (at->port == 0 && b->transports == CONFIG_TLS)
		at->port = (uint16_t)b->tls_port;
	if (!b->address.host)
		default_port(at, b->transports);
	if (!tls && CONFIG_GIVEN(b, backend, tls_port))
		config_fault(r, b->at[CK_backend_tls_port],
			     "tls_port: only where transports have tls");
	if (!tls && CONFIG_GIVEN(b, backend, tls_name))
		config_fault(r, b->at[CK_backend_tls_name],
			     "tls_name: only where transports have tls");
	if (tls && b->transports == CONFIG_TLS && CONFIG_GIVEN(b, backend, tls_port) &&
	    b->tls_port != at->port)
		config_fault(r, b->at[CK_backend_tls_port],
			     "tls_port: with tls alone it is the port of the address");
	if (tls && b->tls_port == 0)
		b->tls_port = b->transports == CONFIG_TLS && at->port ? at->port : 5061;
	if (tls && (b->transports & CONFIG_TCP) && b->tls_port == at->port)
		config_fault(r, PLACE(b, backend, tls_port), "tls_port: tcp has port %u already",
			     b->tls_port);
}

static void check_probe(struct config_reader *r, struct config_probe *p)
{
	if (p->timeout > p->interval)
		config_fault(r, PLACE(p, probe, timeout),
			     "timeout: %u ms is longer than the interval of "
			     "%u ms; allowed is up to that",
			     p->timeout, p->interval);
}

static void check_dns(struct config_reader *r, struct config_dns *d)
{
	if (d->ttl_min > d->ttl_max)
		config_fault(r, PLACE(d, dns, ttl_min),
			     "ttl_min: %u ms is longer than ttl_max, %u ms; allowed is up to that",
			     d->ttl_min, d->ttl_max);
}

static bool is_prime(uint32_t n)
{
	if (n < 2 || (n % 2 == 0 && n != 2))
		return false;
	for (uint32_t d = 3; d * d <= n; d += 2) {
		if (n % d == 0)
			return false;
	}
	return true;
}

static void check_pool(struct config_reader *r, struct config_pool *p)
{
	uint32_t low = p->table_size, high = low;

	if (!is_prime(p->table_size)) {
		while (!is_prime(low))
			low--;
		while (!is_prime(high))
			high++;
		config_fault(r, PLACE(p, pool, table_size),
			     "table_size: %u is not a prime; the nearest "
			     "primes are %u and %u",
			     p->table_size, low, high);
	}
	if (p->table_size < p->n_backends)
		config_fault(r, PLACE(p, pool, table_size),
			     "table_size: %u slots are too few for %u "
			     "backends; 100 for each are good",
			     p->table_size, p->n_backends);
}

static void check_connections(struct config_reader *r, struct config_connections *c)
{
	if (c->warm > c->size)
		config_fault(r, PLACE(c, connections, warm),
			     "warm: %u connections of %u; allowed is up to size", c->warm, c->size);
}

static void check_match(struct config_reader *r, struct config_match *m)
{
	if (!CONFIG_GIVEN(m, match, method) && !CONFIG_GIVEN(m, match, domain) &&
	    !CONFIG_GIVEN(m, match, source))
		config_fault(r, m->mark,
			     "match: no condition; leave match out to match every request");
}

void config_check_section(struct config_reader *r, enum config_section_id section, void *base)
{
	switch (section) {
	case SECTION_interface:
		check_interface(r, base);
		break;
	case SECTION_listener:
		check_listener(r, base);
		break;
	case SECTION_probe:
		check_probe(r, base);
		break;
	case SECTION_dns:
		check_dns(r, base);
		break;
	case SECTION_pool:
		check_pool(r, base);
		break;
	case SECTION_connections:
		check_connections(r, base);
		break;
	case SECTION_match:
		check_match(r, base);
		break;
	case SECTION_backend:
		check_backend(r, base);
		break;
	default:
		break;
	}
}
