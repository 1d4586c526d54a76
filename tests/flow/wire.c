/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/flow/wire.h"

#include "bench/lab.h"

#include <stdio.h>
#include <string.h>

#define UDP 17

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

/* RFC 1071 as it stands in the book: big-endian words, one at a time. Not folded. */
static uint32_t add_words(uint32_t sum, const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static uint32_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	return sum;
}

static uint32_t pseudo(bool v6, const struct ip *src, const struct ip *dst, uint32_t proto,
		       uint32_t len)
{
	uint32_t from = v6 ? 0 : 12, sum = proto + (len >> 16) + (len & 0xffff);

	sum = add_words(sum, src->b + from, 16 - from);
	return add_words(sum, dst->b + from, 16 - from);
}

uint32_t wire_udp(const struct datagram *d, uint8_t *out)
{
	struct endpoint src = lab_endpoint(d->from), dst = lab_endpoint(d->to);
	uint32_t len = 8 + d->len, sum;

	put16(out, src.port);
	put16(out + 2, dst.port);
	put16(out + 4, len + (uint32_t)d->udp_len_off);
	put16(out + 6, 0);
	memcpy(out + 8, d->payload, d->len);
	sum = pseudo(!ip_is_v4(&dst.ip), &src.ip, &dst.ip, UDP, len);
	if (d->sum == SUM_PARTIAL) {
		put16(out + 6, fold(sum));
		return len;
	}
	sum = ~fold(add_words(sum, out, len)) & 0xffff;
	if (d->sum == SUM_WRONG)
		sum = (sum + 1) & 0xffff;
	if (d->sum != SUM_NONE)
		put16(out + 6, sum ? sum : 0xffff);
	return len;
}

/* Ethernet header and tags; returns the byte after them. */
static uint8_t *ethernet(const struct datagram *d, const uint8_t mac[6], bool v6, uint8_t *p)
{
	static const uint8_t peer[6] = { 2, 0, 0, 0, 0, 0x99 };

	memcpy(p, d->dst_mac ? d->dst_mac : mac, 6);
	memcpy(p + 6, peer, 6);
	p += 12;
	for (int i = d->vlan_tags; i > 0; i--) {
		put16(p, i == 2 ? 0x88a8 : 0x8100);
		put16(p + 2, 100u + (uint32_t)i);
		p += 4;
	}
	put16(p, v6 ? 0x86dd : 0x0800);
	return p + 2;
}

/* IPv4 header for @len bytes after it. */
static uint8_t *ipv4(const struct datagram *d, uint8_t *p, uint32_t len, uint32_t id, uint32_t frag)
{
	struct endpoint src = lab_endpoint(d->from), dst = lab_endpoint(d->to);
	uint32_t hlen = 20 + (uint32_t)d->ip_options;

	memset(p, 1, hlen); /* options: no-operation */
	p[0] = (uint8_t)(0x40 | hlen / 4);
	p[1] = 0;
	put16(p + 2, hlen + len + (uint32_t)d->ip_len_off);
	put16(p + 4, id);
	put16(p + 6, frag);
	p[8] = 57;
	p[9] = UDP;
	put16(p + 10, 0);
	memcpy(p + 12, ip_v4_bytes(&src.ip), 4);
	memcpy(p + 16, ip_v4_bytes(&dst.ip), 4);
	put16(p + 10, ~fold(add_words(0, p, hlen)) + (d->bad_ip_sum ? 1u : 0));
	return p + hlen;
}

static uint8_t next_of(char c)
{
	switch (c) {
	case 'h':
		return 0;
	case 'd':
		return 60;
	case 'r':
	case 'R':
		return 43;
	case 'a':
	case 'f':
		return 44;
	default:
		return UDP;
	}
}

/* One extension header; the one after it is @next. */
static uint8_t *extension(uint8_t *p, char c, char next, uint32_t id, uint32_t frag)
{
	uint32_t size = c == 'd' ? 16 : 8;

	memset(p, 0, size);
	p[0] = next_of(next);
	if (c == 'd' || c == 'h') {
		p[1] = (uint8_t)(size / 8 - 1);
		p[2] = 1; /* PadN */
		p[3] = (uint8_t)(size - 4);
	} else if (c == 'R') {
		p[3] = 1;
	} else if (c == 'f') {
		put16(p + 2, frag);
		put32(p + 4, id);
	}
	return p + size;
}

