/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing of Prometheus' text format, version 0.0.4: families and samples into an evbuffer.
 *
 *   # HELP viaduct_dropped_total ...        metrics_family()
 *   # TYPE viaduct_dropped_total counter
 *   viaduct_dropped_total{worker="0",reason="bad_via"} 17
 *   metrics_sample()      metrics_label()              metrics_u64()
 *
 * A sample is made in a line of fixed length; one that does not fit, which takes labels of many
 * hundred bytes, is left out as a whole. Control thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;

#define METRICS_LINE_MAX 2048

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metrics_out {
	struct evbuffer *to;
	const char *name; /* of the family; borrowed */
	bool failed;      /* no memory: something is missing in @to */
	bool cut;         /* the sample under way does not fit */
	unsigned int n_labels;
	size_t used;
	char line[METRICS_LINE_MAX];
};

/** Begins a family. @name is kept until the next. */
void metrics_family(struct metrics_out *o, const char *name, enum metric_type type,
		    const char *help);

/** Begins a sample of the family; @suffix: "", or "_bucket", "_sum", "_count" of a histogram. */
void metrics_sample(struct metrics_out *o, const char *suffix);

/** Adds a label to it; any bytes of @value will do. */
void metrics_label(struct metrics_out *o, const char *name, const char *value);

/** Adds the label worker="@i", or worker="control" for @i = @control. */
void metrics_worker(struct metrics_out *o, unsigned int i, unsigned int control);

/** Ends the sample with its value. */
void metrics_u64(struct metrics_out *o, uint64_t value);
void metrics_double(struct metrics_out *o, double value);

/** Writes @value so that it reads back the same, with NaN, +Inf and -Inf as the format has them, to
 * @out, at most @n bytes with the NUL. */
void metrics_number(double value, char *out, size_t n);
