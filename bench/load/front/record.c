/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists of samples and trials, and what a result means.
 */
#include "bench/load/front/record.h"

#include <math.h>
#include <stdlib.h>

const double record_percents[RECORD_PERCENTILES] = { 50, 90, 99, 99.9, 99.99, 100 };
const char *const record_percent_names[RECORD_PERCENTILES] = { "p50",   "p90",    "p99",
							       "p99.9", "p99.99", "max" };

void record_clear_samples(struct record *r)
{
	r->n_samples = 0;
	r->per = 1;
	r->pieces = 0;
}

static double mean(double a, double a_weight, double b, double b_weight)
{
	return (a * a_weight + b * b_weight) / (a_weight + b_weight);
}

/* @a and the piece @b behind it as one. */
static struct sample merged(const struct sample *a, const struct sample *b)
{
	struct sample s = { .at = b->at,
			    .seconds = a->seconds + b->seconds,
			    .sent = mean(a->sent, a->seconds, b->sent, b->seconds),
			    .received = mean(a->received, a->seconds, b->received, b->seconds),
			    .calls = mean(a->calls, a->seconds, b->calls, b->seconds),
			    .busy = mean(a->busy, a->seconds, b->busy, b->seconds),
			    .lost = a->lost + b->lost,
			    .wrong = b->wrong };

	for (unsigned int i = 0; i < RECORD_PERCENTILES; i++)
		s.latency[i] = a->latency[i] > b->latency[i] ? a->latency[i] : b->latency[i];
	return s;
}

static void halve_samples(struct record *r)
{
	r->n_samples /= 2;
	for (size_t i = 0; i < r->n_samples; i++)
		r->samples[i] = merged(&r->samples[2 * i], &r->samples[2 * i + 1]);
	r->per *= 2;
}

void record_add_sample(struct record *r, const struct sample *s)
{
	struct sample *last;

	if (!r->samples) {
		r->samples = calloc(RECORD_SAMPLES, sizeof(*r->samples));
		if (!r->samples)
			return;
	} else if (r->n_samples && r->pieces < r->per) {
		last = &r->samples[r->n_samples - 1];
		*last = merged(last, s);
		r->pieces++;
		return;
	}
	if (r->n_samples == RECORD_SAMPLES)
		halve_samples(r);
	r->samples[r->n_samples++] = *s;
	r->pieces = 1;
}

void record_add_trial(struct record *r, const struct trial *t)
{
	struct trial *more = realloc(r->trials, (r->n_trials + 1) * sizeof(*more));

	if (!more)
		return;
	r->trials = more;
	r->trials[r->n_trials++] = *t;
}

void record_free(struct record *r)
{
	free(r->samples);
	free(r->trials);
	r->samples = NULL;
	r->trials = NULL;
	r->n_samples = r->n_trials = 0;
}

void record_latency(const struct histogram *h, uint64_t out[RECORD_PERCENTILES])
{
	for (unsigned int i = 0; i < RECORD_PERCENTILES; i++)
		out[i] = histogram_percentile(h, record_percents[i]);
}

uint64_t record_wrong(const struct load_counts *c, bool loss_judged)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < LOAD_N_COUNTERS; i++) {
		if (load_counter_wrong[i] && !(loss_judged && i == L_CALLS_FAILED))
			n += c->c[i];
	}
	return n;
}

static const char *fault_of(const struct record *r, const struct verdict *v)
{
	const struct options *o = r->options;
	const struct load_counts *c = &r->result.sum;

	if (v->wrong)
		return "something came back wrong";
	if (o->find_limit && r->limit == 0)
		return "no rate had so little loss";
	if ((o->loss_given || o->find_limit) && r->result.loss > o->loss)
		return "more was lost than allowed";
	if (o->plan.pace == LOAD_CLOSED && !o->loss_given && !o->find_limit && c->c[L_LOST])
		return "messages were lost at a pace that the proxy set itself";
	if (o->plan.caller.n_devices && c->c[L_CALLS_STARTED] == 0)
		return "no call could be made";
	if (c->c[L_RECEIVED] == 0)
		return "nothing came from the proxy";
	return NULL;
}

void record_judge(struct record *r)
{
	const struct options *o = r->options;
	struct verdict v = { .wrong =
				     record_wrong(&r->result.sum, o->loss_given || o->find_limit) };

	for (size_t i = 0; i < r->n_trials; i++)
		v.wrong += r->trials[i].wrong;
	v.reason = fault_of(r, &v);
	v.passed = v.reason == NULL;
	r->verdict = v;
}

double record_headroom(const struct load_result *r)
{
	double did = r->sent_rate > r->received_rate ? r->sent_rate : r->received_rate;

	return did > 0 ? r->ceiling / did : 0;
}

struct spread record_spread(const struct load_counts *c, unsigned int n)
{
	struct spread s = { .n = n < LOAD_SERVERS ? n : LOAD_SERVERS };
	double mean, squares = 0;

	s.least = s.n ? UINT64_MAX : 0;
	for (unsigned int i = 0; i < s.n; i++) {
		s.total += c->server[i];
		s.least = c->server[i] < s.least ? c->server[i] : s.least;
		s.most = c->server[i] > s.most ? c->server[i] : s.most;
	}
	if (!s.total)
		return s;
	mean = (double)s.total / s.n;
	for (unsigned int i = 0; i < s.n; i++)
		squares += ((double)c->server[i] - mean) * ((double)c->server[i] - mean);
	s.deviation = sqrt(squares / s.n) / mean;
	return s;
}
