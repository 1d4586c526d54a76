/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From single probes to up or down: rise, fall and damping of one backend. Pure; time comes in.
 *
 * A backend that falls again soon after it rose flaps: each time doubles the good probes that it
 * takes to rise, up to 32 times as many; each calm period takes one doubling back (the penalty of
 * RFC 2439, without its arithmetic). Falling is never delayed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define VERDICT_FLAPS_MAX 5
#define VERDICT_CALM_MS 60000u /* at least: staying up for so long is calm */

struct verdict_rule {
	uint32_t rise, fall; /* probes in a row */
	uint64_t calm_ms;
};

struct verdict {
	bool up, known, last_ok;
	uint8_t flaps;       /* doublings */
	uint32_t in_a_row;   /* probes that ended as the last one did */
	uint64_t rose_ms;    /* monotonic; 0 = it never was down */
	uint64_t changed_ms; /* the same clock; 0 = never */
};

/** One that was not judged yet: up. */
void verdict_init(struct verdict *v);

/** The rule for these bounds and probes every @interval_ms. */
struct verdict_rule verdict_rule(uint32_t rise, uint32_t fall, uint64_t interval_ms);

/** Takes in the end of a probe. Returns true if the verdict changed. */
bool verdict_take(struct verdict *v, const struct verdict_rule *rule, bool ok, uint64_t now_ms);

/** Good probes in a row that bring it up. */
uint32_t verdict_wanted(const struct verdict *v, const struct verdict_rule *rule);
