/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/stats.h"

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
	/* Half a MiB of which only the pages of backends in use are ever touched. */
	s->backend = calloc(STATS_BACKENDS, sizeof(*s->backend));
	if (!s->backend) {
		free(s);
		return NULL;
	}
	return s;
}

void stats_free(struct stats *s)
{
	if (s)
		free(s->backend);
	free(s);
}

void stats_sum(struct stats_total *t, const struct stats *s)
{
	for (unsigned int i = 0; i < N_COUNTERS; i++)
		t->c[i] += stat_get(&s->c[i]);
	for (unsigned int i = 0; i < SIP_N_REASONS; i++) {
		t->dropped[i] += stat_get(&s->dropped[i]);
		t->answered[i] += stat_get(&s->answered[i]);
	}
	t->held += stat_get(&s->held);
}

int64_t stats_imbalance(const struct stats_total *t)
{
	uint64_t known = t->held;

	for (unsigned int i = 0; i < N_COUNTERS; i++) {
		if (infos[i].class == COUNTER_out || infos[i].class == COUNTER_drop)
			known += t->c[i];
	}
	for (unsigned int i = 0; i < SIP_N_REASONS; i++)
		known += t->dropped[i];
	return (int64_t)(t->c[C_RX_FRAMES] - known);
}

int64_t stats_tx_imbalance(const struct stats_total *t)
{
	uint64_t left = t->c[C_TX_FRAMES] + t->c[C_TX_HANDOVER_LOST];
	uint64_t due = t->c[C_FORWARDED] + t->c[C_ANSWERED] + t->c[C_TX_EXTRA_FRAGMENTS];

	return (int64_t)(left - due);
}
