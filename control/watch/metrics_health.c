/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Metrics of health: what probes and the traffic say of each backend, and the panic rule.
 */
#include "control/app.h"
#include "control/fleet/fleet.h"
#include "control/health/health.h"
#include "control/watch/metrics.h"

static uint32_t n_backends(const struct app *app)
{
	return fleet_end(app->fleet);
}

static uint32_t n_pools(const struct app *app)
{
	return app->now.world ? app->now.world->n_pools : 0;
}

/* Begins a sample for backend @i; false if there is none in a pool. */
static bool sample(struct metrics_out *o, const struct app *app, uint32_t i)
{
	const struct fleet_backend *b = fleet_at(app->fleet, (uint16_t)i);

	if (!b || b->removed || b->pool == WORLD_NONE)
		return false;
	metrics_sample(o, "");
	metrics_label(o, "pool", b->pool_name);
	metrics_label(o, "backend", b->name);
	return true;
}

enum { UP, OK, CODE, MEAN, P99, SENT, FAILED, LAST };

static void emit_probe(struct metrics_out *o, const struct app *app, const struct metric *m,
		       uint32_t i)
{
	struct health_probe p;

	if (!health_probe_of(app, (uint16_t)i, &p) || !p.known || !sample(o, app, i))
		return;
	if (m->which == MEAN || m->which == P99)
		metrics_double(o, (m->which == MEAN ? p.latency_mean_ms : p.latency_p99_ms) / 1000);
	else
		metrics_u64(o, m->which == UP     ? p.up
			       : m->which == OK   ? p.ok
			       : m->which == CODE ? p.code
			       : m->which == SENT ? p.sent
			       : m->which == LAST ? p.last_ms / 1000
						  : p.failed);
}

enum { REQUESTS, RESPONSES, ERRORS, RETRY_AFTER, UNREACHABLE, RESTING };

static void emit_passive(struct metrics_out *o, const struct app *app, const struct metric *m,
			 uint32_t i)
{
	struct health_passive p;

	if (!sample(o, app, i))
		return;
	health_passive_of(app, (uint16_t)i, &p);
	metrics_u64(o, m->which == REQUESTS      ? p.requests
		       : m->which == RESPONSES   ? p.responses
		       : m->which == ERRORS      ? p.errors
		       : m->which == RETRY_AFTER ? p.retry_after
		       : m->which == UNREACHABLE ? p.unreachable
						 : p.resting_until_ms != 0);
}

static void emit_panic(struct metrics_out *o, const struct app *app, const struct metric *m,
		       uint32_t i)
{
	(void)m;
	metrics_sample(o, "");
	metrics_label(o, "pool", app->now.world->pools[i].name);
	metrics_u64(o, health_in_panic(app, (uint16_t)i));
}

static void emit_cut_off(struct metrics_out *o, const struct app *app, const struct metric *m,
			 uint32_t i)
{
	(void)m;
	(void)i;
	metrics_sample(o, "");
	metrics_u64(o, health_is_cut_off(app));
}

const struct metric metrics_of_health[] = {
	{ "viaduct_pool_panic", METRIC_GAUGE,
	  "1 while backends of the pool keep a state that health would change", n_pools, emit_panic,
	  0 },
	{ "viaduct_probes_cut_off", METRIC_GAUGE,
	  "1 while no probe at all is answered: likelier this node than all servers", NULL,
	  emit_cut_off, 0 },
	{ "viaduct_probe_up", METRIC_GAUGE, "1 if the probes say that it is up, by rise and fall",
	  n_backends, emit_probe, UP },
	{ "viaduct_probe_success", METRIC_GAUGE, "1 if the last probe was good", n_backends,
	  emit_probe, OK },
	{ "viaduct_probe_status_code", METRIC_GAUGE,
	  "status of the answer to the last probe; 0: no answer", n_backends, emit_probe, CODE },
	{ "viaduct_probe_latency_mean_seconds", METRIC_GAUGE, "mean time to the answer", n_backends,
	  emit_probe, MEAN },
	{ "viaduct_probe_latency_p99_seconds", METRIC_GAUGE,
	  "time to the answer that 99 of 100 probes stay below", n_backends, emit_probe, P99 },
	{ "viaduct_probe_last_timestamp_seconds", METRIC_GAUGE,
	  "when the last probe ended, in seconds since 1970", n_backends, emit_probe, LAST },
	{ "viaduct_probes_sent_total", METRIC_COUNTER, "probes sent", n_backends, emit_probe,
	  SENT },
	{ "viaduct_probes_failed_total", METRIC_COUNTER, "probes that failed", n_backends,
	  emit_probe, FAILED },
	{ "viaduct_backend_requests_total", METRIC_COUNTER,
	  "requests sent to it, estimated from one transaction in 64", n_backends, emit_passive,
	  REQUESTS },
	{ "viaduct_backend_responses_total", METRIC_COUNTER,
	  "responses that came from it, estimated likewise", n_backends, emit_passive, RESPONSES },
	{ "viaduct_backend_errors_total", METRIC_COUNTER, "its responses of 500 to 599", n_backends,
	  emit_passive, ERRORS },
	{ "viaduct_backend_retry_after_total", METRIC_COUNTER, "its 503 with Retry-After",
	  n_backends, emit_passive, RETRY_AFTER },
	{ "viaduct_backend_unreachable_total", METRIC_COUNTER, "ICMP errors about messages to it",
	  n_backends, emit_passive, UNREACHABLE },
	{ "viaduct_backend_resting", METRIC_GAUGE, "1 while it rests as its Retry-After asked",
	  n_backends, emit_passive, RESTING },
	{ 0 },
};
