/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transaction window (RFC 3261 16.11), case by case: what belongs to a transaction or call of
 * before a change reaches the server of before, and all that is new the new one. test_window_memory
 * has what is remembered of it, test_window_random the same at random.
 */
#include "tests/unit/window_case.h"

#include <criterion/criterion.h>

/* R16.11-5, LB-4: each kind of request of before, after each kind of change. */
Test(window, what_began_before_a_change_stays_with_its_server)
{
	uint16_t server[CALLS];

	for (int c = 0; c < N_CHANGES; c++) {
		struct window_lab *l = changed(&changes[c], server);
		uint32_t moved = 0;

		for (uint32_t i = 0; i < CALLS; i++) {
			struct lab_request first = invite(i), r[5];

			first.domain = changes[c].domain;
			r[0] = first;
			r[1] = cancel_of(first);
			r[2] = ack_of(first);
			r[3] = inside(first, "ACK");
			r[4] = inside(first, "BYE");
			moved += window_lab_table(l, &first) != server[i];
			for (int k = 0; k < 5; k++)
				cr_assert_eq(window_lab_send(l, (int)(i + k) % LAB_WORKERS, &r[k]),
					     server[i], "%s: %s %d of call %u", changes[c].name,
					     r[k].method, k, i);
		}
		cr_expect_gt(moved, CALLS / 20, "%s moves something", changes[c].name);
	}
}

Test(window, what_begins_after_a_change_follows_the_new_table)
{
	uint16_t server[CALLS];

	for (int c = 0; c < N_CHANGES; c++) {
		struct window_lab *l = changed(&changes[c], server);

		for (uint32_t i = 0; i < CALLS; i++) {
			struct lab_request first = invite(CALLS + i), r[4];
			uint16_t want;

			first.domain = changes[c].domain;
			r[0] = first;
			r[1] = cancel_of(first);
			r[2] = ack_of(first);
			r[3] = inside(first, "BYE");
			want = window_lab_table(l, &first);
			for (int k = 0; k < 4; k++)
				cr_assert_eq(window_lab_send(l, (int)(i + k) % LAB_WORKERS, &r[k]),
					     want, "%s: %s %d of call %u", changes[c].name,
					     r[k].method, k, i);
		}
	}
}

/* A whole pool that drains takes nothing new. */
Test(window, a_pool_without_live_servers_still_serves_what_it_began)
{
	uint16_t server[CALLS];
	struct window_lab *l = changed(&changes[DRAIN_ALL], server);
	struct lab_request old = cancel_of(invite(1)), new = invite(CALLS);

	cr_expect_eq(window_lab_send(l, 0, &old), server[1]);
	cr_expect_eq(l->out.target, TARGET_POOL);
	cr_expect_eq(window_lab_send(l, 0, &new), WORLD_NONE);
	cr_expect_eq(l->out.reason, SIP_R_NO_BACKEND);
}

/* The rule is gone; what it began is not. */
Test(window, a_route_that_is_gone_still_serves_what_it_began)
{
	uint16_t server[CALLS];
	struct window_lab *l = changed(&changes[UNROUTE], server);

	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request old = cancel_of(invite(i)), new = invite(CALLS + i);

		old.domain = new.domain = "n.example";
		cr_assert_eq(window_lab_send(l, 0, &old), server[i]);
		cr_assert_eq(l->out.target, TARGET_POOL);
		cr_assert_eq(window_lab_send(l, 0, &new), WORLD_NONE);
		cr_assert_eq(l->out.reason, SIP_R_NO_ROUTE_RULE);
	}
}

