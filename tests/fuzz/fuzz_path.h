/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole pure path over one input, and all that must be true of it. For fuzz targets: a broken
 * promise prints what was broken and aborts, so that the input is kept.
 */
#pragma once

#include "tests/unit/guard.h"
#include "tests/unit/slow_message.h"
#include "tests/unit/world_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define ANSWER_EXTRA 640 /* bytes that an answer may have beyond its request (no amplifier) */

struct path {
	struct guard guard;
	struct sip_msg m, again;
	struct proxy_out out, out_again;
	struct text sent, sent_again;
};

static struct path path;

static inline void path_broken(const char *what)
{
	fprintf(stderr, "broken: %s (verdict %d, reason %s)\n", what, (int)path.out.verdict,
		path.out.reason ? sip_reason_info(path.out.reason)->name : "ok");
	abort();
}

#define PATH_CHECK(condition)                    \
	do {                                     \
		if (!(condition))                \
			path_broken(#condition); \
	} while (0)

static inline void path_bytes(const struct sip_msg *m, const struct proxy_out *out, struct text *to)
{
	int n = 0;

	if (out->verdict == PROXY_FORWARD)
		n = edit_copy(&out->edits, m->p, m->len, to->b, TEXT_MAX);
	else if (out->verdict == PROXY_ANSWER)
		memcpy(to->b, out->answer, (size_t)(n = (int)out->answer_len));
	PATH_CHECK(n >= 0);
	to->n = (uint32_t)n;
}

static inline void path_check_forward(const struct lab_world *w, const struct proxy_in *in,
				      struct piece input)
{
	const char *fault = slow_check_forward(&w->world, &in->src, input,
					       (struct piece){ path.sent.b, path.sent.n });

	if (fault)
		path_broken(fault);
	PATH_CHECK(path.m.reason == SIP_OK && path.out.reason == SIP_OK);
	PATH_CHECK(path.out.listener < w->world.n_listeners && path.out.dst.port != 0);
	PATH_CHECK(!ip_is_unusable(&path.out.dst.ip) &&
		   world_listener_at(&w->world, &path.out.dst) == WORLD_NONE);
	PATH_CHECK(sip_parse(path.sent.b, path.sent.n, SIP_EXACT, &path.again) == SIP_OK);
	PATH_CHECK(path.again.len == path.sent.n);
}

static inline void path_check_answer(struct piece input)
{
	const char *fault = slow_check_answer(input, (struct piece){ path.sent.b, path.sent.n });

	if (fault)
		path_broken(fault);
	PATH_CHECK(path.m.request && path.m.method != SIP_M_ACK && path.m.via_ok);
	PATH_CHECK(path.sent.n <= input.n + ANSWER_EXTRA);
	PATH_CHECK(path.out.answer_status >= 200 && path.out.answer_status <= 699);
}

/* The same bytes as they come by TCP to the control thread: what leaves can be read, and what is
 * asked for stands in the message. */
static inline void path_run_streams(const struct proxy_in *by_udp, const uint8_t *p, size_t n)
{
	const struct lab_world *w = fixture_world(BED_STREAMS);
	struct proxy_in in = { .src = by_udp->src,
			       .listener = by_udp->listener % w->world.n_listeners,
			       .transport = SIP_TCP,
			       .able = true,
			       .connection = CONNECTION };

	sip_parse(p, n, SIP_EXACT, &path.m);
	proxy_message(&w->world, w->fib, &in, &path.m, &path.out);
	path_bytes(&path.m, &path.out, &path.sent);
	if (path.out.verdict == PROXY_HAND_OVER)
		PATH_CHECK(path.out.question.host.len && span_end(path.out.question.host) <= n);
	if (path.out.verdict != PROXY_FORWARD)
		return;
	PATH_CHECK(path.out.transport <= SIP_TLS);
	PATH_CHECK(sip_parse(path.sent.b, path.sent.n, SIP_EXACT, &path.again) == SIP_OK);
}

/* Runs the @n bytes at @data as a datagram, in one step and as a worker does; they are read out of
 * memory that ends with them. */
static inline void path_run(const struct lab_world *w, const struct proxy_in *in,
			    const uint8_t *data, size_t n)
{
	struct proxy_in by_worker = *in;
	const uint8_t *p;

	if (!path.guard.room)
		path.guard = guard_open(SIP_MAX_LEN);
	p = guard_at_end(&path.guard, data, n);
	sip_parse(p, n, SIP_EXACT, &path.m);
	proxy_message(&w->world, w->fib, in, &path.m, &path.out);
	path_bytes(&path.m, &path.out, &path.sent);
	sip_parse_lines(p, n, SIP_EXACT, &path.again);
	proxy_look_ahead(&w->world, &path.again, &by_worker);
	sip_parse_values(&path.again);
	proxy_message(&w->world, w->fib, &by_worker, &path.again, &path.out_again);
	path_bytes(&path.again, &path.out_again, &path.sent_again);
	PATH_CHECK(path.out.verdict == path.out_again.verdict &&
		   path.out.reason == path.out_again.reason &&
		   path.out.backend == path.out_again.backend);
	PATH_CHECK(path.sent.n == path.sent_again.n &&
		   memcmp(path.sent.b, path.sent_again.b, path.sent.n) == 0);
	if (path.out.verdict == PROXY_FORWARD)
		path_check_forward(w, in, (struct piece){ p, n });
	else if (path.out.verdict == PROXY_ANSWER)
		path_check_answer((struct piece){ p, n });
	else
		PATH_CHECK(path.out.reason != SIP_OK);
	path_run_streams(in, p, n);
}
