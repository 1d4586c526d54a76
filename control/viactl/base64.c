/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Base64, three bytes as four letters.
 */
#include "control/viactl/base64.h"

#include <stdlib.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const uint8_t *p, size_t n)
{
	char *text = malloc((n + 2) / 3 * 4 + 1), *out = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < n; i += 3) {
		size_t have = n - i < 3 ? n - i : 3;
		uint32_t v = (uint32_t)p[i] << 16;

		v |= have > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		v |= have > 2 ? p[i + 2] : 0;
		*out++ = letters[v >> 18];
		*out++ = letters[v >> 12 & 63];
		*out++ = have > 1 ? letters[v >> 6 & 63] : '=';
		*out++ = have > 2 ? letters[v & 63] : '=';
	}
	*out = '\0';
	return text;
}

uint8_t *base64_decode(const char *text, size_t *n)
{
	size_t len = strlen(text), used = 0;
	uint8_t *out = malloc(len / 4 * 3 + 1);
	uint32_t v = 0;

	if (len >= 1 && len % 4 == 0 && text[len - 1] == '=')
		len -= text[len - 2] == '=' ? 2 : 1;
	else if (len % 4 == 1)
		len = SIZE_MAX;
	for (size_t i = 0; out && i < len; i++) {
		const char *at = len == SIZE_MAX || !text[i] ? NULL : strchr(letters, text[i]);

		if (!at) {
			free(out);
			return NULL;
		}
		v = v << 6 | (uint32_t)(at - letters);
		if (i % 4 > 0)
			out[used++] = (uint8_t)(v >> (6 - i % 4 * 2));
	}
	*n = used;
	return out;
}
