/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two samples of the sums are kept, one of each worker's few numbers and of each backend's count,
 * and as many of the latency histogram as its quantiles look back. Memory: 1.2 MiB, of which the
 * pages of backends in use are touched.
 */
#include "control/watch/rates.h"

#include "control/config/alloc.h"

#include <string.h>

#define NS_PER_S 1e9

/* What a worker's rates are made of. */
struct worker_counts {
	uint64_t rx, tx, dropped, busy_cycles, cycles;
};

struct rates {
	unsigned int n_stats;
	uint64_t n_samples;
	uint64_t now_ns;          /* of the last sample */
	double per_s;             /* 1 / seconds between the last two */
	struct stats_total total; /* at the last sample */
	struct stats_total before;
	struct worker_counts *counts; /* n_stats */
	struct rates_worker *workers; /* n_stats */
	uint64_t *backend_count;      /* STATS_BACKENDS */
	float *backend_rate;          /* STATS_BACKENDS */
	uint32_t n_backends;          /* of the last sample */
	struct rates_second second[RATES_SECONDS];
	uint64_t latency[RATES_LATENCY_SECONDS + 1][LATENCY_BUCKETS]; /* cumulative */
};

/* --- life ---------------------------------------------------------------------------------- */

struct rates *rates_new(unsigned int n_stats)
{
	struct rates *r = mem_alloc(sizeof(*r));

	if (!r)
		return NULL;
	r->n_stats = n_stats;
	r->counts = mem_alloc(n_stats * sizeof(*r->counts));
	r->workers = mem_alloc(n_stats * sizeof(*r->workers));
	r->backend_count = mem_alloc(STATS_BACKENDS * sizeof(*r->backend_count));
	r->backend_rate = mem_alloc(STATS_BACKENDS * sizeof(*r->backend_rate));
	if (r->counts && r->workers && r->backend_count && r->backend_rate)
		return r;
	rates_free(r);
	return NULL;
}

void rates_free(struct rates *r)
{
	if (!r)
		return;
	mem_free(r->counts);
	mem_free(r->workers);
	mem_free(r->backend_count);
	mem_free(r->backend_rate);
	mem_free(r);
}

/* --- a sample ------------------------------------------------------------------------------ */

static double since(uint64_t now, uint64_t before)
{
	return now > before ? (double)(now - before) : 0;
}

static uint64_t all_dropped(const uint64_t *c, const uint64_t *reasons)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < N_COUNTERS; i++) {
		if (counter_info((enum counter)i)->class == COUNTER_drop)
			n += c[i];
	}
	for (unsigned int i = 0; i < SIP_N_REASONS; i++)
		n += reasons[i];
	return n;
}

static void sample_worker(struct rates *r, unsigned int i, const struct stats *s)
{
	struct worker_counts *was = &r->counts[i], is;
	struct stats_total t = { 0 };

	stats_sum(&t, s);
	is = (struct worker_counts){ t.c[C_RX_FRAMES], t.c[C_TX_FRAMES],
				     all_dropped(t.c, t.dropped), t.busy_cycles, t.cycles };
	r->workers[i] = (struct rates_worker){
		.rx = since(is.rx, was->rx) * r->per_s,
		.tx = since(is.tx, was->tx) * r->per_s,
		.dropped = since(is.dropped, was->dropped) * r->per_s,
		.busy = is.cycles > was->cycles ? since(is.busy_cycles, was->busy_cycles) /
							  since(is.cycles, was->cycles)
						: 0,
	};
	*was = is;
	stats_sum(&r->total, s);
}

static void sample_backend(struct rates *r, uint32_t number, const struct rates_input *in)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < in->n_stats; i++)
		n += stat_get(&in->stats[i]->backend[number]);
	r->backend_rate[number] = (float)(since(n, r->backend_count[number]) * r->per_s);
	r->backend_count[number] = n;
}

