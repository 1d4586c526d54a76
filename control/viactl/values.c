/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading of values. What a value may be is checked by command_check() later; here only its type in
 * JSON is found.
 */
#include "control/viactl/values.h"

#include "control/viactl/base64.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 65536 /* more than the largest SIP message */

/* The number that all of @text is; other text stays text, and is refused later. */
static json_t *number_or_text(const char *text)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	return *text && !*end && errno == 0 ? json_integer(v) : json_string(text);
}

static bool is_plain(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == 0 || p[i] > 0x7e)
			return false;
	}
	return true;
}

static json_t *file_text(const uint8_t *p, size_t n, json_t *sent)
{
	json_t *text;
	char *coded;

	if (is_plain(p, n))
		return json_stringn((const char *)p, n);
	coded = base64_encode(p, n);
	text = coded ? json_string(coded) : NULL;
	free(coded);
	json_object_set_new(sent, "base64", json_true());
	return text;
}

static json_t *read_file(const char *path, json_t *sent, char *why, size_t n)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	uint8_t *bytes = malloc(FILE_MAX + 1);
	json_t *text = NULL;
	size_t got;

	if (f && bytes) {
		got = fread(bytes, 1, FILE_MAX + 1, f);
		if (ferror(f))
			snprintf(why, n, "%.200s: %s", path, strerror(errno));
		else if (got > FILE_MAX)
			snprintf(why, n, "%.200s: larger than any SIP message over UDP", path);
		else
			text = file_text(bytes, got, sent);
	} else {
		snprintf(why, n, "%.200s: %s", path, strerror(errno));
	}
	if (f && f != stdin)
		fclose(f);
	free(bytes);
	return text;
}

bool value_read(const struct command_param *p, const char *text, json_t *sent, json_t *to,
		char *why, size_t n)
{
	json_t *value;

	if (p->type == PARAM_FLAG)
		value = json_true();
	else if (p->type == PARAM_NUMBER || p->type == PARAM_WEIGHT)
		value = number_or_text(text);
	else if (p->type == PARAM_FILE)
		value = read_file(text, sent, why, n);
	else
		value = json_string(text);
	if (value)
		return json_object_set_new(to, p->name, value) == 0;
	if (!why[0])
		snprintf(why, n, "%s: not UTF-8", p->name);
	return false;
}
