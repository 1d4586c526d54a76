/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses from text and to text. IPv4 text is on the path of every message (ip4.h); IPv6 text is
 * read group by group, as it is rare and has no fixed shape.
 */
#include "dataplane/sip/ip.h"

#include "dataplane/sip/chars.h"
#include "dataplane/sip/ip4.h"

bool ip_parse_v4(const uint8_t *p, size_t n, struct ip *out)
{
	uint8_t copy[16] = { 0 };

	if (n > IP4_TEXT_MAX)
		return false;
	memcpy(copy, p, n);
	return ip4_read(_mm_loadu_si128((const __m128i *)copy), (unsigned int)n, out);
}

static unsigned int hex_value(uint8_t c)
{
	if (char_is(c, CH_DIGIT))
		return c - (unsigned int)'0';
	return char_lower(c) - (unsigned int)'a' + 10;
}

#define NO_GAP 17

/* An IPv6 text as far as it is read. */
struct groups {
	uint8_t b[16];
	unsigned int n;   /* bytes of b */
	unsigned int gap; /* where "::" stands, in bytes; NO_GAP = nowhere */
};

/* Reads one group of hex digits at @p + @i. Returns the position behind it, 0 on error. */
static size_t read_group(const uint8_t *p, size_t i, size_t n, struct groups *g)
{
	unsigned int value = 0;
	size_t start = i;

	for (; i < n && i - start < 4 && char_is(p[i], CH_HEX); i++)
		value = value << 4 | hex_value(p[i]);
	if (i == start || g->n > 14)
		return 0;
	g->b[g->n++] = (uint8_t)(value >> 8);
	g->b[g->n++] = (uint8_t)value;
	return i;
}

/* True if the bytes [@i, @n) are an IPv4 address; it ends the IPv6 one. */
static bool read_v4_end(const uint8_t *p, size_t i, size_t n, struct groups *g)
{
	struct ip v4;

	if (g->n > 12 || !ip_parse_v4(p + i, n - i, &v4))
		return false;
	memcpy(g->b + g->n, ip_v4_bytes(&v4), 4);
	g->n += 4;
	return true;
}

/* Reads "::" at @p + @i, or ":::" before an embedded IPv4 address. Returns the position behind. */
static size_t read_gap(const uint8_t *p, size_t i, size_t n, struct groups *g)
{
	struct ip v4;

	if (g->gap != NO_GAP)
		return 0;
	g->gap = g->n;
	i += 2;
	if (i < n && p[i] == ':' && ip_parse_v4(p + i + 1, n - i - 1, &v4))
		i++;
	return i;
}

/* Reads all groups. True if the text is used up. */
static bool read_groups(const uint8_t *p, size_t n, struct groups *g)
{
	size_t i = 0;

	while (i < n) {
		if (i + 1 < n && p[i] == ':' && p[i + 1] == ':') {
			i = read_gap(p, i, n, g);
			if (i == 0)
				return false;
			continue;
		}
		if (i > 0 && p[i - 1] != ':') {
			if (p[i] != ':' || ++i == n)
				return false;
		}
		if (read_v4_end(p, i, n, g))
			return true;
		i = read_group(p, i, n, g);
		if (i == 0)
			return false;
	}
	return true;
}

bool ip_parse_v6(const uint8_t *p, size_t n, struct ip *out)
{
	struct groups g = { .gap = NO_GAP };
	unsigned int behind;

	if (n < 2 || n >= IP_TEXT_MAX + 1 || !read_groups(p, n, &g))
		return false;
	if (g.gap == NO_GAP ? g.n != 16 : g.n > 14)
		return false;
	behind = g.gap == NO_GAP ? 0 : g.n - g.gap;
	memset(out->b, 0, sizeof(out->b));
	memcpy(out->b, g.b, g.n - behind);
	memcpy(out->b + 16 - behind, g.b + g.n - behind, behind);
	return true;
}

bool ip_parse(const uint8_t *p, size_t n, struct ip *out)
{
	if (n > 2 && p[0] == '[' && p[n - 1] == ']')
		return ip_parse_v6(p + 1, n - 2, out);
	return ip_parse_v4(p, n, out) || ip_parse_v6(p, n, out);
}

static char *put_decimal(char *w, unsigned int value)
{
	if (value >= 100)
		*w++ = (char)('0' + value / 100);
	if (value >= 10)
		*w++ = (char)('0' + value / 10 % 10);
	*w++ = (char)('0' + value % 10);
	return w;
}

static char *put_hex(char *w, unsigned int value)
{
	unsigned int shift = 12;

	while (shift > 0 && value >> shift == 0)
		shift -= 4;
	for (;; shift -= 4) {
		*w++ = "0123456789abcdef"[value >> shift & 15];
		if (shift == 0)
			return w;
	}
}

static unsigned int group_of(const struct ip *a, unsigned int i)
{
	return (unsigned int)a->b[2 * i] << 8 | a->b[2 * i + 1];
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 4.2). */
static unsigned int longest_gap(const struct ip *a, unsigned int *len)
{
	unsigned int best = 8, run = 0;

	*len = 1;
	for (unsigned int i = 0; i < 8; i++) {
		run = group_of(a, i) == 0 ? run + 1 : 0;
		if (run > *len) {
			*len = run;
			best = i + 1 - run;
		}
	}
	return best;
}

static char *put_v6(const struct ip *a, char *w)
{
	unsigned int len, gap = longest_gap(a, &len);

	for (unsigned int i = 0; i < 8; i++) {
		if (i == gap) {
			*w++ = ':';
			*w++ = ':';
			i += len - 1;
			continue;
		}
		if (i > 0 && i != gap + len)
			*w++ = ':';
		w = put_hex(w, group_of(a, i));
	}
	return w;
}

size_t ip_format(const struct ip *a, char *out)
{
	const uint8_t *b = ip_v4_bytes(a);
	char *w = out;

	if (!ip_is_v4(a))
		return (size_t)(put_v6(a, out) - out);
	for (unsigned int i = 0; i < 4; i++) {
		if (i > 0)
			*w++ = '.';
		w = put_decimal(w, b[i]);
	}
	return (size_t)(w - out);
}

size_t ip_format_host(const struct ip *a, char *out)
{
	size_t n;

	if (ip_is_v4(a))
		return ip_format(a, out);
	out[0] = '[';
	n = ip_format(a, out + 1);
	out[n + 1] = ']';
	return n + 2;
}

bool ip_is_unusable(const struct ip *a)
{
	static const uint8_t zero[16];
	const uint8_t *b = ip_v4_bytes(a);

	if (!ip_is_v4(a))
		return a->b[0] == 0xff || memcmp(a->b, zero, sizeof(zero)) == 0;
	return (b[0] & 0xf0) == 0xe0 || memcmp(b, zero, 4) == 0 ||
	       memcmp(b, "\xff\xff\xff\xff", 4) == 0;
}

bool ip_is_loopback(const struct ip *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (ip_is_v4(a))
		return ip_v4_bytes(a)[0] == 127;
	return memcmp(a->b, one, sizeof(one)) == 0;
}
