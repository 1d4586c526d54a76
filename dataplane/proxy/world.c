/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions to a snapshot: what is ours, which listener, whom to trust. Pure; called on the workers
 * for each message. Tables (own names, trusted set) cost one or two probes; listeners are walked in
 * order, since their order is their meaning and real files have few of them. Which pool: rules.c.
 */
#include "dataplane/proxy/world.h"

#include "dataplane/proxy/own.h"
#include "dataplane/proxy/pad.h"

#include <smmintrin.h>

#define OWN_KIND_MASK ((1 << OWN_KIND_BITS) - 1)

static enum world_own own_of(int64_t value)
{
	return value < 0 ? OWN_NOT : (enum world_own)(value & OWN_KIND_MASK);
}

static enum world_own own_find(const struct world *w, const uint8_t *key, size_t len)
{
	return own_of(names_find(w->own, key, len));
}

/* The key of own_key_listener(), made without a store. */
static inline struct name_key key_of_listener(const struct ip *ip, uint16_t port)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)ip->b);
	int port_be = __builtin_bswap16(port);

	return (struct name_key){
		.lane = { _mm_or_si128(_mm_slli_si128(v, 1), _mm_cvtsi32_si128('l')),
			  _mm_or_si128(_mm_srli_si128(v, 15), _mm_cvtsi32_si128(port_be << 8)) },
		.len = 3 + sizeof(ip->b),
	};
}

/* The key of own_key_domain_ip(). */
static inline struct name_key key_of_domain_ip(const struct ip *ip)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)ip->b);

	return (struct name_key){
		.lane = { _mm_or_si128(_mm_slli_si128(v, 1), _mm_cvtsi32_si128('d')),
			  _mm_srli_si128(v, 15) },
		.len = 2 + sizeof(ip->b),
	};
}

/*
 * The key of own_key_domain() for a name of @n bytes at @name: the byte before it, which must be
 * there, becomes the 'd'. @n is at most 31 and 32 bytes from @name - 1 on can be read.
 */
static inline struct name_key key_of_domain(const uint8_t *name, uint32_t n)
{
	const __m128i *q = (const __m128i *)(const void *)(name - 1);
	struct name_key key = { .len = n + 1 };

	key.lane[0] = pad_lane(pad_lower(_mm_loadu_si128(q)), 0, n + 1);
	key.lane[0] = _mm_insert_epi8(key.lane[0], 'd', 0);
	key.lane[1] = pad_lane(pad_lower(_mm_loadu_si128(q + 1)), 16, n + 1);
	return key;
}

static inline enum world_own own_ip(const struct world *w, const struct ip *ip, uint16_t port)
{
	struct name_key listener, domain;
	enum world_own own;

	/* Byte 16 of both keys is the last one of the address: nearly all others' end differently.
	 */
	if (!names_may_have(w->own, ip->b[15]))
		return OWN_NOT;
	listener = key_of_listener(ip, port);
	domain = key_of_domain_ip(ip);
	own = own_of(names_find_key(w->own, &listener));
	return own != OWN_NOT ? own : own_of(names_find_key(w->own, &domain));
}

static uint16_t port_of(uint16_t port, enum uri_scheme scheme)
{
	return port ? port : scheme == URI_SIPS ? 5061 : 5060;
}

enum world_own world_own(const struct world *w, const uint8_t *p, const struct sip_host *host,
			 uint16_t port, enum uri_scheme scheme)
{
	uint16_t at = port_of(port, scheme);
	uint8_t key[OWN_KEY_MAX];
	enum world_own own;

	if (host->kind == HOST_IP)
		return own_ip(w, &host->ip, at);
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

enum world_own world_own_of(const struct world *w, const struct sip_msg *m,
			    const struct sip_host *host, uint16_t port, enum uri_scheme scheme)
{
	uint32_t off = host->text.off, n = host->text.len;
	struct name_key key;

	if (host->kind == HOST_IP)
		return own_ip(w, &host->ip, port_of(port, scheme));
	if (__builtin_expect(host->kind != HOST_NAME || w->advertises_names || n > 31 || off == 0 ||
				     off + 31 > m->datagram_len || m->p[off + n - 1] == '.',
			     0))
		return world_own(w, m->p, host, port, scheme);
	key = key_of_domain(m->p + off, n);
	return own_of(names_find_key(w->own, &key));
}

uint16_t world_listener_at(const struct world *w, const struct endpoint *at)
{
	struct name_key key = key_of_listener(&at->ip, at->port);
	int64_t value = names_find_key(w->own, &key);

	if (value < 0 || value >> OWN_KIND_BITS == 0)
		return WORLD_NONE;
	return (uint16_t)((value >> OWN_KIND_BITS) - 1);
}

/* Listeners that are looked at without a branch for what they say; most proxies have no more. */
#define FEW 8

uint16_t world_listener_for(const struct world *w, uint16_t preferred, uint16_t iface,
			    uint32_t transport, const struct ip *dst)
{
	uint16_t few = w->n_listeners < FEW ? w->n_listeners : FEW;
	uint16_t first = WORLD_NONE, here = WORLD_NONE;
	bool v4 = ip_is_v4(dst), fits = false;

	if (preferred < w->n_listeners) {
		fits = ip_is_v4(&w->listeners[preferred].addr.ip) == v4 &&
		       (w->listeners[preferred].transports & transport);
		if (fits && w->listeners[preferred].iface == iface)
			return preferred;
	}
	for (uint16_t i = few; i-- > 0;) {
		const struct listener *l = &w->listeners[i];
		bool speaks = (l->transports & transport) && ip_is_v4(&l->addr.ip) == v4;

		first = speaks ? i : first;
		here = speaks & (l->iface == iface) & (iface != FIB_NO_IFACE) ? i : here;
	}
	for (uint16_t i = few; i < w->n_listeners && here == WORLD_NONE; i++) {
		const struct listener *l = &w->listeners[i];

		if (!(l->transports & transport) || ip_is_v4(&l->addr.ip) != v4)
			continue;
		if (l->iface == iface && iface != FIB_NO_IFACE)
			here = i;
		if (first == WORLD_NONE)
			first = i;
	}
	if (here != WORLD_NONE)
		return here;
	return fits ? preferred : first;
}

bool world_trusts(const struct world *w, const struct ip *src)
{
	return w->trusted && fib_covers(w->trusted, src);
}
