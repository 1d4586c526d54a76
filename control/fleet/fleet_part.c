/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fleet part: when changes come into force, what a drain has left to do, when numbers are free.
 *
 * Three timers. Changes that come by themselves (health) wait a moment for others. Slow starts step
 * while there are any. Once per second drains are sampled, and those that were removed are looked
 * after.
 */
#include "control/app.h"
#include "control/fleet/fleet_state.h"
#include "control/log.h"
#include "control/publish.h"
#include "dataplane/proxy/servers.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#define SOON_MS 10
#define STEP_MS 100
#define TICK_MS 1000
#define LINES_MAX \
	50 /* of changes in one publication; a large pool that fails must not fill a log */

static void arm(struct event *timer, uint32_t ms)
{
	struct timeval delay = { ms / 1000, ms % 1000 * 1000 };

	if (timer && !event_pending(timer, EV_TIMEOUT, NULL))
		event_add(timer, &delay);
}

/* --- messages ---------------------------------------------------------------------------- */

uint64_t fleet_messages(const struct app *app, const struct fleet_backend *b)
{
	const struct fleet_entry *e = (const struct fleet_entry *)(const void *)b;
	uint64_t n = plane_backend_count(app->plane, b->number);

	return e->counting ? n - e->count_base : 0;
}

/* Requests that went to the address of @b, by its pool or a Route, while servers drained. */
static uint64_t requests_to(const struct app *app, const struct fleet_backend *b)
{
	uint16_t server = servers_find(app->now.world, &b->addr);
	uint64_t n = 0;

	server = server == WORLD_NONE ? b->number : server;
	for (unsigned int i = 0; i < plane_n_stats(app->plane); i++)
		n += stat_get(&plane_stats_of(app->plane, i)->server[server].in_drains);
	return n;
}

/* What a draining backend got since the last sample. */
static void sample(struct app *app, struct fleet_entry *e, uint64_t wall_ms)
{
	uint64_t n = requests_to(app, &e->b);

	e->b.last_interval = e->sampling && n > e->sampled ? n - e->sampled : 0;
	if (e->b.last_interval)
		e->b.last_message_ms = wall_ms;
	e->sampled = n;
	e->sampling = true;
}

static void sample_drains(struct app *app)
{
	struct fleet *f = app->fleet;
	uint64_t wall_ms = f->wall();

	for (uint32_t i = 0; i < f->end; i++) {
		struct fleet_entry *e = f->v[i];

		if (!e || e->gone)
			continue;
		if (e->b.state == BACKEND_DRAIN) {
			sample(app, e, wall_ms);
		} else if (e->sampling) {
			e->sampling = false;
			e->b.last_interval = e->b.last_message_ms = 0;
		}
	}
}

/* --- publication ------------------------------------------------------------------------- */

static bool news(const struct fleet_entry *e)
{
	const struct fleet_told *t = &e->told;
	const struct fleet_backend *b = &e->b;

	return !t->at_all || t->removed != b->removed || t->state != b->state ||
	       (!b->removed && (t->cause != b->cause || t->weight != b->weight));
}

static void tell(struct fleet_entry *e, bool first)
{
	const struct fleet_backend *b = &e->b;

	if (b->removed)
		log_info("pool %s: backend %s is out: %s", b->pool_name, b->name, b->why);
	else if (!e->told.at_all && !first)
		log_info("pool %s: backend %s is new: %s, weight %u", b->pool_name, b->name,
			 fleet_state_name(b->state), b->weight);
	else if (e->told.at_all && b->state == e->told.state && b->weight != e->told.weight)
		log_info("pool %s: backend %s has weight %u, was %u", b->pool_name, b->name,
			 b->weight, e->told.weight);
	else if (e->told.at_all)
		log_info("pool %s: backend %s is %s: %s", b->pool_name, b->name,
			 fleet_state_name(b->state), b->why);
}

static void settle_entry(struct app *app, struct fleet_entry *e, uint64_t generation)
{
	if (!e->counting) {
		e->counting = true;
		e->count_base = plane_backend_count(app->plane, e->b.number);
	}
	if (e->b.removed && !e->removed_generation)
		e->removed_generation = generation;
	if (e->gone && !e->gone_generation)
		e->gone_generation = generation;
}

void fleet_going_out(struct app *app, struct fleet *f, uint64_t generation)
{
	bool first = app->now.world == NULL;
	uint32_t lines = 0;

	for (uint32_t i = 0; i < f->end; i++) {
		struct fleet_entry *e = f->v[i];

		if (!e)
			continue;
		settle_entry(app, e, generation);
		if (e->gone || !news(e))
			continue;
		if (lines++ < LINES_MAX)
			tell(e, first);
		e->told = (struct fleet_told){ true, e->b.removed, e->b.state, e->b.cause,
					       e->b.weight };
	}
	if (lines > LINES_MAX && !first)
		log_info("%u more backends changed", lines - LINES_MAX);
	f->dirty = false;
	arm(app->fleet_step, STEP_MS);
}

int fleet_commit(struct app *app)
{
	return fleet_dirty(app->fleet) ? publish_world(app) : 0;
}

static void on_soon(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	if (fleet_commit(arg))
		arm(((struct app *)arg)->fleet_soon, TICK_MS);
}

void fleet_commit_soon(struct app *app)
{
	arm(app->fleet_soon, SOON_MS);
}

/* --- timers ------------------------------------------------------------------------------ */

static void on_step(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;
	bool ramping = fleet_ramp(app->fleet, app->fleet->mono());

	(void)fd;
	(void)what;
	fleet_commit(app);
	if (ramping)
		arm(app->fleet_step, STEP_MS);
}

/* The oldest world that decides for any request: its tables may lead to removed backends. */
static uint64_t oldest_generation(const struct app *app)
{
	const struct world *w = app->now.world;

	return w->n_past ? w->past[w->n_past - 1].world->generation : w->generation;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;
	struct fleet *f = app->fleet;

	(void)fd;
	(void)what;
	sample_drains(app);
	fleet_sweep(f, f->mono(), app->config.transaction_window, oldest_generation(app));
	fleet_commit(app);
	/* Nobody reads a world that waits to be retired: those that are left are in force. */
	if (plane_reclaim(app->plane) == 0)
		fleet_reuse(f, app->generation);
}

int fleet_start(struct app *app)
{
	struct timeval period = { TICK_MS / 1000, 0 };

	app->fleet = fleet_new(&app->config);
	app->fleet_soon = event_new(app->base, -1, 0, on_soon, app);
	app->fleet_step = event_new(app->base, -1, 0, on_step, app);
	app->fleet_tick = event_new(app->base, -1, EV_PERSIST, on_tick, app);
	if (app->fleet && app->fleet_soon && app->fleet_step && app->fleet_tick &&
	    event_add(app->fleet_tick, &period) == 0)
		return 0;
	log_error("no memory for the backends");
	fleet_stop(app);
	return -ENOMEM;
}

static void timer_free(struct event **timer)
{
	if (*timer)
		event_free(*timer);
	*timer = NULL;
}

void fleet_stop(struct app *app)
{
	timer_free(&app->fleet_soon);
	timer_free(&app->fleet_step);
	timer_free(&app->fleet_tick);
	fleet_free(app->fleet);
	app->fleet = NULL;
}
