/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Metrics of the workers, and of the control thread where it forwards itself: drops, answers,
 * methods, classes of responses, time in the worker, busy share, queues.
 */
#include "control/app.h"
#include "control/watch/metrics.h"
#include "dataplane/punt.h"

#include <rte_cycles.h>

#include <stdio.h>

#define BUCKETS_STEP 2 /* of LATENCY_STEPS per power of two: enough for quantiles within 20 % */

static uint32_t n_stats(const struct app *app)
{
	return plane_n_stats(app->plane);
}

static uint32_t n_workers(const struct app *app)
{
	return plane_n_stats(app->plane) - 1;
}

static const struct stats *stats_of(const struct app *app, uint32_t i)
{
	return plane_stats_of(app->plane, i);
}

static void worker(struct metrics_out *o, const struct app *app, uint32_t i)
{
	metrics_worker(o, i, plane_n_stats(app->plane) - 1);
}

/* "bad_ip" of "DROP_BAD_IP". */
static void put_reason(struct metrics_out *o, enum counter c)
{
	char name[64];

	counter_name(c, name, sizeof(name));
	metrics_label(o, "reason", name + sizeof("drop_") - 1);
}

static void emit_dropped(struct metrics_out *o, const struct app *app, const struct metric *m,
			 uint32_t i)
{
	(void)m;
	for (unsigned int c = 0; c < N_COUNTERS; c++) {
		if (counter_info((enum counter)c)->class != COUNTER_drop)
			continue;
		metrics_sample(o, "");
		worker(o, app, i);
		put_reason(o, (enum counter)c);
		metrics_u64(o, stat_get(&stats_of(app, i)->c[c]));
	}
	for (unsigned int r = SIP_OK + 1; r < SIP_N_REASONS; r++) {
		metrics_sample(o, "");
		worker(o, app, i);
		metrics_label(o, "reason", sip_reason_info((enum sip_reason)r)->name);
		metrics_u64(o, stat_get(&stats_of(app, i)->dropped[r]));
	}
}

/* SIP_OK: a 200 to OPTIONS. */
static void emit_answers(struct metrics_out *o, const struct app *app, const struct metric *m,
			 uint32_t i)
{
	(void)m;
	for (unsigned int r = SIP_OK; r < SIP_N_REASONS; r++) {
		const struct sip_reason_info *info = sip_reason_info((enum sip_reason)r);
		char status[8];

		if (r != SIP_OK && !info->status)
			continue;
		snprintf(status, sizeof(status), "%u", r == SIP_OK ? 200u : info->status);
		metrics_sample(o, "");
		worker(o, app, i);
		metrics_label(o, "reason", r == SIP_OK ? "options" : info->name);
		metrics_label(o, "status", status);
		metrics_u64(o, stat_get(&stats_of(app, i)->answered[r]));
	}
}

static void emit_requests(struct metrics_out *o, const struct app *app, const struct metric *m,
			  uint32_t i)
{
	(void)m;
	for (unsigned int k = 0; k < SIP_N_METHODS; k++) {
		const char *name = sip_method_name((enum sip_method)k);

		metrics_sample(o, "");
		worker(o, app, i);
		metrics_label(o, "method", k == SIP_M_OTHER || !name ? "other" : name);
		metrics_u64(o, stat_get(&stats_of(app, i)->requests[k]));
	}
}

static void emit_responses(struct metrics_out *o, const struct app *app, const struct metric *m,
			   uint32_t i)
{
	static const char *const classes[STATS_CLASSES] = { "none", "1xx", "2xx", "3xx",
							    "4xx",  "5xx", "6xx" };

	(void)m;
	for (unsigned int k = 0; k < STATS_CLASSES; k++) {
		metrics_sample(o, "");
		worker(o, app, i);
		metrics_label(o, "class", classes[k]);
		metrics_u64(o, stat_get(&stats_of(app, i)->responses[k]));
	}
}

