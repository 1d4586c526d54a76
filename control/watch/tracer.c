/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One slot of the data plane's filter set per trace. A record tells by its generation for which set
 * it was made, so what an ended trace left in the rings never reaches the next one in its slot.
 * Threads bound what they copy each for itself; the bound on all of them together is here.
 */
#include "control/watch/tracer.h"

#include "control/app.h"
#include "control/config/alloc.h"
#include "control/log.h"
#include "control/rpc/rpc.h"
#include "control/watch/trace_json.h"
#include "dataplane/plane_watch.h"

#include <errno.h>
#include <event2/event.h>
#include <time.h>

#define DRAIN_MS 20
#define DRAIN_MAX 512 /* records per drain: the loop has other things to do */
#define NS_PER_S 1000000000ull

struct trace {
	int64_t id; /* 0 = free slot */
	struct rpc_client *client;
	struct tracer_wish wish;
	uint64_t since;       /* generation of its first set */
	uint64_t missed_base; /* of the slot, when it started */
	uint64_t captured, missed;
	struct limit rate;
	struct tracer *tracer; /* for the callback of its client's end */
};

struct tracer {
	struct app *app;
	struct event *tick;
	tracer_sink sink;
	int64_t last_id;
	unsigned int n; /* under way */
	struct trace slot[TRACE_SLOTS];
	uint64_t wall_ns, now_ns; /* of this drain */
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* --- the set in force ---------------------------------------------------------------------- */

/* Publishes the filters of all traces. Returns the generation, 0 without memory. */
static uint64_t publish(struct tracer *t)
{
	struct trace_filter slots[TRACE_SLOTS];
	uint64_t generation;

	for (unsigned int i = 0; i < TRACE_SLOTS; i++) {
		slots[i] = t->slot[i].wish.filter;
		slots[i].used = t->slot[i].id != 0;
		slots[i].rate = t->slot[i].wish.rate;
	}
	generation = plane_trace(t->app->plane, t->n ? slots : NULL);
	t->app->relay_env.tap = plane_trace_tap(t->app->plane);
	t->app->relay_env.trace = plane_trace_set(t->app->plane);
	return generation;
}

/* --- one trace ----------------------------------------------------------------------------- */

static void release(struct trace *x)
{
	struct tracer *t = x->tracer;

	*x = (struct trace){ .tracer = t };
	t->n--;
	if (!t->n)
		event_del(t->tick);
	/* Without memory the old set stays: it only copies what nobody asks for any more. */
	publish(t);
}

static void on_gone(void *arg)
{
	release(arg);
}

static uint64_t missed_of(const struct trace *x)
{
	unsigned int slot = (unsigned int)(x - x->tracer->slot);

	return x->missed + plane_trace_missed(x->tracer->app->plane, slot) - x->missed_base;
}

static void end(struct trace *x, const char *why)
{
	struct rpc_client *client = x->client;
	json_t *params = json_pack("{s:I, s:I, s:s}", "captured", (json_int_t)x->captured, "missed",
				   (json_int_t)missed_of(x), "why", why);

	if (x->tracer->sink == rpc_notify)
		rpc_on_close(client, NULL, NULL);
	x->tracer->sink(client, "trace.end", params);
	release(x);
}

static struct trace *free_slot(struct tracer *t, const struct rpc_client *client, int *rc)
{
	struct trace *found = NULL;

	*rc = -EBUSY;
	for (unsigned int i = 0; i < TRACE_SLOTS; i++) {
		struct trace *x = &t->slot[i];

		if (x->id && x->client == client) {
			*rc = -EALREADY;
			return NULL;
		}
		found = x->id || found ? found : x;
	}
	return found;
}

int64_t tracer_add(struct app *app, struct rpc_client *client, const struct tracer_wish *wish)
{
	static const struct timeval period = { 0, DRAIN_MS * 1000 };
	struct tracer *t = app->tracer;
	int rc;
	struct trace *x = free_slot(t, client, &rc);

	if (!x)
		return rc;
	*x = (struct trace){
		.id = ++t->last_id,
		.client = client,
		.wish = *wish,
		.missed_base = plane_trace_missed(app->plane, (unsigned int)(x - t->slot)),
		.tracer = t,
	};
	limit_set(&x->rate, wish->rate, NS_PER_S, clock_ns(CLOCK_MONOTONIC));
	t->n++;
	x->since = publish(t);
	if (!x->since || event_add(t->tick, &period) < 0) {
		release(x);
		return -ENOMEM;
	}
	if (t->sink == rpc_notify)
		rpc_on_close(client, on_gone, x);
	return x->id;
}

/* --- records ------------------------------------------------------------------------------- */

static void hand_on(struct trace *x, json_t *message)
{
	limit_refill(&x->rate, x->tracer->now_ns);
	if (!message || !limit_take(&x->rate) ||
	    !x->tracer->sink(x->client, "trace.message", json_incref(message)))
		x->missed++;
	else if (++x->captured == x->wish.count)
		end(x, "count");
}

static void on_record(const struct trace_record *r, void *arg)
{
	struct tracer *t = arg;
	uint64_t age = plane_age_ns(r->tsc);
	json_t *message = NULL;

	for (unsigned int i = 0; i < TRACE_SLOTS; i++) {
		struct trace *x = &t->slot[i];

		if (!(r->slots >> i & 1) || !x->id || r->generation < x->since)
			continue;
		if (!message)
			message = trace_json(r, t->app->now.world, t->wall_ns - age);
		hand_on(x, message);
	}
	json_decref(message);
}

unsigned int tracer_drain(struct app *app)
{
	struct tracer *t = app->tracer;

	t->wall_ns = clock_ns(CLOCK_REALTIME);
	t->now_ns = clock_ns(CLOCK_MONOTONIC);
	return plane_trace_take(app->plane, DRAIN_MAX, on_record, t);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tracer_drain(arg);
}

/* --- the part ------------------------------------------------------------------------------ */

void tracer_set_sink(struct app *app, tracer_sink sink)
{
	app->tracer->sink = sink ? sink : rpc_notify;
}

int tracer_start(struct app *app)
{
	struct tracer *t = mem_alloc(sizeof(*t));

	app->tracer = t;
	if (t) {
		t->app = app;
		t->sink = rpc_notify;
		t->tick = event_new(app->base, -1, EV_PERSIST, on_tick, app);
	}
	if (t && t->tick) {
		for (unsigned int i = 0; i < TRACE_SLOTS; i++)
			t->slot[i].tracer = t;
		return 0;
	}
	log_error("no memory for traces");
	tracer_stop(app);
	return -ENOMEM;
}

void tracer_stop(struct app *app)
{
	struct tracer *t = app->tracer;

	if (!t)
		return;
	for (unsigned int i = 0; i < TRACE_SLOTS; i++) {
		if (t->slot[i].id)
			end(&t->slot[i], "stop");
	}
	if (t->tick)
		event_free(t->tick);
	mem_free(t);
	app->tracer = NULL;
}
