/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which rule takes a request. Pure; called on the workers for each request without a Route. What
 * makes an index is in rules_build.c.
 */
#include "dataplane/proxy/rules.h"

#include "dataplane/proxy/pad.h"
#include "dataplane/proxy/rules_index.h"
#include "dataplane/sip/chars.h"

/* --- one by one -------------------------------------------------------------------------- */

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
static inline uint8_t method_asked(const struct sip_msg *m)
{
	return m->method == SIP_M_ACK || m->method == SIP_M_CANCEL ? SIP_M_INVITE : m->method;
}

static bool rule_takes_method(const struct rule *r, const struct sip_msg *m)
{
	uint8_t method = method_asked(m);

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

static inline __attribute__((always_inline)) bool rule_takes(const struct rule *r,
							     const struct sip_msg *m,
							     const struct ip *src)
{
	return rule_takes_method(r, m) && rule_takes_source(r, src) && rule_takes_domain(r, m);
}

enum rule_miss rule_try(const struct rule *r, const struct sip_msg *m, const struct ip *src)
{
	if (!rule_takes_method(r, m))
		return RULE_NOT_METHOD;
	if (!rule_takes_source(r, src))
		return RULE_NOT_SOURCE;
	return rule_takes_domain(r, m) ? RULE_TAKES : RULE_NOT_DOMAIN;
}

/* --- by the index ------------------------------------------------------------------------ */

static uint32_t set_of_method(const struct rule_index *x, const struct sip_msg *m)
{
	int64_t entry;

	if (m->method != SIP_M_OTHER)
		return x->method[method_asked(m)];
	entry = names_find(x->methods, span_ptr(m->p, m->method_text), m->method_text.len);
	return entry < 0 ? x->method[SIP_M_OTHER] : x->method_set[entry];
}

/* The longest suffix of the @n bytes at @name that some rule has, from place @from on: its set, or
 * 0. The byte behind is ours. */
static uint32_t set_of_suffix(const struct rule_index *x, uint8_t *name, uint32_t n, uint32_t from)
{
	uint8_t dots[RULE_NAME_MAX];
	unsigned int n_dots = 0;
	uint32_t set = 0;

	for (uint32_t i = n; i-- > from && n_dots < x->most_dots;)
		if (name[i] == '.')
			dots[n_dots++] = (uint8_t)i;
	name[n] = RULE_KEY_SUFFIX;
	while (n_dots > 0 && set == 0) {
		uint32_t at = dots[--n_dots];

		set = rule_domain_set(x, name + at, n - at + 1);
	}
	return set;
}

static uint32_t set_of_name(const struct rule_index *x, const struct sip_msg *m, struct span text)
{
	const uint8_t *p = span_ptr(m->p, text);
	uint32_t n = text.len, cut = 0, set = 0;
	uint8_t name[RULE_NAME_MAX + 1];

	if (n > 0 && p[n - 1] == '.')
		n--;
	if (__builtin_expect(n > RULE_NAME_MAX, 0)) {
		cut = n - RULE_NAME_MAX;
		n = RULE_NAME_MAX;
	}
	if (__builtin_expect(n <= 64, 1)) {
		pad_copy(name, p, n, m->datagram_len - text.off, 4, true);
	} else {
		for (uint32_t i = 0; i < n; i++)
			name[i] = char_lower(p[cut + i]);
	}
	name[n] = RULE_KEY_NAME;
	if (cut == 0)
		set = rule_domain_set(x, name, n + 1);
	if (set == 0 && x->most_dots)
		set = set_of_suffix(x, name, n, cut == 0);
	return set;
}

static uint32_t set_of_domain(const struct rule_index *x, const struct sip_msg *m)
{
	const struct sip_host *host = &m->uri.host;
	uint8_t key[sizeof(host->ip.b) + 1];
	uint32_t set = 0;

	if (!x->domains)
		return 0;
	if (host->kind == HOST_NAME) {
		set = set_of_name(x, m, host->text);
	} else if (host->kind == HOST_IP) {
		memcpy(key, host->ip.b, sizeof(host->ip.b));
		key[sizeof(host->ip.b)] = RULE_KEY_IP;
		set = rule_domain_set(x, key, sizeof(key));
	}
	return set;
}

static uint32_t set_of_source(const struct rule_index *x, const struct ip *src)
{
	uint32_t entry = x->sources ? fib_index(x->sources, src) : FIB_NONE;

	return entry == FIB_NONE ? 0 : x->source_set[entry];
}

/*
 * Only words in which the host's or the source's own rules are need a look: of the others the
 * method knows the first rule. Not inlined: the walk would pay for its room on the stack.
 */
static __attribute__((noinline)) uint16_t index_find(const struct rule_index *x,
						     const struct sip_msg *m, const struct ip *src)
{
	uint32_t method = set_of_method(x, m);
	uint32_t domain = set_of_domain(x, m), source = set_of_source(x, src);
	const uint64_t *sets = x->sets;
	uint32_t first = rule_set_open(sets, method);

	for (uint32_t s = 0; s < x->n_summaries; s++) {
		uint64_t d = rule_set_summary(sets, domain, s);
		uint64_t o = rule_set_summary(sets, source, s);
		uint64_t sum = (d | o) & rule_set_summary(sets, method, s) &
			       (d | rule_set_summary(sets, x->any_domain, s)) &
			       (o | rule_set_summary(sets, x->any_source, s));

		for (; sum; sum &= sum - 1) {
			unsigned int b = (unsigned int)__builtin_ctzll(sum);
			uint32_t at = s * RULES_PER_SUMMARY + b * 64;
			uint64_t rules = rule_set_word(sets, method, s, b) &
					 (rule_set_word(sets, domain, s, b) |
					  rule_set_word(sets, x->any_domain, s, b)) &
					 (rule_set_word(sets, source, s, b) |
					  rule_set_word(sets, x->any_source, s, b));

			if (rules)
				at += (uint32_t)__builtin_ctzll(rules);
			if (rules || at > first)
				return (uint16_t)(at < first ? at : first);
		}
	}
	return (uint16_t)first;
}

uint16_t rules_find(const struct world *w, const struct sip_msg *m, const struct ip *src)
{
	for (uint16_t i = 0; i < w->n_walked; i++) {
		if (rule_takes(&w->rules[i], m, src))
			return i;
	}
	return w->rule_index ? index_find(w->rule_index, m, src) : WORLD_NONE;
}

uint16_t world_route(const struct world *w, const struct sip_msg *m, const struct ip *src)
{
	uint16_t found;

	for (uint16_t i = 0; i < w->n_walked; i++) {
		const struct rule *r = &w->rules[i];

		if (rule_takes(r, m, src))
			return r->pool;
	}
	if (!w->rule_index)
		return WORLD_NONE;
	found = index_find(w->rule_index, m, src);
	return found == WORLD_NONE ? WORLD_NONE : w->rules[found].pool;
}
