/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lenient access to JSON objects.
 */
#include "control/viactl/fields.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *field_text(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "";
}

double field_number(const json_t *o, const char *name)
{
	return json_number_value(json_object_get(o, name));
}

json_int_t field_int(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

bool field_true(const json_t *o, const char *name)
{
	return json_is_true(json_object_get(o, name));
}

double field_age(const json_t *o, const char *name)
{
	struct tm tm = { 0 };
	struct timespec now;

	if (!strptime(field_text(o, name), "%Y-%m-%dT%H:%M:%S", &tm))
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec > timegm(&tm) ? (double)(now.tv_sec - timegm(&tm)) : 0;
}

const char *field_join(const json_t *list, char *out, size_t n)
{
	size_t i, used = 0;
	json_t *v;

	out[0] = '\0';
	json_array_foreach((json_t *)list, i, v)
	{
		const char *text = json_string_value(v);

		if (text && used < n)
			used += (size_t)snprintf(out + used, n - used, "%s%s", used ? "," : "",
						 text);
	}
	return out;
}
