/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tls part: certificates are loaded before anything listens. A file that cannot be used ends
 * the start, with its place in the configuration; at a reload it only refuses the reload
 * (control/reload.c).
 */
#include "control/app.h"
#include "control/log.h"
#include "control/stream/tls.h"

#include <errno.h>

int tls_start(struct app *app)
{
	struct config_errors errs = { 0 };
	char line[LOG_TEXT_MAX];
	int rc = 0;

	app->tls = tls_new(&app->config, &errs);
	for (uint32_t i = 0; i < config_errors_lines(&errs); i++) {
		config_errors_format(&errs, i, line, sizeof(line));
		log_error("%s", line);
	}
	if (!app->tls)
		rc = errs.no_memory ? -ENOMEM : -EINVAL;
	if (rc == -ENOMEM)
		log_error("no memory for TLS");
	config_errors_free(&errs);
	return rc;
}

void tls_stop(struct app *app)
{
	tls_free(app->tls);
	app->tls = NULL;
}
