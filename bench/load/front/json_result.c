/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a run found as JSON: counters, latency, samples, trials, faults.
 */
#include "bench/load/front/json_parts.h"
#include "bench/load/front/spell.h"

#include <string.h>

/* "p50" and so on, in ns. */
static json_t *percentiles(const uint64_t t[RECORD_PERCENTILES])
{
	json_t *out = json_object();

	for (unsigned int i = 0; i < RECORD_PERCENTILES; i++)
		json_object_set_new(out, record_percent_names[i], json_integer((json_int_t)t[i]));
	return out;
}

/* [low, high, count] of each cell that is not empty. */
static json_t *cells(const struct histogram *h)
{
	json_t *out = json_array();

	for (unsigned int i = 0; i < HISTOGRAM_CELLS; i++) {
		if (!h->cell[i])
			continue;
		json_array_append_new(out, json_pack("[I, I, I]", (json_int_t)histogram_cell_low(i),
						     (json_int_t)histogram_cell_high(i),
						     (json_int_t)h->cell[i]));
	}
	return out;
}

static json_t *latency(const struct histogram *h)
{
	uint64_t t[RECORD_PERCENTILES];

	record_latency(h, t);
	return json_pack("{s:I, s:I, s:f, s:o, s:o}", "count", (json_int_t)h->n, "min",
			 (json_int_t)(h->n ? h->min : 0), "mean", h->n ? histogram_mean(h) : 0.0,
			 "percentiles", percentiles(t), "cells", cells(h));
}

static json_t *counters(const struct load_counts *c)
{
	json_t *out = json_object();

	for (unsigned int i = 0; i < LOAD_N_COUNTERS; i++)
		json_object_set_new(out, load_counter_names[i], json_integer((json_int_t)c->c[i]));
	return out;
}

/* Of the messages that met no pause of this program. */
static json_t *latency_running(const struct load_counts *c)
{
	struct histogram h;

	histogram_rest(&h, &c->latency, &c->late);
	return latency(&h);
}

json_t *json_result(const struct load_result *f)
{
	const struct load_counts *c = &f->sum;
	double busy = c->total_ticks ? (double)c->busy_ticks / (double)c->total_ticks : 0;

	return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:b, s:f, s:o, s:o, s:o}",
			 "seconds", f->seconds, "offered", f->offered, "sent_rate", f->sent_rate,
			 "received_rate", f->received_rate, "call_rate", f->call_rate, "loss",
			 f->loss, "ceiling", f->ceiling, "headroom", record_headroom(f),
			 "at_ceiling", f->at_ceiling, "busy", busy, "counters", counters(c),
			 "latency_ns", latency(&c->latency), "latency_ns_running",
			 latency_running(c));
}

json_t *json_samples(const struct record *r)
{
	json_t *out = json_array();

	for (size_t i = 0; i < r->n_samples; i++) {
		const struct sample *s = &r->samples[i];

		json_array_append_new(
			out, json_pack("{s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:f, s:o}", "at", s->at,
				       "seconds", s->seconds, "sent_rate", s->sent, "received_rate",
				       s->received, "call_rate", s->calls, "lost",
				       (json_int_t)s->lost, "wrong", (json_int_t)s->wrong, "busy",
				       s->busy, "latency_ns", percentiles(s->latency)));
	}
	return out;
}

static json_t *trial(const struct trial *t)
{
	static const char *const outcomes[] = { "passed", "failed", "generator" };

	return json_pack("{s:f, s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:o}",
			 "rate", t->rate, "step", search_step_name(t->step), "outcome",
			 outcomes[t->outcome], "why", t->why, "seconds", t->seconds, "sent_rate",
			 t->sent, "received_rate", t->received, "call_rate", t->calls, "loss",
			 t->loss, "ceiling", t->ceiling, "lost", (json_int_t)t->lost, "wrong",
			 (json_int_t)t->wrong, "latency_ns", percentiles(t->latency));
}

json_t *json_limit(const struct record *r)
{
	const struct options *o = r->options;
	json_t *trials = json_array();

	for (size_t i = 0; i < r->n_trials; i++)
		json_array_append_new(trials, trial(&r->trials[i]));
	return json_pack("{s:f, s:s, s:f, s:f, s:f, s:f, s:i, s:o}", "rate", r->limit, "limited_by",
			 r->limit_by, "loss", o->loss, "min", o->min_rate, "max", o->max_rate,
			 "precision", o->precision, "tries", (int)o->tries, "trials", trials);
}

json_t *json_faults(const struct load_counts *c)
{
	json_t *out = json_array();

	for (unsigned int i = 0; i < c->n_faults && i < LOAD_FIRST_FAULTS; i++) {
		const struct load_fault *f = &c->fault[i];
		char message[SPELL_MAX(sizeof(f->message))], why[SPELL_MAX(sizeof(f->why))];
		size_t kept = f->len < sizeof(f->message) ? f->len : sizeof(f->message);

		spell(message, sizeof(message), f->message, kept);
		spell(why, sizeof(why), (const uint8_t *)f->why, strnlen(f->why, sizeof(f->why)));
		json_array_append_new(
			out,
			json_pack("{s:s, s:o, s:s, s:i, s:s}", "what", load_counter_names[f->what],
				  "call", json_sprintf("%016llx", (unsigned long long)f->id), "why",
				  why, "bytes", (int)f->len, "message", message));
	}
	return out;
}

json_t *json_meanings(void)
{
	json_t *out = json_object();

	for (unsigned int i = 0; i < LOAD_N_COUNTERS; i++)
		json_object_set_new(out, load_counter_names[i],
				    json_pack("{s:s, s:b}", "text", load_counter_texts[i], "wrong",
					      load_counter_wrong[i]));
	return out;
}
