/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IP addresses and endpoints as the whole project knows them.
 *
 * One form for both families: 16 bytes in network order, IPv4 as ::ffff:a.b.c.d (RFC 4291
 * 2.5.5.2). Compare by value is one memcmp, tables need one code path, and the mapped addresses
 * of RFC 5118 4.9 mean IPv4 by themselves. Pure: no sockets, no libc resolvers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ip {
	uint8_t b[16];
};

/* An address and a port, the port in host order; 0 = not given. */
struct endpoint {
	struct ip ip;
	uint16_t port;
};

#define IP_TEXT_MAX 46 /* longest text form without brackets, NUL included (RFC 5952) */

static inline bool ip_is_v4(const struct ip *a)
{
	uint64_t zero;
	uint32_t ones;

	memcpy(&zero, a->b, sizeof(zero));
	memcpy(&ones, a->b + 8, sizeof(ones));
	return (zero | (ones ^ 0xffff0000)) == 0;
}

static inline bool ip_equal(const struct ip *a, const struct ip *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && ip_equal(&a->ip, &b->ip);
}

/** The IPv4 address whose four bytes stand at @b4 in network order. */
static inline struct ip ip_from_v4(const uint8_t *b4)
{
	struct ip a = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff } };

	memcpy(a.b + 12, b4, 4);
	return a;
}

/** The IPv6 address whose 16 bytes stand at @b16 in network order. */
static inline struct ip ip_from_v6(const uint8_t *b16)
{
	struct ip a;

	memcpy(a.b, b16, sizeof(a.b));
	return a;
}

/** The four IPv4 bytes of an address for which ip_is_v4() holds. */
static inline const uint8_t *ip_v4_bytes(const struct ip *a)
{
	return a->b + 12;
}

/**
 * Reads an IPv4 address in dotted decimals: exactly the @n bytes at @p, each part 0 to 255, at
 * most three digits. Returns false on anything else, @out untouched.
 */
bool ip_parse_v4(const uint8_t *p, size_t n, struct ip *out);

/**
 * Reads an IPv6 address (RFC 3986 IPv6address, RFC 5954), exactly the @n bytes at @p, no brackets,
 * no zone. Tolerates the three colons before an embedded IPv4 address that RFC 5118 4.10 describes.
 * Returns false on anything else, @out untouched.
 */
bool ip_parse_v6(const uint8_t *p, size_t n, struct ip *out);

/** Reads either family; brackets around IPv6 are allowed. Returns false and leaves @out on error.
 */
bool ip_parse(const uint8_t *p, size_t n, struct ip *out);

/**
 * Writes the text form (RFC 5952; IPv4 and mapped addresses as dotted decimals) without brackets
 * and without NUL to @out, which must hold IP_TEXT_MAX bytes. Returns the length.
 */
size_t ip_format(const struct ip *a, char *out);

/** As ip_format(), with brackets around IPv6, as URIs and sent-by want it. Needs IP_TEXT_MAX + 2
 * bytes. */
size_t ip_format_host(const struct ip *a, char *out);

/** True for addresses that no SIP message may be sent to: unspecified, multicast, 255.255.255.255.
 */
bool ip_is_unusable(const struct ip *a);

/** True for 127.0.0.0/8 and ::1. */
bool ip_is_loopback(const struct ip *a);
