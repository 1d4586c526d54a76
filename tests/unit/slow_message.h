/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A second, slow reading of SIP messages, and what a stateless proxy may change in one: the oracle
 * that the corpus, the property tests and the fuzzers hold the real code against. It shares no code
 * with dataplane/sip, knows lines, names and commas only, and trusts nothing that it has not
 * counted itself.
 */
#pragma once

#include "bench/lab.h"

#define SLOW_ROWS 1100
#define SLOW_VALUES 200

struct piece {
	const uint8_t *p;
	size_t n;
};

struct slow_row {
	struct piece whole; /* with CRLF and continuation lines */
	struct piece name;
	struct piece value; /* without white space around it */
};

struct slow_message {
	struct piece start; /* without CRLF */
	struct piece body;  /* cut at Content-Length, if that can be read */
	size_t n_rows;
	struct slow_row row[SLOW_ROWS];
};

/** Splits @n bytes at @p. False without a blank line, or with more rows than there is room for. */
bool slow_read(const uint8_t *p, size_t n, struct slow_message *m);

/** The first row at or after @from whose name is @name or @compact (NULL = none), any case; n_rows
 * if there is none. */
size_t slow_find(const struct slow_message *m, const char *name, const char *compact, size_t from);

/** True if @p is exactly @text. */
bool piece_is(struct piece p, const char *text);

/**
 * What is wrong with forwarding @in, come from @src, as @out; NULL if nothing is. Allowed are our
 * own rows on top, received and rport in the Via that was on top, Max-Forwards, Max-Breadth, the
 * Route and Request-URI rules of RFC 3261 16.4 and 16.6, SIP/2.0 in upper case, and the cut at
 * Content-Length. All else must be equal to the byte.
 */
const char *slow_check_forward(const struct world *w, const struct endpoint *src, struct piece in,
			       struct piece out);

/** What is wrong with @out as the proxy's own answer to @in, NULL if nothing is (RFC 3261 8.2.6).
 */
const char *slow_check_answer(struct piece in, struct piece out);
