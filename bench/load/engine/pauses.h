/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When the machine took a generator's core away: an interrupt, another thread, the host. What was
 * due meanwhile was sent or seen late, which says nothing about the proxy.
 *
 * A turn that lasted far longer than its work can take had a pause in it. Behind one, an open-loop
 * schedule has to be met again (pace.h), and all that was due until then is late by it. Pauses that
 * are shorter than PAUSES_LEAST pass for the proxy's. Pure; one thread per struct.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PAUSES_LEAST 20000 /* 1 / this of a second is no pause, */
#define PAUSES_EACH 200000 /* nor 1 / this more for each message: what AF_PACKET takes for one */

struct pauses {
	bool late; /* the schedule is not met again */
};

/** True if a turn of @ticks with @work messages had a pause in it; @hz: ticks per second. */
static inline bool pauses_in(uint64_t ticks, unsigned int work, uint64_t hz)
{
	return ticks > hz / PAUSES_LEAST + hz / PAUSES_EACH * work;
}

/** Takes note of a turn: whether a pause was in it, and whether the schedule is @behind after it.
 * True if what was due before the end of this turn is late by a pause. */
static inline bool pauses_turn(struct pauses *p, bool paused, bool behind)
{
	bool late = p->late || paused;

	p->late = late && behind;
	return late;
}
