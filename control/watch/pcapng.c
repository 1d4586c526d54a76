/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watch/pcapng.h"

#include <string.h>

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINKTYPE_RAW 101u

#define OPT_END 0u
#define OPT_COMMENT 1u
#define SHB_USERAPPL 4u
#define IF_TSRESOL 9u
#define EPB_FLAGS 2u

#define IN 1u /* of EPB_FLAGS */
#define OUT 2u
#define NANOSECONDS 9

#define IPV4_HEADER 20u
#define IPV6_HEADER 40u
#define UDP_HEADER 8u
#define UDP 17u
#define TTL 64u
#define PROGRAM_MAX 64

/* A block being written. */
struct writer {
	uint8_t *start, *at, *end;
	bool full;
};

/* --- bytes --------------------------------------------------------------------------------- */

static void put(struct writer *w, const void *p, size_t n)
{
	if ((size_t)(w->end - w->at) < n) {
		w->full = true;
		return;
	}
	if (n)
		memcpy(w->at, p, n);
	w->at += n;
}

static void put_le16(struct writer *w, uint32_t v)
{
	put(w, (uint8_t[2]){ (uint8_t)v, (uint8_t)(v >> 8) }, 2);
}

static void put_le32(struct writer *w, uint32_t v)
{
	put_le16(w, v & 0xffff);
	put_le16(w, v >> 16);
}

/* To the next multiple of 4 after @n bytes. */
static void put_pad(struct writer *w, size_t n)
{
	put(w, (uint8_t[4]){ 0 }, (4 - n % 4) % 4);
}

static void put_option(struct writer *w, uint32_t code, const void *value, size_t n)
{
	put_le16(w, code);
	put_le16(w, (uint32_t)n);
	put(w, value, n);
	put_pad(w, n);
}

static struct writer block_begin(uint8_t *out, size_t size, uint32_t type)
{
	struct writer w = { .start = out, .at = out, .end = out + size };

	put_le32(&w, type);
	put_le32(&w, 0); /* length: block_end() */
	return w;
}

/* Closes the block. Returns its length, 0 if it had no room. */
static size_t block_end(struct writer *w)
{
	uint32_t n = (uint32_t)(w->at - w->start) + 4;
	struct writer length = { .at = w->start + 4, .end = w->start + 8 };

	put_le32(w, n);
	if (w->full)
		return 0;
	put_le32(&length, n);
	return n;
}

/* --- headers of the section ---------------------------------------------------------------- */

size_t pcapng_head(uint8_t *out, size_t size, const char *program)
{
	const uint8_t resolution = NANOSECONDS;
	size_t n = strnlen(program, PROGRAM_MAX), section, interface;
	struct writer w = block_begin(out, size, BLOCK_SECTION);

	put_le32(&w, BYTE_ORDER_MAGIC);
	put_le16(&w, 1);
	put_le16(&w, 0);
	put_le32(&w, UINT32_MAX); /* length of the section: not known */
	put_le32(&w, UINT32_MAX);
	put_option(&w, SHB_USERAPPL, program, n);
	put_option(&w, OPT_END, NULL, 0);
	section = block_end(&w);
	if (!section)
		return 0;
	w = block_begin(out + section, size - section, BLOCK_INTERFACE);
	put_le16(&w, LINKTYPE_RAW);
	put_le16(&w, 0);
	put_le32(&w, 0); /* no limit of length */
	put_option(&w, IF_TSRESOL, &resolution, 1);
	put_option(&w, OPT_END, NULL, 0);
	interface = block_end(&w);
	return interface ? section + interface : 0;
}

/* --- IP and UDP ---------------------------------------------------------------------------- */

static void put_be16(struct writer *w, uint32_t v)
{
	put(w, (uint8_t[2]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

/* The sum of RFC 1071 over @n bytes, on top of @sum, not folded. */
static uint32_t sum_bytes(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return n % 2 ? sum + ((uint32_t)p[n - 1] << 8) : sum;
}

static uint16_t sum_field(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The UDP checksum, never 0: that would mean none (RFC 768, RFC 8200 8.1). */
static uint16_t udp_sum(const struct pcapng_packet *p, uint32_t len)
{
	uint32_t sum = UDP + len + p->src.port + p->dst.port + len;
	uint16_t field;

	/* An IPv4 address counts as it stands: the bytes before it are zeros and 0xffff, which is
	 * zero in this arithmetic. */
	sum = sum_bytes(sum, p->src.ip.b, 16);
	sum = sum_bytes(sum, p->dst.ip.b, 16);
	field = sum_field(sum_bytes(sum, p->data, p->len));
	return field ? field : 0xffff;
}

static void put_ip(struct writer *w, const struct pcapng_packet *p, bool v4, uint32_t udp_len)
{
	uint8_t *header = w->at;
	uint16_t sum;

	if (!v4) {
		put_be16(w, 0x6000);
		put_be16(w, 0);
		put_be16(w, udp_len);
		put_be16(w, UDP << 8 | TTL);
		put(w, p->src.ip.b, 16);
		put(w, p->dst.ip.b, 16);
		return;
	}
	put_be16(w, 0x4500);
	put_be16(w, IPV4_HEADER + udp_len);
	put_be16(w, 0);
	put_be16(w, 0x4000); /* not to be fragmented */
	put_be16(w, TTL << 8 | UDP);
	put_be16(w, 0);
	put(w, ip_v4_bytes(&p->src.ip), 4);
	put(w, ip_v4_bytes(&p->dst.ip), 4);
	if (w->full)
		return;
	sum = sum_field(sum_bytes(0, header, IPV4_HEADER));
	header[10] = (uint8_t)(sum >> 8);
	header[11] = (uint8_t)sum;
}

static void put_datagram(struct writer *w, const struct pcapng_packet *p, bool v4)
{
	uint32_t udp_len = UDP_HEADER + p->len;

	put_ip(w, p, v4, udp_len);
	put_be16(w, p->src.port);
	put_be16(w, p->dst.port);
	put_be16(w, udp_len);
	put_be16(w, udp_sum(p, udp_len));
	put(w, p->data, p->len);
}

size_t pcapng_packet(uint8_t *out, size_t size, const struct pcapng_packet *p)
{
	bool v4 = ip_is_v4(&p->src.ip);
	uint32_t most = UINT16_MAX - UDP_HEADER - (v4 ? IPV4_HEADER : 0);
	uint32_t len = (v4 ? IPV4_HEADER : IPV6_HEADER) + UDP_HEADER + p->len;
	uint8_t flags[4] = { p->sent ? OUT : IN };
	struct writer w = block_begin(out, size, BLOCK_PACKET);

	if (v4 != ip_is_v4(&p->dst.ip) || p->len > most)
		return 0;
	put_le32(&w, 0); /* the one interface */
	put_le32(&w, (uint32_t)(p->time_ns >> 32));
	put_le32(&w, (uint32_t)p->time_ns);
	put_le32(&w, len);
	put_le32(&w, len);
	put_datagram(&w, p, v4);
	put_pad(&w, len);
	if (p->comment && p->comment[0])
		put_option(&w, OPT_COMMENT, p->comment, strnlen(p->comment, PCAPNG_COMMENT_MAX));
	put_option(&w, EPB_FLAGS, flags, sizeof(flags));
	put_option(&w, OPT_END, NULL, 0);
	return block_end(&w);
}
