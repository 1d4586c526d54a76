/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The works of work.h.
 */
#include "bench/work.h"

#include "bench/reference.h"

#include <stdio.h>
#include <stdlib.h>

static const struct lab_world *world;
static uint8_t sink[65536] __attribute__((aligned(64)));
static uint16_t lines[65536];
static struct reference_header headers[REFERENCE_HEADERS];
static struct sip_msg msg;
static struct proxy_out out;

static uint64_t do_nothing(const struct message *m)
{
	return m->len;
}

static uint64_t do_copy(const struct message *m)
{
	memcpy(sink, m->p, m->len);
	return sink[0];
}

static uint64_t do_lines(const struct message *m)
{
	return reference_lines(m->p, m->len, lines);
}

static uint64_t do_headers(const struct message *m)
{
	return (uint64_t)reference_headers(m->p, m->len, headers);
}

static uint64_t do_parse(const struct message *m)
{
	return (uint64_t)sip_parse(m->p, m->len, SIP_PADDED, &msg);
}

/* As sip_decide() of a worker. */
static inline __attribute__((always_inline)) void decide(const struct message *m)
{
	struct proxy_in in = m->in;

	sip_parse_lines(m->p, m->len, SIP_PADDED, &msg);
	proxy_look_ahead(&world->world, &msg, &in);
	sip_parse_values(&msg);
	proxy_message(&world->world, world->fib, &in, &msg, &out);
}

static uint64_t do_decide(const struct message *m)
{
	decide(m);
	return (uint64_t)out.verdict;
}

static uint64_t do_all(const struct message *m)
{
	struct edit_room room = { MESSAGE_HEADROOM, MESSAGE_TAILROOM };
	struct edit_result res;

	decide(m);
	return (uint64_t)edit_apply(&out.edits, m->p, msg.len, room, &res) + res.len;
}

const struct work works[N_WORKS] = {
	[WORK_EMPTY] = { "empty", "empty call and loop", do_nothing, false },
	[WORK_MEMCPY] = { "memcpy", "reference: memcpy of the message", do_copy, false },
	[WORK_LINES] = { "lines", "reference: positions of all LF, SSE2", do_lines, false },
	[WORK_HEADERS] = { "headers", "reference: header names and values split, SSE4.2",
			   do_headers, false },
	[WORK_PARSE] = { "parse", "parse", do_parse, false },
	[WORK_DECIDE] = { "decide", "parse, decide", do_decide, false },
	[WORK_ALL] = { "all", "parse, decide, edit: the core", do_all, true },
};

void work_world(const struct lab_world *w)
{
	world = w;
}

const struct proxy_out *work_out(void)
{
	return &out;
}

void work_check(const struct message *m)
{
	do_decide(m);
	if (out.verdict == PROXY_FORWARD && do_headers(m) > 0)
		return;
	fprintf(stderr, "a message is not forwarded: %s\n%.*s\n", sip_reason_info(out.reason)->name,
		(int)m->len, (const char *)m->p);
	exit(1);
}
