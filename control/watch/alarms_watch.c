/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The alarms part: once a second, what the counters and the world say is held against the
 * thresholds of the configuration. Who knows more (a reload that was refused) tells it himself.
 */
#include "control/app.h"
#include "control/health/health.h"
#include "control/log.h"
#include "control/stream/tls.h"
#include "control/wall_time.h"
#include "control/watch/alarms.h"
#include "control/watch/rates.h"
#include "dataplane/plane_watch.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#define DAY_S 86400

struct watch {
	struct alarms alarms; /* first: app->alarms points here */
	struct event *tick;
	uint64_t punt_most;    /* bytes in the fullest ring, at the last look */
	uint64_t past_dropped; /* likewise */
};

static struct watch *watch_of(struct app *app)
{
	return (struct watch *)(void *)app->alarms;
}

static void watch_busy(struct app *app)
{
	unsigned int most = 0;
	double busy = 0;

	for (unsigned int i = 0; i < app->n_workers; i++) {
		struct rates_worker w = rates_worker(app->rates, i);

		if (w.busy > busy) {
			busy = w.busy;
			most = i;
		}
	}
	alarms_tell(app->alarms, ALARM_BUSY, busy * 100 > app->config.alarms.busy,
		    "worker %u is busy %.0f %% of its time", most, busy * 100);
}

static void watch_drops(struct app *app)
{
	const char *reason = "";
	char name[64];
	double all = 0, most = 0;

	for (unsigned int i = SIP_OK + 1; i < SIP_N_REASONS; i++) {
		double rate = rates_dropped(app->rates, (enum sip_reason)i);

		if (i == SIP_R_KEEPALIVE || i == SIP_R_STUN)
			continue;
		all += rate;
		if (rate > most) {
			most = rate;
			reason = sip_reason_info((enum sip_reason)i)->name;
		}
	}
	for (unsigned int i = 0; i < N_COUNTERS; i++) {
		double rate = rates_counter(app->rates, (enum counter)i);

		/* TCP of others, which fills any queue until it loses something. */
		if (counter_info((enum counter)i)->class != COUNTER_drop || i == C_DROP_KERNEL_FULL)
			continue;
		all += rate;
		if (rate > most) {
			most = rate;
			counter_name((enum counter)i, name, sizeof(name));
			reason = name;
		}
	}
	alarms_tell(app->alarms, ALARM_DROPS, all > app->config.alarms.drops,
		    "%.0f messages dropped a second, most of them %s", all, reason);
}

static void watch_pools(struct app *app)
{
	const struct world *w = app->now.world;
	const char *dead = "", *panic = "";
	unsigned int n_dead = 0, n_panic = 0;

	for (uint16_t i = 0; w && i < w->n_pools; i++) {
		if (!w->pools[i].n_live && n_dead++ == 0)
			dead = w->pools[i].name;
		if (health_in_panic(app, i) && n_panic++ == 0)
			panic = w->pools[i].name;
	}
	alarms_tell(app->alarms, ALARM_POOL, n_dead > 0, "pool %s has no live backend%s", dead,
		    n_dead > 1 ? ", and others" : "");
	alarms_tell(app->alarms, ALARM_PANIC, n_panic > 0,
		    "pool %s: too many backends would be down, they keep their state%s", panic,
		    n_panic > 1 ? "; and others" : "");
}

/* The marks never fall, so what counts is that one rose; a ring that was full once cannot rise, but
 * loses when it is full again. */
static void watch_queues(struct app *app)
{
	struct watch *w = watch_of(app);
	const struct stats_total *t = rates_total(app->rates);
	double lost = rates_counter(app->rates, C_DROP_PUNT_FULL) +
		      rates_counter(app->rates, C_DROP_TX_FULL);
	uint64_t punt = t->mark[MARK_PUNT_BYTES];
	bool rose = punt > w->punt_most;
	uint64_t filled = punt * 100 / PUNT_RING_COMMON;
	unsigned int percent = filled < 100 ? (unsigned int)filled : 100;

	w->punt_most = punt;
	if (lost > 0)
		alarms_tell(app->alarms, ALARM_QUEUE, true,
			    "queues to the devices or to the control thread are full: %.0f "
			    "messages lost a second",
			    lost);
	else
		alarms_tell(app->alarms, ALARM_QUEUE, rose && percent > app->config.alarms.queue,
			    "the ring to the control thread was %u %% full", percent);
}

static void watch_rest(struct app *app)
{
	struct watch *w = watch_of(app);
	double fragments = rates_counter(app->rates, C_DROP_FRAG_MEMORY);

	alarms_tell(app->alarms, ALARM_WINDOW, app->past_dropped != w->past_dropped,
		    "too many pool changes within the transaction window: the shortest-lived "
		    "states are forgotten");
	w->past_dropped = app->past_dropped;
	alarms_tell(app->alarms, ALARM_FRAGMENTS, fragments > 0,
		    "%.0f fragments dropped a second: reassembly.memory_mb is full", fragments);
	alarms_tell(app->alarms, ALARM_LISTENERS,
		    !app->now.world || app->now.world->n_listeners == 0,
		    "no listener: no interface has an address");
}

/* The certificate that expires first decides what is said. */
static void watch_certificates(struct app *app)
{
	int64_t now = (int64_t)(wall_time_ms() / 1000);
	const struct tls_certificate *first = NULL;
	int64_t left;

	for (uint32_t i = 0; i < tls_n_certificates(app->tls); i++) {
		const struct tls_certificate *c = tls_certificate_at(app->tls, i);

		if (!first || c->expires < first->expires)
			first = c;
	}
	left = first ? first->expires - now : 0;
	alarms_tell(app->alarms, ALARM_CERTIFICATE,
		    first && left < (int64_t)app->config.alarms.certificate_days * DAY_S,
		    "listener %s: certificate %s %s %lld days", first ? first->listener : "",
		    first ? first->file : "", left < 0 ? "has expired for" : "expires in",
		    (long long)(left < 0 ? -left : left) / DAY_S);
}

/* Of shared interfaces Linux knows, and network.c tells. */
static void watch_links(struct app *app)
{
	const char *down = "";
	unsigned int n = 0;

	for (uint16_t i = 0; app->plane && i < app->config.n_interfaces; i++) {
		const struct config_interface *c = &app->config.interfaces[i];

		if (c->kernel != CONFIG_KERNEL_SHARED && !plane_link(app->plane, i).up && n++ == 0)
			down = c->name;
	}
	alarms_tell(app->alarms, ALARM_LINK, n > 0, "interface %s has no link%s", down,
		    n > 1 ? ", and others" : "");
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;

	(void)fd;
	(void)what;
	watch_busy(app);
	watch_drops(app);
	watch_pools(app);
	watch_queues(app);
	watch_rest(app);
	watch_links(app);
	watch_certificates(app);
}

int alarms_start(struct app *app)
{
	struct timeval second = { 1, 0 };
	struct watch *w = mem_alloc(sizeof(*w));

	app->alarms = w ? &w->alarms : NULL;
	if (w)
		w->tick = event_new(app->base, -1, EV_PERSIST, on_tick, app);
	if (w && w->tick && event_add(w->tick, &second) == 0)
		return 0;
	log_error("no memory for alarms");
	alarms_stop(app);
	return -ENOMEM;
}

void alarms_stop(struct app *app)
{
	struct watch *w = app->alarms ? watch_of(app) : NULL;

	app->alarms = NULL;
	if (w && w->tick)
		event_free(w->tick);
	mem_free(w);
}
