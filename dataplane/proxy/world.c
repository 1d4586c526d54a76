/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions to a snapshot: what is ours, which listener, which pool, whom to trust. Pure; called on
 * the workers for each message. Tables (own names, trusted set) cost one or two probes; listeners
 * and rules are walked in order, since their order is their meaning and real files have few of
 * them.
 */
#include "dataplane/proxy/world.h"

#include "dataplane/proxy/own.h"
#include "dataplane/sip/chars.h"

#define OWN_KIND_MASK ((1 << OWN_KIND_BITS) - 1)

static enum world_own own_find(const struct world *w, const uint8_t *key, size_t len)
{
	int64_t value = names_find(w->own, key, len);

	return value < 0 ? OWN_NOT : (enum world_own)(value & OWN_KIND_MASK);
}

enum world_own world_own(const struct world *w, const uint8_t *p, const struct sip_host *host,
			 uint16_t port, enum uri_scheme scheme)
{
	uint16_t at = port ? port : scheme == URI_SIPS ? 5061 : 5060;
	uint8_t key[OWN_KEY_MAX];
	enum world_own own;

	if (host->kind == HOST_IP) {
		own = own_find(w, key, own_key_listener(key, &host->ip, at));
		if (own != OWN_NOT)
			return own;
		return own_find(w, key, own_key_domain_ip(key, &host->ip));
	}
	if (host->kind != HOST_NAME)
		return OWN_NOT;
	if (w->advertises_names) {
		own = own_find(w, key,
			       own_key_advertised(key, p + host->text.off, host->text.len, at));
		if (own != OWN_NOT)
			return own;
	}
	return own_find(w, key, own_key_domain(key, p + host->text.off, host->text.len));
}

uint16_t world_listener_at(const struct world *w, const struct endpoint *at)
{
	uint8_t key[OWN_KEY_MAX];
	int64_t value = names_find(w->own, key, own_key_listener(key, &at->ip, at->port));

	if (value < 0 || value >> OWN_KIND_BITS == 0)
		return WORLD_NONE;
	return (uint16_t)((value >> OWN_KIND_BITS) - 1);
}

uint16_t world_listener_for(const struct world *w, uint16_t preferred, uint16_t iface,
			    const struct ip *dst)
{
	bool v4 = ip_is_v4(dst), fits = false;
	uint16_t first = WORLD_NONE;

	if (preferred < w->n_listeners) {
		fits = ip_is_v4(&w->listeners[preferred].addr.ip) == v4;
		if (fits && w->listeners[preferred].iface == iface)
			return preferred;
	}
	for (uint16_t i = 0; i < w->n_listeners; i++) {
		const struct listener *l = &w->listeners[i];

		if (!(l->transports & WORLD_UDP) || ip_is_v4(&l->addr.ip) != v4)
			continue;
		if (l->iface == iface && iface != FIB_NO_IFACE)
			return i;
		if (first == WORLD_NONE)
			first = i;
	}
	return fits ? preferred : first;
}

static bool domain_has(const struct domain_match *d, const uint8_t *p, const struct sip_host *host)
{
	const uint8_t *name = p + host->text.off;
	size_t n = host->text.len;

	if (d->suffix && d->len == 0)
		return true;
	if (d->is_ip || host->kind != HOST_NAME)
		return d->is_ip && host->kind == HOST_IP && ip_equal(&d->ip, &host->ip);
	if (n > 0 && name[n - 1] == '.')
		n--;
	if (d->suffix ? n <= d->len : n != d->len)
		return false;
	name += n - d->len;
	for (size_t i = 0; i < d->len; i++) {
		if (char_lower(name[i]) != d->text[i])
			return false;
	}
	return true;
}

/*
 * ACK and CANCEL ask as the INVITE that they belong to: they must reach the server that got it
 * (16.11), whatever methods a rule names.
 */
static bool rule_takes_method(const struct rule *r, const struct sip_msg *m)
{
	uint8_t method =
		m->method == SIP_M_ACK || m->method == SIP_M_CANCEL ? SIP_M_INVITE : m->method;

	if (r->methods == 0 && r->n_method_names == 0)
		return true;
	if (method != SIP_M_OTHER)
		return r->methods >> method & 1;
	for (uint16_t i = 0; i < r->n_method_names; i++) {
		if (r->method_names[i].len == m->method_text.len &&
		    memcmp(r->method_names[i].name, m->p + m->method_text.off,
			   m->method_text.len) == 0)
			return true;
	}
	return false;
}

static bool rule_takes_domain(const struct rule *r, const struct sip_msg *m)
{
	bool found = r->n_domains == 0;

	for (uint16_t i = 0; i < r->n_domains && !found; i++)
		found = domain_has(&r->domains[i], m->p, &m->uri.host);
	return found;
}

static bool rule_takes_source(const struct rule *r, const struct ip *src)
{
	bool found = r->n_sources == 0;

	for (uint16_t i = 0; i < r->n_sources && !found; i++)
		found = prefix_has(&r->sources[i], src);
	return found;
}

uint16_t world_route(const struct world *w, const struct sip_msg *m, const struct ip *src)
{
	for (uint16_t i = 0; i < w->n_rules; i++) {
		const struct rule *r = &w->rules[i];

		if (rule_takes_method(r, m) && rule_takes_source(r, src) && rule_takes_domain(r, m))
			return r->pool;
	}
	return WORLD_NONE;
}

bool world_trusts(const struct world *w, const struct ip *src)
{
	struct fib_hop hop;

	return w->trusted && fib_lookup(w->trusted, src, &hop);
}
