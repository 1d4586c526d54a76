/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Traces from the command's wish to the last notification, with clients made up: what they are
 * told, how traces end, who misses what.
 */
#include "control/app.h"
#include "control/watch/tracer.h"
#include "dataplane/plane_watch.h"
#include "tests/flow/flow.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>

#define CLIENTS 6

static struct app app;
static char message[FRAME_MAX];

/* What each client was told; clients are numbers, not pointers to anything. */
static struct told {
	unsigned int messages, ends;
	json_int_t captured, missed;
	char why[16], last_call_id[64];
} told[CLIENTS];
static bool is_full; /* clients take nothing more */

static struct rpc_client *client(uintptr_t n)
{
	return (struct rpc_client *)(n + 1);
}

static bool sink(struct rpc_client *to, const char *method, json_t *params)
{
	struct told *t = &told[(uintptr_t)to - 1];
	bool taken = !is_full;

	if (taken && strcmp(method, "trace.message") == 0) {
		t->messages++;
		snprintf(t->last_call_id, sizeof(t->last_call_id), "%s",
			 json_string_value(json_object_get(params, "call_id")));
	} else if (taken) {
		cr_expect_str_eq(method, "trace.end");
		t->ends++;
		t->captured = json_integer_value(json_object_get(params, "captured"));
		t->missed = json_integer_value(json_object_get(params, "missed"));
		snprintf(t->why, sizeof(t->why), "%s",
			 json_string_value(json_object_get(params, "why")));
	}
	json_decref(params);
	return taken;
}

static void start_workers(uint16_t workers)
{
	flow_open(&(struct flow_options){ .workers = workers });
	app.plane = flow.plane;
	app.base = event_base_new();
	app.now.world = &flow.lab.world;
	cr_assert_eq(tracer_start(&app), 0);
	tracer_set_sink(&app, sink);
}

static void start(void)
{
	start_workers(1);
}

static void stop(void)
{
	tracer_stop(&app);
	event_base_free(app.base);
	flow_close();
}

static int64_t trace(unsigned int n, uint64_t count, uint32_t rate)
{
	struct tracer_wish wish = { .count = count, .rate = rate };

	return tracer_add(&app, client(n), &wish);
}

static void send_calls(unsigned int first, unsigned int n)
{
	for (unsigned int i = first; i < first + n; i++) {
		struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };

		d.len = flow_invite(message, "example.com", 0, i);
		flow_send(0, &d);
	}
}

Test(flow_tracer, a_trace_ends_with_its_count)
{
	start();
	cr_expect_gt(trace(0, 3, 1000), 0);
	send_calls(0, 5);
	cr_expect_eq(told[0].messages, 0, "nothing before the drain");
	tracer_drain(&app);
	cr_expect_eq(told[0].messages, 3);
	cr_expect_str_eq(told[0].last_call_id, "2@caller.example");
	cr_expect_eq(told[0].ends, 1);
	cr_expect_eq(told[0].captured, 3);
	cr_expect_eq(told[0].missed, 0);
	cr_expect_str_eq(told[0].why, "count");
	cr_expect_null(plane_trace_set(flow.plane), "switched off");
	cr_expect_null(app.relay_env.trace);
	send_calls(10, 1);
	tracer_drain(&app);
	cr_expect_eq(told[0].messages, 3);
	stop();
}

Test(flow_tracer, without_a_count_it_ends_with_the_proxy)
{
	start();
	trace(0, 0, 1000);
	cr_expect(app.relay_env.trace, "the slow path traces too");
	cr_expect(app.relay_env.tap);
	send_calls(0, 150);
	tracer_drain(&app);
	cr_expect_eq(told[0].messages, 150);
	cr_expect_eq(told[0].ends, 0);
	stop();
	cr_expect_eq(told[0].ends, 1);
	cr_expect_str_eq(told[0].why, "stop");
	cr_expect_eq(told[0].captured, 150);
}

Test(flow_tracer, four_run_at_once_one_for_each_client)
{
	int64_t last = 0;

	start();
	for (unsigned int i = 0; i < TRACE_SLOTS; i++) {
		int64_t id = trace(i, i + 1, 1000);

		cr_expect_gt(id, last);
		last = id;
	}
	cr_expect_eq(trace(4, 1, 1000), -EBUSY);
	cr_expect_eq(trace(2, 1, 1000), -EALREADY);
	send_calls(0, 3);
	tracer_drain(&app);
	for (unsigned int i = 0; i < TRACE_SLOTS; i++)
		cr_expect_eq(told[i].messages, i < 3 ? i + 1 : 3, "client %u", i);
	cr_expect_gt(trace(4, 1, 1000), last, "the first three have left");
	send_calls(5, 1);
	tracer_drain(&app);
	cr_expect_eq(told[3].ends, 1);
	cr_expect_eq(told[4].messages, 1);
	cr_expect_str_eq(told[4].last_call_id, "5@caller.example");
	stop();
}

/* What an ended trace left in the rings is not for the next one in its slot. */
Test(flow_tracer, a_new_trace_gets_nothing_of_an_old_one)
{
	start();
	trace(0, 1, 1000);
	send_calls(0, 600);
	cr_expect_eq(tracer_drain(&app), 512, "a bound for each drain");
	cr_expect_eq(told[0].ends, 1);
	trace(1, 0, 1000);
	tracer_drain(&app);
	cr_expect_eq(told[1].messages, 0);
	send_calls(700, 1);
	tracer_drain(&app);
	cr_expect_eq(told[1].messages, 1);
	cr_expect_str_eq(told[1].last_call_id, "700@caller.example");
	stop();
}

Test(flow_tracer, what_a_client_does_not_read_is_missed)
{
	start();
	trace(0, 4, 1000);
	is_full = true;
	send_calls(0, 10);
	tracer_drain(&app);
	is_full = false;
	send_calls(20, 4);
	tracer_drain(&app);
	cr_expect_eq(told[0].captured, 4);
	cr_expect_eq(told[0].missed, 10);
	stop();
}

Test(flow_tracer, beyond_its_rate_messages_are_missed_and_counted)
{
	start();
	trace(0, 0, 7);
	send_calls(0, 50);
	tracer_drain(&app);
	stop();
	cr_expect_eq(told[0].captured, 7);
	cr_expect_eq(told[0].missed, 43);
}

/* Each worker may record as many; the trace as a whole gets no more than it asked for. */
Test(flow_tracer, the_rate_is_that_of_all_workers_together)
{
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message };
	static struct frame f;

	start_workers(2);
	trace(0, 0, 7);
	for (unsigned int i = 0; i < 20; i++) {
		d.len = flow_invite(message, "example.com", 0, i);
		wire_build(&d, flow.mac[0], &f);
		flow_put_queue(0, (int)(i % 2), &f, 0);
	}
	flow_run();
	tracer_drain(&app);
	stop();
	cr_expect_eq(told[0].captured, 7);
	cr_expect_eq(told[0].missed, 13);
}
