/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watch/metrics_text.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {
	[METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"
};

static void put(struct metrics_out *o, const char *text, size_t n)
{
	if (n > sizeof(o->line) - o->used) {
		o->cut = true;
		return;
	}
	memcpy(o->line + o->used, text, n);
	o->used += n;
}

static void put_text(struct metrics_out *o, const char *text)
{
	put(o, text, strlen(text));
}

/* In HELP and label values '\' and the newline are escaped, in the latter the quote too. */
static void put_escaped(struct metrics_out *o, const char *text, bool quotes)
{
	for (; *text; text++) {
		if (*text == '\n')
			put(o, "\\n", 2);
		else if (*text == '\\' || (quotes && *text == '"'))
			put(o, (char[2]){ '\\', *text }, 2);
		else
			put(o, text, 1);
	}
}

static void flush(struct metrics_out *o)
{
	if (!o->cut && evbuffer_add(o->to, o->line, o->used) < 0)
		o->failed = true;
	o->used = 0;
	o->cut = false;
}

void metrics_family(struct metrics_out *o, const char *name, enum metric_type type,
		    const char *help)
{
	o->name = name;
	put_text(o, "# HELP ");
	put_text(o, name);
	put(o, " ", 1);
	put_escaped(o, help, false);
	put_text(o, "\n# TYPE ");
	put_text(o, name);
	put(o, " ", 1);
	put_text(o, type_names[type]);
	put(o, "\n", 1);
	flush(o);
}

void metrics_sample(struct metrics_out *o, const char *suffix)
{
	o->n_labels = 0;
	put_text(o, o->name);
	put_text(o, suffix);
}

void metrics_label(struct metrics_out *o, const char *name, const char *value)
{
	put(o, o->n_labels++ ? "," : "{", 1);
	put_text(o, name);
	put(o, "=\"", 2);
	put_escaped(o, value, true);
	put(o, "\"", 1);
}

void metrics_worker(struct metrics_out *o, unsigned int i, unsigned int control)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", i);
	metrics_label(o, "worker", i == control ? "control" : text);
}

static void put_value(struct metrics_out *o, const char *value)
{
	put_text(o, o->n_labels ? "} " : " ");
	put_text(o, value);
	put(o, "\n", 1);
	flush(o);
}

void metrics_u64(struct metrics_out *o, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_value(o, text);
}

void metrics_number(double value, char *out, size_t n)
{
	if (isnan(value)) {
		snprintf(out, n, "NaN");
	} else if (isinf(value)) {
		snprintf(out, n, "%s", value > 0 ? "+Inf" : "-Inf");
	} else {
		snprintf(out, n, "%.15g", value);
		if (strtod(out, NULL) != value)
			snprintf(out, n, "%.17g", value);
	}
}

void metrics_double(struct metrics_out *o, double value)
{
	char text[40];

	metrics_number(value, text, sizeof(text));
	put_value(o, text);
}