/* All buckets are of one look at the counters, so they rise, and the last is the count. */
static void emit_latency(struct metrics_out *o, const struct app *app, const struct metric *m,
			 uint32_t i)
{
	struct stats_total t = { 0 };
	uint64_t below = 0;
	char le[40];

	(void)m;
	(void)i;
	plane_stats(app->plane, &t);
	for (unsigned int b = 0; b < LATENCY_BUCKETS; b++) {
		bool last = b == LATENCY_BUCKETS - 1;

		below += t.latency[b];
		if (!last && b % BUCKETS_STEP)
			continue;
		metrics_number(last ? __builtin_inf() : (double)latency_end(b) / 1e9, le,
			       sizeof(le));
		metrics_sample(o, "_bucket");
		metrics_label(o, "le", le);
		metrics_u64(o, below);
	}
	metrics_sample(o, "_sum");
	metrics_double(o, (double)t.latency_ns / 1e9);
	metrics_sample(o, "_count");
	metrics_u64(o, below);
}

enum { BUSY, ALL };

static void emit_seconds(struct metrics_out *o, const struct app *app, const struct metric *m,
			 uint32_t i)
{
	const struct stats *s = stats_of(app, i);

	metrics_sample(o, "");
	worker(o, app, i);
	metrics_double(o, (double)stat_get(m->which == BUSY ? &s->busy_cycles : &s->cycles) /
				  (double)rte_get_tsc_hz());
}

static void emit_mark(struct metrics_out *o, const struct app *app, const struct metric *m,
		      uint32_t i)
{
	metrics_sample(o, "");
	worker(o, app, i);
	metrics_u64(o, stat_get(&stats_of(app, i)->mark[m->which]));
}

static void emit_held(struct metrics_out *o, const struct app *app, const struct metric *m,
		      uint32_t i)
{
	(void)m;
	metrics_sample(o, "");
	worker(o, app, i);
	metrics_u64(o, stat_get(&stats_of(app, i)->held));
}

static void emit_punt_size(struct metrics_out *o, const struct app *app, const struct metric *m,
			   uint32_t i)
{
	(void)app;
	(void)m;
	(void)i;
	metrics_sample(o, "");
	metrics_u64(o, PUNT_RING_SIZE);
}

const struct metric metrics_of_workers[] = {
	{ "viaduct_dropped_total", METRIC_COUNTER,
	  "frames and messages that went no further, by reason (docs/reference/reasons.md, "
	  "counters.md)",
	  n_stats, emit_dropped, 0 },
	{ "viaduct_answers_total", METRIC_COUNTER,
	  "requests answered by the proxy itself, by reason and status; options: a 200", n_stats,
	  emit_answers, 0 },
	{ "viaduct_requests_total", METRIC_COUNTER, "SIP requests received, by method", n_stats,
	  emit_requests, 0 },
	{ "viaduct_responses_total", METRIC_COUNTER,
	  "SIP responses received, by class of their status", n_stats, emit_responses, 0 },
	{ "viaduct_latency_seconds", METRIC_HISTOGRAM,
	  "time of messages in a worker, from taking them from a device to giving them to one",
	  NULL, emit_latency, 0 },
	{ "viaduct_worker_busy_seconds_total", METRIC_COUNTER,
	  "time of turns that found packets; over viaduct_worker_seconds_total it is the busy "
	  "share",
	  n_workers, emit_seconds, BUSY },
	{ "viaduct_worker_seconds_total", METRIC_COUNTER, "time of all turns and naps", n_workers,
	  emit_seconds, ALL },
	{ "viaduct_fragments_held", METRIC_GAUGE,
	  "fragments that wait for the rest of their datagram", n_workers, emit_held, 0 },
	{ "viaduct_punt_ring_high_water_bytes", METRIC_GAUGE,
	  "the most that the ring to the control thread ever held", n_workers, emit_mark,
	  MARK_PUNT_BYTES },
	{ "viaduct_punt_ring_size_bytes", METRIC_GAUGE, "what that ring can hold", NULL,
	  emit_punt_size, 0 },
	{ "viaduct_kernel_ring_high_water_bytes", METRIC_GAUGE,
	  "the most that the ring to the TAPs of Linux ever held", n_workers, emit_mark,
	  MARK_KERNEL_BYTES },
	{ "viaduct_inbox_high_water_frames", METRIC_GAUGE,
	  "the most fragments that ever waited for a worker in its inbox", n_workers, emit_mark,
	  MARK_INBOX_FRAMES },
	{ "viaduct_tx_high_water_frames", METRIC_GAUGE,
	  "the most frames of one burst that a device did not take when first offered", n_workers,
	  emit_mark, MARK_TX_FRAMES },
	{ 0 },
};
