/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rates part: a sample of the data plane's counters each second.
 */
#include "control/app.h"
#include "control/config/alloc.h"
#include "control/log.h"
#include "control/wall_time.h"
#include "control/watch/rates.h"

#include <errno.h>
#include <event2/event.h>
#include <time.h>

static const struct stats *all_stats[PLANE_MAX_WORKERS + 1];

static void sample(struct app *app)
{
	struct timespec t;
	struct rates_input in = {
		.stats = all_stats,
		.n_stats = plane_n_stats(app->plane),
		.n_backends = app->now.world ? app->now.world->n_backends : 0,
		.wall_ms = wall_time_ms(),
	};

	clock_gettime(CLOCK_MONOTONIC, &t);
	in.now_ns = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
	for (unsigned int i = 0; i < in.n_stats; i++)
		all_stats[i] = plane_stats_of(app->plane, i);
	rates_sample(app->rates, &in);
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	sample(arg);
}

int rates_start(struct app *app)
{
	struct timeval second = { 1, 0 };

	app->rates = rates_new(plane_n_stats(app->plane));
	app->rates_tick = event_new(app->base, -1, EV_PERSIST, on_second, app);
	if (app->rates && app->rates_tick && event_add(app->rates_tick, &second) == 0) {
		sample(app);
		return 0;
	}
	log_error("no memory for rates");
	rates_stop(app);
	return -ENOMEM;
}

void rates_stop(struct app *app)
{
	if (app->rates_tick)
		event_free(app->rates_tick);
	app->rates_tick = NULL;
	rates_free(app->rates);
	app->rates = NULL;
}
