/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds the document with jansson and writes it. What cannot be made for want of memory is left
 * out: jansson's setters take NULL and do nothing.
 */
#include "bench/load/front/json.h"

#include "bench/load/front/json_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static json_t *program(const struct record *r)
{
	json_t *command = json_array();
	char started[32] = "";
	time_t t = (time_t)r->machine.started;
	struct tm utc;

	for (int i = 0; i < r->argc; i++)
		json_array_append_new(command, json_string(r->argv[i]));
	if (gmtime_r(&t, &utc))
		strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return json_pack("{s:s, s:s, s:o, s:s}", "name", "viaload", "version", VIADUCT_VERSION,
			 "command", command, "started", started);
}

static json_t *machine(const struct machine *m)
{
	return json_pack("{s:s, s:i, s:s, s:s, s:I, s:f, s:{s:I, s:I, s:I}}", "cpu", m->cpu,
			 "cores", (int)m->cores, "kernel", m->kernel, "dpdk", m->dpdk, "memory_kib",
			 (json_int_t)m->memory_kib, "load", m->load, "hugepages", "size_kib",
			 (json_int_t)m->huge_kib, "total", (json_int_t)m->huge_total, "free",
			 (json_int_t)m->huge_free);
}

static json_t *verdict(const struct verdict *v)
{
	return json_pack("{s:b, s:I, s:s*}", "passed", v->passed, "wrong", (json_int_t)v->wrong,
			 "reason", v->reason);
}

static json_t *document(const struct record *r)
{
	json_t *top = json_object();

	json_object_set_new(top, "format", json_integer(JSON_FORMAT));
	json_object_set_new(top, "program", program(r));
	json_object_set_new(top, "machine", machine(&r->machine));
	json_object_set_new(top, "plan", json_plan(r->options));
	json_object_set_new(top, "verdict", verdict(&r->verdict));
	json_object_set_new(top, "result", json_result(&r->result));
	json_object_set_new(top, "servers", json_servers(r));
	json_object_set_new(top, "samples", json_samples(r));
	if (r->options->find_limit)
		json_object_set_new(top, "find_limit", json_limit(r));
	json_object_set_new(top, "faults", json_faults(&r->result.sum));
	json_object_set_new(top, "meanings", json_meanings());
	return top;
}

/* Each "<" of @text as \u003c: it stands in strings only. Takes @text, returns owned. */
static char *hide_tags(char *text)
{
	size_t n = 0, at = 0;
	char *out;

	for (const char *p = text; *p; p++)
		n += *p == '<';
	out = malloc(strlen(text) + 5 * n + 1);
	for (const char *p = text; out && *p; p++) {
		if (*p == '<') {
			memcpy(out + at, "\\u003c", 6);
			at += 6;
		} else {
			out[at++] = *p;
		}
	}
	if (out)
		out[at] = '\0';
	free(text);
	return out;
}

char *json_make(const struct record *r, unsigned int indent)
{
	json_t *top = document(r);
	char *text = json_dumps(top, JSON_REAL_PRECISION(9) |
					     (indent ? JSON_INDENT(indent) : JSON_COMPACT));

	json_decref(top);
	return text && !indent ? hide_tags(text) : text;
}

int json_write(const struct record *r, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	char *text = json_make(r, 1);
	FILE *to;
	int rc = 0;

	if (!text)
		return -ENOMEM;
	to = standard ? stdout : fopen(path, "we");
	if (!to || fprintf(to, "%s\n", text) < 0 || fflush(to))
		rc = -errno;
	if (to && !standard && fclose(to) && rc == 0)
		rc = -errno;
	free(text);
	return rc;
}
