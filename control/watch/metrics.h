/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The metrics for Prometheus: a table of families, and a walk over them that can pause.
 *
 * Ten thousand backends make a hundred thousand lines. The event loop has others to serve, so the
 * walk goes on for as many bytes as it is asked for and remembers where it was: family, and item of
 * it. Between two steps the world may change; a line is then of before or of after, and backends
 * that are gone are left out. Counters of drops, methods and workers are all there from the start,
 * at 0 if need be, so that rates see the first event. Control thread only.
 */
#pragma once

#include "control/watch/metrics_text.h"

struct app;

/* One family. */
struct metric {
	const char *name;
	enum metric_type type;
	const char *help;
	/* How many items it has now; NULL: one. */
	uint32_t (*items)(const struct app *app);
	/* Writes the samples of item @i of @m; the item may be gone. */
	void (*emit)(struct metrics_out *o, const struct app *app, const struct metric *m,
		     uint32_t i);
	uint32_t which; /* for emit(), where one function makes several families */
};

/* Families of one kind; the lists end with a NULL name. */
extern const struct metric metrics_of_node[];
extern const struct metric metrics_of_workers[];
extern const struct metric metrics_of_pools[];
extern const struct metric metrics_of_backends[];
extern const struct metric metrics_of_health[];
extern const struct metric metrics_of_tls[];
extern const struct metric metrics_of_dns[];
extern const struct metric metrics_of_relay[];

#define METRICS_NAME_MAX 96

/* All zero is the start. */
struct metrics_walk {
	uint32_t family;
	uint32_t item;
	bool begun;                  /* the family's head is written */
	char name[METRICS_NAME_MAX]; /* of the family, if it is made from a table */
};

/**
 * Adds about @bytes more of the text to @to. Returns true when all is written; @failed is set if
 * there was no memory.
 */
bool metrics_write(struct metrics_walk *w, const struct app *app, struct evbuffer *to, size_t bytes,
		   bool *failed);

/** The @i-th family in the order of the text; its name may be in @name. False beyond the last. */
bool metrics_at(uint32_t i, struct metric *out, char name[METRICS_NAME_MAX]);