Test(window, keys_of_a_dead_server_move_at_once)
{
	struct window_lab *l = window_lab_new(5);
	uint16_t server[CALLS], again[CALLS];
	uint32_t moved = 0;

	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r = invite(i);

		server[i] = window_lab_send(l, 0, &r);
	}
	l->now_ms += 10000;
	l->state[2] = BACKEND_DOWN;
	window_lab_publish(l);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r = invite(i);

		again[i] = window_lab_send(l, 1, &r);
		cr_assert_neq(again[i], 2);
		if (server[i] == 2) {
			moved++;
			cr_assert_eq(l->out.window, WINDOW_DEAD);
			cr_assert_eq(again[i], window_lab_table(l, &r));
		} else {
			cr_assert_eq(again[i], server[i]);
		}
	}
	cr_assert_gt(moved, CALLS / 20);
	/* It is back: what began anew elsewhere stays there. */
	l->now_ms += 10000;
	l->state[2] = BACKEND_UP;
	window_lab_publish(l);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request cancel = cancel_of(invite(i)), bye = inside(invite(i), "BYE");

		cr_assert_eq(window_lab_send(l, 0, &cancel), again[i], "CANCEL of call %u", i);
		cr_assert_eq(window_lab_send(l, 0, &bye), again[i], "BYE of call %u", i);
	}
}

/* Nor does what follows an INVITE that a dead server had; of two worlds of before, the newer one
 * may have somebody else. */
Test(window, nothing_goes_to_a_dead_server)
{
	uint16_t server[CALLS];
	struct window_lab *l = changed(&changes[ADD], server);
	uint32_t had = 0;

	l->now_ms += 1000;
	l->state[2] = BACKEND_DOWN;
	window_lab_publish(l);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r[4] = { cancel_of(invite(i)), ack_of(invite(i)),
					    inside(invite(i), "ACK"), inside(invite(i), "BYE") };

		had += server[i] == 2;
		for (int k = 0; k < 4; k++) {
			uint16_t went = window_lab_send(l, 0, &r[k]);

			cr_assert(window_lab_alive(l, went), "%s of call %u", r[k].method, i);
			if (server[i] != 2)
				cr_assert_eq(went, server[i]);
		}
	}
	cr_expect_gt(had, CALLS / 20);
}

/* The INVITE with credentials is a new transaction of the old call. */
Test(window, two_transactions_of_one_call_are_told_apart)
{
	uint16_t server[CALLS];
	struct window_lab *l = changed(&changes[ADD], server);
	uint32_t moved = 0;

	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request first = invite(i), second = invite(i), ack, bye;
		uint16_t want;

		second.branch += 500000;
		want = window_lab_table(l, &second);
		moved += want != server[i];
		cr_assert_eq(window_lab_send(l, 0, &second), want);
		ack = ack_of(first);
		cr_assert_eq(window_lab_send(l, 0, &ack), server[i], "ACK to the 401, call %u", i);
		ack = ack_of(second);
		cr_assert_eq(window_lab_send(l, 0, &ack), want, "ACK to the second, call %u", i);
		bye = inside(second, "BYE");
		cr_assert_eq(window_lab_send(l, 0, &bye), want, "BYE, call %u", i);
	}
	cr_expect_gt(moved, CALLS / 20);
}

/* Three changes in one window; calls of each epoch. */
Test(window, of_overlapping_changes_each_epoch_keeps_its_servers)
{
	struct window_lab *l = window_lab_new(254); /* the epochs' lowest eight bits wrap */
	uint16_t server[4][CALLS];

	for (uint32_t epoch = 0; epoch < 4; epoch++) {
		for (uint32_t i = 0; i < CALLS; i++) {
			struct lab_request r = invite(epoch * CALLS + i);

			server[epoch][i] = window_lab_send(l, 0, &r);
			cr_assert_eq(server[epoch][i], window_lab_table(l, &r));
		}
		l->now_ms += 20000;
		changes[epoch].make(l);
		window_lab_publish(l);
	}
	for (uint32_t k = 0; k < 4 * CALLS; k++) {
		struct lab_request r[4] = { invite(k), cancel_of(invite(k)), ack_of(invite(k)),
					    inside(invite(k), "BYE") };

		for (int j = 0; j < 4; j++)
			cr_assert_eq(window_lab_send(l, 1, &r[j]), server[k / CALLS][k % CALLS],
				     "%s of call %u of epoch %u", r[j].method, k % CALLS,
				     k / CALLS);
	}
}

