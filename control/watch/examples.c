/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watch/examples.h"

#include "control/app.h"
#include "control/byte_text.h"
#include "control/endpoint_text.h"
#include "control/wall_time.h"
#include "dataplane/plane_watch.h"

#include <string.h>

#define NAME_MAX_EXAMPLE 64

json_t *examples_json(struct app *app, const char *pattern)
{
	uint64_t now = wall_time_ms(), age;
	json_t *list = json_array();
	char name[NAME_MAX_EXAMPLE];
	struct example x;

	for (unsigned int i = 0; list && i < EXAMPLES; i++) {
		plane_example_name(i, name, sizeof(name));
		if ((pattern && !strstr(name, pattern)) || !plane_example(app->plane, i, &x, &age))
			continue;
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:b}", "reason", name,
						      "source", endpoint_json(&x.src), "time",
						      wall_time_json(now > age ? now - age : 1),
						      "bytes", byte_glance_json(x.bytes, x.len),
						      "frame", x.is_frame));
	}
	return list;
}
