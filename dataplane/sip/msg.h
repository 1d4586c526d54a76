/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A SIP message in one datagram: where everything is, nothing copied.
 *
 * sip_parse() makes one pass: it indexes the lines (vectorised), names the header rows, and checks
 * and decodes what a stateless proxy needs of every message (RFC 3261 16.3 step 1, 16.11). Via
 * values below the top one, Route and the rest are decoded on demand with via.h and nameaddr.h. Who
 * has something to fetch that the message names calls it in two steps, sip_parse_lines() and
 * sip_parse_values().
 * Owner: the caller, one struct per thread, reused; it is valid while the bytes at p stay.
 * On a fault parsing goes on as far as it can, so that an answer can copy the Via, From, To,
 * Call-ID and CSeq that are there (RFC 3261 8.2.6).
 */
#pragma once

#include "dataplane/sip/reason.h"
#include "dataplane/sip/scan_map.h"
#include "dataplane/sip/uri.h"
#include "dataplane/sip/via.h"

#define SIP_MAX_ROWS 1024 /* header rows of one message; more are answered 513, never cut */
/* Bytes after the message that parsing may read but never uses, if the caller says so with
 * SIP_PADDED; else no byte after the end is read. */
#define SIP_PAD 64

/* What sip_prefetch() asks for at most: 19 of 20 header sections, one Via and Record-Route. */
#define SIP_PREFETCH_LEN 1024
#define SIP_PREFETCH_ROOM 128

enum sip_header {
	SIP_H_OTHER = 0,
#define HEADER(id, name, compact, once) SIP_H_##id,
#include "dataplane/sip/headers.def"
#undef HEADER
	SIP_N_HEADERS
};

enum sip_method {
	SIP_M_OTHER = 0,
#define METHOD(id, name, rr) SIP_M_##id,
#include "dataplane/sip/methods.def"
#undef METHOD
	SIP_N_METHODS
};

/* One header row. It ends where the next one starts; row[n_rows].off is the blank line. */
struct sip_row {
	uint16_t off;  /* first byte of the name */
	uint8_t id;    /* enum sip_header */
	uint8_t colon; /* distance from off to ':'; 0 = look for it: other headers, or farther off
			*/
};

/* Numbers of headers that occur once; has tells whether the row was there. */
struct sip_number {
	uint32_t value;
	struct span text; /* the digits */
	bool has;
};

struct sip_msg {
	const uint8_t *p;      /* the bytes; borrowed */
	uint32_t len;          /* message: header section and body, cut at Content-Length (18.3) */
	uint32_t datagram_len; /* bytes that came; >= len */
	uint32_t head_len;     /* start line to blank line included: the body starts here */
	bool request;
	bool sound; /* the header section as a whole is as nearly all are; then row_value() (row.h)
		       may be asked from sip_parse_lines() on */
	bool sips;  /* Request-URI is sips */
	uint8_t method;  /* enum sip_method, of the request line or of CSeq in a response */
	uint16_t status; /* responses: 100 to 699 */
	uint16_t reason; /* enum sip_reason: SIP_OK or the first fault, in the order of checks */
	uint16_t n_rows;
	uint32_t repeated;             /* bit i: there are several rows of header i */
	uint16_t first[SIP_N_HEADERS]; /* index of the first row of each known header; UINT16_MAX =
					  none */
	struct span method_text;
	struct span uri_text;  /* Request-URI as written */
	struct span version;   /* "SIP/2.0" of the start line, as written */
	struct sip_uri uri;    /* Request-URI, valid if reason is SIP_OK or a later check */
	struct span via_value; /* value of the first Via row; len 0 = none */
	struct span via_rest;  /* what follows the top Via in its row, after the comma */
	struct sip_via via;    /* top Via */
	bool via_ok;           /* via is well formed enough to address an answer */
	struct span from, to, call_id, cseq; /* values, trimmed; len 0 = absent */
	struct span from_uri, to_uri;        /* requests only, as are the tags */
	struct span from_tag, to_tag;        /* len 0 = none */
	struct span cseq_method;
	uint32_t cseq_number;
	struct span cseq_digits;
	struct sip_number max_forwards; /* value > 255 is reported as value 256 */
	struct sip_number content_length;
	struct sip_number max_breadth;
	struct {
		bool none, unended, bad_line_end, too_many;
	} lines; /* from sip_parse_lines() for sip_parse_values() alone */
	struct sip_row row[SIP_MAX_ROWS + 1];
	/* What the scan saw, up to the block of 64 bytes in which the blank line starts, for
	 * decoders that run later (marks_of(), marks.h). Not there if reason is KEEPALIVE, STUN or
	 * NOT_SIP. */
	struct scan_map map;
};

