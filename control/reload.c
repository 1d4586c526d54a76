/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reload (SIGHUP): the file again. It comes into force as a whole or not at all; workers see one
 * snapshot swap and lose no packet. A file that is wrong, or asks for what only a restart can
 * change, is a normal answer: it is logged fault by fault and what runs goes on.
 */
#include "control/app.h"
#include "control/log.h"
#include "control/network.h"
#include "control/notify.h"
#include "control/publish.h"

#include <errno.h>

static void log_faults(const struct config_errors *errs, enum log_level level)
{
	char line[LOG_TEXT_MAX];

	for (uint32_t i = 0; i < config_errors_lines(errs); i++) {
		config_errors_format(errs, i, line, sizeof(line));
		log_write(level, "%s", line);
	}
}

static void needs_restart(struct config_errors *errs, struct config_mark at, const char *key)
{
	config_errors_add(errs, at,
			  "%s: differs from what runs; a reload cannot change it, restart to do so",
			  key);
}

/* What the data plane was opened with and keeps, beside what config_needs_restart() knows. */
static int check_plane(const struct config *running, const struct config *next,
		       struct config_errors *errs)
{
	int rc = 0;

	if (next->answer_limit != running->answer_limit) {
		needs_restart(errs, next->at[CK_top_answer_limit], "answer_limit");
		rc = -EBUSY;
	}
	for (uint32_t i = 0; i < next->n_interfaces; i++) {
		const struct config_interface *f = &next->interfaces[i];

		if (f->mtu == running->interfaces[i].mtu)
			continue;
		needs_restart(errs,
			      CONFIG_GIVEN(f, interface, mtu) ? f->at[CK_interface_mtu] : f->mark,
			      "mtu");
		rc = -EBUSY;
	}
	return rc;
}

/* Loads @next and builds its snapshots. */
static int make(struct app *app, struct config *next, struct snapshots *draft,
		struct config_errors *errs)
{
	int rc = config_load_file(app->config_path, next, errs);

	rc = rc ? rc : config_not_built(next, errs);
	rc = rc ? rc : config_needs_restart(&app->config, next, errs);
	rc = rc ? rc : check_plane(&app->config, next, errs);
	return rc ? rc : draft_build(app, next, draft, errs);
}

/* Puts @next in force; it is the app's from now on. */
static void commit(struct app *app, struct config *next, struct snapshots *draft)
{
	struct config old = app->config;

	app->config = *next;
	*next = (struct config){ 0 };
	network_use_config(app->network, &app->config);
	draft_publish(app, draft);
	log_start(app); /* before the name of the node goes */
	config_free(&old);
}

/* Reads the names of /etc/hosts anew; @old gets those of before. */
static void swap_hosts(struct app *app, struct hosts *old)
{
	struct hosts fresh = { 0 };

	*old = (struct hosts){ 0 };
	if (hosts_read(HOSTS_PATH, &fresh) < 0) {
		log_warning("%s cannot be read, its names stay as they were", HOSTS_PATH);
		hosts_free(&fresh);
		return;
	}
	*old = app->hosts;
	app->hosts = fresh;
}

/* Ends a reload: the names of one of the two lists are not needed any more. */
static void settle_hosts(struct app *app, struct hosts *old, bool keep_new)
{
	if (!keep_new && old->v) {
		struct hosts fresh = app->hosts;

		app->hosts = *old;
		*old = fresh;
	}
	hosts_free(old);
}

void reload_run(struct app *app)
{
	struct config_errors errs = { 0 }, warnings = { 0 };
	struct snapshots draft = { 0 };
	struct config next = { 0 };
	struct hosts old;
	int rc;

	notify_reloading();
	swap_hosts(app, &old);
	rc = make(app, &next, &draft, &errs);
	log_faults(&errs, LOG_AT_ERROR);
	if (rc == -ENOMEM)
		log_error("no memory for the new configuration");
	if (rc == 0)
		rc = draft_prepare(app, &draft);
	if (rc == 0) {
		commit(app, &next, &draft);
		if (config_warnings(&app->config, &warnings) == 0)
			log_faults(&warnings, LOG_AT_WARNING);
		log_info("reloaded %s: generation %llu, listeners %u, backends %u",
			 app->config_path, (unsigned long long)app->generation,
			 app->now.world->n_listeners, app->now.world->n_backends);
	} else {
		log_error("%s not reloaded, nothing has changed", app->config_path);
	}
	settle_hosts(app, &old, rc == 0);
	draft_free(&draft);
	config_free(&next);
	config_errors_free(&errs);
	config_errors_free(&warnings);
	notify_ready(rc == 0 ? "forwarding" : "forwarding; the last reload was refused");
}
