/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every scanner against a slow one that looks at one byte at a time.
 */
#include "dataplane/sip/chars.h"
#include "dataplane/sip/scan.h"
#include "tests/unit/guard.h"

#include <criterion/criterion.h>

static const char *const scanner_names[] = { "sse4.2", "avx2", "avx512" };

static struct guard guard;

static void open_guard(void)
{
	guard = guard_open(SIP_MAX_LEN + 1);
}

TestSuite(scan, .init = open_guard);

struct result {
	struct sip_row row[SIP_MAX_ROWS + 1];
	struct scan_map map;
	struct scan_lines lines;
};

static bool is_continuation(const uint8_t *p, uint32_t len, uint32_t at)
{
	return at < len && (p[at] == ' ' || p[at] == '\t');
}

/* The end of the blank line if it starts at @at, else 0. */
static uint32_t blank_line_end(const uint8_t *p, uint32_t len, uint32_t at)
{
	if (at < len && p[at] == '\n')
		return at + 1;
	return at + 1 < len && p[at] == '\r' && p[at + 1] == '\n' ? at + 2 : 0;
}

static void reference(const uint8_t *p, uint32_t len, struct result *r)
{
	uint32_t n = 0;

	r->lines = (struct scan_lines){ 0 };
	for (uint32_t i = 0; i < len && r->lines.head_len == 0; i++) {
		if (p[i] == '\r' && i + 1 < len && p[i + 1] != '\n')
			r->lines.bad_line_end = true;
		if (p[i] != '\n')
			continue;
		if (i == 0 || p[i - 1] != '\r')
			r->lines.bad_line_end = true;
		if (is_continuation(p, len, i + 1))
			continue;
		if (n <= SIP_MAX_ROWS)
			r->row[n] = (struct sip_row){ .off = (uint16_t)(i + 1) };
		n++;
		r->lines.head_len = blank_line_end(p, len, i + 1);
		if (r->lines.head_len == i + 2)
			r->lines.bad_line_end = true;
	}
	if (n == 0) {
		r->row[0] = (struct sip_row){ .off = (uint16_t)len };
		n = 1;
	}
	r->lines.too_many = n > SIP_MAX_ROWS + 1;
	r->lines.n_rows = r->lines.too_many ? SIP_MAX_ROWS : n - 1;
}

static bool is_strong(uint8_t c)
{
	return c == '"' || c == '%' || c == '<' || c == '>';
}

static bool bit(const uint64_t *map, uint32_t i)
{
	return map[i / 64] >> i % 64 & 1;
}

/* Compares the maps of bytes [0, @n) of the @len bytes at @p. */
static void check_map(const struct scan_map *map, const uint8_t *p, uint32_t n, uint32_t len,
		      const char *name)
{
	for (uint32_t i = 0; i < n; i++) {
		cr_assert_eq(bit(map->nontoken, i), !char_is(p[i], CH_TOKEN), "%s at %u of %u",
			     name, i, len);
		cr_assert_eq(bit(map->strong, i), is_strong(p[i]), "%s at %u of %u", name, i, len);
		cr_assert_eq(bit(map->blank, i), p[i] <= ' ', "%s at %u of %u", name, i, len);
	}
}

static void check_head(const uint8_t *p, uint32_t len, bool padded, const struct result *wanted)
{
	static struct result r;
	static struct sip_msg m;
	const char *name = sip_scan_name();

	memset(&r, 0xa5, sizeof(r));
	memset(&m, 0xa5, sizeof(m));
	scan_current()->head(p, len, padded, &m, &r.map, &r.lines);
	memcpy(r.row, m.row, sizeof(r.row));
	cr_assert(m.reason == 0 && m.p == NULL && m.max_breadth.has == 0, "%s: not cleared", name);
	cr_assert_eq(r.lines.n_rows, wanted->lines.n_rows, "%s, %u bytes: %u rows, not %u", name,
		     len, r.lines.n_rows, wanted->lines.n_rows);
	cr_assert_eq(memcmp(r.row, wanted->row, (r.lines.n_rows + 1) * sizeof(r.row[0])), 0,
		     "%s, %u bytes: rows", name, len);
	cr_assert_eq(r.lines.head_len, wanted->lines.head_len, "%s, %u bytes", name, len);
	cr_assert_eq(r.lines.too_many, wanted->lines.too_many, "%s, %u bytes", name, len);
	cr_assert_eq(r.lines.bad_line_end, wanted->lines.bad_line_end, "%s, %u bytes: bad %d", name,
		     len, r.lines.bad_line_end);
	/* The LF of the blank line may lie in the next block. */
	check_map(&r.map, p, r.lines.head_len ? r.lines.head_len - 1 : len, len, name);
	if (r.lines.head_len == 0)
		cr_assert(bit(r.map.nontoken, len), "%s, %u bytes: no stop", name, len);
}

static void check(const uint8_t *bytes, uint32_t len)
{
	static struct result wanted;

	reference(bytes, len, &wanted);
	for (unsigned int i = 0; i < 3; i++) {
		if (!sip_scan_select(scanner_names[i]))
			continue;
		check_head(guard_at_end(&guard, bytes, len), len, false, &wanted);
		if (len <= guard.size - SIP_PAD)
			check_head(guard_at_start(&guard, bytes, len), len, true, &wanted);
	}
	sip_scan_select("auto");
}

static uint64_t state = 42;

