/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * viactl: the operator's tool, a thin client of the control socket (contract section 5).
 *
 * Exit status: 0 = obeyed, 1 = refused by the proxy, 2 = wrong usage, 3 = no connection.
 */
#include "control/config/config.h"
#include "control/viactl/args.h"
#include "control/viactl/help.h"
#include "control/viactl/link.h"
#include "control/viactl/run.h"
#include "control/viactl/screen.h"
#include "control/viactl/show.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool want_color(enum args_color when)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	if (when != ARGS_COLOR_AUTO)
		return when == ARGS_COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0 && !(no && *no);
}

static int wrong_usage(const struct args *a, const char *why)
{
	screen_print(stderr, COLOR_NONE, "viactl: %s\n", why);
	if (a->command)
		help_usage(a->command, stderr);
	else
		fputs("\"viactl help\" lists the commands\n", stderr);
	return VIACTL_WRONG;
}

/* What needs no proxy: help and version. -1: go on. */
static int run_alone(const struct args *a)
{
	const char *about = json_string_value(json_object_get(a->params, "command"));

	if (a->version) {
		printf("viactl %s\n", VIADUCT_VERSION);
		return VIACTL_OBEYED;
	}
	if (!a->command) {
		help_overview(a->help ? stdout : stderr);
		return a->help ? VIACTL_OBEYED : VIACTL_WRONG;
	}
	if (a->help) {
		help_command(a->command, stdout);
		return VIACTL_OBEYED;
	}
	if (a->json || !a->command->method || strcmp(a->command->method, "help") != 0)
		return -1;
	if (help_about(about, stdout))
		return VIACTL_OBEYED;
	screen_print(stderr, COLOR_NONE, "viactl: no command \"%s\"\n", about);
	return VIACTL_WRONG;
}

int main(int argc, char **argv)
{
	const char *env = getenv("VIACTL_SOCKET");
	char why[ARGS_WHY_MAX];
	struct args a;
	int status;

	setlocale(LC_CTYPE, "");
	if (argc > 1 && strcmp(argv[1], "--complete") == 0)
		return run_complete(argc - 2, argv + 2);
	status = args_read(argc, argv, &a, why) ? -1 : wrong_usage(&a, why);
	screen_use_color(want_color(a.color));
	if (status < 0)
		status = run_alone(&a);
	if (!a.socket)
		a.socket = env && *env ? env : CONFIG_SOCKET_PATH;
	if (status < 0)
		status = run_command(&a);
	args_free(&a);
	return status;
}
