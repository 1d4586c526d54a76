/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers, addresses, devices and CPU lists of the command line. Nothing here looks at the machine:
 * whether a device or a CPU is there is for the engine to find out.
 */
#include "bench/load/front/option_values.h"

#include "bench/load/front/options.h"
#include "dataplane/sip/ip.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIP_PORT 5060

__attribute__((format(printf, 2, 3))) static bool refuse(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, OPTIONS_ERROR, fmt, ap);
	va_end(ap);
	return false;
}

/* What a letter behind a number multiplies it by; 0 = no such letter. */
static double factor(const char *suffix)
{
	if (suffix[0] && suffix[1])
		return 0;
	switch (suffix[0]) {
	case '\0':
		return 1;
	case 'k':
	case 'K':
		return 1e3;
	case 'M':
		return 1e6;
	case 'G':
		return 1e9;
	default:
		return 0;
	}
}

bool value_number(const char *text, double min, double max, double *out, char *why)
{
	char *end;
	double value;

	/* strtod() would take blanks, hexadecimal digits, "inf" and "nan" as well. */
	if (text[strspn(text, "0123456789.eE+-kKMG")] || !strchr("0123456789.", text[0]))
		return refuse(why, "\"%s\" is not a number, such as 800, 300k or 2.5M", text);
	value = strtod(text, &end);
	if (end == text || factor(end) == 0)
		return refuse(why, "\"%s\" is not a number, such as 800, 300k or 2.5M", text);
	value *= factor(end);
	if (!isfinite(value) || value < min || value > max)
		return refuse(why, "%s is out of bounds: %.10g to %.10g", text, min, max);
	*out = value;
	return true;
}

/* A piece of text in the middle of another one. */
struct piece {
	const char *p;
	size_t n;
};

static bool read_port(struct piece t, uint16_t *out)
{
	unsigned int value = 0;

	if (t.n == 0 || t.n > 5)
		return false;
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
		value = value * 10 + (unsigned int)(t.p[i] - '0');
	}
	if (value == 0 || value > UINT16_MAX)
		return false;
	*out = (uint16_t)value;
	return true;
}

/* FROM[-TO] of @t into two pieces, which are the same one without a dash. */
static void split_range(struct piece t, struct piece *from, struct piece *to)
{
	const char *dash = memchr(t.p, '-', t.n);

	*from = *to = t;
	if (dash) {
		from->n = (size_t)(dash - t.p);
		*to = (struct piece){ dash + 1, t.n - from->n - 1 };
	}
}

/* Splits host and ports of @t at the colon between them; @ports is empty without one. */
static bool split_host(struct piece t, struct piece *host, struct piece *ports)
{
	const char *last = memrchr(t.p, ':', t.n), *close;

	*host = t;
	*ports = (struct piece){ NULL, 0 };
	if (t.n && t.p[0] == '[') {
		close = memchr(t.p, ']', t.n);
		if (!close)
			return false;
		*host = (struct piece){ t.p + 1, (size_t)(close - t.p) - 1 };
		if (close + 1 == t.p + t.n)
			return true;
		*ports = (struct piece){ close + 2, (size_t)(t.p + t.n - close) - 2 };
		return close[1] == ':';
	}
	if (!last || memchr(t.p, ':', (size_t)(last - t.p)))
		return true; /* no port, or IPv6 without brackets */
	host->n = (size_t)(last - t.p);
	*ports = (struct piece){ last + 1, t.n - host->n - 1 };
	return true;
}

/* The bounds that "ADDRESS[-ADDRESS][:PORT[-PORT]]" names. */
struct range {
	struct endpoint from, to;
};

static bool read_range(struct piece t, struct range *out, char *why)
{
	struct piece host, ports, from, to;
	struct range r = { .from.port = SIP_PORT, .to.port = SIP_PORT };

	if (!split_host(t, &host, &ports))
		return refuse(why, "\"%.*s\" is no address", (int)t.n, t.p);
	split_range(host, &from, &to);
	if (!ip_parse((const uint8_t *)from.p, from.n, &r.from.ip) ||
	    !ip_parse((const uint8_t *)to.p, to.n, &r.to.ip))
		return refuse(why, "\"%.*s\" is no IP address", (int)host.n, host.p);
	if (ip_is_unusable(&r.from.ip) || ip_is_unusable(&r.to.ip))
		return refuse(why, "\"%.*s\" is not the address of one host", (int)host.n, host.p);
	if (ports.p) {
		split_range(ports, &from, &to);
		if (!read_port(from, &r.from.port) || !read_port(to, &r.to.port))
			return refuse(why, "\"%.*s\" is no port", (int)ports.n, ports.p);
	}
	if (memcmp(r.from.ip.b, r.to.ip.b, 16) > 0 || r.from.port > r.to.port)
		return refuse(why, "\"%.*s\" ends before it begins", (int)t.n, t.p);
	*out = r;
	return true;
}

