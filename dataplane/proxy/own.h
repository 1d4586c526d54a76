/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys and values of world.own, the table of all that names this proxy. One place for who writes
 * the table (control/world/world_build.c) and who asks it (world.c).
 *
 *   domain, name       'd' name                 "example.com": any port
 *   domain, address    'd' 16 bytes, 0          the 0 keeps it apart from a name of 16 characters
 *   listener, address  'l' 16 bytes, port BE    its own address and the address it advertises
 *   advertised name    'a' name ':' port        the port in decimals
 *
 * Names are folded to lower case and lose the dot of the DNS root at their end: "Example.COM."
 * names the same host as "example.com" (RFC 3261 19.1.4, RFC 4343).
 */
#pragma once

#include "dataplane/proxy/names.h"
#include "dataplane/sip/ip.h"

#include <stddef.h>
#include <stdint.h>

#define OWN_KEY_MAX (NAME_MAX_LEN + 8) /* keys beyond NAME_MAX_LEN are never found */
#define OWN_HOST_MAX 253 /* longest host name (RFC 1035 2.3.4, without the last dot) */

/* Values: the kind below, and above it the index of a listener + 1 where the key is its true
 * address. */
#define OWN_KIND_BITS 4

static inline uint32_t own_value(uint32_t kind, uint32_t listener_plus_1)
{
	return listener_plus_1 << OWN_KIND_BITS | kind;
}

/**
 * Writes the name of @n bytes at @p to @out (OWN_HOST_MAX bytes) in lower case and without a final
 * dot. Returns its length, 0 if that is 0 or more than OWN_HOST_MAX.
 */
static inline size_t own_fold(uint8_t *out, const void *p, size_t n)
{
	const uint8_t *s = (const uint8_t *)p;

	if (n > 0 && s[n - 1] == '.')
		n--;
	if (n > OWN_HOST_MAX)
		return 0;
	for (size_t i = 0; i < n; i++)
		out[i] = s[i] >= 'A' && s[i] <= 'Z' ? s[i] | 0x20 : s[i];
	return n;
}

/** Key of the domain called @name. Returns its length, 0 = no such key. @out holds OWN_KEY_MAX
 * bytes, here and below. */
static inline size_t own_key_domain(uint8_t *out, const void *name, size_t n)
{
	size_t len = own_fold(out + 1, name, n);

	out[0] = 'd';
	return len ? len + 1 : 0;
}

/** Key of a domain that is an address. */
static inline size_t own_key_domain_ip(uint8_t *out, const struct ip *ip)
{
	out[0] = 'd';
	memcpy(out + 1, ip->b, sizeof(ip->b));
	out[1 + sizeof(ip->b)] = 0;
	return 2 + sizeof(ip->b);
}

/** Key of a listener's address, its own or an advertised one. */
static inline size_t own_key_listener(uint8_t *out, const struct ip *ip, uint16_t port)
{
	out[0] = 'l';
	memcpy(out + 1, ip->b, sizeof(ip->b));
	out[1 + sizeof(ip->b)] = (uint8_t)(port >> 8);
	out[2 + sizeof(ip->b)] = (uint8_t)port;
	return 3 + sizeof(ip->b);
}

/** Key of an advertised name. */
static inline size_t own_key_advertised(uint8_t *out, const void *name, size_t n, uint16_t port)
{
	size_t len = own_fold(out + 1, name, n);
	uint8_t digits[5];
	size_t n_digits = 0;

	if (len == 0)
		return 0;
	out[0] = 'a';
	out[++len] = ':';
	do {
		digits[n_digits++] = (uint8_t)('0' + port % 10);
		port /= 10;
	} while (port);
	while (n_digits)
		out[++len] = digits[--n_digits];
	return len + 1;
}
