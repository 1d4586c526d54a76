/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Route sets as a user agent keeps them (RFC 3261 12.1.1, 12.1.2): the Record-Route of the request
 * in order at the server, of the response in reverse at the caller.
 *
 * They hardly differ from call to call, but for a token or two of the proxy's. So the text is kept
 * once, as a form, and each call keeps the number of its form and the bytes that differ. Private to
 * bench/load/peer.
 */
#pragma once

#include "bench/load/peer/shape.h"

#define ROUTE_FORMS 250
#define ROUTE_TEXT 1024
#define ROUTE_VARS 60 /* bytes that differ, in all */

/* A route set of one call. */
struct path {
	uint8_t form; /* 0 = not known yet */
	uint8_t len;
	uint8_t vars[62];
};

struct route_form {
	uint16_t len; /* of the Route row; 0 = no Route */
	uint8_t n;
	struct {
		uint16_t off;
		uint8_t len, from; /* from: in path.vars */
	} var[SHAPE_VARS];
	uint8_t text[ROUTE_TEXT + 64];
};

struct routes_known {
	unsigned int n; /* form i is form[i - 1] */
	struct route_form form[ROUTE_FORMS];
};

/**
 * The number of the form that the Record-Route rows of the message behind @s make, @reverse for the
 * caller; 0 if it is too long or there are too many.
 */
uint8_t routes_learn(struct routes_known *k, const struct shape *s, const struct rows *rows,
		     bool reverse);

/** Keeps in @path what the message at @p, of shape @s, says of the route set. */
void routes_take(const struct shape *s, const uint8_t *p, struct path *path);

/** The Route row of @path; in @text, which has room for ROUTE_TEXT + 64 bytes. */
struct piece routes_row(const struct routes_known *k, const struct path *path, uint8_t *text);
