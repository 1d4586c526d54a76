/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/network/icmp_error.h"

#include <string.h>

#define PROTOCOL_ICMP 1
#define PROTOCOL_UDP 17
#define PROTOCOL_ICMPV6 58
#define PROTOCOL_FRAGMENT 44
#define LEAST_V4 68   /* no IPv4 link has less (RFC 791) */
#define ICMP_HEADER 8 /* type, code, checksum, four bytes that depend on the type */
#define V4_HEADER 20
#define V6_HEADER 40

/* Bytes still to be read. */
struct cut {
	const uint8_t *p;
	size_t n;
};

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

/* The ones' complement sum of @n bytes, not folded (RFC 1071); fits 32 bits up to 64 KiB. */
static uint32_t sum(const uint8_t *p, size_t n)
{
	uint32_t s = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		s += be16(p + i);
	return n & 1 ? s + ((uint32_t)p[n - 1] << 8) : s;
}

static bool sums_up(uint32_t s)
{
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return s == 0xffff;
}

/*
 * Old routers say 0. Then the next smaller size that links have is tried (RFC 1191 7.1).
 */
static uint32_t plateau(uint32_t total)
{
	static const uint16_t sizes[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (sizes[i] < total)
			return sizes[i];
	}
	return LEAST_V4;
}

/* Ports of the quoted UDP header. */
static bool read_ports(struct cut c, struct icmp_error *out)
{
	if (c.n < 8)
		return false;
	out->src.port = (uint16_t)be16(c.p);
	out->dst.port = (uint16_t)be16(c.p + 2);
	return true;
}

/* The quoted IPv4 packet: UDP, and its first fragment, for others have no ports. */
static bool read_quote_v4(struct cut c, struct icmp_error *out)
{
	size_t header;

	if (c.n < V4_HEADER || c.p[0] >> 4 != 4)
		return false;
	header = (size_t)(c.p[0] & 15) * 4;
	if (header < V4_HEADER || header > c.n || c.p[9] != PROTOCOL_UDP ||
	    (be16(c.p + 6) & 0x1fff))
		return false;
	out->src.ip = ip_from_v4(c.p + 12);
	out->dst.ip = ip_from_v4(c.p + 16);
	if (out->kind == ICMP_TOO_BIG && out->mtu == 0)
		out->mtu = plateau(be16(c.p + 2));
	return read_ports((struct cut){ c.p + header, c.n - header }, out);
}

static bool read_quote_v6(struct cut c, struct icmp_error *out)
{
	uint8_t next;

	if (c.n < V6_HEADER || c.p[0] >> 4 != 6)
		return false;
	out->src.ip = ip_from_v6(c.p + 8);
	out->dst.ip = ip_from_v6(c.p + 24);
	next = c.p[6];
	c = (struct cut){ c.p + V6_HEADER, c.n - V6_HEADER };
	if (next == PROTOCOL_FRAGMENT) {
		if (c.n < 8 || (be16(c.p + 2) & 0xfff8))
			return false;
		next = c.p[0];
		c = (struct cut){ c.p + 8, c.n - 8 };
	}
	return next == PROTOCOL_UDP && read_ports(c, out);
}

static bool read_v4(struct cut c, struct icmp_error *out)
{
	size_t header, total;
	const uint8_t *icmp;

	if (c.n < V4_HEADER)
		return false;
	header = (size_t)(c.p[0] & 15) * 4;
	total = be16(c.p + 2);
	if (header < V4_HEADER || total < header + ICMP_HEADER || total > c.n ||
	    c.p[9] != PROTOCOL_ICMP || (be16(c.p + 6) & 0x3fff))
		return false;
	icmp = c.p + header;
	if (icmp[0] != 3 || !sums_up(sum(icmp, total - header)))
		return false;
	out->kind = icmp[1] == 4 ? ICMP_TOO_BIG : ICMP_UNREACHABLE;
	if (out->kind == ICMP_TOO_BIG)
		out->mtu = be16(icmp + 6);
	return read_quote_v4((struct cut){ icmp + ICMP_HEADER, total - header - ICMP_HEADER }, out);
}

static bool read_v6(struct cut c, struct icmp_error *out)
{
	const uint8_t *icmp;
	size_t total;

	if (c.n < V6_HEADER)
		return false;
	total = be16(c.p + 4);
	if (total < ICMP_HEADER || total > c.n - V6_HEADER || c.p[6] != PROTOCOL_ICMPV6)
		return false;
	icmp = c.p + V6_HEADER;
	/* With the pseudo-header (RFC 8200 8.1): both addresses, length, next header. */
	if ((icmp[0] != 1 && icmp[0] != 2) ||
	    !sums_up(sum(c.p + 8, 32) + (uint32_t)total + PROTOCOL_ICMPV6 + sum(icmp, total)))
		return false;
	out->kind = icmp[0] == 2 ? ICMP_TOO_BIG : ICMP_UNREACHABLE;
	if (out->kind == ICMP_TOO_BIG)
		out->mtu = be32(icmp + 4);
	return read_quote_v6((struct cut){ icmp + ICMP_HEADER, total - ICMP_HEADER }, out);
}

bool icmp_error_read(const uint8_t *p, size_t len, struct icmp_error *out)
{
	struct icmp_error report = { 0 };
	struct cut c = { p, len };
	bool ok = false;

	if (len > 0 && p[0] >> 4 == 4)
		ok = read_v4(c, &report);
	else if (len > 0 && p[0] >> 4 == 6)
		ok = read_v6(c, &report);
	if (ok)
		*out = report;
	return ok;
}
