/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/drop.h"

#include "dataplane/example.h"
#include "dataplane/worker.h"

#include <string.h>

/* Drop counter of a verdict, plus 1. */
static const uint16_t counter_of[N_VERDICTS] = {
#define VERDICT_rx(id)
#define VERDICT_tx(id)
#define VERDICT_info(id)
#define VERDICT_out(id)
#define VERDICT_drop(id) [V_##id] = C_##id + 1,
#define COUNTER(id, class, help) VERDICT_##class(id)
#include "dataplane/counters.def"
#undef COUNTER
};

int drop_number(const struct pkt *k)
{
	if (k->verdict == V_REASON)
		return EXAMPLE_OF_REASON(k->reason);
	return counter_of[k->verdict] ? EXAMPLE_OF_COUNTER(counter_of[k->verdict] - 1) : -1;
}

static void keep(struct worker *w, int number, struct example *x, const uint8_t *p, uint32_t len)
{
	x->tsc = w->now;
	x->len = (uint16_t)(len < EXAMPLE_BYTES ? len : EXAMPLE_BYTES);
	memcpy(x->bytes, p, x->len);
	example_put(w->stats->examples, (unsigned int)number, x, w->hz);
}

static bool is_due(const struct worker *w, int number)
{
	return number >= 0 && example_is_due(w->stats->examples, (unsigned int)number, w->now);
}

void drop_message(struct worker *w, const struct pkt *k, const uint8_t *p, uint32_t len)
{
	struct example x = { .src = k->src };
	int number = drop_number(k);

	if (is_due(w, number))
		keep(w, number, &x, p, len);
}

void drop_frame(struct worker *w, const struct pkt *k, const struct rte_mbuf *m, bool has_src)
{
	struct example x = { .is_frame = true };
	int number = drop_number(k);

	if (!m || !is_due(w, number))
		return;
	if (has_src)
		x.src = k->src;
	keep(w, number, &x, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
}
