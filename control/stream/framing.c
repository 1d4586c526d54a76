/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state machine behind framing.h. Rows that are not Content-Length, nearly all bytes of a
 * header section, are crossed by memchr(); bodies are counted.
 *
 * A row is only over when the next line does not continue it, so Content-Length is judged at the
 * first byte of the line after it.
 */
#include "control/stream/framing.h"

#include "dataplane/sip/chars.h"
#include "dataplane/sip/msg.h"

#include <string.h>

enum framing_state {
	BETWEEN, /* messages: CRLFs */
	METHOD,  /* first word of the start line */
	START,   /* the rest of it */
	ROW,     /* first byte of a line of the header section */
	NAME,    /* of a row, as long as it can be Content-Length or l */
	COLON,   /* behind such a name */
	SKIP,    /* to the end of the line */
	VALUE,   /* of Content-Length: white space before the digits */
	DIGITS,  /* of it */
	TAIL,    /* white space behind them */
	EMPTY,   /* CR at the beginning of a line: LF ends the header section */
	HEAD,    /* which has just ended */
	BODY,
	OVER /* broken */
};

static const char name[] = "content-length";

#define NAME_LEN (sizeof(name) - 1)
#define SIP_WORD 0x207369702fu /* " sip/" */
#define WORD_MASK 0xffffffffffu

/* Digits with more than this are all the same to us; so that they fit. */
#define NUMBER_MAX (SIP_MAX_LEN + 1u)

static void fault(struct framing *f, enum sip_reason reason)
{
	if (f->fault == SIP_OK)
		f->fault = (uint16_t)reason;
}

/* No message comes any more. */
static void give_up(struct framing *f, enum sip_reason reason)
{
	fault(f, reason);
	f->state = OVER;
}

/* The row of a Content-Length is over. */
static void length_end(struct framing *f)
{
	if (!f->digits || f->not_number)
		fault(f, SIP_R_BAD_CONTENT_LENGTH);
	else if (f->has_length && f->length != f->number)
		fault(f, SIP_R_DUP_CONTENT_LENGTH);
	f->has_length = true;
	f->length = f->number;
	f->in_length = false;
}

/* --- between messages -------------------------------------------------------------------- */

/* CRLFs (RFC 3261 7.5), two of which are a ping. */
static size_t read_between(struct framing *f, const uint8_t *p, size_t n, enum framing_event *event)
{
	size_t i = 0;

	*event = FRAMING_BLANK;
	for (; i < n && (p[i] == '\n') == f->cr && (f->cr || p[i] == '\r'); i++) {
		f->cr = !f->cr;
		if (f->cr)
			continue;
		f->crlf = !f->crlf;
		if (!f->crlf) {
			*event = FRAMING_PING;
			return i + 1;
		}
	}
	if (i == n)
		return i;
	if (f->cr || !char_is(p[i], CH_TOKEN)) {
		give_up(f, SIP_R_NOT_SIP);
		return i + 1;
	}
	*f = (struct framing){ .word = ' ', .state = METHOD };
	if (i == 0)
		*event = FRAMING_MORE;
	return i;
}

/* --- start line -------------------------------------------------------------------------- */

static void shift_in(struct framing *f, uint8_t c)
{
	f->word = (f->word << 8 | char_lower(c)) & WORD_MASK;
	f->is_sip |= f->word == SIP_WORD;
}

/* The first word: token characters, then a space; or "SIP/", as status lines begin. */
static size_t read_method(struct framing *f, const uint8_t *p, size_t n)
{
	size_t i = 0;

	for (; i < n && char_is(p[i], CH_TOKEN); i++)
		shift_in(f, p[i]);
	if (i == n)
		return i;
	shift_in(f, p[i]);
	f->state = START;
	if (p[i] != ' ' && !f->is_sip)
		give_up(f, SIP_R_NOT_SIP);
	return i + 1;
}

/* Crosses a line to its LF, or as far as there are bytes. */
static size_t read_line(struct framing *f, const uint8_t *p, size_t n)
{
	const uint8_t *lf = memchr(p, '\n', n);
	size_t used = lf ? (size_t)(lf - p) + 1 : n;
	bool cr = used > 1 ? p[used - 2] == '\r' : f->cr;

	f->cr = !lf && p[n - 1] == '\r';
	if (!lf)
		return n;
	f->state = ROW;
	if (!cr)
		give_up(f, SIP_R_BAD_LINE_END);
	return used;
}

/* True if the line of @n bytes ends in " SIP/", three more characters and CRLF, as nearly all do.
 */
static bool ends_in_sip(const uint8_t *p, size_t n)
{
	uint64_t word = 0;

	if (n < 10 || p[n - 10] != ' ')
		return false;
	for (size_t i = n - 10; i < n - 5; i++)
		word = word << 8 | char_lower(p[i]);
	return word == SIP_WORD;
}

/* The rest of the start line. In a request line " SIP/" must come. */
static size_t read_start(struct framing *f, const uint8_t *p, size_t n)
{
	size_t used = read_line(f, p, n);

	if (f->is_sip || f->state == OVER)
		return used;
	if (f->state == ROW && ends_in_sip(p, used)) {
		f->is_sip = true;
		return used;
	}
	for (size_t i = 0; i < used; i++)
		shift_in(f, p[i]);
	if (f->state == ROW && !f->is_sip)
		give_up(f, SIP_R_NOT_SIP);
	return used;
}

/* --- header section ---------------------------------------------------------------------- */

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* True if the line at @p is a row of its own and surely not Content-Length: as nearly all are. */
static bool is_other_row(const uint8_t *p, size_t n)
{
	uint8_t c = char_lower(p[0]);

	if (c == 'c')
		return n > 8 && char_lower(p[8]) != name[8];
	return c != 'l' && c != '\r' && c != '\n' && !is_space(c);
}

