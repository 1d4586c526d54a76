/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads captures in the classic pcap format (draft-ietf-opsawg-pcap): Ethernet with VLAN tags,
 * Linux cooked frames of both versions, bare IP. libpcap would do as well, but for one function
 * that reads five header formats it is not worth a dependency.
 */
#include "bench/load/peer/file.h"

#include <string.h>

#define HEADER 24
#define RECORD 16

struct bytes {
	const uint8_t *p;
	size_t n;
};

static uint32_t get32(const uint8_t *p, bool swapped)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap32(v) : v;
}

static unsigned int get16_be(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static struct bytes skip(struct bytes b, size_t n)
{
	if (n > b.n)
		return (struct bytes){ b.p, 0 };
	return (struct bytes){ b.p + n, b.n - n };
}

/* The IP packet in a frame of @link; n 0 = none. */
static struct bytes ip_of_frame(struct bytes f, uint32_t link)
{
	switch (link) {
	case 1: /* Ethernet */
		if (f.n < 14)
			break;
		f = skip(f, 12);
		while (f.n > 4 && (get16_be(f.p) == 0x8100 || get16_be(f.p) == 0x88a8))
			f = skip(f, 4);
		return skip(f, 2);
	case 113: /* Linux cooked */
		return skip(f, 16);
	case 276: /* Linux cooked, version 2 */
		return skip(f, 20);
	case 12: /* bare IP, by its many numbers */
	case 14:
	case 101:
	case 228:
	case 229:
		return f;
	default:
		break;
	}
	return (struct bytes){ f.p, 0 };
}

/* The payload of a whole UDP datagram; n 0 = it is none. */
static struct bytes udp_of_ip(struct bytes b)
{
	struct bytes none = { b.p, 0 };
	size_t head, total;

	if (b.n >= 20 && b.p[0] >> 4 == 4) {
		head = (b.p[0] & 15u) * 4;
		total = get16_be(b.p + 2);
		if (b.p[9] != 17 || get16_be(b.p + 6) & 0x3fff)
			return none;
	} else if (b.n >= 40 && b.p[0] >> 4 == 6) {
		head = 40;
		total = get16_be(b.p + 4) + head;
		if (b.p[6] != 17)
			return none;
	} else {
		return none;
	}
	if (total > b.n || head + 8 > total)
		return none;
	return (struct bytes){ b.p + head + 8, total - head - 8 };
}

const char *pcap_read(const uint8_t *p, size_t n, bool *is_pcap,
		      bool (*take)(void *arg, const uint8_t *payload, size_t len), void *arg)
{
	uint32_t magic = n >= HEADER ? get32(p, false) : 0, link;
	bool swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
	struct bytes rest = skip((struct bytes){ p, n }, HEADER);

	*is_pcap = swapped || magic == 0xa1b2c3d4 || magic == 0xa1b23c4d;
	if (magic == 0x0a0d0d0a)
		return "this is pcapng; editcap -F pcap makes a pcap of it";
	if (!*is_pcap)
		return NULL;
	link = get32(p + 20, swapped) & 0xffff;
	while (rest.n >= RECORD) {
		uint32_t len = get32(rest.p + 8, swapped);
		struct bytes frame = skip(rest, RECORD), udp;

		if (len > frame.n)
			return "the capture is cut off";
		frame.n = len;
		udp = udp_of_ip(ip_of_frame(frame, link));
		if (udp.n && !take(arg, udp.p, udp.n))
			return "no memory";
		rest = skip(rest, RECORD + len);
	}
	return NULL;
}
