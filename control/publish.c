/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Building and publishing of snapshots, and the snapshots part: sockets, slow path, the first
 * publication.
 *
 * Order of a publication: sockets of new listeners open, forwarding table, world, sockets of old
 * listeners closed. Linux never sees a datagram for a listener of the world in force without a
 * socket there.
 */
#include "control/publish.h"

#include "control/block.h"
#include "control/log.h"
#include "control/network.h"

#include <errno.h>
#include <event2/event.h>

#define RECLAIM_MS 100

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

int draft_build(struct app *app, const struct config *c, struct snapshots *draft,
		struct config_errors *errs)
{
	struct world_facts facts = {
		.hosts = app->hosts.v,
		.n_hosts = app->hosts.n,
		.secret = app->secret.bytes,
		.secret_len = app->secret.n,
		.generation = app->generation + 1,
	};
	int rc = network_fib(app->network, c, &draft->fib);

	if (rc == 0) {
		network_facts(app->network, &facts);
		facts.fib = draft->fib;
		rc = world_build(c, &facts, &draft->world, errs);
	}
	if (rc)
		draft_free(draft);
	return rc;
}

int draft_prepare(struct app *app, const struct snapshots *draft)
{
	char why[512];
	int rc = kernel_sockets_prepare(app->sockets, draft->world, app->ports, why, sizeof(why));

	if (rc)
		log_error("%s", why);
	return rc;
}

/* @draft goes to the data plane; what was in force is retired by it. */
static void put_fib(struct app *app, struct fib *fib)
{
	plane_publish_fib(app->plane, fib, retire_fib);
	app->now.fib = fib;
	app->slow->fib = fib;
}

void draft_publish(struct app *app, struct snapshots *draft)
{
	put_fib(app, draft->fib);
	plane_publish_world(app->plane, draft->world, retire_world);
	app->now.world = draft->world;
	app->slow->world = draft->world;
	app->generation = draft->world->generation;
	*draft = (struct snapshots){ 0 };
	kernel_sockets_commit(app->sockets, app->now.world);
	plane_reclaim(app->plane);
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

void publish_all(struct app *app)
{
	struct config_errors errs = { 0 };
	struct snapshots draft = { 0 };
	char line[1024];
	int rc = draft_build(app, &app->config, &draft, &errs);

	for (uint32_t i = 0; i < config_errors_lines(&errs); i++) {
		config_errors_format(&errs, i, line, sizeof(line));
		log_error("%s", line);
	}
	if (rc == 0)
		rc = draft_prepare(app, &draft);
	if (rc == 0)
		draft_publish(app, &draft);
	else
		log_error("the listeners stay as they were");
	if (rc)
		publish_fib(app);
	draft_free(&draft);
	config_errors_free(&errs);
}

static void on_datagram(void *arg, const struct endpoint *src, const struct endpoint *listener,
			const uint8_t *data, size_t len)
{
	slow_udp_take(arg, src, listener, data, len, log_clock_ms());
}

static void on_reclaim(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;

	(void)fd;
	(void)what;
	plane_reclaim(app->plane);
}

static int first_publication(struct app *app)
{
	struct config_errors errs = { 0 };
	struct snapshots draft = { 0 };
	int rc = draft_build(app, &app->config, &draft, &errs);

	if (rc == 0)
		rc = draft_prepare(app, &draft);
	else if (config_errors_lines(&errs))
		config_errors_print(&errs, stderr);
	else
		log_error("no memory for the first snapshot");
	if (rc == 0)
		draft_publish(app, &draft);
	draft_free(&draft);
	config_errors_free(&errs);
	return rc;
}

static int start_reclaim(struct app *app)
{
	struct timeval period = { 0, RECLAIM_MS * 1000 };

	app->reclaim = event_new(app->base, -1, EV_PERSIST, on_reclaim, app);
	return app->reclaim && event_add(app->reclaim, &period) == 0 ? 0 : -ENOMEM;
}

int snapshots_start(struct app *app)
{
	int rc;

	app->slow = mem_alloc(sizeof(*app->slow));
	app->sockets = app->slow ? kernel_sockets_new(app->base, on_datagram, app->slow) : NULL;
	if (!app->sockets) {
		log_error("no memory for the sockets");
		snapshots_stop(app);
		return -ENOMEM;
	}
	app->slow->sockets = app->sockets;
	app->slow->stats = plane_control_stats(app->plane);
	app->slow->answer_limit = app->config.answer_limit;
	rc = start_reclaim(app);
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
	kernel_sockets_free(app->sockets);
	app->sockets = NULL;
	mem_free(app->slow);
	app->slow = NULL;
}
