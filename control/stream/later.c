/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is put off until the event loop comes back: telling who waits, serving connections that may
 * be read again, freeing those that are over.
 *
 * One event that is activated by hand. Each list is taken as it is at the beginning; what comes
 * meanwhile is for the next turn, so that others get theirs.
 */
#include "control/config/alloc.h"
#include "control/stream/stream_state.h"

#include <event2/bufferevent.h>
#include <event2/event.h>

static void soon(struct streams *s)
{
	event_active(s->later, EV_TIMEOUT, 0);
}

void later_tell(struct streams *s, struct stream_waiter *w, int rc)
{
	if (!w)
		return;
	w->rc = rc;
	STAILQ_INSERT_TAIL(&s->done, w, link);
	soon(s);
}

void later_serve(struct stream *c)
{
	if (c->is_again)
		return;
	c->is_again = true;
	STAILQ_INSERT_TAIL(&c->owner->again, c, in_later);
	soon(c->owner);
}

void later_free(struct stream *c)
{
	struct streams *s = c->owner;

	if (c->is_again)
		STAILQ_REMOVE(&s->again, c, stream, in_later);
	STAILQ_INSERT_TAIL(&s->over, c, in_later);
	soon(s);
}

static void tell(struct streams *s)
{
	struct stream_waiters list = STAILQ_HEAD_INITIALIZER(list);
	struct stream_waiter *w;

	STAILQ_CONCAT(&list, &s->done);
	while ((w = STAILQ_FIRST(&list))) {
		STAILQ_REMOVE_HEAD(&list, link);
		w->fn(w->arg, w->rc);
		mem_free(w);
	}
}

/* One that ends meanwhile leaves the list by itself, so no copy of it is made. */
static void serve(struct streams *s)
{
	struct stream *c;
	uint32_t n = 0;

	STAILQ_FOREACH(c, &s->again, in_later)
		n++;
	while (n-- && (c = STAILQ_FIRST(&s->again))) {
		STAILQ_REMOVE_HEAD(&s->again, in_later);
		c->is_again = false;
		stream_serve(c);
	}
}

void later_run(struct streams *s)
{
	struct stream *c;

	tell(s);
	serve(s);
	while ((c = STAILQ_FIRST(&s->over))) {
		STAILQ_REMOVE_HEAD(&s->over, in_later);
		bufferevent_free(c->io);
		mem_free(c);
	}
}
