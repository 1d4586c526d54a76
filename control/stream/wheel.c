/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time: what connections must have done by when.
 *
 * A wheel of slots of WHEEL_MS. A connection lies in the slot of a time at which it may have missed
 * a deadline; when that comes, its deadlines are worked out from what it did, and if none is over
 * it is put into the slot of the next. So a message costs no timer at all, only a time that is
 * written down, and an idle connection is looked at once per turn of the wheel. Only an event that
 * brings a deadline forward, like a message that begins, moves it; deadlines farther away than the
 * wheel is long are looked at in between.
 */
#include "control/stream/stream_state.h"

#include <errno.h>

static const uint64_t never = UINT64_MAX;

static uint64_t min_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* --- deadlines --------------------------------------------------------------------------- */

static bool is_kept_warm(const struct stream *c)
{
	return c->pool && c->pool->warm >= c->pool->n;
}

static uint64_t idle_end(const struct stream *c)
{
	uint64_t end = c->last_ms + (c->orphan ? STREAM_IDLE_MIN_MS : c->owner->bounds.idle_ms);

	if (is_kept_warm(c))
		return never;
	return end > c->keep_ms ? end : c->keep_ms;
}

/* While it is paused, the peer cannot go on. */
static uint64_t message_end(const struct stream *c)
{
	return c->message_ms && !c->blocker ? c->message_ms + c->owner->bounds.message_ms : never;
}

static uint64_t write_end(const struct stream *c)
{
	return stream_unwritten(c) ? c->progress_ms + c->owner->bounds.message_ms : never;
}

static uint64_t pause_end(const struct stream *c)
{
	return c->blocker && c->blocker != c ? c->paused_ms + STREAM_PAUSE_MS : never;
}

static uint64_t ending_end(const struct stream *c)
{
	return c->ending_ms + (c->shut ? STREAM_LINGER_MS : c->owner->bounds.message_ms);
}

static uint64_t next_end(const struct stream *c)
{
	if (c->state == STREAM_OPENING)
		return c->opened_ms + c->owner->bounds.connect_ms;
	if (c->state == STREAM_ENDING)
		return ending_end(c);
	return min_of(min_of(message_end(c), write_end(c)), min_of(pause_end(c), idle_end(c)));
}

/* --- the wheel --------------------------------------------------------------------------- */

void wheel_leave(struct stream *c)
{
	if (c->tick)
		LIST_REMOVE(c, in_wheel);
	c->tick = 0;
}

void wheel_watch(struct stream *c)
{
	struct streams *s = c->owner;
	uint64_t end = next_end(c);
	uint64_t tick = end == never ? never : end / WHEEL_MS + 1;

	if (tick <= s->tick)
		tick = s->tick + 1;
	if (tick - s->tick >= WHEEL_SLOTS)
		tick = s->tick + WHEEL_SLOTS - 1;
	if (c->tick && c->tick <= tick)
		return;
	wheel_leave(c);
	c->tick = tick;
	LIST_INSERT_HEAD(&s->wheel[tick % WHEEL_SLOTS], c, in_wheel);
}

/* Looks whether anything left since the last look. */
static void look_for_progress(struct stream *c, uint64_t now_ms)
{
	uint64_t written = c->bytes_out - stream_unwritten(c);

	if (written != c->written)
		c->progress_ms = now_ms;
	c->written = written;
}

static void check_open(struct stream *c, uint64_t now_ms)
{
	struct streams *s = c->owner;

	look_for_progress(c, now_ms);
	if (pause_end(c) <= now_ms) {
		c->blocker->stuck = true;
		stream_unblock(c->blocker);
	}
	if (message_end(c) <= now_ms) {
		stream_count(s, C_STREAM_SLOW);
		stream_end_soon(c);
	} else if (write_end(c) <= now_ms) {
		stream_count(s, C_STREAM_STUCK);
		stream_end(c, -ETIMEDOUT);
	} else if (idle_end(c) <= now_ms) {
		stream_count(s, C_STREAM_IDLE);
		stream_end_soon(c);
	}
}

/* One that does not come to stand, or does not end. */
static void end_late(struct stream *c)
{
	if (c->state == STREAM_OPENING && !c->outbound)
		stream_count(c->owner, C_STREAM_NO_TLS);
	stream_end(c, -ETIMEDOUT);
}

static void check(struct stream *c, uint64_t now_ms)
{
	if (c->state == STREAM_OPEN)
		check_open(c, now_ms);
	else if (next_end(c) <= now_ms)
		end_late(c);
	if (c->state != STREAM_OVER)
		wheel_watch(c);
}

static void turn(struct streams *s, uint64_t now_ms)
{
	LIST_HEAD(, stream) list = LIST_HEAD_INITIALIZER(list);
	struct stream *c;

	s->tick++;
	while ((c = LIST_FIRST(&s->wheel[s->tick % WHEEL_SLOTS]))) {
		LIST_REMOVE(c, in_wheel);
		LIST_INSERT_HEAD(&list, c, in_wheel);
	}
	while ((c = LIST_FIRST(&list))) {
		wheel_leave(c);
		check(c, now_ms);
	}
}

void wheel_turn(struct streams *s)
{
	uint64_t now_ms = s->clock(), last = now_ms / WHEEL_MS;
	bool turns = s->tick < last;

	/* After a long sleep one turn sees them all. */
	if (last - s->tick > WHEEL_SLOTS)
		s->tick = last - WHEEL_SLOTS;
	while (s->tick < last)
		turn(s, now_ms);
	pools_attend(s, now_ms);
	if (turns)
		listeners_wake(s);
}
