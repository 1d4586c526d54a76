/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/transaction/timer_wheel.h"

#include <stddef.h>

/* The digit of @ms on @level. */
static unsigned int digit(uint64_t ms, unsigned int level)
{
	return (unsigned int)(ms >> (level * WHEEL_BITS)) & (WHEEL_SLOTS - 1);
}

/* The highest level on which the two times differ. */
static unsigned int level_of(uint64_t now_ms, uint64_t due_ms)
{
	return (63u - (unsigned int)__builtin_clzll((now_ms ^ due_ms) | 1)) / WHEEL_BITS;
}

static void put(struct timer_wheel *w, struct wheel_timer *t)
{
	unsigned int level = level_of(w->now_ms, t->due_ms);
	unsigned int i = digit(t->due_ms, level);
	struct wheel_timer **head = &w->slot[level * WHEEL_SLOTS + i];

	t->place = (uint16_t)(level * WHEEL_SLOTS + i);
	t->next = *head;
	t->link = head;
	if (t->next)
		t->next->link = &t->next;
	*head = t;
	w->used[level] |= 1ull << i;
}

void wheel_unset(struct timer_wheel *w, struct wheel_timer *t)
{
	if (!t->link)
		return;
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	if (!w->slot[t->place])
		w->used[t->place / WHEEL_SLOTS] &= ~(1ull << t->place % WHEEL_SLOTS);
	t->next = NULL;
	t->link = NULL;
}

void wheel_set(struct timer_wheel *w, struct wheel_timer *t, uint64_t due_ms)
{
	wheel_unset(w, t);
	t->due_ms = due_ms > w->now_ms ? due_ms : w->now_ms + 1;
	put(w, t);
}

/* The first slot in use, on the lowest level that has one; slots there lie ahead of now. */
static bool first_slot(const struct timer_wheel *w, unsigned int *level, unsigned int *slot)
{
	for (*level = 0; *level < WHEEL_LEVELS; ++*level) {
		if (w->used[*level]) {
			*slot = (unsigned int)__builtin_ctzll(w->used[*level]);
			return true;
		}
	}
	return false;
}

/* When the time of @slot of @level begins. */
static uint64_t slot_ms(const struct timer_wheel *w, unsigned int level, unsigned int slot)
{
	unsigned int shift = level * WHEEL_BITS;
	uint64_t above = level == WHEEL_LEVELS - 1
				 ? 0
				 : w->now_ms >> (shift + WHEEL_BITS) << (shift + WHEEL_BITS);

	return above | (uint64_t)slot << shift;
}

uint64_t wheel_next(const struct timer_wheel *w)
{
	unsigned int level, slot;

	return first_slot(w, &level, &slot) ? slot_ms(w, level, slot) : UINT64_MAX;
}

void wheel_advance(struct timer_wheel *w, uint64_t now_ms)
{
	if (now_ms > w->now_ms && wheel_next(w) > now_ms)
		w->now_ms = now_ms;
}

/* All timers of a slot whose time has begun, to the levels below. */
static void cascade(struct timer_wheel *w, unsigned int level, unsigned int slot)
{
	struct wheel_timer **head = &w->slot[level * WHEEL_SLOTS + slot], *t = *head, *next;

	*head = NULL;
	w->used[level] &= ~(1ull << slot);
	for (; t; t = next) {
		next = t->next;
		put(w, t);
	}
}

struct wheel_timer *wheel_pop(struct timer_wheel *w, uint64_t now_ms)
{
	unsigned int level, slot;

	while (first_slot(w, &level, &slot)) {
		uint64_t at = slot_ms(w, level, slot);

		if (at > now_ms)
			break;
		w->now_ms = at;
		if (level == 0) {
			struct wheel_timer *t = w->slot[slot];

			wheel_unset(w, t);
			return t;
		}
		cascade(w, level, slot);
	}
	if (now_ms > w->now_ms)
		w->now_ms = now_ms;
	return NULL;
}
