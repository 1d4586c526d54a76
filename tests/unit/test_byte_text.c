/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/byte_text.h"

#include <criterion/criterion.h>
#include <string.h>

#define BAD "\xef\xbf\xbd"

struct row {
	const char *name, *bytes;
	size_t n;
	const char *text;
};

#define ROW(name, bytes, text)                       \
	{                                            \
		name, bytes, sizeof(bytes) - 1, text \
	}

static void check(json_t *j, const struct row *r)
{
	cr_assert(j, "%s", r->name);
	cr_expect_eq(json_string_length(j), strlen(r->text), "%s: %zu bytes", r->name,
		     json_string_length(j));
	cr_expect_str_eq(json_string_value(j), r->text, "%s", r->name);
	json_decref(j);
}

Test(byte_text, utf8_stays_and_all_else_is_replaced_byte_by_byte)
{
	static const struct row rows[] = {
		ROW("nothing", "", ""),
		ROW("ASCII", "INVITE sip:a@b SIP/2.0\r\n", "INVITE sip:a@b SIP/2.0\r\n"),
		ROW("two bytes", "Andr\xc3\xa9", "Andr\xc3\xa9"),
		ROW("three and four", "\xe2\x82\xac\xf0\x9f\x98\x80",
		    "\xe2\x82\xac\xf0\x9f\x98\x80"),
		ROW("the largest", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"),
		ROW("Latin-1", "Andr\xe9!", "Andr" BAD "!"),
		ROW("cut", "x\xe2\x82", "x" BAD BAD),
		ROW("overlong", "\xc0\xaf\xe0\x80\xaf", BAD BAD BAD BAD BAD),
		ROW("surrogate", "\xed\xa0\x80", BAD BAD BAD),
		ROW("too large", "\xf4\x90\x80\x80\xf5", BAD BAD BAD BAD BAD),
		ROW("stray", "\x80\xff", BAD BAD),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(byte_text_json((const uint8_t *)rows[i].bytes, rows[i].n), &rows[i]);
}

Test(byte_text, a_nul_is_kept)
{
	json_t *j = byte_text_json((const uint8_t *)"a\0b", 3);

	cr_assert(j);
	cr_expect_eq(json_string_length(j), 3);
	json_decref(j);
}

Test(byte_text, a_glance_is_printable_ascii)
{
	static const struct row rows[] = {
		ROW("lines", "SIP/2.0 200 OK\r\n\tx", "SIP/2.0 200 OK\\r\\n\\tx"),
		ROW("bytes", "\0\x7f\xc3\x1b", "\\x00\\x7f\\xc3\\x1b"),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(byte_glance_json((const uint8_t *)rows[i].bytes, rows[i].n), &rows[i]);
}

/* RFC 4648 10. */
Test(byte_text, base64_is_that_of_the_rfc)
{
	static const struct row rows[] = {
		ROW("0", "", ""),
		ROW("1", "f", "Zg=="),
		ROW("2", "fo", "Zm8="),
		ROW("3", "foo", "Zm9v"),
		ROW("6", "foobar", "Zm9vYmFy"),
		ROW("not URL", "\xfb\xff", "+/8="),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(byte_base64_json((const uint8_t *)rows[i].bytes, rows[i].n), &rows[i]);
}
