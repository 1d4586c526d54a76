/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One row of a rule table: a message in, and to the byte what must come of it.
 *
 * What a forwarded message looks like is written as the difference from what came in: the rows put
 * in behind the start line, and pairs of text found and replaced. Everything else must be as it
 * was, body included. An answer is made up from the rows of the request by a slow and simple writer
 * in rule_case.c, or given in full.
 */
#pragma once

#include "tests/unit/world_fixture.h"

#define ANY_REASON SIP_N_REASONS
#define ANY_LISTENER UINT16_MAX
#define CHANGES 16

struct rule_case {
	const char *name;    /* requirement and what must be true */
	const char *message; /* template, see world_fixture.h */
	const char *source;  /* NULL = "203.0.113.40:5060" */
	enum bed bed;
	uint16_t listener;     /* that it comes to */
	enum sip_transport by; /* that it comes by; a stream's connection is CONNECTION */
	bool able;             /* decided on the control thread */
	bool no_stream;
	const char *found; /* "10.0.0.90:5060": what the name in it leads to */
	enum sip_transport found_by;
	enum proxy_verdict verdict;
	enum sip_reason reason;
	const char *dst;       /* NULL = not checked */
	enum sip_transport to; /* that it leaves by */
	bool crossing;
	bool back;        /* by the connection CONNECTION */
	const char *asks; /* PROXY_HAND_OVER: the name that must be found out about */
	uint16_t from;    /* listener it leaves from; ANY_LISTENER = not checked */

	/* PROXY_FORWARD */
	const char *added;           /* rows behind the start line */
	const char *change[CHANGES]; /* find, put, find, put, ..., NULL */
	bool loose;                  /* bytes are not checked */

	/* PROXY_ANSWER */
	const char *status; /* "404 Not Found" */
	const char *via;    /* value of the top Via in the answer; NULL = as it came */
	const char *extra;  /* rows before Content-Length */
	const char *whole;  /* the answer in full, in place of the three above */
};

/** Runs @n rows; each failure is reported under the row's name. */
void rule_cases_run(const struct rule_case *cases, size_t n);

#define RUN_CASES(table) rule_cases_run((table), sizeof(table) / sizeof((table)[0]))

/* Messages of the caller 203.0.113.40, with @more rows between Max-Forwards and From. */
#define CALLER_VIA "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1\n"
#define ENDS(method)                                                           \
	"From: <sip:alice@caller.example>;tag=f1\nTo: <sip:bob@example.com>\n" \
	"Call-ID: c1@caller.example\nCSeq: 1 " method "\n"
#define DIALOG_ENDS(method)                                                           \
	"From: <sip:alice@caller.example>;tag=f1\nTo: <sip:bob@example.com>;tag=t1\n" \
	"Call-ID: c1@caller.example\nCSeq: 2 " method "\n"
#define EMPTY "Content-Length: 0\n\n"
#define REQUEST(method, uri, more) \
	method " " uri " SIP/2.0\n" CALLER_VIA "Max-Forwards: 70\n" more ENDS(method) EMPTY
#define IN_DIALOG(method, uri, more) \
	method " " uri " SIP/2.0\n" CALLER_VIA "Max-Forwards: 70\n" more DIALOG_ENDS(method) EMPTY

#define HOP_TAKEN "Max-Forwards: 70", "Max-Forwards: 69"

/* New rows of a request from outside to a server inside, and from outside to outside. */
#define RR_IN "Record-Route: {rr:1}\nRecord-Route: {rr:0}\n"
#define NEW_IN "{via:1}" RR_IN
#define RR_OUT "Record-Route: {rr:0}\n"
#define NEW_OUT "{via:0}" RR_OUT

/* Outcomes. */
#define TO_CORE1 .verdict = PROXY_FORWARD, .dst = "10.0.0.11:5060", .from = IN4
#define FORWARDED(to, listener_) .verdict = PROXY_FORWARD, .dst = (to), .from = (listener_)
#define ANSWERED(reason_, status_)                                         \
	.verdict = PROXY_ANSWER, .reason = (reason_), .status = (status_), \
	.dst = "203.0.113.40:5060", .from = OUT4
#define HANDED_OVER(reason_) .verdict = PROXY_HAND_OVER, .reason = (reason_)
#define DROPPED(reason_) .verdict = PROXY_DROP, .reason = (reason_), .from = ANY_LISTENER