/* The address after @a. */
static void next_ip(struct ip *a)
{
	for (int i = 15; i >= 0 && ++a->b[i] == 0; i--)
		;
}

static bool add_endpoint(struct load_side *side, const struct endpoint *e)
{
	if (side->n_local == LOAD_ADDRESSES)
		return false;
	side->local[side->n_local++] = *e;
	return true;
}

/* Ports count fastest, so that a short run uses few addresses. */
static bool add_range(struct load_side *side, const struct range *r)
{
	struct endpoint e = r->from;

	for (;; next_ip(&e.ip)) {
		for (unsigned int port = r->from.port; port <= r->to.port; port++) {
			e.port = (uint16_t)port;
			if (!add_endpoint(side, &e))
				return false;
		}
		if (ip_equal(&e.ip, &r->to.ip))
			return true;
	}
}

bool value_endpoint(const char *text, struct endpoint *out, char *why)
{
	struct range r = { 0 };

	if (!read_range((struct piece){ text, strlen(text) }, &r, why))
		return false;
	if (!endpoint_equal(&r.from, &r.to))
		return refuse(why, "\"%s\" is a range, where one address is meant", text);
	*out = r.from;
	return true;
}

bool value_endpoints(const char *text, struct load_side *side, char *why)
{
	for (;;) {
		size_t n = strcspn(text, ",");
		struct range r = { 0 };

		if (!read_range((struct piece){ text, n }, &r, why))
			return false;
		if (!add_range(side, &r))
			return refuse(why, "more than %d addresses with their ports",
				      LOAD_ADDRESSES);
		if (!text[n])
			return true;
		text += n + 1;
	}
}

bool value_mac(const char *text, uint8_t *out, char *why)
{
	static const uint8_t zero[6];
	uint8_t mac[6];
	int n = -1;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2],
		   &mac[3], &mac[4], &mac[5], &n) != 6 ||
	    n != 17 || text[n])
		return refuse(why, "\"%s\" is no Ethernet address, such as 02:00:00:00:00:01",
			      text);
	if ((mac[0] & 1) || memcmp(mac, zero, sizeof(mac)) == 0)
		return refuse(why, "\"%s\" is not the address of one host", text);
	memcpy(out, mac, sizeof(mac));
	return true;
}

bool value_device(const char *text, struct load_side *side, char *why)
{
	static const char *const kinds[] = { "packet:", "memif:", "tap:", "vdev:" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i]);

		if (strncmp(text, kinds[i], n) != 0 || !text[n])
			continue;
		if (side->n_devices == LOAD_DEVICES)
			return refuse(why, "more than %d devices on one side", LOAD_DEVICES);
		side->device[side->n_devices++] = text;
		return true;
	}
	return refuse(why,
		      "\"%s\" is no device; allowed are packet:IF, memif:SOCKET, tap:IF and "
		      "vdev:DPDK-DEVICE",
		      text);
}

bool value_cpus(const char *text, struct load_plan *plan, char *why)
{
	const char *at = text;

	for (;;) {
		unsigned int from, to;
		int n = 0, m = 0;

		if (!strchr("0123456789", at[0]) || sscanf(at, "%4u%n", &from, &n) != 1)
			return refuse(why, "\"%s\" is no list of CPUs, such as 1 or 0,2-3", text);
		to = from;
		at += n;
		if (at[0] == '-' && sscanf(at, "-%4u%n", &to, &m) == 1)
			at += m;
		if (to < from || (at[0] && at[0] != ','))
			return refuse(why, "\"%s\" is no list of CPUs, such as 1 or 0,2-3", text);
		for (; from <= to; from++) {
			if (plan->n_lcores == LOAD_CORES)
				return refuse(why, "more than %d CPUs", LOAD_CORES);
			plan->lcores[plan->n_lcores++] = from;
		}
		if (!at[0])
			return true;
		at++;
	}
}
