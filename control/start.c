/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The small parts: log, secret, workers, and the word that the proxy forwards.
 */
#include "control/app.h"
#include "control/log.h"
#include "control/notify.h"
#include "dataplane/sip/msg.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static char host_name[256];

int log_start(struct app *app)
{
	static const enum log_level levels[] = { [CONFIG_LOG_ERROR] = LOG_AT_ERROR,
						 [CONFIG_LOG_WARNING] = LOG_AT_WARNING,
						 [CONFIG_LOG_INFO] = LOG_AT_INFO,
						 [CONFIG_LOG_DEBUG] = LOG_AT_DEBUG };
	const struct config *c = &app->config;
	struct log_setup setup = { .level = levels[c->log.level],
				   .json = c->log.format == CONFIG_LOG_JSON };

	if (!host_name[0] && gethostname(host_name, sizeof(host_name) - 1) < 0)
		host_name[0] = '\0';
	setup.node = c->node ? c->node : host_name;
	log_configure(&setup);
	return 0;
}

/* The widest instructions that this CPU has for finding lines and headers. */
int scanner_start(struct app *app)
{
	(void)app;
	sip_scan_select("auto");
	log_debug("scanner %s", sip_scan_name());
	return 0;
}

int secret_start(struct app *app)
{
	bool given = CONFIG_GIVEN(&app->config, top, secret);
	char why[512];
	int rc = secret_load(app->config.secret, !given, &app->secret, why, sizeof(why));

	if (rc) {
		log_error("secret: %s", why);
		return rc;
	}
	if (app->secret.made)
		log_info("made a new secret at %s", app->config.secret);
	if (app->secret.group_readable)
		log_warning("secret: the group of %s can read it", app->config.secret);
	return 0;
}

void secret_stop(struct app *app)
{
	secret_wipe(&app->secret);
}

int workers_start(struct app *app)
{
	int rc = plane_start(app->plane);

	if (rc)
		log_error("workers do not start: %s", strerror(-rc));
	app->forwarding = rc == 0;
	return rc;
}

void workers_stop(struct app *app)
{
	plane_stop(app->plane);
	app->forwarding = false;
	punts_drain(app);
	report_counters(app);
}

static const char *plural(unsigned int n)
{
	return n == 1 ? "" : "s";
}

void ready_check(struct app *app)
{
	const struct world *w = app->now.world;
	char status[128];

	if (app->ready || !app->forwarding || w->n_listeners == 0)
		return;
	app->ready = true;
	snprintf(status, sizeof(status), "%u listener%s, %u worker%s, %u backend%s", w->n_listeners,
		 plural(w->n_listeners), app->n_workers, plural(app->n_workers), w->n_backends,
		 plural(w->n_backends));
	log_announce("viaduct %s ready: %s", VIADUCT_VERSION, status);
	notify_ready(status);
}

int ready_start(struct app *app)
{
	ready_check(app);
	if (!app->ready)
		log_warning("no interface has an address yet; waiting for one");
	return 0;
}

void ready_stop(struct app *app)
{
	app->ready = false;
	notify_stopping();
}
