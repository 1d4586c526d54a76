/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Progress on standard error: one line that is rewritten on a terminal, a line every few seconds
 * elsewhere. Main thread only.
 */
#pragma once

#include "bench/load/front/record.h"

#include <stdbool.h>

struct progress {
	const char *title; /* borrowed */
	bool quiet, terminal, dirty;
	double next; /* seconds of the measured part at which to show the next line */
};

/** Prepares for a run. */
void progress_begin(struct progress *p, const char *title, bool quiet);

/** There is nothing new; says so before the first sample. */
void progress_waits(struct progress *p);

/** Shows @s. @headroom: how many times faster the generator could go; 0 = unknown. */
void progress_sample(struct progress *p, const struct sample *s, double headroom);

/** Takes the line off the terminal again. */
void progress_end(struct progress *p);
