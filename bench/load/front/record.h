/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything that a run found and what it ran on: filled by run.c and limit.c, read by summary.c,
 * json.c and report.c. Main thread only.
 */
#pragma once

#include "bench/load/front/machine.h"
#include "bench/load/front/options.h"
#include "bench/load/front/search.h"
#include "bench/load/peer/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_PERCENTILES 6

/* 50, 90, 99, 99.9, 99.99 and 100, which is the maximum; their names in the output. */
extern const double record_percents[RECORD_PERCENTILES];
extern const char *const record_percent_names[RECORD_PERCENTILES];

#define RECORD_SAMPLES 2000 /* most that are kept: of long runs, each is over a longer time */

/* A piece of the measured time. Rates are per second of it, times in ns; where pieces were put
 * together, the longest of each percentile. */
struct sample {
	double at;      /* end of the piece, seconds since the measured part began */
	double seconds; /* its length */
	double sent, received, calls;
	uint64_t lost, wrong;
	uint64_t latency[RECORD_PERCENTILES];
	double busy; /* share of the generator's time */
};

/* A trial of find-limit. */
struct trial {
	double rate; /* asked for */
	enum search_step step;
	enum search_outcome outcome;
	const char *why; /* of the outcome; a literal */
	double seconds, sent, received, calls, loss, ceiling;
	uint64_t lost, wrong;
	uint64_t latency[RECORD_PERCENTILES];
};

struct verdict {
	bool passed;
	uint64_t wrong;     /* counters that count against the proxy */
	const char *reason; /* why it did not pass; a literal */
};

struct record {
	const struct options *options;
	int argc;
	char *const *argv;
	struct machine machine;
	struct load_result result; /* of the run, or of the last trial */
	struct sample *samples;    /* of the same */
	size_t n_samples;
	unsigned int per, pieces; /* added samples in each that is kept, in the last one */
	struct trial *trials;
	size_t n_trials;
	double limit;         /* find-limit: the result, messages per second; 0 = none */
	const char *limit_by; /* what ended the search: search_limit() */
	struct verdict verdict;
};

/** Empties the list of samples, for another run. */
void record_clear_samples(struct record *r);

/** Adds a sample or a trial. Silently does not if there is no memory: it is not worth the run.
 * Where RECORD_SAMPLES are there, each two become one. */
void record_add_sample(struct record *r, const struct sample *s);
void record_add_trial(struct record *r, const struct trial *t);

/** Frees what the two functions took. */
void record_free(struct record *r);

/** Percentiles of @h into @out. */
void record_latency(const struct histogram *h, uint64_t out[RECORD_PERCENTILES]);

/** Counters of @c that say that something is wrong. With @loss_judged, calls that failed are left
 * out: what they lost is counted as loss, and all else that ends a call has its own counter. */
uint64_t record_wrong(const struct load_counts *c, bool loss_judged);

/** What @r->result means under @r->options, into @r->verdict. */
void record_judge(struct record *r);

/** How many times faster the generator could have gone; 0 = unknown. */
double record_headroom(const struct load_result *r);

/* How evenly calls were spread over servers. */
struct spread {
	uint64_t total, least, most;
	unsigned int n;
	double deviation; /* standard deviation as a share of the mean */
};

/** Of the @n servers of @c. */
struct spread record_spread(const struct load_counts *c, unsigned int n);
