/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of the text: a family for each line of counters.def, then the lists of metrics_*.c.
 */
#include "control/watch/metrics.h"

#include "control/app.h"

#include <event2/buffer.h>
#include <stdio.h>

static uint32_t n_stats(const struct app *app)
{
	return plane_n_stats(app->plane);
}

static void emit_counter(struct metrics_out *o, const struct app *app, const struct metric *m,
			 uint32_t i)
{
	metrics_sample(o, "");
	metrics_worker(o, i, plane_n_stats(app->plane) - 1);
	metrics_u64(o, stat_get(&plane_stats_of(app->plane, i)->c[m->which]));
}

/* Counters of class drop are one family, viaduct_dropped_total. */
static bool counter_at(uint32_t i, struct metric *out, char name[METRICS_NAME_MAX])
{
	char id[64];

	for (unsigned int c = 0; c < N_COUNTERS; c++) {
		const struct counter_info *info = counter_info((enum counter)c);

		if (info->class == COUNTER_drop || i-- > 0)
			continue;
		counter_name((enum counter)c, id, sizeof(id));
		snprintf(name, METRICS_NAME_MAX, "viaduct_%s_total", id);
		*out = (struct metric){
			name, METRIC_COUNTER, info->help, n_stats, emit_counter, c
		};
		return true;
	}
	return false;
}

static uint32_t n_counters(void)
{
	uint32_t n = 0;

	for (unsigned int c = 0; c < N_COUNTERS; c++)
		n += counter_info((enum counter)c)->class != COUNTER_drop;
	return n;
}

bool metrics_at(uint32_t i, struct metric *out, char name[METRICS_NAME_MAX])
{
	static const struct metric *const lists[] = { metrics_of_node,   metrics_of_workers,
						      metrics_of_pools,  metrics_of_backends,
						      metrics_of_health, metrics_of_tls,
						      metrics_of_dns,    metrics_of_relay };

	if (counter_at(i, out, name))
		return true;
	i -= n_counters();
	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++) {
		for (const struct metric *m = lists[l]; m->name; m++) {
			if (i-- > 0)
				continue;
			*out = *m;
			return true;
		}
	}
	return false;
}

bool metrics_write(struct metrics_walk *w, const struct app *app, struct evbuffer *to, size_t bytes,
		   bool *failed)
{
	struct metrics_out o = { .to = to };
	size_t enough = evbuffer_get_length(to) + bytes;
	struct metric m;

	for (; metrics_at(w->family, &m, w->name); w->family++, w->item = 0, w->begun = false) {
		uint32_t n = m.items ? m.items(app) : 1;

		o.name = m.name;
		if (!w->begun)
			metrics_family(&o, m.name, m.type, m.help);
		w->begun = true;
		for (; w->item < n; w->item++) {
			if (evbuffer_get_length(to) >= enough) {
				*failed = o.failed;
				return false;
			}
			m.emit(&o, app, &m, w->item);
		}
	}
	*failed = o.failed;
	return true;
}
