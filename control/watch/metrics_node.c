/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Metrics of the node as a whole: build, readiness, configuration in force, alarms, process.
 */
#include "control/app.h"
#include "control/log.h"
#include "control/watch/alarms.h"
#include "control/watch/metrics.h"
#include "control/watch/process.h"

#include <rte_version.h>

static void one(struct metrics_out *o, uint64_t value)
{
	metrics_sample(o, "");
	metrics_u64(o, value);
}

static void emit_build(struct metrics_out *o, const struct app *app, const struct metric *m,
		       uint32_t i)
{
	(void)app;
	(void)m;
	(void)i;
	metrics_sample(o, "");
	metrics_label(o, "version", VIADUCT_VERSION);
	metrics_label(o, "dpdk", rte_version());
	metrics_label(o, "compiler", __VERSION__);
	metrics_u64(o, 1);
}

static void emit_node(struct metrics_out *o, const struct app *app, const struct metric *m,
		      uint32_t i)
{
	(void)app;
	(void)m;
	(void)i;
	metrics_sample(o, "");
	metrics_label(o, "node", log_node());
	metrics_u64(o, 1);
}

enum {
	READY,
	DRAINING,
	GENERATION,
	EPOCH,
	PAST,
	LISTENERS,
	LOADED,
	KERNEL_SENT,
	KERNEL_FAILED,
};

static void emit_fact(struct metrics_out *o, const struct app *app, const struct metric *m,
		      uint32_t i)
{
	const struct world *w = app->now.world;
	const uint64_t facts[] = {
		[READY] = app->ready,
		[DRAINING] = w && w->draining,
		[GENERATION] = app->generation,
		[EPOCH] = w ? w->epoch : 0,
		[PAST] = w ? w->n_past : 0,
		[LISTENERS] = w ? w->n_listeners : 0,
		[LOADED] = app->loaded_ms / 1000,
		[KERNEL_SENT] = app->kernel_sent,
		[KERNEL_FAILED] = app->kernel_failed,
	};

	(void)i;
	one(o, facts[m->which]);
}

enum { RAISED, N_RAISED };

static uint32_t n_alarms(const struct app *app)
{
	return app->alarms ? N_ALARMS : 0;
}

static void emit_alarm(struct metrics_out *o, const struct app *app, const struct metric *m,
		       uint32_t i)
{
	const struct alarm *a = &app->alarms->v[i];

	metrics_sample(o, "");
	metrics_label(o, "name", alarm_info((enum alarm_id)i)->name);
	metrics_u64(o, m->which == RAISED ? a->raised : a->n_raised);
}

enum { CPU, RESIDENT, VIRTUAL, OPEN_FDS, MAX_FDS, THREADS, START };

static void emit_process(struct metrics_out *o, const struct app *app, const struct metric *m,
			 uint32_t i)
{
	struct process p;

	(void)app;
	(void)i;
	if (process_read(&p) < 0)
		return;
	metrics_sample(o, "");
	if (m->which == CPU)
		metrics_double(o, p.cpu_s);
	else if (m->which == START)
		metrics_double(o, p.start_s);
	else
		metrics_u64(o, m->which == RESIDENT   ? p.resident
			       : m->which == VIRTUAL  ? p.virtual
			       : m->which == OPEN_FDS ? p.open_fds
			       : m->which == MAX_FDS  ? p.max_fds
						      : p.threads);
}

const struct metric metrics_of_node[] = {
	{ "viaduct_build_info", METRIC_GAUGE, "1, with what this is built of", NULL, emit_build,
	  0 },
	{ "viaduct_node_info", METRIC_GAUGE, "1, with the name of the node", NULL, emit_node, 0 },
	{ "viaduct_ready", METRIC_GAUGE, "1 once the node forwards", NULL, emit_fact, READY },
	{ "viaduct_draining", METRIC_GAUGE, "1 while the node takes no new calls", NULL, emit_fact,
	  DRAINING },
	{ "viaduct_config_generation", METRIC_GAUGE,
	  "worlds published so far: reloads, changes by hand, health, network", NULL, emit_fact,
	  GENERATION },
	{ "viaduct_config_loaded_timestamp_seconds", METRIC_GAUGE,
	  "when the configuration in force was read, in seconds since 1970", NULL, emit_fact,
	  LOADED },
	{ "viaduct_window_epoch", METRIC_GAUGE,
	  "changes so far of what any request's server is (RFC 3261 16.11)", NULL, emit_fact,
	  EPOCH },
	{ "viaduct_window_past_worlds", METRIC_GAUGE,
	  "worlds of before that transactions under way still go by", NULL, emit_fact, PAST },
	{ "viaduct_listeners", METRIC_GAUGE, "addresses that take SIP", NULL, emit_fact,
	  LISTENERS },
	{ "viaduct_kernel_sent_total", METRIC_COUNTER, "messages sent through Linux", NULL,
	  emit_fact, KERNEL_SENT },
	{ "viaduct_kernel_failed_total", METRIC_COUNTER, "messages that Linux refused to send",
	  NULL, emit_fact, KERNEL_FAILED },
	{ "viaduct_alarm", METRIC_GAUGE, "1 while the alarm is raised (docs/reference/alarms.md)",
	  n_alarms, emit_alarm, RAISED },
	{ "viaduct_alarms_raised_total", METRIC_COUNTER, "how often the alarm was raised", n_alarms,
	  emit_alarm, N_RAISED },
	{ "process_cpu_seconds_total", METRIC_COUNTER,
	  "time of the process on CPUs; with idle: spin workers use all of theirs", NULL,
	  emit_process, CPU },
	{ "process_resident_memory_bytes", METRIC_GAUGE, "memory of the process that is in RAM",
	  NULL, emit_process, RESIDENT },
	{ "process_virtual_memory_bytes", METRIC_GAUGE, "address space of the process", NULL,
	  emit_process, VIRTUAL },
	{ "process_open_fds", METRIC_GAUGE, "open file descriptors", NULL, emit_process, OPEN_FDS },
	{ "process_max_fds", METRIC_GAUGE, "most file descriptors that may be open", NULL,
	  emit_process, MAX_FDS },
	{ "process_threads", METRIC_GAUGE, "threads", NULL, emit_process, THREADS },
	{ "process_start_time_seconds", METRIC_GAUGE, "start, in seconds since 1970", NULL,
	  emit_process, START },
	{ 0 },
};