static uint32_t random_below(uint32_t n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(state >> 33) % n;
}

Test(scan, finds_the_same_lines_as_a_slow_scan_in_random_bytes)
{
	static const char *const pieces[] = { "\r\n",    "\r\n",     "\n",    "\r",
					      " ",       "\t",       "a",     "b:",
					      "%<\">",   "\x80\xff", "\r\n ", "token-string",
					      "\r\n\r\n" };
	uint8_t bytes[700] = { 'x' }; /* the first byte is no line end, see scan.h */

	for (unsigned int i = 0; i < 30000; i++) {
		uint32_t len = 1 + random_below(i % 10 == 0 ? 600 : 140), n = 1;
		uint32_t kinds = 3 + random_below(10);

		while (n < len) {
			const char *piece = pieces[(random_below(kinds) + i) % 13];

			memcpy(bytes + n, piece, strlen(piece));
			n += (uint32_t)strlen(piece);
		}
		check(bytes, len);
	}
}

Test(scan, classifies_every_byte_value_at_every_place_of_a_block)
{
	uint8_t bytes[256 + 64];

	for (uint32_t shift = 0; shift < 64; shift++) {
		memset(bytes, 'x', shift);
		for (uint32_t i = 0; i < 256; i++)
			bytes[shift + i] = (uint8_t)i;
		check(bytes, shift + 256);
	}
}

Test(scan, finds_lines_that_end_at_every_place_of_a_block)
{
	uint8_t bytes[400];

	for (uint32_t first = 0; first < 140; first++)
		for (uint32_t second = 0; second < 70; second++) {
			uint32_t n = first;

			memset(bytes, 'a', sizeof(bytes));
			memcpy(bytes + n, "\r\n", 2);
			n += 2 + second;
			memcpy(bytes + n, "\r\n\r\n", 4);
			check(bytes, n + 4);
			check(bytes, n + 3);
			check(bytes, n + 2);
			check(bytes, n + 40);
		}
}

Test(scan, finds_a_lone_line_end_at_every_place_before_and_behind_a_fold)
{
	static const char *const lone[] = { "\r", "\n", "\r\r\n", "\n\r\n" };
	uint8_t bytes[300];

	for (uint32_t at = 1; at < 200; at++)
		for (uint32_t fold = 1; fold < 200; fold += 7)
			for (unsigned int i = 0; i < 4; i++) {
				memset(bytes, 'a', sizeof(bytes));
				memcpy(bytes + fold, "\r\n ", 3);
				memcpy(bytes + at, lone[i], strlen(lone[i]));
				check(bytes, 260);
				memcpy(bytes + 250, "\r\n\r\n", 4);
				check(bytes, 260);
			}
}

Test(scan, notes_no_more_than_the_stated_number_of_rows)
{
	static uint8_t bytes[SIP_MAX_LEN];

	for (uint32_t n_rows = SIP_MAX_ROWS - 90; n_rows < SIP_MAX_ROWS + 90; n_rows++) {
		uint32_t n = 0;

		for (uint32_t i = 0; i <= n_rows; i++, n += 4)
			memcpy(bytes + n, "a:\r\n", 4);
		check(bytes, n);
		memcpy(bytes + n, "\r\n", 2);
		check(bytes, n + 2);
		check(bytes, n + 1);
		bytes[n] = 'x';
		check(bytes, n + 1);
	}
}

Test(scan, takes_the_longest_datagram)
{
	static uint8_t bytes[SIP_MAX_LEN];

	memset(bytes, 'a', sizeof(bytes));
	check(bytes, sizeof(bytes));
	for (uint32_t i = 0; i + 3 < sizeof(bytes); i += 3)
		memcpy(bytes + i, "\r\n ", 3);
	check(bytes, sizeof(bytes));
	memset(bytes, '\n', sizeof(bytes));
	bytes[0] = 'a';
	check(bytes, sizeof(bytes));
	memset(bytes, ' ', sizeof(bytes));
	memcpy(bytes + sizeof(bytes) - 4, "\r\n\r\n", 4);
	check(bytes, sizeof(bytes));
}

Test(scan, maps_a_span_of_any_length_and_reads_nothing_else)
{
	static struct scan_map map;
	uint8_t bytes[300];

	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	for (unsigned int i = 0; i < 3; i++) {
		if (!sip_scan_select(scanner_names[i]))
			continue;
		for (uint32_t len = 0; len <= sizeof(bytes); len++) {
			const uint8_t *p = guard_at_end(&guard, bytes, len);

			memset(&map, 0x5a, sizeof(map));
			scan_current()->span(p, len / 128 * 64, len, &map);
			for (uint32_t w = 0; w < len / 128; w++)
				cr_assert_eq(map.nontoken[w], 0x5a5a5a5a5a5a5a5aULL);
			scan_current()->span(p, 0, len, &map);
			check_map(&map, p, len, len, scanner_names[i]);
			cr_assert(bit(map.nontoken, len), "%s, %u bytes: no stop", scanner_names[i],
				  len);
		}
	}
	sip_scan_select("auto");
}

Test(scan, refuses_names_that_no_scanner_has)
{
	cr_assert(sip_scan_select("sse4.2"));
	cr_expect(!sip_scan_select("avx"));
	cr_expect(!sip_scan_select(""));
	cr_expect_str_eq(sip_scan_name(), "sse4.2");
	cr_expect(sip_scan_select("auto"));
}
