/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Building and publishing of snapshots, and the snapshots part: the first publication.
 *
 * Order of a publication: sockets of new listeners open, forwarding table, world, sockets of old
 * listeners closed. Linux never sees a datagram for a listener of the world in force without a
 * socket there. A timer publishes once more when the transaction window of a change is over, with
 * nothing changed but the list of past worlds.
 */
#include "control/publish.h"

#include "control/config/block.h"
#include "control/fleet/fleet_state.h"
#include "control/log.h"
#include "control/network/network.h"
#include "control/stream/stream.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>

#define RECLAIM_MS 100
#define LISTEN_AGAIN_MS 2000

static void retire_world(const struct world *w)
{
	world_free(w);
}

static void retire_fib(const struct fib *f)
{
	block_free(f);
}

void draft_free(struct snapshots *draft)
{
	world_free(draft->world);
	block_free(draft->fib);
	*draft = (struct snapshots){ 0 };
}

static int build_world(struct app *app, const struct config *c, const struct fleet *fleet,
		       const struct fib *fib, struct world **out, struct config_errors *errs)
{
	struct world_overlay overlay;
	struct arena arena = { 0 };
	struct world_facts facts = {
		.hosts = app->hosts.v,
		.n_hosts = app->hosts.n,
		.secret = app->secret.bytes,
		.secret_len = app->secret.n,
		.generation = app->generation + 1,
		.draining = app->draining,
		.fib = fib,
		.overlay = &overlay,
		.before = app->now.world,
	};
	int rc = fleet_overlay(fleet, c, &arena, &overlay);

	network_facts(app->network, &facts);
	rc = rc ? rc : world_build(c, &facts, out, errs);
	arena_free(&arena);
	return rc;
}

int draft_build(struct app *app, const struct config *c, const struct fleet *fleet,
		struct snapshots *draft, struct config_errors *errs)
{
	int rc = network_fib(app->network, c, &draft->fib);

	rc = rc ? rc : build_world(app, c, fleet, draft->fib, &draft->world, errs);
	if (rc)
		draft_free(draft);
	return rc;
}

int draft_build_world(struct app *app, const struct config *c, const struct fleet *fleet,
		      struct snapshots *draft, struct config_errors *errs)
{
	return build_world(app, c, fleet, app->now.fib, &draft->world, errs);
}

static struct world_window window_of(const struct config *c)
{
	unsigned int log2 = 20;

	for (uint32_t mb = c->window_memory_mb; mb > 1; mb /= 2)
		log2++;
	return (struct world_window){ c->transaction_window, log2 };
}

static int follow(struct app *app, const struct config *c, struct world *next)
{
	static struct log_limit limit;
	struct world_window window = window_of(c);
	uint32_t dropped;
	int rc = world_follow(next, app->now.world, &window, log_clock_ms(), &dropped);

	if (dropped)
		log_limited(&limit, LOG_AT_WARNING,
			    "more than %d changes of pools within transaction_window: requests of "
			    "calls that began between two of them may reach another server",
			    WORLD_PAST_MAX);
	app->past_dropped += dropped;
	return rc;
}

int draft_prepare(struct app *app, const struct config *c, const struct snapshots *draft,
		  struct config_errors *errs)
{
	struct config_mark nowhere = { 0 };
	char why[512];
	int rc = follow(app, c, draft->world);

	if (rc)
		return rc;
	rc = kernel_sockets_prepare(app->sockets, draft->world, app->ports, why, sizeof(why));
	if (rc)
		config_errors_add(errs, nowhere, "%s", why);
	return rc;
}

/* @draft goes to the data plane; what was in force is retired by it. */
static void put_fib(struct app *app, struct fib *fib)
{
	plane_publish_fib(app->plane, fib, retire_fib);
	app->now.fib = fib;
	app->relay_env.fib = fib;
}

/* The timer for the next past world whose time is over. */
static void arm_window(struct app *app)
{
	uint64_t left = publish_window_left(app);
	struct timeval delay = { (time_t)(left / 1000), (suseconds_t)(left % 1000 * 1000) };

	if (left)
		event_add(app->window, &delay);
	else
		event_del(app->window);
}

uint64_t publish_window_left(const struct app *app)
{
	struct world_window window = window_of(&app->config);
	uint64_t end = world_past_end(app->now.world, &window), now = log_clock_ms();

	return end == 0 ? 0 : end > now ? end - now : 1;
}

/* An address that is not there yet, or a port that another program has, is tried again later. */
static void listen_to_streams(struct app *app)
{
	int rc = streams_listen(app->streams, app->now.world);

	streams_plan(app->streams, &app->config, app->now.world, app->now.fib);
	app->listen_again_ms = rc ? log_clock_ms() + LISTEN_AGAIN_MS : 0;
}

