/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One datagram at a time, copied where the workers edit in place: this way is rare by design.
 */
#include "control/network/slow_udp.h"

#include "dataplane/account.h"
#include "dataplane/example.h"

#include <rte_cycles.h>

#include <errno.h>
#include <string.h>

/* One more error answer this second? The same bound as each worker has. */
static bool may_answer(struct slow_udp *s, uint64_t now_ms)
{
	if (s->out.reason == SIP_OK)
		return true;
	if (s->second != now_ms / 1000) {
		s->second = now_ms / 1000;
		s->answers = 0;
	}
	return s->answers++ < s->answer_limit;
}

static void dropped(struct slow_udp *s, unsigned int example)
{
	s->end.verdict = TRACE_DROPPED;
	s->end.cause = (uint16_t)example;
}

static void drop(struct slow_udp *s, enum sip_reason reason)
{
	stat_add(&s->stats->dropped[reason], 1);
	dropped(s, EXAMPLE_OF_REASON(reason));
}

static void drop_counted(struct slow_udp *s, enum counter c)
{
	stat_add(&s->stats->c[c], 1);
	dropped(s, EXAMPLE_OF_COUNTER(c));
}

/* Sends; counts @verdict, or why it could not be sent. */
static bool send_out(struct slow_udp *s, const void *data, size_t len, enum counter verdict)
{
	const struct listener *from = &s->world->listeners[s->out.listener];
	int rc = kernel_sockets_send(s->sockets, &from->addr, &s->out.dst, data, len);

	trace_sent(&s->item, data, (uint32_t)len);
	if (rc == 0) {
		stat_add(&s->stats->c[verdict], 1);
		stat_add(&s->stats->c[C_TX_FRAMES], 1);
		stat_add(&s->stats->c[C_TX_BYTES], len);
		return true;
	}
	if (rc == -EMSGSIZE)
		drop(s, SIP_R_TOO_LARGE);
	else
		drop_counted(s, rc == -ENOENT ? C_DROP_NO_NEIGHBOR : C_DROP_TX_FULL);
	return false;
}

static void forward(struct slow_udp *s)
{
	int n = edit_copy(&s->out.edits, s->m.p, s->m.len, s->sent, sizeof(s->sent));

	stat_window(s->stats, (enum window_choice)s->out.window);
	if (n < 0)
		drop(s, SIP_R_TOO_LARGE);
	else if (send_out(s, s->sent, (size_t)n, C_FORWARDED) && s->out.target == TARGET_POOL)
		stat_add(&s->stats->backend[s->out.backend], 1);
}

static void answer(struct slow_udp *s, uint64_t now_ms)
{
	if (!may_answer(s, now_ms))
		drop(s, SIP_R_ANSWER_LIMIT);
	else if (send_out(s, s->out.answer, s->out.answer_len, C_ANSWERED))
		stat_add(&s->stats->answered[s->out.reason], 1);
}

/* The verdict on a message: what is sent, or why not. */
static void judge(struct slow_udp *s, uint64_t now_ms)
{
	s->end = (struct trace_end){
		.verdict = s->out.verdict == PROXY_ANSWER ? TRACE_ANSWERED : TRACE_FORWARDED,
		.cause = EXAMPLE_OF_REASON(s->out.reason),
		.by_linux = true,
		.bytes = s->m.p,
		.len = s->m.datagram_len,
	};
	if (s->out.verdict == PROXY_FORWARD)
		forward(s);
	else if (s->out.verdict == PROXY_ANSWER)
		answer(s, now_ms);
	else
		drop(s, s->out.reason);
}

static void take_message(struct slow_udp *s, const struct proxy_in *in, uint64_t now_ms)
{
	struct trace_subject subject = {
		.world = s->world,
		.src = &in->src,
		.listener = in->listener,
		.m = &s->m,
		.out = &s->out,
		.now = rte_rdtsc(),
	};
	bool traced;

	account_received(s->stats, &s->m);
	proxy_message(s->world, s->fib, in, &s->m, &s->out);
	account(s->stats, &(struct accounted){ .world = s->world,
					       .src = &in->src,
					       .m = &s->m,
					       .out = &s->out,
					       .now = subject.now,
					       .hz = rte_get_tsc_hz() });
	s->item = (struct trace_item){ 0 };
	traced = s->trace && trace_begin(s->tap, s->trace, &subject, &s->item);
	judge(s, now_ms);
	if (traced)
		trace_finish(s->tap, s->trace, &subject, &s->item, &s->end);
}

/* The last example of what was dropped, if it is time for another one. */
static void keep_example(struct slow_udp *s, const struct endpoint *src, const uint8_t *data,
			 size_t len)
{
	struct example x = { .tsc = rte_rdtsc(), .src = *src };

	if (s->end.verdict != TRACE_DROPPED ||
	    !example_is_due(s->stats->examples, s->end.cause, x.tsc))
		return;
	x.len = (uint16_t)(len < EXAMPLE_BYTES ? len : EXAMPLE_BYTES);
	memcpy(x.bytes, data, x.len);
	example_put(s->stats->examples, s->end.cause, &x, rte_get_tsc_hz());
}

void slow_udp_take(struct slow_udp *s, const struct endpoint *src, const struct endpoint *listener,
		   const uint8_t *data, size_t len, uint64_t now_ms)
{
	struct proxy_in in = { .src = *src,
			       .listener = world_listener_at(s->world, listener),
			       .recent = s->recent };

	stat_add(&s->stats->c[C_RX_FRAMES], 1);
	stat_add(&s->stats->c[C_RX_BYTES], len);
	if (in.listener == WORLD_NONE) {
		drop_counted(s, C_DROP_NO_LISTENER);
	} else if (src->port == 0 || ip_is_unusable(&src->ip)) {
		drop_counted(s, C_DROP_BAD_SOURCE);
	} else {
		sip_parse(data, len, SIP_PADDED, &s->m);
		take_message(s, &in, now_ms);
	}
	keep_example(s, src, data, len);
}
