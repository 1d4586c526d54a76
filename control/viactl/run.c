/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One command: ask, print, and for some go on from there.
 */
#include "control/viactl/run.h"

#include "control/viactl/screen.h"
#include "control/viactl/show.h"

#include <stdio.h>
#include <string.h>

static void print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2));
	putchar('\n');
	fflush(stdout);
}

int run_failed(const struct args *a, const struct link *l, json_t *error)
{
	json_t *whole;

	if (!error) {
		screen_print(stderr, COLOR_NONE, "viactl: no connection to the proxy: %s\n",
			     l->why);
		return VIACTL_NO_LINK;
	}
	fflush(stdout);
	show_error(error, stderr);
	if (a->json) {
		whole = json_pack("{s:O}", "error", error);
		print_json(whole);
		json_decref(whole);
	}
	json_decref(error);
	return VIACTL_REFUSED;
}

static bool is(const struct args *a, const char *method)
{
	return strcmp(a->command->method, method) == 0;
}

/* What is left to do once the proxy has obeyed. */
static int go_on(const struct args *a, struct link *l, const json_t *result)
{
	if (is(a, "trace"))
		return run_trace(a, l, result);
	if (a->json)
		print_json(result);
	else
		show_result(a->command->method, result, stdout);
	fflush(stdout);
	if (json_is_true(json_object_get(a->own, "wait")))
		return run_wait(a, l, result);
	return VIACTL_OBEYED;
}

int run_command(const struct args *a)
{
	int status = VIACTL_NO_LINK;
	json_t *result, *error;
	struct link l;

	if (!a->command->method)
		return run_top(a);
	if (!link_open(&l, a->socket))
		return run_failed(a, &l, NULL);
	result = link_call(&l, a->command->method, a->params, &error);
	if (result)
		status = go_on(a, &l, result);
	else
		status = run_failed(a, &l, error);
	json_decref(result);
	link_close(&l);
	return status;
}
