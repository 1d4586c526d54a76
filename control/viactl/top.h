/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the live view knows and how it is drawn. Internal to top*.c.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* One look at the proxy; NULL what was not told. */
struct top_look {
	json_t *status, *pools, *counters;
	double at; /* seconds, monotonic */
};

struct top {
	struct top_look now, before; /* before: of counters, for the rates of drops */
	const char *socket;
	const char *why; /* why there is no connection; NULL = there is one */
	int scroll;      /* lines of the pools above the screen */
};

/** Draws all of it on the curses screen. */
void top_draw(struct top *t);

/** Writes the reasons that drop most, "bad_via 12 /s, no_route 3 /s", to @out, at most @n bytes
 * with the NUL. */
void top_drops(const struct top *t, char *out, size_t n);

/** Prepares curses' colours. */
void top_colors(void);
