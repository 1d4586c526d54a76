/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From bytes to messages at the owner.
 *
 * Bytes lie in the chunks of an evbuffer, one per read. A message in one chunk, with the padding
 * that the parser may read behind it, is handed over where it lies; one that spans chunks or ends
 * with the last is copied together once. What is complete is taken off the buffer when a chunk is
 * through, not for each message.
 *
 *     | rest of a message | message | CRLF | message | begin of one |
 *     ^ chunk.p           ^ done_to                  ^ chunk.at      ^ chunk.n
 */
#include "control/stream/stream_state.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

/* Contiguous bytes of the input that were not looked at. */
struct chunk {
	const uint8_t *p;
	size_t n;
	size_t at;      /* looked at up to here */
	size_t done_to; /* and done with up to here */
	bool begun;     /* the first message in it began before it */
};

/* The next bytes that framing has not seen. False: there are none. */
static bool next_chunk(struct stream *c, struct evbuffer *in, struct chunk *chunk)
{
	struct evbuffer_iovec v = { 0 };
	struct evbuffer_ptr from;

	if (evbuffer_get_length(in) <= c->framing.seen)
		return false;
	if (c->framing.seen == 0) {
		evbuffer_peek(in, -1, NULL, &v, 1);
	} else {
		evbuffer_ptr_set(in, &from, c->framing.seen, EVBUFFER_PTR_SET);
		evbuffer_peek(in, -1, &from, &v, 1);
	}
	*chunk = (struct chunk){ .p = v.iov_base, .n = v.iov_len, .begun = c->framing.seen > 0 };
	return v.iov_len > 0;
}

/* The message that ends at chunk->at, with padding behind it. */
static const uint8_t *contiguous(struct stream *c, struct evbuffer *in, const struct chunk *chunk)
{
	uint8_t *scratch = c->owner->scratch;
	uint32_t len = c->framing.len;

	if (chunk->begun) {
		evbuffer_copyout(in, scratch, len);
		return scratch;
	}
	if (chunk->n - chunk->at >= SIP_PAD)
		return chunk->p + chunk->at - len;
	memcpy(scratch, chunk->p + chunk->at - len, len);
	return scratch;
}

static void hand_over(struct stream *c, const uint8_t *p, bool broken)
{
	struct streams *s = c->owner;
	struct stream_message m = {
		.p = p,
		.len = c->framing.len,
		.connection = c->number,
		.transport = (enum sip_transport)c->transport,
		.peer = c->peer,
		.listener = c->listener,
		.broken = broken,
		.reason = broken ? c->framing.fault : SIP_OK,
	};

	c->message_ms = 0;
	if (m.len == 0)
		return;
	c->messages_in++;
	s->taking = c;
	s->take(s->arg, &m);
	s->taking = NULL;
}

static void pong(struct stream *c)
{
	struct streams *s = c->owner;

	stream_count(s, C_STREAM_PINGS);
	s->taking = c;
	stream_put(c, "\r\n", 2);
	s->taking = NULL;
}

/* One event of the framing. */
static void handle(struct stream *c, struct evbuffer *in, struct chunk *chunk,
		   enum framing_event event)
{
	if (event == FRAMING_PING) {
		pong(c);
	} else if (event == FRAMING_MESSAGE) {
		stream_count(c->owner, C_STREAM_MESSAGES);
		hand_over(c, contiguous(c, in, chunk), false);
	} else if (event == FRAMING_BROKEN) {
		stream_count(c->owner, C_STREAM_BROKEN);
		hand_over(c, contiguous(c, in, chunk), true);
		if (c->state == STREAM_OPEN)
			stream_end_soon(c);
	}
}

/* True if the connection may go on to its next message. */
static bool goes_on(const struct stream *c)
{
	return c->state == STREAM_OPEN && !c->blocker;
}

/* Goes through one chunk, up to the end of a message that began before it. */
static void serve_chunk(struct stream *c, struct evbuffer *in, struct chunk *chunk)
{
	size_t before = c->framing.seen;

	while (chunk->at < chunk->n && goes_on(c)) {
		enum framing_event event;

		chunk->at += framing_read(&c->framing, chunk->p + chunk->at, chunk->n - chunk->at,
					  &event);
		if (event == FRAMING_MORE)
			return;
		handle(c, in, chunk, event);
		chunk->done_to = chunk->at + before;
		if (chunk->begun)
			return;
	}
}

/* Starts or stops the clock of a message. */
static void watch_message(struct stream *c)
{
	if (c->framing.seen == 0) {
		c->message_ms = 0;
	} else if (c->message_ms == 0) {
		c->message_ms = c->last_ms;
		wheel_watch(c);
	}
}

void stream_serve(struct stream *c)
{
	struct evbuffer *in = bufferevent_get_input(c->io);
	struct streams *s = c->owner;
	struct chunk chunk;

	if (c->state != STREAM_OPEN)
		return;
	c->last_ms = s->clock();
	c->bytes_in += evbuffer_get_length(in) - c->wait_in;
	while (goes_on(c) && next_chunk(c, in, &chunk)) {
		serve_chunk(c, in, &chunk);
		evbuffer_drain(in, chunk.done_to);
	}
	if (c->state == STREAM_ENDING)
		evbuffer_drain(in, SIZE_MAX);
	if (c->state == STREAM_OVER)
		return;
	stream_account(c);
	watch_message(c);
	if (c->wait_in && s->wait_in > s->bounds.memory) {
		stream_count(s, C_STREAM_FULL);
		stream_end_soon(c);
	} else if (goes_on(c) && !(bufferevent_get_enabled(c->io) & EV_READ)) {
		bufferevent_enable(c->io, EV_READ);
	}
}
