/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text at the end of a run: what was done, what came back, what was wrong with it, how long it
 * took, and whether the generator or the proxy was the limit.
 */
#include "bench/load/front/summary.h"

#include "bench/load/front/numbers.h"
#include "bench/load/front/spell.h"

#include <string.h>

#define HEAD_LINES 12 /* of a faulty message that are shown */

static void print_title(const struct record *r, FILE *to)
{
	const struct options *o = r->options;
	char n[2][NUMBER_MAX];

	fprintf(to, "\n%s%s, ", o->find_limit ? "find-limit " : "",
		options_scenario(o->plan.scenario));
	if (o->find_limit)
		fprintf(to, "loss up to %s", number_share(n[0], o->loss));
	else if (!o->plan.caller.n_devices)
		fprintf(to, "servers only");
	else if (o->plan.pace == LOAD_OPEN)
		fprintf(to, "open loop at %s messages/s", number_short(n[0], o->plan.rate));
	else if (o->plan.pace == LOAD_MAX)
		fprintf(to, "as fast as the devices take it");
	else
		fprintf(to, "closed loop, %u at a time", o->plan.calls);
	fprintf(to, "; measured %.2f s on %s\n\n", r->result.seconds,
		r->machine.cpu[0] ? r->machine.cpu : "an unknown CPU");
}

static void print_limit(const struct record *r, FILE *to)
{
	char n[NUMBER_MAX];

	if (!r->options->find_limit)
		return;
	fprintf(to, "  limit        %s messages/s after %zu trials", number_short(n, r->limit),
		r->n_trials);
	if (strcmp(r->limit_by, "generator") == 0)
		fprintf(to, ", at least: the generator could not go faster");
	else if (strcmp(r->limit_by, "bounds") == 0)
		fprintf(to, ", at least: --max was reached");
	else if (strcmp(r->limit_by, "interrupted") == 0)
		fprintf(to, ", not searched to the end");
	fputc('\n', to);
}

static void print_rates(const struct load_result *f, FILE *to)
{
	const uint64_t *c = f->sum.c;
	char n[4][NUMBER_MAX];

	fprintf(to, "  sent         %s messages/s, %s in all\n", number_short(n[0], f->sent_rate),
		number_long(n[1], c[L_SENT]));
	if (f->sent_rate < 0.98 * f->offered)
		fprintf(to, "               LESS THAN THE %s MESSAGES/S THAT WERE ASKED FOR\n",
			number_short(n[0], f->offered));
	fprintf(to, "  received     %s messages/s, %s in all\n",
		number_short(n[0], f->received_rate), number_long(n[1], c[L_RECEIVED]));
	fprintf(to, "  calls        %s/s, %s begun, %s ended as they should, %s failed\n",
		number_short(n[0], f->call_rate), number_long(n[1], c[L_CALLS_STARTED]),
		number_long(n[2], c[L_CALLS_DONE]), number_long(n[3], c[L_CALLS_FAILED]));
	fprintf(to, "  lost         %s messages (%s), %s came late\n", number_long(n[0], c[L_LOST]),
		number_share(n[1], f->loss), number_long(n[2], c[L_LATE]));
	if (c[L_NOT_STARTED] || c[L_TX_FULL])
		fprintf(to, "  held back    %s starts, %s frames that the device did not take\n",
			number_long(n[0], c[L_NOT_STARTED]), number_long(n[1], c[L_TX_FULL]));
}

static void print_latency(const struct histogram *h, FILE *to)
{
	uint64_t t[RECORD_PERCENTILES];
	char n[NUMBER_MAX];

	if (!h->n)
		return;
	record_latency(h, t);
	fprintf(to, "  latency    ");
	for (unsigned int i = 0; i < RECORD_PERCENTILES; i++)
		fprintf(to, "  %s %s", record_percent_names[i], number_time(n, t[i]));
	fputc('\n', to);
}

