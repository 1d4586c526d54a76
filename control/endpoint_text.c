/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/endpoint_text.h"

#include <stdio.h>

size_t endpoint_text(const struct endpoint *e, char out[ENDPOINT_TEXT_MAX])
{
	size_t n = ip_format_host(&e->ip, out);

	return n + (size_t)snprintf(out + n, ENDPOINT_TEXT_MAX - n, ":%u", e->port);
}

json_t *endpoint_json(const struct endpoint *e)
{
	static const struct ip zero;
	char text[ENDPOINT_TEXT_MAX];

	if (ip_equal(&e->ip, &zero))
		return json_null();
	endpoint_text(e, text);
	return json_string(text);
}
