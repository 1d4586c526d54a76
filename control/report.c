/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters as log lines: on SIGUSR1 and at the end. What is 0 is left out.
 */
#include "control/app.h"
#include "control/fleet/fleet.h"
#include "control/log.h"

#include <inttypes.h>
#include <stdio.h>

#define NAME_MAX_COUNTER 64

static void report_one(const char *kind, const char *name, uint64_t value, const char *help)
{
	if (value)
		log_info("counter %s%s %" PRIu64 " (%s)", kind, name, value, help);
}

static void report_backends(struct app *app)
{
	for (uint32_t i = 0; i < fleet_end(app->fleet); i++) {
		const struct fleet_backend *b = fleet_at(app->fleet, (uint16_t)i);
		uint64_t n = b ? fleet_messages(app, b) : 0;

		if (n)
			log_info("backend %s/%s (number %u%s) %" PRIu64 " messages", b->pool_name,
				 b->name, b->number, b->removed ? ", removed" : "", n);
	}
}

void report_counters(struct app *app)
{
	struct stats_total total = { 0 };
	char name[NAME_MAX_COUNTER];

	plane_stats(app->plane, &total);
	for (unsigned int i = 0; i < N_COUNTERS; i++) {
		counter_name((enum counter)i, name, sizeof(name));
		report_one("", name, total.c[i], counter_info((enum counter)i)->help);
	}
	for (unsigned int i = 0; i < SIP_N_REASONS; i++) {
		const struct sip_reason_info *r = sip_reason_info((enum sip_reason)i);

		report_one("dropped_", i ? r->name : "ok", total.dropped[i], r->help);
		report_one("answered_", i ? r->name : "ok", total.answered[i],
			   i ? r->help : "OPTIONS to the proxy");
	}
	report_one("", "fragments_held", total.held,
		   "fragments that wait for the rest of their datagram");
	report_one("", "kernel_sent", app->kernel_sent, "messages sent through Linux");
	report_one("", "kernel_failed", app->kernel_failed, "messages that Linux refused to send");
	report_backends(app);
}
