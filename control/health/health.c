/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The health part: timers, sockets, and the way from a datagram to a judgement.
 *
 * One timer serves all targets, at most every GRAIN_US: a thousand backends probed each second are
 * a hundred turns of the loop with ten probes each and not two thousand turns. The sockets are read
 * before anyone is found late, so a node that was busy for a while blames nobody for it.
 */
#include "control/app.h"
#include "control/health/health_state.h"
#include "control/health/probe_stream.h"
#include "dataplane/proxy/servers.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/random.h>

#define SOON_US 1000
#define GRAIN_US 10000
#define HELD_UP_US 20000
#define GATHER_US 200000
#define TICK_MS 500
#define SWEEP_MS 60000 /* sockets whose address nobody sends from any more are closed */

/* --- what the prober needs --------------------------------------------------------------- */

static int io_source(void *arg, const struct endpoint *dst, struct ip *out)
{
	(void)arg;
	return probe_net_source(dst, out);
}

static int io_send(void *arg, const struct ip *source, struct probe_text *t)
{
	struct health *h = arg;
	char text[PROBE_TEXT_MAX];
	struct probe_socket *s;
	size_t len;
	int rc;

	if (probe_stream_transport(h->app, t->id.target) != SIP_UDP)
		return probe_stream_send(h->app, t);
	s = probe_net_open(h->net, source, &rc);
	if (!s)
		return rc;
	t->local = *probe_socket_local(s);
	len = probe_text_write(t, text);
	return len ? probe_socket_send(s, &t->remote, text, len) : -EMSGSIZE;
}

static uint64_t io_random(void *arg)
{
	struct health *h = arg;
	uint64_t v;

	if (h->n_random < sizeof(v)) {
		/* 256 bytes and more may be cut short by a signal; what is there is good. */
		ssize_t n = getrandom(h->random, sizeof(h->random), 0);

		h->n_random = n > 0 ? (uint32_t)n : sizeof(v);
	}
	h->n_random -= sizeof(v);
	memcpy(&v, h->random + h->n_random, sizeof(v));
	return v;
}

static void on_news(void *arg, const struct probe_news *news)
{
	struct health *h = arg;

	if (news->error) {
		if (news->error != EMSGSIZE)
			prober_error(h->prober, &news->from, news->error);
		return;
	}
	sip_parse(news->data, news->len, SIP_PADDED, &h->message);
	prober_answer(h->prober, &news->from, &h->message, news->at_us);
}

/* An answer that came by a connection. */
static bool on_stream_answer(void *arg, const struct endpoint *from, const struct sip_msg *m)
{
	struct health *h = arg;
	uint32_t target;

	if (!probe_text_target(m, &target))
		return false;
	prober_answer(h->prober, from, m, probe_clock_us());
	return true;
}

/* --- timers ------------------------------------------------------------------------------ */

static void arm(struct health *h, uint64_t in_us)
{
	struct timeval delay = { (time_t)(in_us / 1000000), (suseconds_t)(in_us % 1000000) };

	h->due_us = probe_clock_us() + in_us;
	event_add(h->turn, &delay);
}

/* Something held the loop up: connections are to be read before anyone is found late, and the loop
 * does that before its timers. */
static bool is_held_up(struct health *h, uint64_t now)
{
	h->put_off = !h->put_off && now > h->due_us + HELD_UP_US;
	return h->put_off;
}

/* The first change is told at once, those of the next moment together: a pool that dies is a few
 * new worlds and not as many as it has servers. */
static void judge(struct health *h, uint64_t now)
{
	if (now >= h->quiet_us && health_judge(h))
		h->quiet_us = now + GATHER_US;
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct health *h = arg;
	uint64_t now = probe_clock_us(), due;

	(void)fd;
	(void)what;
	if (is_held_up(h, now)) {
		arm(h, 0);
		return;
	}
	health_sync(h);
	probe_net_read(h->net);
	due = prober_run(h->prober, now);
	judge(h, now);
	if (h->pending && h->quiet_us < due)
		due = h->quiet_us;
	/* With many targets the next turn comes sooner than an answer is missed. */
	probe_net_watch(h->net, due > now + 2 * GRAIN_US);
	if (due == UINT64_MAX)
		return;
	if (due <= now)
		arm(h, SOON_US);
	else
		arm(h, due - now > GRAIN_US ? due - now : GRAIN_US);
}

void health_judge_soon(struct health *h)
{
	h->pending = true;
	if (h->turn)
		arm(h, SOON_US);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct health *h = arg;
	uint64_t before = h->generation, now = log_clock_ms();

	(void)fd;
	(void)what;
	health_sync(h);
	health_found_traffic(h);
	if (h->generation != before)
		health_judge_soon(h); /* there may be new targets */
	if (now - h->swept_ms < SWEEP_MS)
		return;
	probe_net_sweep(h->net);
	h->swept_ms = now;
}

void health_unreachable(struct app *app, const struct endpoint *dst)
{
	struct health *h = app->health;

	/* Most such errors are about callers. */
	if (!h || servers_find(app->now.world, dst) == WORLD_NONE)
		return;
	for (uint32_t i = 0; i < h->n_v; i++) {
		if (h->v[i] && endpoint_equal(&h->v[i]->addr, dst))
			h->v[i]->unreachable++;
	}
}

/* --- life -------------------------------------------------------------------------------- */

static int start(struct health *h)
{
	const struct probe_io io = { h, io_source, io_send, io_random };
	struct timeval period = { TICK_MS / 1000, TICK_MS % 1000 * 1000 };

	h->net = probe_net_new(h->app->base, on_news, h);
	h->prober = prober_new(&io, health_found_probe, h);
	h->turn = evtimer_new(h->app->base, on_turn, h);
	h->tick = event_new(h->app->base, -1, EV_PERSIST, on_tick, h);
	h->swept_ms = log_clock_ms();
	if (!h->net || !h->prober || !h->turn || !h->tick || event_add(h->tick, &period) < 0)
		return -ENOMEM;
	h->app->relay_env.own_response = on_stream_answer;
	h->app->relay_env.own_response_arg = h;
	arm(h, 0);
	return 0;
}

int health_start(struct app *app)
{
	struct health *h = mem_alloc(sizeof(*h));

	app->health = h;
	if (h) {
		h->app = app;
		if (start(h) == 0)
			return 0;
	}
	log_error("no memory for the health checks");
	health_stop(app);
	return -ENOMEM;
}

void health_stop(struct app *app)
{
	struct health *h = app->health;

	app->health = NULL;
	app->relay_env.own_response = NULL;
	if (!h)
		return;
	if (h->turn)
		event_free(h->turn);
	if (h->tick)
		event_free(h->tick);
	prober_free(h->prober);
	probe_net_free(h->net);
	health_unsync(h);
	mem_free(h);
}
