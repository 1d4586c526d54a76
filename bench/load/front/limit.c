/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the trials that the search asks for. What the proxy sends back at a rate that it cannot take
 * is judged as well: wrong messages are wrong at any rate.
 */
#include "bench/load/front/limit.h"

#include "bench/load/front/numbers.h"
#include "bench/load/front/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define OFFERED_ENOUGH 0.98 /* share of the rate asked for that must have been sent */
#define DRAIN_NS 200000000  /* between trials: queues of the last one run empty */

enum search_outcome limit_judge(const struct options *o, const struct load_result *result,
				const char **why)
{
	bool offered = result->sent_rate >= OFFERED_ENOUGH * result->offered;

	if (record_wrong(&result->sum, true)) {
		*why = "something came back wrong";
		return SEARCH_FAILED;
	}
	if (offered && result->loss <= o->loss) {
		*why = "loss within the bound";
		return SEARCH_PASSED;
	}
	if (result->at_ceiling) {
		*why = "the generator is at its ceiling";
		return SEARCH_GENERATOR;
	}
	*why = offered ? "loss above the bound" : "the rate could not be sent: devices were full";
	return SEARCH_FAILED;
}

static void keep_trial(struct record *r, const struct search *s, enum search_outcome outcome,
		       const char *why)
{
	const struct load_result *from = &r->result;
	struct trial t = { .rate = s->rate,
			   .step = s->step,
			   .outcome = outcome,
			   .why = why,
			   .seconds = from->seconds,
			   .sent = from->sent_rate,
			   .received = from->received_rate,
			   .calls = from->call_rate,
			   .loss = from->loss,
			   .ceiling = from->ceiling,
			   .lost = from->sum.c[L_LOST],
			   .wrong = record_wrong(&from->sum, true) };

	record_latency(&from->sum.latency, t.latency);
	record_add_trial(r, &t);
}

static void tell(const struct record *r)
{
	const struct trial *t = &r->trials[r->n_trials - 1];
	char n[4][NUMBER_MAX];

	if (r->options->quiet)
		return;
	fprintf(stderr, "%3zu %-8s %8s/s for %4.1f s: loss %-8s p99 %-8s %s%s\n", r->n_trials,
		search_step_name(t->step), number_short(n[0], t->rate), t->seconds,
		number_share(n[1], t->loss), number_time(n[2], t->latency[2]),
		t->outcome == SEARCH_PASSED ? "passed" : "failed: ",
		t->outcome == SEARCH_PASSED ? "" : t->why);
}

/* The result that is kept: a long trial that passed goes before all others. */
struct best {
	struct load_result result;
	struct sample *samples;
	size_t n_samples;
	bool passed;
};

/* Swaps lists, so that nothing is copied or lost. */
static void keep_best(struct best *b, struct record *r)
{
	struct sample *samples = b->samples;

	b->result = r->result;
	b->samples = r->samples;
	b->n_samples = r->n_samples;
	r->samples = samples;
	record_clear_samples(r);
}

static int search(struct engine *e, struct record *r, struct search *s, struct best *best)
{
	const struct timespec drain = { .tv_nsec = DRAIN_NS };
	const struct options *o = r->options;
	bool more = true;

	while (more && !run_stopped()) {
		double seconds = search_is_long(s) ? o->plan.seconds : o->trial;
		enum search_outcome outcome;
		char title[64], n[NUMBER_MAX];
		const char *why;
		bool passed;
		int rc;

		snprintf(title, sizeof(title), "%s %s/s", search_step_name(s->step),
			 number_short(n, s->rate));
		rc = run_once(e, r, title, s->rate, o->plan.warm_up, seconds);
		if (rc)
			return rc;
		if (run_stopped())
			break;
		outcome = limit_judge(o, &r->result, &why);
		keep_trial(r, s, outcome, why);
		tell(r);
		passed = outcome == SEARCH_PASSED && search_is_long(s);
		if (passed || !best->passed)
			keep_best(best, r);
		best->passed |= passed;
		more = search_told(s, outcome);
		nanosleep(&drain, NULL);
	}
	return 0;
}

int limit_find(struct engine *e, struct record *r)
{
	const struct options *o = r->options;
	struct search_bounds bounds = {
		.min = o->min_rate, .max = o->max_rate, .precision = o->precision, .tries = o->tries
	};
	static struct best best;
	struct search s;
	int rc;

	search_start(&s, &bounds);
	best = (struct best){ 0 };
	rc = search(e, r, &s, &best);
	free(r->samples);
	r->result = best.result;
	r->samples = best.samples;
	r->n_samples = best.n_samples;
	r->limit = s.confirmed;
	r->limit_by = s.step == SEARCH_DONE ? search_limit(&s) : "interrupted";
	return rc;
}
