/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command: counters. Every counter by its name, with its class and what it means.
 *
 * Names are those of the log and of the reference: counters.def in lower case, and dropped_X and
 * answered_X for each reason X.
 */
#include "control/app.h"
#include "control/rpc/rpc.h"
#include "control/watch/examples.h"
#include "dataplane/plane_watch.h"

#include <stdio.h>
#include <string.h>

#define COUNTER_NAME_MAX 64

struct listing {
	json_t *list;
	const char *pattern; /* NULL = all */
	bool zeros;          /* those that are 0 too */
};

static void list_one(struct listing *l, const char *name, const char *class, uint64_t value,
		     const char *help)
{
	if ((!value && !l->zeros) || (l->pattern && !strstr(name, l->pattern)))
		return;
	json_array_append_new(l->list, json_pack("{s:s, s:I, s:s, s:s}", "name", name, "value",
						 (json_int_t)value, "class", class, "help", help));
}

static void list_counters(struct listing *l, const struct stats_total *total)
{
	static const char *const classes[] = { [COUNTER_rx] = "rx",
					       [COUNTER_out] = "out",
					       [COUNTER_drop] = "drop",
					       [COUNTER_tx] = "tx",
					       [COUNTER_info] = "info" };

	for (unsigned int i = 0; i < N_COUNTERS; i++) {
		const struct counter_info *info = counter_info((enum counter)i);
		char name[COUNTER_NAME_MAX];

		counter_name((enum counter)i, name, sizeof(name));
		list_one(l, name, classes[info->class], total->c[i], info->help);
	}
}

static void list_reasons(struct listing *l, const struct stats_total *total)
{
	for (unsigned int i = 0; i < SIP_N_REASONS; i++) {
		const struct sip_reason_info *r = sip_reason_info((enum sip_reason)i);
		char name[COUNTER_NAME_MAX];

		snprintf(name, sizeof(name), "answered_%s", i ? r->name : "ok");
		list_one(l, name, "out", total->answered[i], i ? r->help : "OPTIONS to the proxy");
		if (i == SIP_OK)
			continue;
		snprintf(name, sizeof(name), "dropped_%s", r->name);
		list_one(l, name, "drop", total->dropped[i], r->help);
	}
}

static void list_marks(struct listing *l, const struct stats_total *total)
{
	for (unsigned int i = 0; i < N_MARKS; i++) {
		const struct mark_info *m = mark_info((enum stats_mark)i);

		list_one(l, m->id, "info", total->mark[i], m->help);
	}
}

/* What devices count, all of them together. */
static void list_devices(struct listing *l, const struct app *app)
{
	struct plane_device_counts sum = { 0 }, one;

	for (uint16_t i = 0; plane_device(app->plane, i, &one); i++) {
		sum.rx_missed += one.rx_missed;
		sum.rx_errors += one.rx_errors;
		sum.rx_no_buffer += one.rx_no_buffer;
		sum.tx_errors += one.tx_errors;
	}
	list_one(l, "device_rx_missed", "info", sum.rx_missed,
		 "frames that devices lost because the workers were too slow, where they count it");
	list_one(l, "device_rx_errors", "info", sum.rx_errors, "frames that came damaged");
	list_one(l, "device_rx_no_buffer", "info", sum.rx_no_buffer,
		 "frames that devices had no packet buffer for");
	list_one(l, "device_tx_errors", "info", sum.tx_errors, "frames that devices did not send");
}

static void list_rest(struct listing *l, const struct app *app, const struct stats_total *total)
{
	list_one(l, "fragments_held", "info", total->held,
		 "fragments that wait for the rest of their datagram, and messages that wait for a "
		 "name");
	list_one(l, "kernel_sent", "info", app->kernel_sent, "messages sent through Linux");
	list_one(l, "kernel_failed", "info", app->kernel_failed,
		 "messages that Linux refused to send");
}

json_t *cmd_counters(struct rpc_call *call)
{
	struct listing l = { .list = json_array(),
			     .pattern = rpc_text(call, "pattern"),
			     .zeros = rpc_flag(call, "all") };
	struct stats_total total = { 0 };

	plane_stats(call->app->plane, &total);
	list_counters(&l, &total);
	list_reasons(&l, &total);
	list_marks(&l, &total);
	list_devices(&l, call->app);
	list_rest(&l, call->app, &total);
	return json_pack("{s:o, s:o}", "counters", l.list, "examples",
			 examples_json(call->app, l.pattern));
}
