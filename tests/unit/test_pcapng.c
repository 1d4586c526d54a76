/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Captures read back field by field, by the draft and not by the code under test.
 * tests/e2e/trace.sh has tshark read one.
 */
#include "control/watch/pcapng.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static uint8_t buf[PCAPNG_PACKET_MAX];
static uint8_t sip[65536];

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static struct endpoint at(const char *ip, uint16_t port)
{
	struct endpoint e = { .port = port };

	cr_assert(ip_parse((const uint8_t *)ip, strlen(ip), &e.ip));
	return e;
}

/* RFC 1071 in the plainest way: add all words, fold at each step. */
static uint32_t add(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

Test(pcapng, a_file_begins_with_a_section_and_an_interface)
{
	size_t n = pcapng_head(buf, sizeof(buf), "viaduct 1"), section;

	cr_assert_gt(n, 0);
	cr_assert_leq(n, PCAPNG_HEAD_MAX);
	section = le32(buf + 4);
	cr_expect_eq(le32(buf), 0x0a0d0d0a);
	cr_expect_eq(le32(buf + 8), 0x1a2b3c4d);
	cr_expect_eq(le32(buf + 12), 1, "version 1.0");
	cr_expect_eq(section % 4, 0);
	cr_expect_eq(le32(buf + section - 4), section);
	cr_expect(memmem(buf, section, "viaduct 1", 9));
	cr_expect_eq(le32(buf + section), 1);
	cr_expect_eq(le32(buf + section + 8), 101, "link type RAW");
	cr_expect_eq(le32(buf + section + 4), n - section);
	cr_expect_eq(le32(buf + n - 4), n - section);
	cr_expect_eq(le32(buf + section + 16), 9 | 1 << 16, "if_tsresol");
	cr_expect_eq(buf[section + 20], 9, "nanoseconds");
	for (size_t room = 0; room < n; room++)
		cr_expect_eq(pcapng_head(buf, room, "viaduct 1"), 0, "%zu", room);
}

/* The block around the packet at buf; returns the IP packet. */
static const uint8_t *block(size_t n, uint64_t time_ns, uint32_t ip_len)
{
	cr_assert_gt(n, 0);
	cr_assert_eq(n % 4, 0);
	cr_expect_eq(le32(buf), 6);
	cr_expect_eq(le32(buf + 4), n);
	cr_expect_eq(le32(buf + n - 4), n);
	cr_expect_eq((uint64_t)le32(buf + 12) << 32 | le32(buf + 16), time_ns);
	cr_expect_eq(le32(buf + 20), ip_len);
	cr_expect_eq(le32(buf + 24), ip_len);
	return buf + 28;
}

static void check_udp(const uint8_t *udp, const struct pcapng_packet *p, const uint8_t *addresses,
		      size_t n_addresses)
{
	uint8_t pseudo[4] = { 0, 17, (uint8_t)((p->len + 8) >> 8), (uint8_t)(p->len + 8) };
	uint32_t sum = add(0, addresses, n_addresses);

	cr_expect_eq(be16(udp), p->src.port);
	cr_expect_eq(be16(udp + 2), p->dst.port);
	cr_expect_eq(be16(udp + 4), p->len + 8);
	cr_expect_eq(add(add(sum, pseudo, 4), udp, p->len + 8), 0xffff, "UDP checksum");
	cr_expect_arr_eq(udp + 8, p->data, p->len);
}

Test(pcapng, ipv4_packets_have_right_headers_and_sums)
{
	static const uint32_t lens[] = { 0, 1, 2, 3, 500, 1473, 65507 };

	for (size_t i = 0; i < sizeof(sip); i++)
		sip[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct pcapng_packet p = { .time_ns = 1700000000123456789ull,
					   .src = at("192.0.2.7", 5061),
					   .dst = at("203.0.113.1", 5060),
					   .data = sip,
					   .len = lens[i] };
		size_t n = pcapng_packet(buf, sizeof(buf), &p);
		const uint8_t *ip = block(n, p.time_ns, lens[i] + 28);

		cr_expect_eq(ip[0], 0x45);
		cr_expect_eq(be16(ip + 2), lens[i] + 28);
		cr_expect_eq(ip[9], 17);
		cr_expect_eq(add(0, ip, 20), 0xffff, "header checksum");
		cr_expect_arr_eq(ip + 12, ip_v4_bytes(&p.src.ip), 4);
		cr_expect_arr_eq(ip + 16, ip_v4_bytes(&p.dst.ip), 4);
		check_udp(ip + 20, &p, ip + 12, 8);
	}
}

Test(pcapng, ipv6_packets_have_right_headers_and_sums)
{
	static const uint32_t lens[] = { 0, 7, 1000, 65527 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct pcapng_packet p = { .time_ns = 5,
					   .src = at("2001:db8::7", 5061),
					   .dst = at("2001:db8:1::1", 5060),
					   .data = sip,
					   .len = lens[i],
					   .sent = true };
		size_t n = pcapng_packet(buf, sizeof(buf), &p);
		const uint8_t *ip = block(n, 5, lens[i] + 48);

		cr_expect_eq(ip[0], 0x60);
		cr_expect_eq(be16(ip + 4), lens[i] + 8);
		cr_expect_eq(ip[6], 17);
		cr_expect_arr_eq(ip + 8, p.src.ip.b, 16);
		cr_expect_arr_eq(ip + 24, p.dst.ip.b, 16);
		check_udp(ip + 40, &p, ip + 8, 32);
	}
}

/* A UDP checksum of 0 would say that there is none: one of these messages has that sum. */
Test(pcapng, no_packet_is_without_a_udp_checksum)
{
	struct pcapng_packet p = {
		.src = at("192.0.2.7", 1), .dst = at("192.0.2.8", 2), .data = sip, .len = 2
	};

	for (unsigned int v = 0; v < 65536; v++) {
		sip[0] = (uint8_t)(v >> 8);
		sip[1] = (uint8_t)v;
		cr_assert(pcapng_packet(buf, sizeof(buf), &p));
		cr_assert_neq(be16(buf + 28 + 26), 0, "%u", v);
	}
}

/* Finds option @code of the packet of @ip_len bytes at buf; NULL = none. */
static const uint8_t *option(uint32_t code, uint32_t ip_len, uint32_t *len)
{
	const uint8_t *o = buf + 28 + (ip_len + 3) / 4 * 4;

	for (; le32(o) & 0xffff; o += 4 + (*len + 3) / 4 * 4) {
		*len = le32(o) >> 16;
		if ((le32(o) & 0xffff) == code)
			return o + 4;
	}
	return NULL;
}

Test(pcapng, comment_and_direction_are_options)
{
	static char text[3000];
	struct pcapng_packet p = { .src = at("192.0.2.7", 1),
				   .dst = at("192.0.2.8", 2),
				   .data = sip,
				   .len = 33,
				   .comment = "forwarded to core/core1" };
	const uint8_t *o;
	uint32_t len;

	cr_assert(pcapng_packet(buf, sizeof(buf), &p));
	o = option(1, 61, &len);
	cr_assert(o);
	cr_expect_eq(len, strlen(p.comment));
	cr_expect_arr_eq(o, p.comment, len);
	o = option(2, 61, &len);
	cr_assert(o);
	cr_expect_eq(le32(o), 1, "came in");
	p.sent = true;
	p.comment = NULL;
	cr_assert(pcapng_packet(buf, sizeof(buf), &p));
	cr_expect_null(option(1, 61, &len));
	cr_expect_eq(le32(option(2, 61, &len)), 2, "went out");
	memset(text, 'x', sizeof(text) - 1);
	p.comment = text;
	cr_assert(pcapng_packet(buf, sizeof(buf), &p));
	cr_assert(option(1, 61, &len));
	cr_expect_eq(len, PCAPNG_COMMENT_MAX, "cut");
}

Test(pcapng, what_cannot_be_a_datagram_is_refused)
{
	struct pcapng_packet p = {
		.src = at("192.0.2.7", 1), .dst = at("192.0.2.8", 2), .data = sip, .len = 65508
	};

	cr_expect_eq(pcapng_packet(buf, sizeof(buf), &p), 0, "too long for IPv4");
	p.len = 100;
	p.dst = at("2001:db8::1", 2);
	cr_expect_eq(pcapng_packet(buf, sizeof(buf), &p), 0, "two families");
	p.src = at("2001:db8::2", 2);
	p.len = 65528;
	cr_expect_eq(pcapng_packet(buf, sizeof(buf), &p), 0, "too long for IPv6");
}

/* However little room there is, nothing is written behind it. */
Test(pcapng, a_buffer_that_is_too_small_is_not_overrun)
{
	struct pcapng_packet p = { .src = at("192.0.2.7", 1),
				   .dst = at("192.0.2.8", 2),
				   .data = sip,
				   .len = 100,
				   .comment = "comment" };
	size_t n = pcapng_packet(buf, sizeof(buf), &p);

	for (size_t room = 0; room < n; room++) {
		uint8_t *exact = malloc(room ? room : 1);

		cr_expect_eq(pcapng_packet(exact, room, &p), 0, "%zu", room);
		free(exact);
	}
	cr_expect_eq(pcapng_packet(buf, n, &p), n);
}
