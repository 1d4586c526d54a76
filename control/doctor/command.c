/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * viaduct --doctor: the report on standard output, before anything is started.
 */
#include "control/doctor/command.h"

#include "control/doctor/doctor.h"
#include "control/viactl/screen.h"
#include "control/viactl/show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void print(const json_t *report, bool json)
{
	const char *no_color = getenv("NO_COLOR");

	if (json) {
		json_dumpf(report, stdout, JSON_INDENT(2));
		putchar('\n');
		return;
	}
	screen_use_color(isatty(STDOUT_FILENO) && !(no_color && *no_color));
	show_doctor(report, stdout);
}

int doctor_command(const struct config *config, bool json)
{
	struct doctor_case it = { .facts = { "", &fact_calls_linux }, .config = config };
	struct doctor_report report = { 0 };
	json_t *result = NULL;
	int rc;

	doctor_run(&it, &report);
	if (!report.no_memory)
		result = doctor_json(&report);
	if (result)
		print(result, json);
	rc = !result ? -ENOMEM : (int)report.n_of[DOCTOR_FAULT];
	json_decref(result);
	doctor_free(&report);
	return rc;
}
