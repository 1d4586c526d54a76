/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/flow/daemon.h"

#include "control/config/alloc.h"
#include "control/rpc/rpc.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct app app;
static char dir[] = "/tmp/viaduct-flow.XXXXXX";
static char path[64];

void daemon_file(const char *window, const char *more)
{
	FILE *f = fopen(path, "w");

	cr_assert(f);
	fprintf(f,
		"node: flow\nworkers: 1\nhugepages: off\nsecret: \"file:%s/secret\"\n"
		"control: {socket: \"%s/control.sock\", telemetry: false}\n"
		"transaction_window: %s\nwindow_memory_mb: 1\nlog: {level: error}\n"
		"interfaces:\n"
		"  - {name: net, device: \"vdev:net_null0\", kernel: none, "
		"addresses: [\"192.0.2.1/24\"]}\n"
		"routes: [{pool: p0}]\n"
		"pools:\n",
		dir, dir, window);
	for (int i = 0; i < N_POOLS; i++) {
		fprintf(f, "  - name: p%d\n    table_size: 251\n    backends:\n", i);
		for (int k = 0; k < N_FILE; k++)
			fprintf(f, "      - {name: b%d, address: \"10.0.%d.%d\"}\n", k, i, k + 1);
	}
	fputs(more, f);
	fclose(f);
}

void daemon_start(const char *window)
{
	struct config_errors errs = { 0 };
	char secret[64];
	FILE *f;

	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/viaduct.yaml", dir);
	snprintf(secret, sizeof(secret), "%s/secret", dir);
	f = fopen(secret, "w");
	cr_assert(f);
	fputs("0123456789abcdef0123456789abcdef", f);
	fclose(f);
	chmod(secret, 0600);
	daemon_file(window, "");
	app.config_path = path;
	if (config_load_file(path, &app.config, &errs))
		config_errors_print(&errs, stderr);
	config_errors_free(&errs);
	cr_assert_eq(parts_start(&app), 0);
}

void daemon_end(void)
{
	char command[128];

	parts_stop(&app);
	config_free(&app.config);
	cr_expect_eq(mem_live(), 0, "%zu blocks are left", mem_live());
	snprintf(command, sizeof(command), "rm -r %s", dir);
	cr_expect_eq(system(command), 0);
}

const char *daemon_path(void)
{
	return path;
}

void daemon_turn(void)
{
	event_base_loop(app.base, EVLOOP_NONBLOCK);
}

json_t *daemon_ask(const char *method, const char *params)
{
	json_t *request = json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", 1, "method",
				    method, "params", json_loads(params, 0, NULL));
	json_t *response;

	cr_assert(request, "%s", params);
	response = rpc_dispatch(&app, NULL, request);
	json_decref(request);
	return response;
}

json_t *daemon_obey(const char *method, const char *params)
{
	json_t *response = daemon_ask(method, params),
	       *result = json_object_get(response, "result");

	cr_assert(
		result, "%s %s: %s", method, params,
		json_string_value(json_object_get(json_object_get(response, "error"), "message")));
	json_incref(result);
	json_decref(response);
	return result;
}

void daemon_do(const char *method, const char *params)
{
	json_decref(daemon_obey(method, params));
}
