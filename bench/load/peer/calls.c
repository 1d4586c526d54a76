/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls from start to end: the list of live ones in the order in which they were looked at last,
 * and what counts as lost.
 */
#include "bench/load/peer/state.h"

#define LOOKS 16 /* calls that one look may touch */

static void list_append(struct peer *p, struct call *c, uint64_t now)
{
	uint32_t i = (uint32_t)(c - p->call);

	c->queued = now;
	c->next = NO_SLOT;
	c->prev = p->last;
	if (p->last == NO_SLOT)
		p->first = i;
	else
		p->call[p->last].next = i;
	p->last = i;
}

static void list_remove(struct peer *p, struct call *c)
{
	if (p->walk == (uint32_t)(c - p->call))
		p->walk = c->next;
	if (c->prev == NO_SLOT)
		p->first = c->next;
	else
		p->call[c->prev].next = c->next;
	if (c->next == NO_SLOT)
		p->last = c->prev;
	else
		p->call[c->next].prev = c->prev;
}

void call_open(struct peer *p, struct call *c, uint64_t key, uint64_t now)
{
	static const struct half fresh = { .last = NO_STEP, .again_step = NO_STEP };

	c->key = key;
	c->active = now;
	c->state = CALL_LIVE;
	c->tmpl = template_of(p->t, key);
	c->script = (uint8_t)p->t->t[c->tmpl].script;
	c->server = NO_SERVER;
	c->holds = 0;
	c->half[PEER_CALLER] = c->half[PEER_SERVER] = fresh;
	c->path[PEER_CALLER].form = c->path[PEER_SERVER].form = 0;
	list_append(p, c, now);
	p->n_live++;
}

void call_close(struct peer *p, struct call *c, enum call_state state)
{
	if (c->state != CALL_LIVE)
		return;
	list_remove(p, c);
	p->n_live--;
	c->state = state;
}

bool call_complete(const struct peer *p, const struct call *c)
{
	const uint16_t *by = p->t->facts[c->script].sent_by;
	bool complete = true;

	for (unsigned int side = 0; side < PEER_SIDES; side++) {
		const struct half *h = &c->half[side];

		if (p->here[side])
			complete &= h->seen == by[!side] && h->sent == by[side];
	}
	return complete;
}

/* Messages that went missing as far as one side can tell: all answers to one message missing means
 * one loss, most likely of the message itself. */
static unsigned int lost_of(const struct peer *p, const struct call *c, unsigned int side)
{
	const struct script_facts *f = &p->t->facts[c->script];
	const struct half *h = &c->half[side];
	unsigned int lost = 0;

	for (unsigned int i = 0; i < SCRIPT_STEPS; i++) {
		uint16_t answers = (uint16_t)(((1u << f->n[i]) - 1) << f->first[i]);

		answers &= (uint16_t)~f->hold;
		if (!(h->sent >> i & 1) || !answers)
			continue;
		if (!(h->seen & answers))
			lost++;
		else
			lost += (unsigned int)__builtin_popcount(answers & ~h->seen);
	}
	return lost;
}

void call_expire(struct peer *p, struct call *c)
{
	const struct half *h = c->half;
	unsigned int lost;

	if (p->here[PEER_CALLER] && p->here[PEER_SERVER])
		lost = (unsigned int)(__builtin_popcount(h[PEER_CALLER].sent &
							 ~h[PEER_SERVER].seen) +
				      __builtin_popcount(h[PEER_SERVER].sent &
							 ~h[PEER_CALLER].seen));
	else
		lost = lost_of(p, c, p->here[PEER_CALLER] ? PEER_CALLER : PEER_SERVER);
	count(p, L_LOST, lost);
	call_close(p, c, CALL_EXPIRED);
}

/* A hold time of the other side cannot be seen from here: it is granted to all who may have one. */
static uint64_t patience(const struct peer *p, const struct call *c)
{
	return p->timeout + (p->t->facts[c->script].hold ? p->hold : 0);
}

void calls_look(struct peer *p, uint64_t now)
{
	for (unsigned int i = 0; i < LOOKS && p->first != NO_SLOT; i++) {
		struct call *c = &p->call[p->first];

		if (now - c->queued <= p->timeout / 8)
			return;
		if (now - c->active > patience(p, c) && !c->holds) {
			call_expire(p, c);
			continue;
		}
		list_remove(p, c);
		list_append(p, c, now);
	}
}
