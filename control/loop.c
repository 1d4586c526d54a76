/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop part: libevent's base and the signals. SIGTERM and SIGINT end the loop, SIGHUP reloads,
 * SIGUSR1 logs the counters. Signals are taken by the event loop and not by handlers, so what they
 * start may do anything.
 */
#include "control/app.h"
#include "control/log.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>

static struct event *signals[4];

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct app *app = arg;

	(void)what;
	if (number == SIGHUP) {
		reload_run(app);
	} else if (number == SIGUSR1) {
		report_counters(app);
	} else {
		log_info("stopping on %s", number == SIGTERM ? "SIGTERM" : "SIGINT");
		loop_end(app);
	}
}

int loop_start(struct app *app)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
	bool ok;

	signal(SIGPIPE, SIG_IGN);
	app->base = event_base_new();
	ok = app->base != NULL;
	for (size_t i = 0; ok && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		signals[i] = evsignal_new(app->base, numbers[i], on_signal, app);
		ok = signals[i] && event_add(signals[i], NULL) == 0;
	}
	if (ok)
		return 0;
	log_error("no event loop: %s", strerror(errno));
	loop_stop(app);
	return -EIO;
}

void loop_stop(struct app *app)
{
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (signals[i])
			event_free(signals[i]);
		signals[i] = NULL;
	}
	if (app->base)
		event_base_free(app->base);
	app->base = NULL;
}

int loop_run(struct app *app)
{
	if (event_base_dispatch(app->base) >= 0)
		return 0;
	log_error("the event loop failed: %s", strerror(errno));
	return -EIO;
}

void loop_end(struct app *app)
{
	event_base_loopbreak(app->base);
}
