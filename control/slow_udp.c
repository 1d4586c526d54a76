/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One datagram at a time, copied where the workers edit in place: this way is rare by design.
 */
#include "control/slow_udp.h"

#include <errno.h>

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

static void drop(struct slow_udp *s, enum sip_reason reason)
{
	stat_add(&s->stats->dropped[reason], 1);
}

/* Sends; counts @verdict, or why it could not be sent. */
static bool send_out(struct slow_udp *s, const void *data, size_t len, enum counter verdict)
{
	const struct listener *from = &s->world->listeners[s->out.listener];
	int rc = kernel_sockets_send(s->sockets, &from->addr, &s->out.dst, data, len);

	if (rc == 0) {
		stat_add(&s->stats->c[verdict], 1);
		stat_add(&s->stats->c[C_TX_FRAMES], 1);
		stat_add(&s->stats->c[C_TX_BYTES], len);
		return true;
	}
	if (rc == -EMSGSIZE)
		drop(s, SIP_R_TOO_LARGE);
	else
		stat_add(&s->stats->c[rc == -ENOENT ? C_DROP_NO_NEIGHBOR : C_DROP_TX_FULL], 1);
	return false;
}

static void forward(struct slow_udp *s)
{
	int n = edit_copy(&s->out.edits, s->m.p, s->m.len, s->sent, sizeof(s->sent));

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

void slow_udp_take(struct slow_udp *s, const struct endpoint *src, const struct endpoint *listener,
		   const uint8_t *data, size_t len, uint64_t now_ms)
{
	struct proxy_in in = { .src = *src, .listener = world_listener_at(s->world, listener) };

	stat_add(&s->stats->c[C_RX_FRAMES], 1);
	stat_add(&s->stats->c[C_RX_BYTES], len);
	if (in.listener == WORLD_NONE) {
		stat_add(&s->stats->c[C_DROP_NO_LISTENER], 1);
		return;
	}
	if (src->port == 0 || ip_is_unusable(&src->ip)) {
		stat_add(&s->stats->c[C_DROP_BAD_SOURCE], 1);
		return;
	}
	sip_parse(data, len, SIP_PADDED, &s->m);
	stat_add(&s->stats->c[s->m.request ? C_RX_REQUESTS : C_RX_RESPONSES], 1);
	proxy_message(s->world, s->fib, &in, &s->m, &s->out);
	if (s->out.verdict == PROXY_FORWARD)
		forward(s);
	else if (s->out.verdict == PROXY_ANSWER)
		answer(s, now_ms);
	else
		drop(s, s->out.reason);
}
