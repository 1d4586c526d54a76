/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which function prints which result. One without its own is printed as it is.
 */
#include "control/viactl/show.h"

#include "control/viactl/fields.h"
#include "control/viactl/screen.h"

#include <string.h>

static void show_level(const json_t *result, FILE *to)
{
	screen_print(to, COLOR_NONE, "log level: %s\n", field_text(result, "level"));
}

static void show_draining(const json_t *result, FILE *to)
{
	fprintf(to, field_true(result, "draining")
			    ? "the node drains: OPTIONS to it and /healthz fail\n"
			    : "the node is in service\n");
}

static void show_flush(const json_t *result, FILE *to)
{
	fprintf(to, "%d sets of records will be asked for anew\n",
		(int)field_int(result, "flushed"));
}

static void show_stop(const json_t *result, FILE *to)
{
	(void)result;
	fputs("the proxy is stopping\n", to);
}

static const struct {
	const char *method;
	void (*show)(const json_t *result, FILE *to);
} shows[] = {
	{ "status", show_status },           { "pools", show_pools },
	{ "pool.show", show_pool },          { "backend.set", show_backend },
	{ "backend.add", show_backend },     { "backend.remove", show_backend },
	{ "reload", show_reload },           { "counters", show_counters },
	{ "log.level", show_level },         { "explain", show_explain },
	{ "connections", show_connections }, { "dns", show_dns },
	{ "dns.flush", show_flush },         { "certificates", show_certificates },
	{ "node.drain", show_draining },     { "stop", show_stop },
	{ "doctor", show_doctor },           { "transactions", show_transactions },
};

void show_result(const char *method, const json_t *result, FILE *to)
{
	for (size_t i = 0; i < sizeof(shows) / sizeof(shows[0]); i++) {
		if (strcmp(shows[i].method, method) == 0) {
			shows[i].show(result, to);
			return;
		}
	}
	json_dumpf(result, to, JSON_INDENT(2));
	fputc('\n', to);
}

void show_error(const json_t *error, FILE *to)
{
	const json_t *faults = json_object_get(json_object_get(error, "data"), "faults");
	json_t *fault;
	size_t i;

	screen_print(to, COLOR_BAD, "viactl: %s", field_text(error, "message"));
	fputc('\n', to);
	json_array_foreach((json_t *)faults, i, fault)
	{
		const char *text = json_string_value(fault);

		screen_print(to, COLOR_NONE, "  %s\n", text ? text : "");
	}
}
