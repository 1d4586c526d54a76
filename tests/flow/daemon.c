/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/flow/daemon.h"

#include "control/config/alloc.h"
#include "control/rpc/rpc.h"
#include "tests/unit/tls_lab.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct app app;
static char path[320];

void daemon_file(const char *window, const char *more)
{
	FILE *f = fopen(path, "w");

	cr_assert(f);
	fprintf(f,
		"node: flow\nworkers: 1\nhugepages: off\nsecret: \"file:%s\"\n"
		"control: {socket: \"%s\", telemetry: false}\n"
		"tls: {ca: \"%s\"}\n"
		"transaction_window: %s\nwindow_memory_mb: 1\nlog: {level: error}\n"
		"interfaces:\n"
		"  - {name: net, device: \"vdev:net_null0,no-rx=1\", kernel: none, "
		"addresses: [\"192.0.2.1/24\"]}\n"
		"routes: [{pool: p0}]\n"
		"pools:\n",
		tls_lab_path("secret"), tls_lab_path("control.sock"), tls_lab_path("ca.pem"),
		window);
	for (int i = 0; i < N_POOLS; i++) {
		fprintf(f, "  - name: p%d\n    table_size: 251\n    backends:\n", i);
		for (int k = 0; k < N_FILE; k++)
			fprintf(f, "      - {name: b%d, address: \"10.0.%d.%d\"}\n", k, i, k + 1);
	}
	fputs(more, f);
	fclose(f);
}

/* One authority: each reload reads them all, and a system trusts more than a hundred. */
static void write_authority(void)
{
	struct tls_lab_cert ca = tls_lab_cert_new(&(struct tls_lab_wish){ .ca = true }, NULL);

	tls_lab_write_certs("ca.pem", (const struct tls_lab_cert *[]){ &ca, NULL });
	tls_lab_cert_free(&ca);
}

static void write_secret(void)
{
	const char *secret = tls_lab_path("secret");
	FILE *f = fopen(secret, "w");

	cr_assert(f);
	fputs("0123456789abcdef0123456789abcdef", f);
	fclose(f);
	chmod(secret, 0600);
}

void daemon_start(const char *window)
{
	struct config_errors errs = { 0 };

	tls_lab_folder();
	snprintf(path, sizeof(path), "%s", tls_lab_path("viaduct.yaml"));
	write_authority();
	write_secret();
	daemon_file(window, "");
	app.config_path = path;
	if (config_load_file(path, &app.config, &errs))
		config_errors_print(&errs, stderr);
	config_errors_free(&errs);
	cr_assert_eq(parts_start(&app), 0);
}

void daemon_end(void)
{
	parts_stop(&app);
	config_free(&app.config);
	cr_expect_eq(mem_live(), 0, "%zu blocks are left", mem_live());
	tls_lab_clean();
	cr_expect_neq(access(tls_lab_path(""), F_OK), 0, "a file is left");
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