/* IPv6 header and extension headers @ext for @len bytes after them. */
static uint8_t *ipv6(const struct datagram *d, uint8_t *p, const char *ext, uint32_t len,
		     uint32_t id, uint32_t frag)
{
	struct endpoint src = lab_endpoint(d->from), dst = lab_endpoint(d->to);
	uint8_t *q = p + 40;

	memset(p, 0, 40);
	p[0] = 0x60;
	p[6] = next_of(*ext);
	p[7] = 57;
	memcpy(p + 8, src.ip.b, 16);
	memcpy(p + 24, dst.ip.b, 16);
	for (; *ext; ext++)
		q = extension(q, ext[0], ext[1], id, frag);
	put16(p + 4, (uint32_t)(q - p) - 40 + len + (uint32_t)d->ip_len_off);
	return q;
}

static bool is_v6(const struct datagram *d)
{
	struct endpoint e = lab_endpoint(d->to);

	return !ip_is_v4(&e.ip);
}

static void finish(const struct datagram *d, uint8_t *end, struct frame *out)
{
	memset(end, 0xee, (size_t)d->pad);
	out->len = (uint32_t)(end - out->b) + (uint32_t)d->pad;
}

void wire_build(const struct datagram *d, const uint8_t mac[6], struct frame *out)
{
	uint8_t *p = ethernet(d, mac, is_v6(d), out->b);
	uint32_t len = 8 + d->len;

	p = is_v6(d) ? ipv6(d, p, d->headers ? d->headers : "", len, 0, 0) : ipv4(d, p, len, 7, 0);
	finish(d, p + wire_udp(d, p), out);
}

void wire_fragment(const struct datagram *d, const uint8_t mac[6], uint32_t id, uint32_t off,
		   bool more, const void *data, uint32_t len, struct frame *out)
{
	char ext[16] = "f";
	uint8_t *p = ethernet(d, mac, is_v6(d), out->b);

	if (d->headers) /* headers before the fragment header */
		snprintf(ext, sizeof(ext), "%sf", d->headers);
	if (is_v6(d))
		p = ipv6(d, p, ext, len, id, off | more);
	else
		p = ipv4(d, p, len, id, off / 8 | (more ? 0x2000u : 0));
	memcpy(p, data, len);
	finish(d, p + len, out);
}

int wire_fragments(const struct datagram *d, const uint8_t mac[6], uint32_t step, uint32_t id,
		   struct frame *out, int max)
{
	static uint8_t udp[FRAME_MAX];
	uint32_t total = wire_udp(d, udp);
	int n = 0;

	for (uint32_t off = 0; off < total && n < max; off += step, n++) {
		uint32_t len = total - off < step ? total - off : step;

		wire_fragment(d, mac, id, off, off + len < total, udp + off, len, &out[n]);
	}
	return n;
}

void wire_icmp(const char *from, const struct frame *about, uint8_t type, uint8_t code,
	       uint32_t rest, const uint8_t mac[6], struct frame *out)
{
	const uint8_t *ip = about->b + 14;
	bool v6 = ip[0] >> 4 == 6;
	uint32_t n = about->len - 14 < 512 ? about->len - 14 : 512;
	struct endpoint src = lab_endpoint(from);
	struct datagram d = { .from = from, .to = v6 ? "[::1]:1" : "127.0.0.1:1" };
	struct ip dst = v6 ? ip_from_v6(ip + 8) : ip_from_v4(ip + 12);
	uint8_t *p = ethernet(&d, mac, v6, out->b), *h = p;

	p = v6 ? ipv6(&d, p, "", n + 8, 0, 0) : ipv4(&d, p, n + 8, 1, 0);
	p[0] = type;
	p[1] = code;
	put16(p + 2, 0);
	put32(p + 4, rest);
	memcpy(p + 8, ip, n);
	if (v6) {
		h[6] = 58;
		memcpy(h + 24, dst.b, 16);
		put16(p + 2, ~fold(add_words(pseudo(true, &src.ip, &dst, 58, n + 8), p, n + 8)));
	} else {
		h[9] = 1;
		memcpy(h + 16, ip_v4_bytes(&dst), 4);
		put16(h + 10, 0);
		put16(h + 10, ~fold(add_words(0, h, 20)));
		put16(p + 2, ~fold(add_words(0, p, n + 8)));
	}
	finish(&d, p + 8 + n, out);
}

