/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Path MTU: ICMP packets built here, byte by byte, and the table.
 */
#include "control/network/icmp_error.h"
#include "control/network/pmtu.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An ICMP packet of the test and where its parts begin. */
struct packet {
	uint8_t b[256];
	size_t n;
	size_t icmp, quote;
};

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t add16(const uint8_t *p, size_t n)
{
	uint32_t s = 0;

	for (size_t i = 0; i < n; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return s;
}

static void finish(struct packet *p, uint32_t pseudo)
{
	uint32_t s;

	put16(p->b + p->icmp + 2, 0);
	s = add16(p->b + p->icmp, p->n - p->icmp) + pseudo;
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	put16(p->b + p->icmp + 2, ~s & 0xffff);
}

/* Makes the ICMP checksum right again. */
static void seal(struct packet *p)
{
	if (p->b[0] >> 4 == 4)
		finish(p, 0);
	else
		finish(p, add16(p->b + 8, 32) + (uint32_t)(p->n - 40) + 58);
}

/* "Fragmentation needed, next hop takes @mtu" about UDP 192.0.2.10:5060 -> 10.0.0.11:5080. */
static struct packet v4(uint32_t mtu)
{
	struct packet p = { .n = 20 + 8 + 20 + 8, .icmp = 20, .quote = 28 };
	uint8_t *q = p.b + p.quote;

	p.b[0] = 0x45;
	put16(p.b + 2, (uint32_t)p.n);
	p.b[8] = 64;
	p.b[9] = 1;
	memcpy(p.b + 12, (uint8_t[]){ 203, 0, 113, 1, 192, 0, 2, 10 }, 8);
	p.b[20] = 3;
	p.b[21] = 4;
	put16(p.b + 26, mtu);
	q[0] = 0x45;
	put16(q + 2, 1500);
	q[6] = 0x40;
	q[9] = 17;
	memcpy(q + 12, (uint8_t[]){ 192, 0, 2, 10, 10, 0, 0, 11 }, 8);
	put16(q + 20, 5060);
	put16(q + 22, 5080);
	seal(&p);
	return p;
}

/* The same for IPv6: 2001:db8::10 port 5060 -> 2001:db8::b port 5080. */
static struct packet v6(uint32_t mtu)
{
	static const uint8_t net[4] = { 0x20, 0x01, 0x0d, 0xb8 };
	struct packet p = { .n = 40 + 8 + 40 + 8, .icmp = 40, .quote = 48 };
	uint8_t *q = p.b + p.quote;

	p.b[0] = 0x60;
	put16(p.b + 4, (uint32_t)p.n - 40);
	p.b[6] = 58;
	memcpy(p.b + 8, net, 4);
	p.b[23] = 1;
	memcpy(p.b + 24, net, 4);
	p.b[39] = 0x10;
	p.b[40] = 2;
	put16(p.b + 44, mtu >> 16);
	put16(p.b + 46, mtu);
	q[0] = 0x60;
	put16(q + 4, 1460);
	q[6] = 17;
	memcpy(q + 8, net, 4);
	q[23] = 0x10;
	memcpy(q + 24, net, 4);
	q[39] = 0x0b;
	put16(q + 40, 5060);
	put16(q + 42, 5080);
	seal(&p);
	return p;
}

static struct ip ip(const char *text)
{
	struct ip a;

	cr_assert(ip_parse((const uint8_t *)text, strlen(text), &a));
	return a;
}

static bool reads(const struct packet *p, struct icmp_error *r)
{
	/* On the heap, so that a sanitizer sees a byte too many. */
	uint8_t *copy = malloc(p->n ? p->n : 1);
	bool ok;

	memcpy(copy, p->b, p->n);
	ok = icmp_error_read(copy, p->n, r) && r->kind == ICMP_TOO_BIG;
	free(copy);
	return ok;
}

Test(pmtu, reads_who_sent_what_where_and_how_much_fits)
{
	struct packet p4 = v4(1400), p6 = v6(1300);
	struct ip src = ip("192.0.2.10"), dst = ip("10.0.0.11");
	struct icmp_error r;

	cr_assert(reads(&p4, &r));
	cr_expect_eq(r.mtu, 1400);
	cr_expect(ip_equal(&r.src.ip, &src) && r.src.port == 5060);
	cr_expect(ip_equal(&r.dst.ip, &dst) && r.dst.port == 5080);
	cr_assert(reads(&p6, &r));
	src = ip("2001:db8::10");
	dst = ip("2001:db8::b");
	cr_expect_eq(r.mtu, 1300);
	cr_expect(ip_equal(&r.src.ip, &src) && r.src.port == 5060);
	cr_expect(ip_equal(&r.dst.ip, &dst) && r.dst.port == 5080);
}

Test(pmtu, every_shorter_packet_is_refused)
{
	struct packet p4 = v4(1400), p6 = v6(1300);
	struct icmp_error r;

	for (size_t n = p4.n; n-- > 0;) {
		p4.n = n;
		cr_expect_not(reads(&p4, &r), "%zu bytes of IPv4", n);
	}
	for (size_t n = p6.n; n-- > 0;) {
		p6.n = n;
		cr_expect_not(reads(&p6, &r), "%zu bytes of IPv6", n);
	}
}

Test(pmtu, a_changed_byte_behind_the_ip_header_breaks_the_checksum)
{
	struct icmp_error r;

	for (size_t i = 20; i < v4(1400).n; i++) {
		struct packet p = v4(1400);

		p.b[i] ^= 0x10;
		cr_expect_not(reads(&p, &r), "byte %zu of IPv4", i);
	}
	for (size_t i = 8; i < v6(1300).n; i++) {
		struct packet p = v6(1300);

		p.b[i] ^= 0x10;
		cr_expect_not(reads(&p, &r), "byte %zu of IPv6", i);
	}
}

Test(pmtu, the_end_of_a_padded_frame_does_not_matter)
{
	struct packet p = v4(1400);
	struct icmp_error r;

	memset(p.b + p.n, 0xee, 18);
	p.n += 18;
	cr_assert(reads(&p, &r));
	cr_assert_eq(r.mtu, 1400);
}

Test(pmtu, other_messages_are_refused)
{
	static const struct {
		bool v6;
		size_t at;
		uint8_t value;
		const char *what;
	} rows[] = {
		{ false, 9, 17, "not ICMP" },
		{ false, 6, 0x20, "a fragment itself" },
		{ false, 20, 11, "time exceeded" },
		{ false, 21, 3, "port unreachable" },
		{ false, 28, 0x65, "quotes another IP version" },
		{ false, 28, 0x44, "quotes a header shorter than there are" },
		{ false, 28, 0x4f, "quotes a header longer than there is" },
		{ false, 28 + 9, 6, "quotes TCP" },
		{ false, 28 + 7, 1, "quotes a later fragment" },
		{ true, 6, 17, "not ICMPv6" },
		{ true, 40, 1, "unreachable" },
		{ true, 48, 0x45, "quotes IPv4" },
		{ true, 48 + 6, 6, "quotes TCP" },
		{ true, 48 + 6, 44, "quotes a fragment that is not there" },
	};
	struct icmp_error r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet p = rows[i].v6 ? v6(1300) : v4(1400);

		p.b[rows[i].at] = rows[i].value;
		seal(&p);
		cr_expect_not(reads(&p, &r), "%s", rows[i].what);
	}
}

