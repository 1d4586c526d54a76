/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/engine/sums.h"

#include <string.h>

#define CEILING_SHARE 0.8 /* of it: beyond that a result is the generator's */

void sums_clear(struct load_counts *c)
{
	memset(c, 0, sizeof(*c));
	histogram_clear(&c->latency);
	histogram_clear(&c->late);
}

static uint64_t look(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

void sums_add(struct load_counts *to, const struct load_counts *from)
{
	unsigned int n = from->n_faults;

	for (unsigned int i = 0; i < LOAD_N_COUNTERS; i++)
		to->c[i] += look(&from->c[i]);
	for (unsigned int i = 0; i < LOAD_SERVERS; i++)
		to->server[i] += look(&from->server[i]);
	to->busy_ticks += look(&from->busy_ticks);
	to->total_ticks += look(&from->total_ticks);
	histogram_add(&to->latency, &from->latency);
	histogram_add(&to->late, &from->late);
	for (unsigned int i = 0; i < n && to->n_faults < LOAD_FIRST_FAULTS; i++)
		to->fault[to->n_faults++] = from->fault[i];
}

void sums_rates(struct load_result *r, const uint64_t *c, double seconds)
{
	const struct load_counts *s = &r->sum;

	r->seconds = seconds;
	r->sent_rate = seconds > 0 ? (double)c[L_SENT] / seconds : 0;
	r->received_rate = seconds > 0 ? (double)c[L_RECEIVED] / seconds : 0;
	r->call_rate = seconds > 0 ? (double)c[L_CALLS_STARTED] / seconds : 0;
	r->loss = s->c[L_SENT] ? (double)s->c[L_LOST] / (double)s->c[L_SENT] : 0;
	r->ceiling =
		s->busy_ticks ? r->sent_rate * (double)s->total_ticks / (double)s->busy_ticks : 0;
	r->at_ceiling = (double)s->busy_ticks > CEILING_SHARE * (double)s->total_ticks;
	r->n_wrong = 0;
	for (unsigned int i = 0; i < LOAD_N_COUNTERS; i++)
		r->n_wrong += load_counter_wrong[i] ? (unsigned int)s->c[i] : 0;
}
