/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * veth_load: loads one SIP forwarder over a veth pair and measures it three ways: saturated, at
 * fixed rates (for processor time per message), and by search for the highest rate with loss under
 * a bound, in the manner of RFC 2544. For bench/peers.sh; one JSON object on standard output.
 *
 * Why not viaload: a kernel forwarder needs a sender with a kernel under it, whose checksums are
 * left to a NIC that is not there, as Linux does on veth. The same sender for all is what makes
 * the results comparable.
 *
 * One thread, on one core: bench/peers/wire.c.
 */
#include "bench/peers/socket.h"
#include "bench/peers/wire.h"
#include "bench/timing.h"

#include <getopt.h>
#include <stdio.h>

#define RATES_MAX 8
#define SEARCH_STEPS 6 /* 1/64 of the range: finer than one trial repeats */
#define SEARCH_SECONDS 0.5
#define CONFIRM_SECONDS 1.5
#define CONFIRM_DOWN 0.93 /* of a rate that was not confirmed */
#define CONFIRM_TIMES 6
#define SAMPLES_SECONDS 0.5 /* also to warm up */

struct options {
	struct wire_plan plan;
	double seconds, loss, rates[RATES_MAX];
	unsigned int n_rates;
	int cpu;
};

static double loss_of(const struct wire_trial *t)
{
	return t->sent ? 1 - (double)t->arrived / (double)t->sent : 1;
}

static void print_trial(const char *name, const struct wire_trial *t, const char *after)
{
	uint64_t n = t->in_time ? t->in_time : 1;

	printf("%s{\"offered\": %.0f, \"forwarded\": %.0f, \"sent\": %lu, \"lost\": %ld,"
	       " \"loss\": %.6f, \"cpu_us\": %.4f, \"busy\": %.4f, \"checked\": %lu,"
	       " \"wrong\": %lu, \"answered\": %lu}%s",
	       name, (double)t->sent / t->seconds, (double)t->in_time / t->seconds, t->sent,
	       (long)(t->sent - t->arrived), loss_of(t), (double)t->cpu_ns / 1e3 / (double)n,
	       (double)t->cpu_ns / 1e9 / t->seconds, t->checked, t->wrong, t->answered, after);
}

/* --- the search -------------------------------------------------------------------------- */

/* Passes if one of two trials does: on a shared machine a core is taken away for milliseconds now
 * and then, which says nothing about the forwarder. */
static bool passes(double rate, double seconds, double loss, struct wire_trial *t)
{
	for (int i = 0; i < 2; i++) {
		wire_trial(rate, seconds, t);
		if (loss_of(t) < loss)
			return true;
	}
	return false;
}

/* The highest rate with less than @loss, up to @top; @t is the trial that confirms it. */
static void search(double top, double loss, struct wire_trial *t)
{
	double low = 0, high = top;

	for (int i = 0; i < SEARCH_STEPS; i++) {
		double middle = (low + high) / 2;

		if (passes(middle, SEARCH_SECONDS, loss, t))
			low = middle;
		else
			high = middle;
	}
	for (int i = 0; i < CONFIRM_TIMES && !passes(low, CONFIRM_SECONDS, loss, t); i++)
		low *= CONFIRM_DOWN;
}

/* --- options ----------------------------------------------------------------------------- */

static const struct option long_options[] = {
	{ "from", required_argument, NULL, 'f' },    { "to", required_argument, NULL, 't' },
	{ "link", required_argument, NULL, 'i' },    { "via", required_argument, NULL, 'v' },
	{ "pid", required_argument, NULL, 'p' },     { "cpu", required_argument, NULL, 'c' },
	{ "seconds", required_argument, NULL, 'T' }, { "rate", required_argument, NULL, 'r' },
	{ "loss", required_argument, NULL, 'l' },    { 0 }
};

static const char usage[] =
	"usage: veth_load --from ADDRESS:PORT --to ADDRESS:PORT --link INTERFACE [--via TEXT]"
	" [--pid PID]... [--cpu N] [--seconds S] [--rate N]... [--loss SHARE]";

static void take_option(struct options *o, int c)
{
	switch (c) {
	case 'f':
		o->plan.from = optarg;
		break;
	case 't':
		o->plan.to = optarg;
		break;
	case 'i':
		o->plan.link = optarg;
		break;
	case 'v':
		o->plan.via = optarg;
		break;
	case 'p':
		if (o->plan.n_pids < WIRE_PIDS_MAX)
			o->plan.pids[o->plan.n_pids++] = (unsigned int)socket_number(optarg, 1);
		break;
	case 'c':
		o->cpu = (int)socket_number(optarg, 0);
		break;
	case 'T':
		o->seconds = socket_number(optarg, 0.01);
		break;
	case 'r':
		if (o->n_rates < RATES_MAX)
			o->rates[o->n_rates++] = socket_number(optarg, 1);
		break;
	case 'l':
		o->loss = socket_number(optarg, 0);
		break;
	default:
		socket_die(usage);
	}
}

/* --- the program ------------------------------------------------------------------------- */

static void measure(const struct options *o)
{
	struct wire_trial t;
	double top;
	unsigned int n, mean;

	wire_samples(SAMPLES_SECONDS, &t);
	wire_messages(&n, &mean);
	printf("{\"messages\": %u, \"mean_bytes\": %u, ", n, mean);
	print_trial("\"samples\": ", &t, ", ");
	wire_trial(0, o->seconds, &t);
	top = (double)t.in_time / t.seconds * 1.2;
	print_trial("\"saturated\": ", &t, ", \"rates\": [");
	for (unsigned int i = 0; i < o->n_rates; i++) {
		wire_trial(o->rates[i], o->seconds, &t);
		print_trial("", &t, i + 1 < o->n_rates ? ", " : "");
	}
	printf("], \"rates_wanted\": [");
	for (unsigned int i = 0; i < o->n_rates; i++)
		printf("%s%.0f", i ? ", " : "", o->rates[i]);
	printf("]");
	if (o->loss > 0) {
		search(top, o->loss, &t);
		print_trial(", \"limit\": ", &t, "");
	}
	printf("}\n");
}

int main(int argc, char **argv)
{
	struct options o = { .seconds = 1.5, .cpu = 0 };
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		take_option(&o, c);
	if (!o.plan.from || !o.plan.to || !o.plan.link || optind != argc)
		socket_die(usage);
	timing_pin(o.cpu);
	wire_open(&o.plan);
	measure(&o);
	return 0;
}
