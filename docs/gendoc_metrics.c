/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pages of what others watch: metrics and alarms.
 */
#include "control/watch/alarms.h"
#include "control/watch/metrics.h"
#include "docs/gendoc.h"

void metrics_page(FILE *to)
{
	static const char *const types[] = { [METRIC_COUNTER] = "counter",
					     [METRIC_GAUGE] = "gauge",
					     [METRIC_HISTOGRAM] = "histogram" };
	char name[METRICS_NAME_MAX];
	struct metric m;

	fputs("# Metrics\n\n" GENERATED
	      "What `/metrics` of `control.http` shows, in Prometheus' text format 0.0.4. Counters "
	      "of the workers have the label `worker`: its number, or `control` for what the "
	      "control thread forwards itself. Pools have `pool`, backends `pool` and "
	      "`backend`.\n\n"
	      "| metric | type | meaning |\n| --- | --- | --- |\n",
	      to);
	for (uint32_t i = 0; metrics_at(i, &m, name); i++)
		fprintf(to, "| `%s` | %s | %s |\n", m.name, types[m.type], m.help);
}

/* What is told once only has no seconds. */
static const char *after(unsigned int seconds, char out[16])
{
	if (seconds == 1)
		return "at once";
	snprintf(out, 16, "%u s", seconds);
	return out;
}

void alarms_page(FILE *to)
{
	fputs("# Alarms\n\n" GENERATED
	      "Each alarm is a line of the log when it is raised and when it is over, a text in "
	      "`viactl status` and on the status page, and `viaduct_alarm{name=\"...\"}` in the "
	      "metrics. It is raised, and cleared, once its condition has held, or not, for so "
	      "many seconds in a row.\n\n"
	      "| alarm | raised after | cleared after | meaning |\n| --- | --- | --- | --- |\n",
	      to);
	for (unsigned int i = 0; i < N_ALARMS; i++) {
		const struct alarm_info *a = alarm_info((enum alarm_id)i);
		char rise[16], fall[16];

		fprintf(to, "| `%s` | %s | %s | %s |\n", a->name, after(a->rise, rise),
			after(a->fall, fall), a->help);
	}
}
