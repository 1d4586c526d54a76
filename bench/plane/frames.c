/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of the plane bench (frames.h). Made once, before anything is measured; the memory stays
 * until the program ends.
 */
#include "bench/plane/frames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETHERNET 14u
#define IPV4 20u
#define UDP 17u
#define PCAP_MAGIC 0xa1b2c3d4u
#define PCAP_ETHERNET 1u

static void die(const char *what, const char *why)
{
	fprintf(stderr, "plane_bench: %s: %s\n", what, why);
	exit(2);
}

static void *take(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		die("frames", "no memory");
	return p;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/* RFC 1071 as it stands in the book: big-endian words, one at a time. */
static uint32_t sum_words(uint32_t sum, const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	return sum;
}

/* Sum over the pseudo header of the IPv4 packet at @ip and its @len bytes of UDP. */
static uint32_t sum_udp(const uint8_t *ip, uint32_t len)
{
	return sum_words(sum_words(UDP + len, ip + 12, 8), ip + IPV4, len);
}

void frames_mac(unsigned int port, uint8_t mac[6])
{
	memcpy(mac, (uint8_t[6]){ 2, 0xbe, 0xac, 0, 0, (uint8_t)port }, 6);
}

static void make_frame(const struct message *m, struct frame *f)
{
	static const uint8_t peer[6] = { 2, 0, 0, 0, 0, 0x99 };
	const struct listener *l = &messages_world()->world.listeners[m->in.listener];
	uint32_t udp_len = FRAME_HEADERS - ETHERNET - IPV4 + m->len;
	uint8_t *ip, *udp;

	f->len = FRAME_HEADERS + m->len;
	f->b = take(1, f->len);
	ip = f->b + ETHERNET;
	udp = ip + IPV4;
	frames_mac(f->port, f->b);
	memcpy(f->b + 6, peer, 6);
	put16(f->b + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, IPV4 + udp_len);
	ip[8] = 57;
	ip[9] = UDP;
	memcpy(ip + 12, ip_v4_bytes(&m->in.src.ip), 4);
	memcpy(ip + 16, ip_v4_bytes(&l->addr.ip), 4);
	put16(ip + 10, ~sum_words(0, ip, IPV4));
	put16(udp, m->in.src.port);
	put16(udp + 2, l->addr.port);
	put16(udp + 4, udp_len);
	memcpy(udp + 8, m->p, m->len);
	put16(udp + 6, ~sum_udp(ip, udp_len));
}

/* What the pure core makes of @m: bytes, and the ends of the datagram. */
static void make_expected(const struct message *m, struct frame *f)
{
	static struct proxy_out out;
	static struct sip_msg msg;
	const struct lab_world *w = messages_world();
	struct edit_room room = { MESSAGE_HEADROOM, MESSAGE_HEADROOM };
	uint8_t *p = (uint8_t *)take(1, MESSAGE_STRIDE) + MESSAGE_HEADROOM;
	struct edit_result res = { 0 };

	memcpy(p, m->p, m->len);
	sip_parse(p, m->len, SIP_PADDED, &msg);
	proxy_message(&w->world, w->fib, &m->in, &msg, &out);
	if (out.verdict != PROXY_FORWARD)
		die("a message is not forwarded", sip_reason_info(out.reason)->name);
	if (!out.has_hop && !fib_lookup(w->fib, &out.dst.ip, &out.hop))
		die("a message", "no way to its next hop");
	if (edit_apply(&out.edits, p, msg.len, room, &res) < 0)
		die("a message", "it cannot be edited");
	f->out = p + res.head_shift;
	f->out_len = res.len;
	f->out_port = (uint8_t)out.hop.iface;
	f->out_src = w->world.listeners[out.listener].addr;
	f->out_dst = out.dst;
}

void frames_make(const struct message_set *set, struct frames *out)
{
	*out = (struct frames){ .n = set->n, .f = take(set->n, sizeof(*out->f)) };
	for (uint32_t i = 0; i < set->n; i++) {
		struct frame *f = &out->f[i];

		f->port = (uint8_t)(i % FRAME_PORTS);
		make_frame(&set->m[i], f);
		make_expected(&set->m[i], f);
		out->mean_message += (double)set->m[i].len / set->n;
		out->mean_frame += (double)f->len / set->n;
		out->mean_out += (double)(FRAME_HEADERS + f->out_len) / set->n;
	}
}

void frames_pcap(const struct frames *fr, unsigned int port, const char *path)
{
	const uint32_t head[6] = { PCAP_MAGIC, 2 | 4 << 16, 0, 0, UINT16_MAX, PCAP_ETHERNET };
	FILE *out = fopen(path, "wbe");
	bool ok = out && fwrite(head, sizeof(head), 1, out) == 1;

	for (uint32_t i = 0; ok && i < fr->n; i++) {
		const struct frame *f = &fr->f[i];
		const uint32_t record[4] = { i / 1000000, i % 1000000, f->len, f->len };

		if (port != FRAME_PORTS && f->port != port)
			continue;
		ok = fwrite(record, sizeof(record), 1, out) == 1 &&
		     fwrite(f->b, f->len, 1, out) == 1;
	}
	if (!out || fclose(out) != 0 || !ok)
		die(path, strerror(errno));
}

static bool same_end(const uint8_t *ip, const uint8_t *port, const struct endpoint *e)
{
	return memcmp(ip, ip_v4_bytes(&e->ip), 4) == 0 && get16(port) == e->port;
}

const char *frames_check(const struct frame *f, unsigned int port, const uint8_t *b, uint32_t len)
{
	const uint8_t *ip = b + ETHERNET, *udp = ip + IPV4;
	uint32_t udp_len = len - ETHERNET - IPV4;
	uint8_t mac[6];

	frames_mac(port, mac);
	if (len != FRAME_HEADERS + f->out_len || get16(ip + 2) != len - ETHERNET ||
	    get16(udp + 4) != udp_len)
		return "length";
	if (memcmp(b + 6, mac, 6) != 0 || get16(b + 12) != 0x0800 || ip[0] != 0x45)
		return "Ethernet or IPv4 header";
	if (sum_words(0, ip, IPV4) != 0xffff)
		return "IPv4 checksum";
	if (sum_udp(ip, udp_len) != 0xffff)
		return "UDP checksum";
	if (!same_end(ip + 12, udp, &f->out_src) || !same_end(ip + 16, udp + 2, &f->out_dst))
		return "addresses";
	return memcmp(udp + 8, f->out, f->out_len) == 0 ? NULL : "message";
}
