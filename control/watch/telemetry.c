/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watch/telemetry.h"

#include "control/app.h"
#include "control/log.h"
#include "control/wall_time.h"

#include <rte_telemetry.h>

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define POOLS_MAX 128 /* an answer has 16 KiB at most, a dictionary 256 entries */

struct pool_copy {
	char name[64];
	uint16_t live, backends;
};

/* What EAL's thread may see. Static: that thread outlives all parts. */
static struct {
	pthread_mutex_t lock;
	bool valid;
	char node[256];
	bool ready, draining;
	uint64_t generation, epoch, uptime_s;
	uint32_t workers, n_pools;
	struct pool_copy pools[POOLS_MAX];
	struct stats_total total;
} copy = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct event *tick;

static void copy_pools(const struct world *w)
{
	copy.n_pools = 0;
	for (uint16_t i = 0; w && i < w->n_pools && i < POOLS_MAX; i++) {
		struct pool_copy *p = &copy.pools[copy.n_pools++];

		snprintf(p->name, sizeof(p->name), "%s", w->pools[i].name);
		p->live = w->pools[i].n_live;
		p->backends = w->pools[i].n_members;
	}
}

static void renew(const struct app *app)
{
	const struct world *w = app->now.world;

	if (pthread_mutex_trylock(&copy.lock))
		return;
	snprintf(copy.node, sizeof(copy.node), "%s", log_node());
	copy.ready = app->ready;
	copy.draining = w && w->draining;
	copy.generation = app->generation;
	copy.epoch = w ? w->epoch : 0;
	copy.uptime_s = (wall_time_ms() - app->started_ms) / 1000;
	copy.workers = app->n_workers;
	copy_pools(w);
	copy.total = (struct stats_total){ 0 };
	plane_stats(app->plane, &copy.total);
	copy.valid = true;
	pthread_mutex_unlock(&copy.lock);
}

static int tell_status(const char *cmd, const char *params, struct rte_tel_data *d)
{
	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "version", VIADUCT_VERSION);
	rte_tel_data_add_dict_string(d, "node", copy.node);
	rte_tel_data_add_dict_int(d, "ready", copy.ready);
	rte_tel_data_add_dict_int(d, "draining", copy.draining);
	rte_tel_data_add_dict_u64(d, "workers", copy.workers);
	rte_tel_data_add_dict_u64(d, "uptime_s", copy.uptime_s);
	rte_tel_data_add_dict_u64(d, "generation", copy.generation);
	rte_tel_data_add_dict_u64(d, "epoch", copy.epoch);
	return 0;
}

/* Names as in the log and the control socket. What is 0 is left out, but for the plain counters. */
static int tell_counters(const char *cmd, const char *params, struct rte_tel_data *d)
{
	char name[64];

	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(d);
	for (unsigned int i = 0; i < N_COUNTERS; i++) {
		counter_name((enum counter)i, name, sizeof(name));
		rte_tel_data_add_dict_u64(d, name, copy.total.c[i]);
	}
	for (unsigned int i = SIP_OK; i < SIP_N_REASONS; i++) {
		const char *reason = i ? sip_reason_info((enum sip_reason)i)->name : "ok";

		snprintf(name, sizeof(name), "dropped_%s", reason);
		if (copy.total.dropped[i])
			rte_tel_data_add_dict_u64(d, name, copy.total.dropped[i]);
		snprintf(name, sizeof(name), "answered_%s", reason);
		if (copy.total.answered[i])
			rte_tel_data_add_dict_u64(d, name, copy.total.answered[i]);
	}
	return 0;
}

static int tell_pools(const char *cmd, const char *params, struct rte_tel_data *d)
{
	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(d);
	for (uint32_t i = 0; i < copy.n_pools; i++) {
		struct rte_tel_data *pool = rte_tel_data_alloc();

		if (!pool)
			return -ENOMEM;
		rte_tel_data_start_dict(pool);
		rte_tel_data_add_dict_u64(pool, "live", copy.pools[i].live);
		rte_tel_data_add_dict_u64(pool, "backends", copy.pools[i].backends);
		if (rte_tel_data_add_dict_container(d, copy.pools[i].name, pool, 0) < 0)
			rte_tel_data_free(pool);
	}
	return 0;
}

static const struct telling {
	const char *path;
	telemetry_cb tell;
	const char *help;
} tellings[] = {
	{ "/viaduct/status", tell_status, "State of the node. No parameters." },
	{ "/viaduct/counters", tell_counters, "Counters of all workers. No parameters." },
	{ "/viaduct/pools", tell_pools, "Live backends of each pool. No parameters." },
};

#define N_TELLINGS (sizeof(tellings) / sizeof(tellings[0]))

/* On EAL's thread. */
static int on_command(const char *cmd, const char *params, struct rte_tel_data *d)
{
	int rc = -ENOENT;

	pthread_mutex_lock(&copy.lock);
	for (size_t i = 0; copy.valid && i < N_TELLINGS; i++) {
		if (strcmp(tellings[i].path, cmd) == 0)
			rc = tellings[i].tell(cmd, params, d);
	}
	pthread_mutex_unlock(&copy.lock);
	return rc;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	renew(arg);
}

int telemetry_start(struct app *app)
{
	struct timeval second = { 1, 0 };

	if (!app->config.control.telemetry)
		return 0;
	for (size_t i = 0; i < N_TELLINGS; i++)
		rte_telemetry_register_cmd(tellings[i].path, on_command, tellings[i].help);
	renew(app);
	tick = event_new(app->base, -1, EV_PERSIST, on_tick, app);
	if (tick && event_add(tick, &second) == 0)
		return 0;
	log_error("no memory for telemetry");
	telemetry_stop(app);
	return -ENOMEM;
}

void telemetry_stop(struct app *app)
{
	(void)app;
	if (tick)
		event_free(tick);
	tick = NULL;
	pthread_mutex_lock(&copy.lock);
	copy.valid = false;
	pthread_mutex_unlock(&copy.lock);
}
