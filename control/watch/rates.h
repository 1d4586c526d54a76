/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters turned into rates: sampled once a second, for who shows or judges the present. Control
 * thread only.
 *
 * A rate is the difference of two samples over the time between them, so it is per second however
 * late the timer was. A counter that went back (a backend's number was given to another) counts as
 * 0. Ten thousand backends cost one pass over their counters per second, some 5 us per worker.
 */
#pragma once

#include "control/config/config.h"
#include "dataplane/stats.h"

#include <stdbool.h>
#include <stdint.h>

struct app;
struct rates;

#define RATES_SECONDS 60         /* history */
#define RATES_LATENCY_SECONDS 10 /* quantiles are of so long */

/* Quantiles of the time in the workers, in microseconds; 0 if nothing was sent. */
struct rates_latency {
	double p50, p99, p999;
};

/* One second of all workers and the control thread together; rates per second. */
struct rates_second {
	uint64_t at_ms;                  /* wall clock at its end, ms since 1970 */
	double requests, responses;      /* received */
	double forwarded, answered;      /* sent, by the workers or through Linux */
	double dropped;                  /* for whatever reason */
	double busy;                     /* of the busiest worker, 0 to 1 */
	struct rates_latency latency_us; /* of the RATES_LATENCY_SECONDS that end then */
};

struct rates_worker {
	double rx, tx, dropped; /* frames received, frames sent, frames dropped, per second */
	double busy;            /* share of its time with packets in hand, 0 to 1 */
};

/* What one sample is made of. */
struct rates_input {
	const struct stats *const *stats; /* of each worker, the control thread's last */
	unsigned int n_stats;             /* the same in each sample */
	uint32_t n_backends;              /* one more than the highest number in use */
	uint64_t now_ns;                  /* monotonic */
	uint64_t wall_ms;                 /* since 1970 */
};

/** Rates of @n_stats counter structs, all 0. NULL without memory. */
struct rates *rates_new(unsigned int n_stats);

void rates_free(struct rates *r);

/** Takes a sample. The first one only sets what later ones are compared with. */
void rates_sample(struct rates *r, const struct rates_input *in);

/** How many seconds of history there are, RATES_SECONDS at most. */
unsigned int rates_n(const struct rates *r);

/** The last second but @ago; all 0 if there is none. Valid until the next sample. */
const struct rates_second *rates_ago(const struct rates *r, unsigned int ago);

/** The last second. */
static inline const struct rates_second *rates_now(const struct rates *r)
{
	return rates_ago(r, 0);
}

/** The last second of worker @i. */
struct rates_worker rates_worker(const struct rates *r, unsigned int i);

/** Counter @c, all threads together, per second. */
double rates_counter(const struct rates *r, enum counter c);

/** Messages dropped and answered for @reason, per second. */
double rates_dropped(const struct rates *r, enum sip_reason reason);
double rates_answered(const struct rates *r, enum sip_reason reason);

/** Messages sent on to backend @number by its pool's table, per second. */
double rates_backend(const struct rates *r, uint16_t number);

/** Counters as they were at the last sample, all threads together. */
const struct stats_total *rates_total(const struct rates *r);
