/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything that the new file needs is made beside what runs: configuration, fleet, snapshots,
 * sockets. Then it takes the place of what ran, in steps that cannot fail; a dry run stops before.
 * A file that is wrong, or asks for what only a restart can change, is a normal answer: it is
 * logged fault by fault and what runs goes on.
 */
#include "control/reload.h"

#include "control/app.h"
#include "control/config/config_diff.h"
#include "control/dns/dns_part.h"
#include "control/fleet/fleet_state.h"
#include "control/fleet/names_part.h"
#include "control/fleet/pool_moved.h"
#include "control/health/health.h"
#include "control/log.h"
#include "control/network/network.h"
#include "control/network/taps.h"
#include "control/notify.h"
#include "control/publish.h"
#include "control/stream/stream.h"
#include "control/stream/tls.h"
#include "control/wall_time.h"
#include "control/watch/alarms.h"
#include "control/watch/http.h"

#include <errno.h>

#define DIFFERENCES_MAX 1000 /* that are told; a person wants the first */

/* What is made before anything changes. */
struct attempt {
	struct config next;
	struct fleet *fleet;
	struct snapshots draft;
	struct tls_set *tls;
	struct hosts hosts; /* of before, while the new ones are tried */
};

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

/* Loads the file and makes all that it needs. */
static int make(struct app *app, struct attempt *a, bool reset, struct reload_result *out)
{
	struct config_errors *errs = &out->faults;
	int rc = config_load_file(app->config_path, &a->next, errs);

	rc = rc ? rc : config_needs_restart(&app->config, &a->next, errs);
	rc = rc ? rc : check_plane(&app->config, &a->next, errs);
	if (rc)
		return rc;
	config_errors_file(&out->warnings, a->next.file);
	a->fleet = fleet_for_config(app->fleet, &a->next, reset, &out->warnings, &rc);
	if (rc == -ENOSPC)
		config_errors_add(
			errs, a->next.at[CK_top_pools],
			"pools: no free numbers for so many new backends until those that "
			"were removed are forgotten");
	a->tls = rc ? NULL : tls_load(&a->next, errs, &out->warnings);
	if (rc == 0 && !a->tls)
		rc = errs->no_memory ? -ENOMEM : -EINVAL;
	rc = rc ? rc : draft_build(app, &a->next, a->fleet, &a->draft, errs);
	rc = rc ? rc : draft_prepare(app, &a->next, &a->draft, errs);
	return rc ? rc : http_prepare(app, &a->next, errs);
}

/* --- what differs ------------------------------------------------------------------------ */

static void on_difference(void *arg, const char *text)
{
	json_t *list = arg;

	if (json_array_size(list) < DIFFERENCES_MAX)
		json_array_append_new(list, json_string(text));
	else if (json_array_size(list) == DIFFERENCES_MAX)
		json_array_append_new(list, json_string("and more"));
}

static void compare(const struct app *app, const struct attempt *a, struct reload_result *out)
{
	out->differences = json_array();
	config_diff(&app->config, &a->next, on_difference, out->differences);
	tls_changes(app->tls, a->tls, on_difference, out->differences);
	out->pools = pools_moved(app->now.world, a->draft.world);
	config_warnings(&a->next, &out->warnings);
}

/* --- in force ---------------------------------------------------------------------------- */

/* Puts what was made in force; all of it is the app's from now on. */
static void commit(struct app *app, struct attempt *a)
{
	struct config old = app->config;

	app->config = a->next;
	a->next = (struct config){ 0 };
	app->loaded_ms = wall_time_ms();
	tls_put(app->tls, a->tls);
	a->tls = NULL;
	network_use_config(app->network, &app->config);
	dns_take_config(app);
	streams_use_config(app->streams, &app->config);
	taps_use_config(app, &old);
	fleet_adopt(app->fleet, a->fleet);
	a->fleet = NULL;
	draft_publish(app, &a->draft);
	http_settle(app, true);
	names_sync(app);
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

/* The sockets that were only opened to see whether they can be go again. */
static void abandon(struct app *app, struct attempt *a)
{
	kernel_sockets_commit(app->sockets, app->now.world);
	http_settle(app, false);
	draft_free(&a->draft);
	tls_set_free(a->tls);
	fleet_free(a->fleet);
	config_free(&a->next);
}

static void log_outcome(struct app *app, const struct reload_result *r, int rc)
{
	log_faults(&r->faults, LOG_AT_ERROR);
	if (rc == -ENOMEM)
		log_error("no memory for the new configuration");
	if (rc) {
		log_error("%s not reloaded, nothing has changed", app->config_path);
		return;
	}
	log_faults(&r->warnings, LOG_AT_WARNING);
	log_info("reloaded %s: generation %llu, listeners %u, backends %u, %zu differences",
		 app->config_path, (unsigned long long)app->generation, app->now.world->n_listeners,
		 fleet_count(app->fleet), json_array_size(r->differences));
}

int reload_now(struct app *app, unsigned int flags, struct reload_result *out)
{
	bool dry = flags & RELOAD_DRY_RUN, reset = flags & RELOAD_RESET;
	struct attempt a = { 0 };
	int rc;

	if (!dry)
		notify_reloading();
	swap_hosts(app, &a.hosts);
	rc = make(app, &a, reset, out);
	if (rc == 0)
		compare(app, &a, out);
	if (rc == 0 && !dry)
		commit(app, &a);
	settle_hosts(app, &a.hosts, rc == 0 && !dry);
	abandon(app, &a);
	if (dry)
		return rc;
	if (rc == 0 && reset)
		health_reset(app);
	log_outcome(app, out, rc);
	alarms_tell(app->alarms, ALARM_RELOAD, rc != 0,
		    "%s was not reloaded; what ran before runs on", app->config_path);
	notify_ready(rc == 0 ? "forwarding" : "forwarding; the last reload was refused");
	return rc;
}

void reload_result_free(struct reload_result *r)
{
	json_decref(r->differences);
	json_decref(r->pools);
	config_errors_free(&r->faults);
	config_errors_free(&r->warnings);
	*r = (struct reload_result){ 0 };
}

void reload_run(struct app *app)
{
	struct reload_result result = { 0 };

	reload_now(app, 0, &result);
	reload_result_free(&result);
}
