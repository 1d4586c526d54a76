/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two memories of the transaction window: what the one has forgotten the other knows, and a
 * question writes into neither.
 */
#include "tests/unit/window_case.h"

#include <criterion/criterion.h>

static uint64_t sum(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t s = 14695981039346656037u;

	for (size_t i = 0; i < n; i++)
		s = (s ^ b[i]) * 1099511628211u;
	return s;
}

/* All that is remembered, as one number. */
static uint64_t memory_of(const struct window_lab *l)
{
	uint64_t s = window_lab_filter_sum(l);

	for (int i = 0; i < LAB_WORKERS; i++)
		s = s * 31 + sum(l->recent[i].lines, recent_size(RECENT_LOG2));
	return s;
}

Test(window_memory, a_question_leaves_no_trace)
{
	uint16_t server[CALLS];
	struct window_lab *l = changed(&changes[DRAIN], server);
	uint64_t before = memory_of(l);
	struct lab_request r;

	for (uint32_t i = 0; i < CALLS; i++) {
		r = invite(CALLS + i);
		cr_assert_eq(window_lab_send(l, -1, &r), window_lab_table(l, &r));
		r = cancel_of(invite(i));
		cr_assert_eq(window_lab_send(l, -1, &r), server[i]);
	}
	cr_expect_eq(memory_of(l), before);
	for (uint32_t i = 0; i < CALLS; i++) {
		r = invite(CALLS + i);
		window_lab_send(l, 0, &r);
	}
	cr_expect_neq(memory_of(l), before, "a request does leave one");
}

/* The window is worth having even without memory for its filters. */
Test(window_memory, without_filters_transactions_are_still_told_by_memory)
{
	struct window_lab *l = window_lab_new(5);
	uint16_t server[CALLS];

	l->no_filters = true;
	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r = invite(i);

		server[i] = window_lab_send(l, 0, &r);
	}
	changes[DRAIN].make(l);
	window_lab_publish(l);
	cr_assert_null(l->world->began);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request old[2] = { invite(i), cancel_of(invite(i)) };
		struct lab_request new[2] = { invite(CALLS + i), cancel_of(invite(CALLS + i)) };

		for (int k = 0; k < 2; k++) {
			cr_assert_eq(window_lab_send(l, 1, &old[k]), server[i]);
			cr_assert_eq(window_lab_send(l, 0, &new[k]), window_lab_table(l, &new[k]));
		}
	}
}

static void forget(struct window_lab *l)
{
	for (int i = 0; i < LAB_WORKERS; i++)
		memset(l->recent[i].lines, 0, recent_size(RECENT_LOG2));
}

/* A CANCEL after three minutes of ringing, when newer transactions have filled the memories. */
Test(window_memory, what_memory_has_forgotten_the_filters_know)
{
	uint16_t server[CALLS];
	struct window_lab *l = changed(&changes[ADD], server);

	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request new = invite(CALLS + i);

		window_lab_send(l, 0, &new);
	}
	forget(l);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r[3] = { cancel_of(invite(i)), ack_of(invite(i)),
					    inside(invite(i), "BYE") };

		for (int k = 0; k < 3; k++) {
			cr_assert_eq(window_lab_send(l, 0, &r[k]), server[i], "old %s, call %u",
				     r[k].method, i);
			r[k].call += CALLS;
			r[k].branch += CALLS;
			cr_assert_eq(window_lab_send(l, 0, &r[k]), window_lab_table(l, &r[k]),
				     "new %s, call %u", r[k].method, i);
		}
	}
}

/* Two branches of one call that an element before us forked, one on each side of the change. */
Test(window_memory, a_cancel_ends_the_branch_that_it_names)
{
	uint16_t server[CALLS];
	struct window_lab *l = changed(&changes[ADD], server);

	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request first = invite(i), second = invite(i);
		uint16_t want;

		second.branch += 500000;
		want = window_lab_send(l, 0, &second);
		cr_assert_eq(want, window_lab_table(l, &second));
		forget(l);
		first = cancel_of(first);
		second = cancel_of(second);
		cr_assert_eq(window_lab_send(l, 0, &first), server[i], "call %u", i);
		cr_assert_eq(window_lab_send(l, 0, &second), want, "call %u", i);
	}
}