enum sip_parse_flags {
	SIP_EXACT = 0, /* not a byte beyond the datagram may be read */
	SIP_PADDED = 1 /* SIP_PAD bytes beyond it are readable (their content is never used) */
};

/**
 * Reads the datagram of @len bytes (0 to SIP_MAX_LEN) at @p into @m.
 * Returns SIP_OK, or the first fault in the order of RFC 3261 16.3 (version, start line, header
 * section, required headers, each header's syntax, framing 18.3); m->reason is the same. The URI
 * scheme (416), Max-Forwards 0 (483) and Proxy-Require (420) are later checks and not faults here.
 * Same bytes, same result, whatever lies after them and whatever SIMD the machine has.
 */
enum sip_reason sip_parse(const uint8_t *p, size_t len, enum sip_parse_flags flags,
			  struct sip_msg *m);

/**
 * The first step of sip_parse(): lines, start line and which header each row is. Of @m are set
 * then: all up to version, the rows, and if @m->sound also uri and first.
 */
void sip_parse_lines(const uint8_t *p, size_t len, enum sip_parse_flags flags, struct sip_msg *m);

/** The second step: all the rest. Returns what sip_parse() does. */
enum sip_reason sip_parse_values(struct sip_msg *m);

/**
 * Fetches the head of the datagram of @len bytes at @p into the first-level cache, SIP_PREFETCH_LEN
 * bytes of it at most, and the SIP_PREFETCH_ROOM bytes before it, where edits put what they insert.
 * Call it some messages before sip_parse(). Nothing is read: @p may point anywhere.
 */
static inline void sip_prefetch(const uint8_t *p, uint32_t len)
{
	uint32_t n = len < SIP_PREFETCH_LEN ? len : SIP_PREFETCH_LEN;

	for (uint32_t at = 0; at < n + SIP_PREFETCH_ROOM; at += 64)
		__builtin_prefetch(p + at - SIP_PREFETCH_ROOM, 1, 3);
	__builtin_prefetch(p + n - 1, 1, 3);
}

/** The value of row @i, without surrounding white space; folds inside are kept. */
struct span sip_row_value(const struct sip_msg *m, unsigned int i);

/** The name of row @i as written, without white space before the colon. */
struct span sip_row_name(const struct sip_msg *m, unsigned int i);

/** The whole row @i with its CRLF and continuation lines. */
static inline struct span sip_row_span(const struct sip_msg *m, unsigned int i)
{
	return span_of(m->row[i].off, m->row[i + 1].off);
}

/** The first row with header @id at or after row @from; -1 = none. */
int sip_find(const struct sip_msg *m, enum sip_header id, unsigned int from);

/** The first row at or after @from whose name equals @name (@n bytes, lower case); -1 = none. */
int sip_find_name(const struct sip_msg *m, const char *name, size_t n, unsigned int from);

/** Known methods by name (case matters, 7.1); SIP_M_OTHER for all others. */
enum sip_method sip_method_of(const uint8_t *p, struct span s);

/** Name of a known method, "" for SIP_M_OTHER. */
const char *sip_method_name(enum sip_method m);

/** Name of the scanner in use: "sse4.2", "avx2", "avx512". */
const char *sip_scan_name(void);

/**
 * Chooses the scanner: "auto" (what the CPU has), or one of the names above, for tests and benches.
 * Returns false, nothing changed, if the CPU lacks it. Not thread-safe; call before any parsing.
 */
bool sip_scan_select(const char *name);
