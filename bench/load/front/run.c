/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looks at a running engine a few times per second. Everything that is shown or drawn over time is
 * the difference of two looks; only the end of the run is exact.
 */
#include "bench/load/front/run.h"

#include "bench/load/front/progress.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#define LOOK_EVERY 0.5 /* seconds */
#define LOOK_SHORT 0.1 /* in runs of less than SHORT_RUN */
#define SHORT_RUN 10.5
#define PIECE_LEAST 0.05 /* seconds: the cores begin to count a moment after the clock does */
#define NAP_NS 20000000

static atomic_bool stopped; /* set by the signal handler */

static void stop(int signal_number)
{
	(void)signal_number;
	atomic_store_explicit(&stopped, true, memory_order_relaxed);
}

void run_signals(void)
{
	struct sigaction a = { .sa_handler = stop, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

bool run_stopped(void)
{
	return atomic_load_explicit(&stopped, memory_order_relaxed);
}

/* Two looks and what is between them. Large, and there is one run at a time. */
struct watch {
	struct load_result now, before;
	struct histogram piece;
};

static struct watch watch;

static uint64_t grown(const struct load_result *now, const struct load_result *before,
		      enum load_counter i)
{
	return now->sum.c[i] > before->sum.c[i] ? now->sum.c[i] - before->sum.c[i] : 0;
}

static void make_sample(struct watch *w, bool loss_judged, struct sample *out)
{
	const struct load_result *now = &w->now, *before = &w->before;
	double seconds = now->seconds - before->seconds;
	uint64_t ticks = now->sum.total_ticks - before->sum.total_ticks;

	*out = (struct sample){
		.at = now->seconds,
		.seconds = seconds,
		.sent = (double)grown(now, before, L_SENT) / seconds,
		.received = (double)grown(now, before, L_RECEIVED) / seconds,
		.calls = (double)grown(now, before, L_CALLS_STARTED) / seconds,
		.lost = grown(now, before, L_LOST),
		.wrong = record_wrong(&now->sum, loss_judged),
		.busy = ticks ? (double)(now->sum.busy_ticks - before->sum.busy_ticks) /
					(double)ticks
			      : 0,
	};
	histogram_rest(&w->piece, &now->sum.latency, &before->sum.latency);
	record_latency(&w->piece, out->latency);
}

/* Looks, and keeps what was found if the measured part has begun. */
static void look(struct engine *e, struct record *r, struct progress *p)
{
	const struct options *o = r->options;
	struct sample s;

	engine_look(e, &watch.now);
	if (watch.now.seconds < watch.before.seconds + PIECE_LEAST) {
		progress_waits(p);
		return;
	}
	make_sample(&watch, o->loss_given || o->find_limit, &s);
	record_add_sample(r, &s);
	progress_sample(p, &s, record_headroom(&watch.now));
	watch.before = watch.now;
}

int run_once(struct engine *e, struct record *r, const char *title, double rate, double warm_up,
	     double seconds)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	double every = seconds < SHORT_RUN ? LOOK_SHORT : LOOK_EVERY, waited = 0;
	struct progress p;
	int rc;

	record_clear_samples(r);
	watch = (struct watch){ 0 };
	progress_begin(&p, title, r->options->quiet);
	rc = engine_run_begin(e, rate, warm_up, seconds);
	if (rc)
		return rc;
	while (engine_running(e) && !run_stopped()) {
		nanosleep(&nap, NULL);
		waited += NAP_NS / 1e9;
		if (waited < every)
			continue;
		waited = 0;
		look(e, r, &p);
	}
	engine_run_end(e, &r->result);
	progress_end(&p);
	return 0;
}
