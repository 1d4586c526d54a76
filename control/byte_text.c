/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/byte_text.h"

#include "control/config/alloc.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Length of the UTF-8 sequence at @p (RFC 3629: no overlong forms, no surrogates, at most
 * U+10FFFF), of at most @n bytes; 0 = none. */
static size_t sequence(const uint8_t *p, size_t n)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (len <= 1)
		return len;
	if (p[0] > 0xf4 || n < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

/* Takes @text with its NUL off the heap. */
static json_t *to_json(char *text, size_t n)
{
	json_t *j = text ? json_stringn(text, n) : NULL;

	mem_free(text);
	return j;
}

json_t *byte_text_json(const uint8_t *p, size_t n)
{
	char *text = mem_alloc(3 * n + 1);
	size_t out = 0;

	for (size_t i = 0; text && i < n;) {
		size_t len = sequence(p + i, n - i);

		if (len) {
			memcpy(text + out, p + i, len);
			out += len;
		} else {
			memcpy(text + out, REPLACEMENT, 3);
			out += 3;
		}
		i += len ? len : 1;
	}
	return to_json(text, out);
}

json_t *byte_glance_json(const uint8_t *p, size_t n)
{
	char *text = mem_alloc(4 * n + 1);
	size_t out = 0;

	for (size_t i = 0; text && i < n; i++) {
		static const char plain[] = "\r\n\t", named[] = "rnt";
		const char *found = p[i] ? strchr(plain, p[i]) : NULL;

		if (found)
			out += (size_t)snprintf(text + out, 3, "\\%c", named[found - plain]);
		else if (p[i] >= 0x20 && p[i] < 0x7f)
			text[out++] = (char)p[i];
		else
			out += (size_t)snprintf(text + out, 5, "\\x%02x", p[i]);
	}
	return to_json(text, out);
}

json_t *byte_base64_json(const uint8_t *p, size_t n)
{
	size_t size = sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL);
	char *text = mem_alloc(size);

	if (text)
		sodium_bin2base64(text, size, p, n, sodium_base64_VARIANT_ORIGINAL);
	return to_json(text, size - 1);
}
