/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages that are looked at again: kept in one block each, under one bound on number and bytes
 * for all, and handled in a turn of their own.
 */
#include "control/config/alloc.h"
#include "control/relay/relay_state.h"

#include <event2/event.h>
#include <string.h>

struct kept *relay_keep(struct relay *r, const struct relay_message *m)
{
	struct relay_counts *c = &r->counts;
	size_t size = sizeof(struct kept) + (m ? m->len + SIP_PAD : 0);
	struct kept *k;

	if (c->names + c->connections >= RELAY_KEPT_MAX || c->bytes + size > RELAY_KEPT_BYTES)
		return NULL;
	k = mem_alloc(size);
	if (!k)
		return NULL;
	k->relay = r;
	k->size = size;
	c->bytes += size;
	if (!m)
		return k;
	memcpy(k + 1, m->p, m->len);
	k->m = *m;
	k->m.p = (const uint8_t *)(k + 1);
	return k;
}

void relay_unkeep(struct kept *k)
{
	if (k)
		k->relay->counts.bytes -= k->size;
	mem_free(k);
}

void relay_later(struct kept *k, int rc)
{
	struct relay *r = k->relay;

	k->rc = rc;
	k->next = NULL;
	*r->late_end = k;
	r->late_end = &k->next;
	event_active(r->later, EV_TIMEOUT, 0);
}

void relay_on_later(evutil_socket_t fd, short what, void *arg)
{
	struct relay *r = arg;

	(void)fd;
	(void)what;
	for (unsigned int i = 0; i < RELAY_LATE_MAX && r->late; i++) {
		struct kept *k = r->late;

		r->late = k->next;
		if (!r->late)
			r->late_end = &r->late;
		k->later(r, k);
	}
	if (r->late)
		event_active(r->later, EV_TIMEOUT, 0);
}