void draft_publish(struct app *app, struct snapshots *draft)
{
	fleet_going_out(app, app->fleet, draft->world->generation);
	if (draft->fib)
		put_fib(app, draft->fib);
	plane_publish_world(app->plane, draft->world, retire_world);
	app->now.world = draft->world;
	app->relay_env.world = draft->world;
	app->generation = draft->world->generation;
	*draft = (struct snapshots){ 0 };
	kernel_sockets_commit(app->sockets, app->now.world);
	listen_to_streams(app);
	plane_reclaim(app->plane);
	arm_window(app);
	ready_check(app);
}

void publish_fib(struct app *app)
{
	struct fib *fib;
	int rc = network_fib(app->network, &app->config, &fib);

	if (rc) {
		log_error("no memory for a new forwarding table; the old one stays");
		return;
	}
	put_fib(app, fib);
	plane_reclaim(app->plane);
}

/* Why there is no new world. */
static void log_faults(const struct config_errors *errs, int rc)
{
	char line[LOG_TEXT_MAX];

	if (rc == -ENOMEM)
		log_error("no memory for a new snapshot");
	for (uint32_t i = 0; i < config_errors_lines(errs); i++) {
		config_errors_format(errs, i, line, sizeof(line));
		log_error("%s", line);
	}
}

int publish_fleet(struct app *app, struct fleet *fleet, char *why, size_t n)
{
	struct config_errors errs = { 0 };
	struct snapshots draft = { 0 };
	int rc = draft_build_world(app, &app->config, fleet, &draft, &errs);

	if (rc == 0)
		rc = draft_prepare(app, &app->config, &draft, &errs);
	log_faults(&errs, rc);
	snprintf(why, n, "%s", errs.n ? errs.v[0].text : "no memory for a new snapshot");
	if (rc == 0 && fleet != app->fleet)
		fleet_adopt(app->fleet, fleet);
	if (rc == 0)
		draft_publish(app, &draft);
	draft_free(&draft);
	config_errors_free(&errs);
	return rc;
}

int publish_world(struct app *app)
{
	char why[LOG_TEXT_MAX];

	return publish_fleet(app, app->fleet, why, sizeof(why));
}

void publish_all(struct app *app)
{
	struct config_errors errs = { 0 };
	struct snapshots draft = { 0 };
	int rc = draft_build(app, &app->config, app->fleet, &draft, &errs);

	if (rc == 0)
		rc = draft_prepare(app, &app->config, &draft, &errs);
	log_faults(&errs, rc);
	if (rc == 0)
		draft_publish(app, &draft);
	else
		log_error("the listeners stay as they were");
	if (rc)
		publish_fib(app);
	draft_free(&draft);
	config_errors_free(&errs);
}

static void on_reclaim(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;

	(void)fd;
	(void)what;
	plane_reclaim(app->plane);
	if (app->listen_again_ms && log_clock_ms() >= app->listen_again_ms)
		listen_to_streams(app);
}

static int first_publication(struct app *app)
{
	struct config_errors errs = { 0 };
	struct snapshots draft = { 0 };
	int rc = draft_build(app, &app->config, app->fleet, &draft, &errs);

	if (rc == 0)
		rc = draft_prepare(app, &app->config, &draft, &errs);
	config_errors_print(&errs, stderr);
	if (rc == -ENOMEM)
		log_error("no memory for the first snapshot");
	if (rc == 0)
		draft_publish(app, &draft);
	draft_free(&draft);
	config_errors_free(&errs);
	return rc;
}

/* The oldest past world has had its time. */
static void on_window(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;
	struct timeval again = { 1, 0 };

	(void)fd;
	(void)what;
	if (publish_world(app))
		event_add(app->window, &again);
}

static int start_timers(struct app *app)
{
	struct timeval period = { 0, RECLAIM_MS * 1000 };

	app->window = event_new(app->base, -1, 0, on_window, app);
	app->reclaim = event_new(app->base, -1, EV_PERSIST, on_reclaim, app);
	return app->window && app->reclaim && event_add(app->reclaim, &period) == 0 ? 0 : -ENOMEM;
}

int snapshots_start(struct app *app)
{
	int rc = start_timers(app);

	rc = rc ? rc : first_publication(app);
	if (rc)
		snapshots_stop(app);
	return rc;
}

void snapshots_stop(struct app *app)
{
	if (app->reclaim)
		event_free(app->reclaim);
	app->reclaim = NULL;
	if (app->window)
		event_free(app->window);
	app->window = NULL;
}