/* The histogram of now, and the quantiles of what came since the oldest one kept. */
static struct rates_latency sample_latency(struct rates *r)
{
	const unsigned int room = RATES_LATENCY_SECONDS + 1;
	uint64_t *now = r->latency[r->n_samples % room], window[LATENCY_BUCKETS];
	/* Before the ring is full its next place is all zero, but so were the counters at first
	 * only if the plane had sent nothing: then the first sample is the oldest. */
	const uint64_t *oldest = r->latency[r->n_samples < room ? 0 : (r->n_samples + 1) % room];

	memcpy(now, r->total.latency, sizeof(r->latency[0]));
	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++)
		window[i] = now[i] - oldest[i];
	return (struct rates_latency){
		.p50 = latency_quantile(window, 0.5) / 1e3,
		.p99 = latency_quantile(window, 0.99) / 1e3,
		.p999 = latency_quantile(window, 0.999) / 1e3,
	};
}

static double rate_of(const struct rates *r, uint64_t now, uint64_t before)
{
	return since(now, before) * r->per_s;
}

static double busiest(const struct rates *r)
{
	double busy = 0;

	for (unsigned int i = 0; i < r->n_stats; i++)
		busy = r->workers[i].busy > busy ? r->workers[i].busy : busy;
	return busy;
}

/* Messages that went through Linux are counted as sent too: nearly all of them are forwarded. */
static void close_second(struct rates *r, const struct rates_input *in,
			 struct rates_latency latency)
{
	const struct stats_total *t = &r->total, *b = &r->before;

	r->second[r->n_samples % RATES_SECONDS] = (struct rates_second){
		.at_ms = in->wall_ms,
		.requests = rates_counter(r, C_RX_REQUESTS),
		.responses = rates_counter(r, C_RX_RESPONSES),
		.forwarded = rates_counter(r, C_FORWARDED) + rates_counter(r, C_PUNTED),
		.answered = rates_counter(r, C_ANSWERED),
		.dropped = rate_of(r, all_dropped(t->c, t->dropped), all_dropped(b->c, b->dropped)),
		.busy = busiest(r),
		.latency_us = latency,
	};
}

void rates_sample(struct rates *r, const struct rates_input *in)
{
	double seconds = since(in->now_ns, r->now_ns) / NS_PER_S;
	struct rates_latency latency;

	r->before = r->total;
	r->total = (struct stats_total){ 0 };
	r->per_s = r->n_samples && seconds > 0 ? 1 / seconds : 0;
	r->now_ns = in->now_ns;
	for (unsigned int i = 0; i < in->n_stats && i < r->n_stats; i++)
		sample_worker(r, i, in->stats[i]);
	for (uint32_t i = 0; i < in->n_backends && i < STATS_BACKENDS; i++)
		sample_backend(r, i, in);
	r->n_backends = in->n_backends;
	latency = sample_latency(r);
	if (r->n_samples)
		close_second(r, in, latency);
	r->n_samples++;
}

/* --- readers ------------------------------------------------------------------------------- */

unsigned int rates_n(const struct rates *r)
{
	uint64_t n = r->n_samples ? r->n_samples - 1 : 0;

	return n < RATES_SECONDS ? (unsigned int)n : RATES_SECONDS;
}

const struct rates_second *rates_ago(const struct rates *r, unsigned int ago)
{
	static const struct rates_second none;

	return ago < rates_n(r) ? &r->second[(r->n_samples - 1 - ago) % RATES_SECONDS] : &none;
}

struct rates_worker rates_worker(const struct rates *r, unsigned int i)
{
	return i < r->n_stats ? r->workers[i] : (struct rates_worker){ 0 };
}

double rates_counter(const struct rates *r, enum counter c)
{
	return rate_of(r, r->total.c[c], r->before.c[c]);
}

double rates_dropped(const struct rates *r, enum sip_reason reason)
{
	return rate_of(r, r->total.dropped[reason], r->before.dropped[reason]);
}

double rates_answered(const struct rates *r, enum sip_reason reason)
{
	return rate_of(r, r->total.answered[reason], r->before.answered[reason]);
}

double rates_backend(const struct rates *r, uint16_t number)
{
	return number < r->n_backends ? (double)r->backend_rate[number] : 0;
}

const struct stats_total *rates_total(const struct rates *r)
{
	return &r->total;
}