Test(window, nothing_remains_when_it_ends)
{
	uint16_t server[CALLS];
	struct window_lab *l = changed(&changes[DRAIN], server);

	l->now_ms += LAB_WINDOW_MS - 1;
	window_lab_refresh(l);
	cr_assert_eq(l->world->n_past, 1);
	cr_assert_not_null(l->world->began);
	l->now_ms += 1;
	window_lab_refresh(l);
	cr_assert_eq(l->world->n_past, 0);
	cr_assert_null(l->world->began);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r[3] = { invite(i), cancel_of(invite(i)),
					    inside(invite(i), "BYE") };

		for (int k = 0; k < 3; k++) {
			cr_assert_eq(window_lab_send(l, 0, &r[k]), window_lab_table(l, &r[k]));
			cr_assert_eq(l->out.window, WINDOW_NONE);
		}
	}
}

/* What the workers and explain find out, by the verdict's word. */
Test(window, says_which_world_decided)
{
	uint16_t server[CALLS];
	struct window_lab *l = changed(&changes[DRAIN], server);

	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request old = cancel_of(invite(i)), new = invite(CALLS + i);
		bool moved = window_lab_table(l, &old) != server[i];

		window_lab_send(l, 0, &old);
		cr_assert_eq(l->out.window, moved ? WINDOW_OLD : WINDOW_NONE);
		if (moved)
			cr_assert_eq(l->out.epoch, 5);
		window_lab_send(l, 0, &new);
		if (l->out.window != WINDOW_NONE)
			cr_assert(l->out.window == WINDOW_NEW && l->out.epoch == 6);
	}
}

/* RFC 2543: no branch, no tags; a BYE begins nothing, whatever it lacks. */
Test(window, old_clients_stay_with_their_servers_too)
{
	uint16_t server[CALLS];
	struct window_lab *l = window_lab_new(5);

	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r = invite(i);

		r.branch = 0;
		server[i] = window_lab_send(l, 0, &r);
	}
	changes[DRAIN].make(l);
	window_lab_publish(l);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request r = invite(i);

		r.branch = 0;
		cr_assert_eq(window_lab_send(l, 1, &r), server[i], "INVITE of call %u", i);
		r.method = "CANCEL";
		cr_assert_eq(window_lab_send(l, 0, &r), server[i], "CANCEL of call %u", i);
		r.method = "ACK";
		cr_assert_eq(window_lab_send(l, 0, &r), server[i], "ACK of call %u", i);
		r.method = "BYE";
		cr_assert_eq(window_lab_send(l, 0, &r), server[i], "BYE of call %u", i);
	}
}

/* Keys of other kinds, and requests that open no dialog. */
Test(window, registrations_move_and_their_retransmissions_do_not)
{
	struct window_lab *l = window_lab_new(5);
	uint16_t server[CALLS];
	uint32_t moved = 0;

	for (int turn = 0; turn < 2; turn++) {
		for (uint32_t i = 0; i < CALLS; i++) {
			struct lab_request r = { "REGISTER", "u.example", i, i + 1, i, false };

			if (turn == 0) {
				server[i] = window_lab_send(l, 0, &r);
				continue;
			}
			cr_assert_eq(window_lab_send(l, 1, &r), server[i], "user %u", i);
			r.branch += CALLS;
			cr_assert_eq(window_lab_send(l, 1, &r), window_lab_table(l, &r));
			moved += l->out.backend != server[i];
		}
		l->state[9] = BACKEND_DRAIN;
		window_lab_publish(l);
	}
	cr_expect_gt(moved, CALLS / 20);
}

/* Other publications of the same epoch, in the middle of all. */
Test(window, publishing_an_epoch_again_changes_nothing)
{
	uint16_t server[CALLS];
	struct window_lab *l = changed(&changes[ADD], server);

	for (uint32_t i = 0; i < CALLS; i++) {
		struct lab_request old = cancel_of(invite(i)), new = invite(CALLS + i);
		uint16_t want = window_lab_table(l, &new);

		cr_assert_eq(window_lab_send(l, 0, &new), want);
		if (i % 100 == 0)
			window_lab_refresh(l);
		cr_assert_eq(window_lab_send(l, 0, &old), server[i]);
		new = cancel_of(new);
		cr_assert_eq(window_lab_send(l, 1, &new), want);
	}
}
