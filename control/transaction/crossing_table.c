/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What there is: a hash table of crossings by branch and method, and the bound on what they keep.
 * The digits of a branch are a keyed hash, so they are their own hash value. Crossings that share a
 * branch, an INVITE and its CANCEL, lie in one bucket. The buckets are made once for the most
 * crossings that there may be, 8 bytes for each.
 */
#include "control/config/alloc.h"
#include "control/transaction/crossing.h"

#include <string.h>

static struct crossing **bucket_of(const struct transactions *t, const uint8_t *digits)
{
	uint64_t value;

	hex_read64(digits, &value);
	return &t->bucket[value & t->mask];
}

static bool same_branch(const struct crossing *c, const uint8_t *digits)
{
	return memcmp(c->digits, digits, TXN_DIGITS) == 0;
}

static struct crossing *from(struct crossing *c, const uint8_t *digits)
{
	while (c && !same_branch(c, digits))
		c = c->next;
	return c;
}

struct crossing *crossing_first(const struct transactions *t, const uint8_t *digits)
{
	return from(*bucket_of(t, digits), digits);
}

struct crossing *crossing_next(const struct crossing *c)
{
	return from(c->next, c->digits);
}

struct crossing *crossing_find(const struct transactions *t, const uint8_t *digits,
			       enum sip_method method)
{
	struct crossing *c = crossing_first(t, digits);

	while (c && c->method != method)
		c = crossing_next(c);
	return c;
}

/* The owner knows of a branch once, however many crossings share it; @c is not in the table. */
static void hold(const struct transactions *t, const struct crossing *c, bool on)
{
	const struct crossing *other = crossing_first(t, c->digits);

	while (other && !other->held)
		other = crossing_next(other);
	if (!other)
		t->owner.held(t->owner.arg, c->id, on);
}

bool crossing_has_room(const struct transactions *t, uint64_t n)
{
	uint64_t most = t->bounds.memory_max - t->bounds.memory_max / 8;

	return t->counts.present - t->n_cancels < t->bounds.count_max &&
	       t->counts.bytes + sizeof(struct crossing) + n <= most;
}

struct crossing *crossing_add(struct transactions *t, const struct crossing *like)
{
	struct crossing **head = bucket_of(t, like->digits), *c = NULL;

	if (t->counts.bytes + sizeof(*c) <= t->bounds.memory_max)
		c = mem_alloc(sizeof(*c));
	if (!c)
		return NULL;
	memcpy(c->digits, like->digits, TXN_DIGITS);
	c->id = like->id;
	c->method = like->method;
	c->caller_leg = like->caller_leg;
	c->server_leg = like->server_leg;
	c->held = !leg_is_reliable(&c->caller_leg);
	c->begun_ms = t->now_ms;
	t->counts.bytes += sizeof(*c);
	t->counts.begun++;
	t->counts.present++;
	t->n_cancels += c->method == SIP_M_CANCEL;
	if (c->held)
		hold(t, c, true);
	c->next = *head;
	*head = c;
	if (!like->name)
		return c;
	c->name = kept_new(t, like->name->p, like->name->n);
	if (c->name)
		return c;
	crossing_remove(t, c);
	return NULL;
}

void crossing_remove(struct transactions *t, struct crossing *c)
{
	struct crossing **link = bucket_of(t, c->digits);

	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	if (c->held)
		hold(t, c, false);
	wheel_unset(&t->wheel, &c->timer);
	kept_drop(t, &c->server.message);
	kept_drop(t, &c->client.message);
	kept_drop(t, &c->name);
	kept_drop(t, &c->answer);
	t->counts.bytes -= sizeof(*c);
	t->counts.ended++;
	t->counts.present--;
	t->n_cancels -= c->method == SIP_M_CANCEL;
	mem_free(c);
}

struct kept *kept_new(struct transactions *t, const void *p, size_t n)
{
	uint64_t size = sizeof(struct kept) + n;
	struct kept *k = NULL;

	if (t->counts.bytes + size <= t->bounds.memory_max)
		k = mem_alloc(size);
	if (!k)
		return NULL;
	k->n = (uint32_t)n;
	memcpy(k->p, p, n);
	t->counts.bytes += size;
	return k;
}

void kept_drop(struct transactions *t, struct kept **k)
{
	if (!*k)
		return;
	t->counts.bytes -= sizeof(struct kept) + (*k)->n;
	mem_free(*k);
	*k = NULL;
}