Test(pmtu, tells_unreachable_from_too_big)
{
	static const struct {
		bool v6;
		uint8_t type, code;
		bool read;
	} rows[] = {
		{ false, 3, 0, true }, { false, 3, 1, true },  { false, 3, 3, true },
		{ false, 3, 5, true }, { false, 3, 13, true }, { false, 12, 0, false },
		{ true, 1, 0, true },  { true, 1, 4, true },   { true, 4, 0, false },
	};
	struct ip dst4 = ip("10.0.0.11"), dst6 = ip("2001:db8::b");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet p = rows[i].v6 ? v6(0) : v4(0);
		struct icmp_error r;

		p.b[p.icmp] = rows[i].type;
		p.b[p.icmp + 1] = rows[i].code;
		seal(&p);
		cr_assert_eq(icmp_error_read(p.b, p.n, &r), rows[i].read, "row %zu", i);
		if (!rows[i].read)
			continue;
		cr_expect(r.kind == ICMP_UNREACHABLE && r.mtu == 0, "row %zu", i);
		cr_expect(ip_equal(&r.dst.ip, rows[i].v6 ? &dst6 : &dst4) && r.dst.port == 5080,
			  "row %zu", i);
	}
}

Test(pmtu, quotes_with_a_fragment_header_count_if_it_is_the_first)
{
	struct packet p = v6(1300);
	uint8_t *q = p.b + p.quote;
	struct icmp_error r;

	memmove(q + 48, q + 40, 8);
	memcpy(q + 40, (uint8_t[]){ 17, 0, 0, 1, 0, 0, 0, 9 }, 8);
	q[6] = 44;
	p.n += 8;
	put16(p.b + 4, (uint32_t)p.n - 40);
	seal(&p);
	cr_assert(reads(&p, &r));
	cr_assert_eq(r.src.port, 5060);
	put16(q + 42, 1448);
	seal(&p);
	cr_assert_not(reads(&p, &r));
}

