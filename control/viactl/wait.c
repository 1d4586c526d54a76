/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for a drain to end: asks the pool once a second until the backend has been silent for a
 * while. Silence and not a count of calls, since the proxy keeps none.
 */
#include "control/viactl/fields.h"
#include "control/viactl/run.h"
#include "control/viactl/screen.h"
#include "control/viactl/units.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SILENT_S 5

/* The member called @name in the result of pool.show, or, of a name's addresses, the one that was
 * silent least long; NULL = none. */
static const json_t *member(const json_t *result, const char *name)
{
	const json_t *list = json_object_get(json_object_get(result, "pool"), "members");
	const json_t *found = NULL;
	json_t *b;
	size_t i;

	json_array_foreach((json_t *)list, i, b)
	{
		const json_t *drain = json_object_get(b, "drain");
		const json_t *before = json_object_get(found, "drain");

		if (strcmp(field_text(b, "name"), name) == 0)
			return b;
		if (strcmp(field_text(b, "of"), name) != 0 || field_true(b, "removed"))
			continue;
		if (!found || (json_is_object(drain) &&
			       field_number(drain, "silent_s") < field_number(before, "silent_s")))
			found = b;
	}
	return found;
}

/* True if the backend that was changed, or some address of it, drains. */
static bool drains(const json_t *backend)
{
	json_t *b;
	size_t i;

	json_array_foreach(json_object_get(backend, "members"), i, b)
	{
		if (json_is_object(json_object_get(b, "drain")))
			return true;
	}
	return json_is_object(json_object_get(backend, "drain"));
}

static void progress(const char *name, const json_t *drain)
{
	char text[UNITS_MAX];

	if (!isatty(STDERR_FILENO))
		return;
	if (field_int(drain, "last_second") > 0)
		screen_print(stderr, COLOR_NONE, "%s: still %s", name,
			     units_rate(text, field_number(drain, "last_second")));
	else
		screen_print(stderr, COLOR_NONE, "%s: silent for %s", name,
			     units_span(text, field_number(drain, "silent_s")));
	fputs("\033[K\r", stderr);
}

static int gave_up(const char *name, const json_t *drain)
{
	char text[UNITS_MAX];

	if (field_int(drain, "last_second") > 0)
		screen_print(stderr, COLOR_BAD, "viactl: %s is not silent yet: still %s\n", name,
			     units_rate(text, field_number(drain, "last_second")));
	else
		screen_print(stderr, COLOR_BAD, "viactl: %s is not silent for long yet: %s\n", name,
			     units_span(text, field_number(drain, "silent_s")));
	return VIACTL_REFUSED;
}

/* One look at the pool. Returns -1 to go on, or the exit status. */
static int look(const struct args *a, struct link *l, bool last)
{
	const char *name = field_text(a->params, "backend");
	json_t *params = json_pack("{s:O}", "pool", json_object_get(a->params, "pool"));
	json_t *error, *result = link_call(l, "pool.show", params, &error);
	const json_t *b = member(result, name), *drain = json_object_get(b, "drain");
	int status = -1;

	json_decref(params);
	if (!result)
		return run_failed(a, l, error);
	if (!json_is_object(drain)) {
		screen_print(stderr, COLOR_BAD, "viactl: %s %s any more\n", name,
			     b ? "does not drain" : "is not there");
		status = VIACTL_REFUSED;
	} else if (field_number(drain, "silent_s") >= SILENT_S) {
		status = VIACTL_OBEYED;
	} else if (last) {
		status = gave_up(name, drain);
	} else {
		progress(name, drain);
	}
	json_decref(result);
	return status;
}

int run_wait(const struct args *a, struct link *l, const json_t *result)
{
	const json_t *timeout = json_object_get(a->own, "timeout");
	time_t start = time(NULL);
	int status;

	if (!drains(json_object_get(result, "backend"))) {
		fputs("viactl: --wait is for state=drain: nothing to wait for\n", stderr);
		return VIACTL_OBEYED;
	}
	for (;;) {
		bool last = timeout && time(NULL) - start >= json_integer_value(timeout);

		status = look(a, l, last);
		if (status >= 0)
			break;
		sleep(1);
	}
	if (isatty(STDERR_FILENO))
		fputs("\033[K", stderr);
	if (status == VIACTL_OBEYED && !a->json)
		screen_print(stdout, COLOR_GOOD, "%s: silent for %d s\n",
			     field_text(a->params, "backend"), SILENT_S);
	return status;
}
