/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers of connections, found again with one load.
 *
 *     63                       20 19          0
 *     +--------------------------+------------+
 *     | how many there were before |  slot    |   XOR a random number of this process
 *     +--------------------------+------------+
 *
 * 44 bits count all connections that a process ever has. Numbers of another process, be it the one
 * before or the same address on another node, differ by a random 64-bit mask: that one of them
 * means a connection of ours has a chance of 2^-64 for each that we have.
 */
#include "control/config/alloc.h"
#include "control/stream/stream_state.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define SLOT_BITS 20
#define SLOT_MASK ((1ull << SLOT_BITS) - 1)
#define SLOTS_MIN 64u
#define SLOTS_MAX (1u << SLOT_BITS)

static int grow(struct streams *s)
{
	uint32_t n = s->n_slots ? s->n_slots * 2 : SLOTS_MIN;
	struct stream **slots;
	uint32_t *spare;

	if (s->n_slots == SLOTS_MAX)
		return -ENOMEM;
	if (!s->mask)
		randombytes_buf(&s->mask, sizeof(s->mask));
	slots = mem_alloc(n * sizeof(*slots));
	spare = mem_alloc(n * sizeof(*spare));
	if (!slots || !spare) {
		mem_free(slots);
		mem_free(spare);
		return -ENOMEM;
	}
	if (s->n_slots)
		memcpy(slots, s->slots, s->n_slots * sizeof(*slots));
	for (uint32_t i = n; i > s->n_slots; i--)
		spare[s->n_spare++] = i - 1;
	mem_free(s->slots);
	mem_free(s->spare);
	s->slots = slots;
	s->spare = spare;
	s->n_slots = n;
	return 0;
}

int number_give(struct stream *c)
{
	struct streams *s = c->owner;

	if (s->n_spare == 0 && grow(s))
		return -ENOMEM;
	c->slot = s->spare[--s->n_spare];
	do {
		c->number = (++s->sequence << SLOT_BITS | c->slot) ^ s->mask;
	} while (c->number == 0);
	s->slots[c->slot] = c;
	return 0;
}

void number_forget(struct stream *c)
{
	struct streams *s = c->owner;

	if (!c->number)
		return;
	s->slots[c->slot] = NULL;
	s->spare[s->n_spare++] = c->slot;
	c->number = 0;
}

struct stream *number_find(const struct streams *s, uint64_t number)
{
	uint64_t slot = (number ^ s->mask) & SLOT_MASK;
	struct stream *c = slot < s->n_slots ? s->slots[slot] : NULL;

	return c && c->number == number ? c : NULL;
}
