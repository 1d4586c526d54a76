/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is to be written, and what follows if the peer does not read it.
 *
 * Each connection has a queue of bounds.queue bytes. When it is half full, the connection whose
 * message has just been added is not read for a while: a sender who is faster than his receiver is
 * slowed down, and the other half is for those that cannot be slowed, like UDP. When it is full,
 * messages are refused (-ENOBUFS), and the owner says 503.
 *
 * But one that does not read at all must not stop others that also have to do with the rest of the
 * world: nobody is paused for another connection's queue for longer than STREAM_PAUSE_MS, and then
 * nobody is paused for that queue until it got shorter. A connection that does not read what is
 * for itself is paused until it does, or is ended (wheel.c).
 */
#include "control/stream/stream_state.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

size_t stream_unwritten(const struct stream *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->io));
}

void stream_account(struct stream *c)
{
	struct streams *s = c->owner;
	uint32_t in = (uint32_t)evbuffer_get_length(bufferevent_get_input(c->io));
	uint32_t out = (uint32_t)stream_unwritten(c);

	s->wait_in += in - (uint64_t)c->wait_in;
	s->wait_out += out - (uint64_t)c->wait_out;
	c->wait_in = in;
	c->wait_out = out;
}

/* The message under way is for @c, whose queue is long: its source rests. */
static void hold_up(struct stream *c)
{
	struct stream *source = c->owner->taking;

	if (!source || source->blocker || source->state != STREAM_OPEN)
		return;
	if (c->stuck && c != source)
		return;
	source->blocker = c;
	source->paused_ms = c->owner->clock();
	LIST_INSERT_HEAD(&c->blocked, source, in_blocked);
	bufferevent_disable(source->io, EV_READ);
	stream_count(c->owner, C_STREAM_PAUSED);
	wheel_watch(source);
}

int stream_put(struct stream *c, const void *p, size_t n)
{
	struct streams *s = c->owner;
	size_t waits = stream_unwritten(c);
	bool full = waits + n > s->bounds.queue || s->wait_out + n > s->bounds.memory;

	if (!full && bufferevent_write(c->io, p, n) == 0) {
		c->last_ms = s->clock();
		c->bytes_out += n;
		s->wait_out += waits + n - c->wait_out;
		c->wait_out = (uint32_t)(waits + n);
		if (waits == 0) {
			c->progress_ms = c->last_ms;
			wheel_watch(c);
		}
	} else {
		full = true;
		stream_count(s, C_STREAM_QUEUE_FULL);
	}
	if (waits + n > s->bounds.queue / 2)
		hold_up(c);
	return full ? -ENOBUFS : 0;
}

int streams_send(struct streams *s, uint64_t connection, const void *p, size_t n)
{
	struct stream *c = number_find(s, connection);
	int rc;

	if (!c)
		return -ENOTCONN;
	rc = stream_put(c, p, n);
	if (rc)
		return rc;
	c->messages_out++;
	stream_count(s, C_STREAM_SENT);
	return 0;
}

/* --- pauses ------------------------------------------------------------------------------ */

void stream_unpause(struct stream *c)
{
	if (!c->blocker)
		return;
	LIST_REMOVE(c, in_blocked);
	c->blocker = NULL;
	if (c->message_ms)
		c->message_ms = c->owner->clock();
	if (c->state == STREAM_OPEN)
		later_serve(c);
}

void stream_unblock(struct stream *c)
{
	while (!LIST_EMPTY(&c->blocked))
		stream_unpause(LIST_FIRST(&c->blocked));
}

void stream_drained(struct stream *c)
{
	if (stream_unwritten(c) > c->owner->bounds.queue / 4)
		return;
	c->stuck = false;
	stream_unblock(c);
}