/* So many changes of the other pool that there is no room for all worlds. */
static void change_users(struct window_lab *l)
{
	for (unsigned int i = 0; i <= WORLD_PAST_MAX; i++) {
		l->now_ms += 2000;
		l->state[LAB_CALLS] = i % 2 ? BACKEND_UP : BACKEND_DRAIN;
		window_lab_publish(l);
	}
	cr_assert_eq(l->world->n_past, WORLD_PAST_MAX);
	cr_assert(l->world->past_gaps);
}

/* Calls that began in an epoch whose world had no room in the window, at @server. */
static void check_remembered(struct window_lab *l, const uint16_t *server)
{
	uint32_t moved = 0;

	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r[3] = { invite(i), cancel_of(invite(i)), ack_of(invite(i)) };

		moved += window_lab_table(l, &r[0]) != server[i];
		for (int k = 0; k < 3; k++)
			cr_assert_eq(window_lab_send(l, 1, &r[k]), server[i], "%s of call %u",
				     r[k].method, i);
	}
	cr_expect_gt(moved, CALLS / 20);
}

/* A change that was taken back at once: all worlds that are left agree, and all are wrong. */
Test(window_memory, knows_the_servers_of_worlds_that_had_to_go)
{
	uint16_t server[CALLS];
	struct window_lab *l = window_lab_new(5);

	l->now_ms += 5000;
	changes[DRAIN].make(l);
	window_lab_publish(l);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r = invite(i);

		server[i] = window_lab_send(l, 0, &r);
	}
	l->now_ms += 10;
	l->state[3] = BACKEND_UP;
	window_lab_publish(l);
	change_users(l);
	cr_assert_eq(window_lab_ended(l, 6), 0, "the shortest epoch had to go");
	check_remembered(l, server);
}

Test(window_memory, knows_the_servers_of_the_oldest_world_that_had_to_go)
{
	uint16_t server[CALLS];
	struct window_lab *l = window_lab_new(5);

	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r = invite(i);

		server[i] = window_lab_send(l, 0, &r);
	}
	l->now_ms += 10;
	changes[DRAIN].make(l);
	window_lab_publish(l);
	change_users(l);
	cr_assert_eq(window_lab_ended(l, 5), 0);
	check_remembered(l, server);
}

/* A client that never changes its branch is not held for ever by changes that go on. */
Test(window_memory, what_is_older_than_the_window_begins_anew)
{
	uint16_t server[CALLS];
	struct window_lab *l = changed(&changes[DRAIN], server);
	uint32_t concerned = 0;

	l->now_ms += LAB_WINDOW_MS - 1000;
	changes[ADD].make(l);
	window_lab_publish(l);
	l->now_ms += 2000;
	window_lab_refresh(l);
	cr_assert_eq(l->world->n_past, 1);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r = invite(i);

		window_lab_send(l, 0, &r);
		concerned += l->out.window == WINDOW_NEW && server[i] == 3;
		cr_assert_eq(l->out.backend, window_lab_table(l, &r), "call %u", i);
	}
	cr_expect_gt(concerned, 0);
}

/* Where old and new server are one, no world has decided anything. */
Test(window_memory, a_change_that_is_taken_back_is_none_for_what_began_before)
{
	uint16_t server[CALLS];
	struct window_lab *l = changed(&changes[DRAIN], server);

	l->state[3] = BACKEND_UP;
	window_lab_publish(l);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r[2] = { invite(i), cancel_of(invite(i)) };

		for (int k = 0; k < 2; k++) {
			cr_assert_eq(window_lab_send(l, 0, &r[k]), server[i]);
			cr_assert_eq(l->out.window, WINDOW_NONE);
		}
	}
}
