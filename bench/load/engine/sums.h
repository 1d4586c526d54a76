/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Adding up what cores counted, and what follows from the sums. Main thread; the cores may go on
 * counting meanwhile.
 */
#pragma once

#include "bench/load/peer/result.h"

/** Empties @c. */
void sums_clear(struct load_counts *c);

/** Adds @from, which another thread may write, to @to; as many faults as there is room for. */
void sums_add(struct load_counts *to, const struct load_counts *from);

/**
 * Fills all of @r but sum, offered and ceiling: rates from the counters @c of @seconds, the rest
 * from @r->sum and @r->ceiling.
 */
void sums_rates(struct load_result *r, const uint64_t *c, double seconds);
