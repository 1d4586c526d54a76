/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers by the hundred thousand: a hierarchical timing wheel (Varghese and Lauck, "Hashed and
 * hierarchical timing wheels", SOSP 1987, scheme 7) of milliseconds. Setting, changing and ending a
 * timer is O(1); each is moved at most once per level before it is due.
 *
 * A timer lies on the level of the highest digit (base 64) in which its time differs from now, in
 * the slot of that digit, so that all of a slot's timers lie ahead and one bit per slot tells the
 * next one. A heap would need O(log n) for every message of a transaction.
 *
 * Intrusive: the owner embeds struct wheel_timer. No thread, no clock: time is the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WHEEL_BITS 6
#define WHEEL_SLOTS (1u << WHEEL_BITS)
#define WHEEL_LEVELS 11 /* 64 bits */

/* All zero: not set. */
struct wheel_timer {
	struct wheel_timer *next;
	struct wheel_timer **link; /* what points here; NULL = not set */
	uint64_t due_ms;
	uint16_t place; /* level and slot */
};

/* All zero: empty, at time 0. */
struct timer_wheel {
	uint64_t now_ms;
	uint64_t used[WHEEL_LEVELS]; /* bit i: slot i of the level has timers */
	struct wheel_timer *slot[WHEEL_LEVELS * WHEEL_SLOTS];
};

/** Lets time pass to @now_ms, as far as nothing falls due: then wheel_pop() has less to do. */
void wheel_advance(struct timer_wheel *w, uint64_t now_ms);

/** Sets @t, set or not, to @due_ms; what lies in the past is due with the next millisecond. */
void wheel_set(struct timer_wheel *w, struct wheel_timer *t, uint64_t due_ms);

/** Ends @t, set or not. */
void wheel_unset(struct timer_wheel *w, struct wheel_timer *t);

/** When wheel_pop() is to be called next: no timer is due before. May be in the past;
 * UINT64_MAX = none is set. */
uint64_t wheel_next(const struct timer_wheel *w);

/** Takes a timer out that is due at @now_ms, earlier ones first; NULL: no more. */
struct wheel_timer *wheel_pop(struct timer_wheel *w, uint64_t now_ms);
