/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/stats.h"

#include "dataplane/example.h"

#include <stdlib.h>

static const struct counter_info infos[N_COUNTERS] = {
#define COUNTER(id, class, help) { #id, help, COUNTER_##class },
#include "dataplane/counters.def"
#undef COUNTER
};

const struct counter_info *counter_info(enum counter c)
{
	return &infos[c];
}

static const struct mark_info marks[N_MARKS] = {
	[MARK_PUNT_BYTES] = { "most_punt_bytes",
			      "most bytes that waited in a worker's ring to the control thread" },
	[MARK_INBOX_FRAMES] = { "most_inbox_frames",
				"most fragments that waited for the worker of their datagram" },
	[MARK_KERNEL_BYTES] = { "most_kernel_bytes",
				"most bytes that waited in a worker's ring to the TAPs of Linux" },
	[MARK_TX_FRAMES] = { "most_tx_frames",
			     "most frames of a burst that a device did not take at first" },
};

const struct mark_info *mark_info(enum stats_mark m)
{
	return &marks[m];
}

void counter_name(enum counter c, char *out, size_t n)
{
	const char *id = infos[c].id;
	size_t i;

	for (i = 0; id[i] && i + 1 < n; i++)
		out[i] = id[i] >= 'A' && id[i] <= 'Z' ? (char)(id[i] | 0x20) : id[i];
	if (n)
		out[i] = '\0';
}

struct stats *stats_new(void)
{
	struct stats *s = aligned_alloc(64, sizeof(*s));

	if (!s)
		return NULL;
	*s = (struct stats){ 0 };
	/* 3.5 MiB of which only the pages of backends in use are ever touched. */
	s->backend = calloc(STATS_BACKENDS, sizeof(*s->backend));
	s->server = calloc(STATS_BACKENDS, sizeof(*s->server));
	s->examples = calloc(1, sizeof(*s->examples));
	if (!s->backend || !s->server || !s->examples) {
		stats_free(s);
		return NULL;
	}
	return s;
}

void stats_free(struct stats *s)
{
	if (!s)
		return;
	free(s->backend);
	free(s->server);
	free(s->examples);
	free(s);
}

static void sum(uint64_t *to, const stat_t *from, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		to[i] += stat_get(&from[i]);
}

void stats_sum(struct stats_total *t, const struct stats *s)
{
	sum(t->c, s->c, N_COUNTERS);
	sum(t->dropped, s->dropped, SIP_N_REASONS);
	sum(t->answered, s->answered, SIP_N_REASONS);
	sum(t->requests, s->requests, SIP_N_METHODS);
	sum(t->responses, s->responses, STATS_CLASSES);
	sum(t->latency, s->latency, LATENCY_BUCKETS);
	sum(&t->latency_ns, &s->latency_ns, 1);
	sum(&t->busy_cycles, &s->busy_cycles, 1);
	sum(&t->cycles, &s->cycles, 1);
	sum(&t->held, &s->held, 1);
	for (unsigned int i = 0; i < N_MARKS; i++) {
		uint64_t mark = stat_get(&s->mark[i]);

		t->mark[i] = mark > t->mark[i] ? mark : t->mark[i];
	}
}

int64_t stats_imbalance(const struct stats_total *t)
{
	uint64_t known = t->held, came = 0;

	for (unsigned int i = 0; i < N_COUNTERS; i++) {
		if (infos[i].class == COUNTER_rx)
			came += t->c[i];
		if (infos[i].class == COUNTER_out || infos[i].class == COUNTER_drop)
			known += t->c[i];
	}
	for (unsigned int i = 0; i < SIP_N_REASONS; i++)
		known += t->dropped[i];
	return (int64_t)(came - known);
}

int64_t stats_tx_imbalance(const struct stats_total *t)
{
	uint64_t left = t->c[C_TX_FRAMES] + t->c[C_TX_HANDOVER_LOST] + t->c[C_TX_KERNEL_LOST];
	uint64_t due = t->c[C_FORWARDED] - t->c[C_CROSSED] + t->c[C_ANSWERED] + t->c[C_TX_OWN] +
		       t->c[C_TX_EXTRA_FRAGMENTS] + t->c[C_TX_KERNEL];

	return (int64_t)(left - due);
}
