/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The slow path: SIP datagrams that reach the control thread by a socket of Linux, since they are
 * too long for the workers' way in. The same parser, rules and edits as on the workers; only
 * sending differs. Control thread only.
 */
#pragma once

#include "control/network/kernel_sockets.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/stats.h"
#include "dataplane/trace.h"

struct slow_udp {
	const struct world *world; /* in force; the owner keeps both up to date */
	const struct fib *fib;
	struct kernel_sockets *sockets;
	struct stats *stats;           /* of the control thread */
	struct recent *recent;         /* of the control thread */
	struct trace_tap *tap;         /* of the control thread; NULL = nobody can trace */
	const struct trace_set *trace; /* NULL = nobody traces */
	uint32_t answer_limit;         /* error answers per second */
	uint32_t answers;              /* error answers in this second */
	uint64_t second;
	/* Of the present datagram: */
	struct trace_item item;
	struct trace_end end;
	struct sip_msg m;
	struct proxy_out out;
	uint8_t sent[SIP_MAX_LEN];
};

/**
 * Handles the datagram of @len bytes at @data that came from @src to the socket at @listener;
 * SIP_PAD bytes behind it are readable. @now_ms: monotonic. Every datagram ends as one verdict in
 * the counters.
 */
void slow_udp_take(struct slow_udp *s, const struct endpoint *src, const struct endpoint *listener,
		   const uint8_t *data, size_t len, uint64_t now_ms);