Test(pmtu, a_router_that_names_no_size_is_taken_for_the_next_smaller_kind_of_link)
{
	static const struct {
		uint32_t total, mtu;
	} rows[] = { { 1500, 1492 }, { 1492, 1006 }, { 1006, 508 }, { 65535, 32000 }, { 200, 68 } };
	struct icmp_error r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet p = v4(0);

		put16(p.b + p.quote + 2, rows[i].total);
		seal(&p);
		cr_assert(reads(&p, &r));
		cr_expect_eq(r.mtu, rows[i].mtu, "%u", rows[i].total);
	}
}

Test(pmtu, only_sizes_within_bounds_are_believed)
{
	static const struct {
		const char *ip;
		uint32_t mtu, limit, want; /* want 0 = not learned */
	} rows[] = {
		{ "10.0.0.1", 1400, 1500, 1400 },    { "10.0.0.1", 1499, 1500, 1499 },
		{ "10.0.0.1", 1500, 1500, 0 },       { "10.0.0.1", 9000, 1500, 0 },
		{ "10.0.0.1", 552, 1500, 552 },      { "10.0.0.1", 551, 1500, 552 },
		{ "10.0.0.1", 68, 1500, 552 },       { "10.0.0.1", 67, 1500, 0 },
		{ "10.0.0.1", 0, 1500, 0 },          { "10.0.0.1", 100, 552, 0 },
		{ "2001:db8::1", 1280, 1500, 1280 }, { "2001:db8::1", 1279, 1500, 0 },
		{ "2001:db8::1", 1500, 1500, 0 },
	};
	static struct fib_pmtu list[PMTU_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pmtu_table *t = calloc(1, sizeof(*t));
		struct ip a = ip(rows[i].ip);

		cr_expect_eq(pmtu_learn(t, &a, rows[i].mtu, rows[i].limit, 1), rows[i].want != 0,
			     "row %zu", i);
		cr_expect_eq(pmtu_list(t, list), rows[i].want != 0);
		if (rows[i].want)
			cr_expect_eq(list[0].mtu, rows[i].want, "row %zu", i);
		free(t);
	}
}

Test(pmtu, sizes_shrink_but_do_not_grow_before_their_time)
{
	static struct pmtu_table t;
	static struct fib_pmtu list[PMTU_MAX];
	struct ip a = ip("10.0.0.1");

	cr_expect(pmtu_learn(&t, &a, 1400, 1500, 1000));
	cr_expect(pmtu_learn(&t, &a, 1300, 1500, 2000));
	cr_expect_not(pmtu_learn(&t, &a, 1450, 1500, 3000));
	cr_expect_not(pmtu_learn(&t, &a, 1300, 1500, 4000), "no news, but still true");
	cr_assert_eq(pmtu_list(&t, list), 1);
	cr_expect_eq(list[0].mtu, 1300);
	cr_expect_not(pmtu_expire(&t, 4000 + PMTU_LIFE_MS - 1));
	cr_expect(pmtu_expire(&t, 4000 + PMTU_LIFE_MS));
	cr_expect_eq(pmtu_list(&t, list), 0);
	cr_expect(pmtu_learn(&t, &a, 1450, 1500, 5000 + PMTU_LIFE_MS));
}

Test(pmtu, a_full_table_gives_the_place_of_the_oldest)
{
	static struct pmtu_table t;
	static struct fib_pmtu list[PMTU_MAX];
	struct ip oldest = ip("10.1.0.0"), a = oldest, last;
	bool seen_last = false;

	for (uint32_t i = 0; i < PMTU_MAX; i++) {
		put16(a.b + 14, i);
		cr_assert(pmtu_learn(&t, &a, 1400, 1500, 1000 + (i + PMTU_MAX - 7) % PMTU_MAX));
	}
	put16(oldest.b + 14, 7); /* learned at 1000 */
	last = ip("10.2.0.1");
	cr_assert(pmtu_learn(&t, &last, 1400, 1500, 99999));
	cr_assert_eq(pmtu_list(&t, list), PMTU_MAX);
	for (uint32_t i = 0; i < PMTU_MAX; i++) {
		cr_expect_not(ip_equal(&list[i].ip, &oldest));
		seen_last |= ip_equal(&list[i].ip, &last);
	}
	cr_expect(seen_last);
}