/* --- reading ----------------------------------------------------------------------------- */

static const char *read_udp(const uint8_t *p, uint32_t len, struct seen *out)
{
	uint32_t sum;

	if (len < 8 || get16(p + 4) != len)
		return "UDP length";
	if (get16(p + 6) == 0)
		return "no UDP checksum";
	sum = pseudo(out->v6, &out->src.ip, &out->dst.ip, UDP, len);
	if (fold(add_words(sum, p, len)) != 0xffff)
		return "UDP checksum";
	out->src.port = (uint16_t)get16(p);
	out->dst.port = (uint16_t)get16(p + 2);
	out->data = p + 8;
	out->len = len - 8;
	return NULL;
}

static const char *read_v4(const uint8_t *p, uint32_t len, struct seen *out)
{
	uint32_t frag;

	if (len < 20 || p[0] != 0x45)
		return "IPv4 header";
	if (get16(p + 2) != len)
		return "IPv4 length";
	if (fold(add_words(0, p, 20)) != 0xffff)
		return "IPv4 checksum";
	if (p[9] != UDP)
		return "IPv4 protocol";
	frag = get16(p + 6);
	if (frag & 0xc000)
		return "IPv4 DF or reserved flag";
	out->src.ip = ip_from_v4(p + 12);
	out->dst.ip = ip_from_v4(p + 16);
	out->ttl = p[8];
	out->fragment = frag != 0;
	out->more = frag & 0x2000;
	out->off = (frag & 0x1fff) * 8;
	out->id = get16(p + 4);
	out->data = p + 20;
	out->len = len - 20;
	return out->fragment ? NULL : read_udp(p + 20, len - 20, out);
}

static const char *read_v6(const uint8_t *p, uint32_t len, struct seen *out)
{
	if (len < 40 || get32(p) != 0x60000000)
		return "IPv6 header";
	if (get16(p + 4) != len - 40)
		return "IPv6 length";
	out->v6 = true;
	out->src.ip = ip_from_v6(p + 8);
	out->dst.ip = ip_from_v6(p + 24);
	out->ttl = p[7];
	if (p[6] == UDP)
		return read_udp(p + 40, len - 40, out);
	if (p[6] != 44 || len < 48 || p[40] != UDP || p[41] != 0)
		return "IPv6 next header";
	out->fragment = true;
	out->more = get16(p + 42) & 1;
	out->off = get16(p + 42) & 0xfff8;
	out->id = get32(p + 44);
	out->data = p + 48;
	out->len = len - 48;
	return NULL;
}

const char *wire_read(const struct frame *f, struct seen *out)
{
	memset(out, 0, sizeof(*out));
	if (f->len < 14)
		return "frame too short";
	memcpy(out->dst_mac, f->b, 6);
	memcpy(out->src_mac, f->b + 6, 6);
	out->ip_len = f->len - 14;
	if (get16(f->b + 12) == 0x0800)
		return read_v4(f->b + 14, f->len - 14, out);
	if (get16(f->b + 12) == 0x86dd)
		return read_v6(f->b + 14, f->len - 14, out);
	return "EtherType";
}

const char *wire_reassemble(const struct frame *f, int n, uint8_t *buf, struct seen *out)
{
	static bool have[FRAME_MAX];
	uint32_t total = 0, bytes = 0;
	struct seen first = { 0 };

	memset(have, 0, sizeof(have));
	for (int i = 0; i < n; i++) {
		struct seen s;
		const char *wrong = wire_read(&f[i], &s);

		if (wrong)
			return wrong;
		if (!s.fragment)
			return "not a fragment";
		if (i == 0)
			first = s;
		if (!ip_equal(&s.src.ip, &first.src.ip) || !ip_equal(&s.dst.ip, &first.dst.ip) ||
		    s.id != first.id)
			return "fragments of two datagrams";
		if (s.off % 8 || (s.more && s.len % 8))
			return "fragment not in units of 8";
		for (uint32_t j = 0; j < s.len; j++, bytes++) {
			if (have[s.off + j])
				return "overlap";
			have[s.off + j] = true;
		}
		memcpy(buf + s.off, s.data, s.len);
		if (!s.more)
			total = s.off + s.len;
	}
	if (!total || bytes != total)
		return "fragments missing";
	*out = first;
	return read_udp(buf, total, out);
}