/* The first byte of a line; lines that are of no interest in full. */
static size_t read_row(struct framing *f, const uint8_t *p, size_t n)
{
	size_t at = 0;

	if (f->in_length && is_space(p[0])) {
		f->state = f->digits ? TAIL : VALUE;
		return 1;
	}
	if (f->in_length)
		length_end(f);
	while (f->state == ROW && is_other_row(p + at, n - at)) {
		f->state = SKIP;
		at += read_line(f, p + at, n - at);
		if (at == n)
			return at;
	}
	if (f->state != ROW)
		return at;
	f->cr = p[at] == '\r';
	f->matched = 1;
	if (f->cr)
		f->state = EMPTY;
	else if (char_lower(p[at]) == 'l')
		f->state = COLON;
	else if (char_lower(p[at]) == 'c')
		f->state = NAME;
	else if (p[at] == '\n')
		give_up(f, SIP_R_BAD_LINE_END);
	else
		f->state = SKIP;
	return at + 1;
}

static size_t read_name(struct framing *f, const uint8_t *p, size_t n)
{
	size_t i = 0;

	while (i < n && f->matched < NAME_LEN && char_lower(p[i]) == name[f->matched]) {
		f->matched++;
		i++;
	}
	if (f->matched == NAME_LEN)
		f->state = COLON;
	else if (i < n)
		f->state = SKIP;
	return i;
}

static size_t read_colon(struct framing *f, const uint8_t *p, size_t n)
{
	(void)n;
	if (is_space(p[0]))
		return 1;
	if (p[0] != ':') {
		f->state = SKIP;
		return 0;
	}
	f->in_length = true;
	f->digits = false;
	f->not_number = false;
	f->number = 0;
	f->state = VALUE;
	return 1;
}

/* One byte of the value of Content-Length. */
static size_t read_value(struct framing *f, const uint8_t *p, size_t n)
{
	uint8_t c = p[0];

	(void)n;
	if (f->cr || c == '\n') {
		bool crlf = f->cr && c == '\n';

		f->cr = false;
		f->state = ROW;
		if (!crlf)
			give_up(f, SIP_R_BAD_LINE_END);
	} else if (c == '\r') {
		f->cr = true;
	} else if (char_is(c, CH_DIGIT) && f->state != TAIL) {
		f->digits = true;
		f->state = DIGITS;
		f->number = f->number * 10 + (c - '0');
		if (f->number > NUMBER_MAX)
			f->number = NUMBER_MAX;
	} else if (is_space(c)) {
		f->state = f->digits ? TAIL : VALUE;
	} else {
		f->not_number = true;
	}
	return 1;
}

static size_t read_empty(struct framing *f, const uint8_t *p, size_t n)
{
	(void)n;
	f->cr = false;
	f->state = HEAD;
	if (p[0] != '\n')
		give_up(f, SIP_R_BAD_LINE_END);
	return 1;
}

static size_t read_head(struct framing *f, const uint8_t *p, size_t n)
{
	static size_t (*const readers[])(struct framing *, const uint8_t *, size_t) = {
		[METHOD] = read_method, [START] = read_start,  [ROW] = read_row,
		[NAME] = read_name,     [COLON] = read_colon,  [SKIP] = read_line,
		[VALUE] = read_value,   [DIGITS] = read_value, [TAIL] = read_value,
		[EMPTY] = read_empty,
	};

	return readers[f->state](f, p, n);
}

/* Content-Length is known, or that it never will be. */
static void head_end(struct framing *f)
{
	if (f->fault != SIP_OK)
		f->state = OVER;
	else if (!f->has_length)
		give_up(f, SIP_R_NO_CONTENT_LENGTH);
	else if (f->length > SIP_MAX_LEN - f->seen)
		give_up(f, SIP_R_TOO_LARGE);
	else
		f->state = BODY;
	f->need = f->seen + f->length;
}

/* --- all of it --------------------------------------------------------------------------- */

/* The end of the message, good or not. */
static enum framing_event end(struct framing *f)
{
	struct framing next = { .len = f->seen };

	if (f->state == OVER) {
		next.fault = f->fault;
		next.state = OVER;
	}
	*f = next;
	return next.state == OVER ? FRAMING_BROKEN : FRAMING_MESSAGE;
}

/* Reads on in the message under way. */
static size_t read_message(struct framing *f, const uint8_t *p, size_t n)
{
	size_t room = (f->state == BODY ? f->need : SIP_MAX_LEN) - f->seen;
	size_t used = n < room ? n : room;

	if (f->state != BODY)
		used = read_head(f, p, used);
	f->seen += (uint32_t)used;
	if (f->state == HEAD)
		head_end(f);
	else if (f->state < HEAD && f->seen == SIP_MAX_LEN)
		give_up(f, SIP_R_TOO_LARGE);
	return used;
}

size_t framing_read(struct framing *f, const uint8_t *p, size_t n, enum framing_event *event)
{
	size_t used = 0;

	*event = FRAMING_BLANK;
	if (f->state == OVER)
		return n;
	if (f->state == BETWEEN) {
		used = read_between(f, p, n, event);
		if (f->state == OVER)
			*event = end(f);
		if (*event != FRAMING_MORE)
			return used;
	}
	*event = FRAMING_MORE;
	while (used < n && f->state != OVER && !(f->state == BODY && f->seen == f->need))
		used += read_message(f, p + used, n - used);
	if (f->state == OVER || (f->state == BODY && f->seen == f->need))
		*event = end(f);
	return used;
}