/* What the machine did to viaload itself, and latency without it. */
static void print_pauses(const struct load_counts *c, FILE *to)
{
	struct histogram rest;
	char n[2][NUMBER_MAX];

	if (!c->late.n)
		return;
	histogram_rest(&rest, &c->latency, &c->late);
	fprintf(to, "  pauses       %s of viaload's own, %s in all; without what met them:\n",
		number_long(n[0], c->c[L_PAUSES]), number_time(n[1], c->c[L_PAUSED_NS]));
	print_latency(&rest, to);
}

static void print_servers(const struct record *r, FILE *to)
{
	const struct load_plan *p = &r->options->plan;
	struct spread s = record_spread(&r->result.sum, p->server.n_local);
	char n[3][NUMBER_MAX];

	if (!s.total)
		return;
	fprintf(to, "  servers      %u, with %s to %s calls each; deviation %s\n", s.n,
		number_long(n[0], s.least), number_long(n[1], s.most),
		number_share(n[2], s.deviation));
}

static void print_headroom(const struct load_result *f, FILE *to)
{
	double headroom = record_headroom(f);
	char n[NUMBER_MAX];

	if (headroom <= 0)
		return;
	fprintf(to,
		"  generator    could have gone %.2f times faster (its ceiling: %s messages/s)\n",
		headroom, number_short(n, f->ceiling));
	if (f->at_ceiling)
		fputs("               THIS IS THE GENERATOR'S LIMIT, NOT THE PROXY'S\n", to);
}

static void print_wrong(const struct record *r, FILE *to)
{
	const struct options *o = r->options;
	const uint64_t *c = r->result.sum.c;
	bool title = false;

	for (unsigned int i = 0; i < LOAD_N_COUNTERS; i++) {
		char n[NUMBER_MAX];

		if (!load_counter_wrong[i] || !c[i])
			continue;
		if ((o->loss_given || o->find_limit) && i == L_CALLS_FAILED)
			continue;
		if (!title)
			fputs("\n  wrong\n", to);
		title = true;
		fprintf(to, "  %12s %s: %s\n", number_long(n, c[i]), load_counter_names[i],
			load_counter_texts[i]);
	}
}

/* The first lines of a message, with what is no text spelled out. */
static void print_message(const struct load_fault *f, FILE *to)
{
	uint32_t kept = f->len < sizeof(f->message) ? f->len : (uint32_t)sizeof(f->message);
	char text[SPELL_MAX(sizeof(f->message))];
	const char *line = text;

	spell(text, sizeof(text), f->message, kept);
	for (int i = 0; i < HEAD_LINES && *line; i++) {
		size_t n = strcspn(line, "\n");

		fprintf(to, "      | %.*s\n", (int)(n < 100 ? n : 100), line);
		line += n + (line[n] == '\n');
	}
}

static void print_faults(const struct load_counts *c, FILE *to)
{
	for (unsigned int i = 0; i < c->n_faults && i < LOAD_FIRST_FAULTS; i++) {
		const struct load_fault *f = &c->fault[i];

		fprintf(to, "\n  %s, call %016llx: %.*s\n", load_counter_names[f->what],
			(unsigned long long)f->id, (int)sizeof(f->why), f->why);
		if (f->len)
			print_message(f, to);
	}
}

void summary_print(const struct record *r, FILE *to)
{
	print_title(r, to);
	print_limit(r, to);
	print_rates(&r->result, to);
	print_latency(&r->result.sum.latency, to);
	print_pauses(&r->result.sum, to);
	print_servers(r, to);
	print_headroom(&r->result, to);
	print_wrong(r, to);
	print_faults(&r->result.sum, to);
	if (!r->verdict.passed)
		fprintf(to, "\nFAILED: %s\n", r->verdict.reason);
	else if (r->result.loss > 0 && !r->options->loss_given && !r->options->find_limit)
		fputs("\npassed; how much may be lost was not said (--loss)\n", to);
	else
		fputs("\npassed\n", to);
}
