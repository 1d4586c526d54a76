/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/tap.h"

#include "dataplane/drop.h"
#include "dataplane/example.h"
#include "dataplane/worker.h"

static struct trace_subject subject(const struct worker *w, const struct pkt *k)
{
	return (struct trace_subject){
		.world = w->view.world,
		.src = &k->src,
		.listener = k->listener,
		.m = &w->msg,
		.out = &w->out,
		.now = w->now,
	};
}

bool tap_begin(struct worker *w, const struct pkt *k, struct trace_item *it)
{
	struct trace_subject s = subject(w, k);

	return trace_begin(&w->tap, w->trace, &s, it);
}

void tap_finish(struct worker *w, const struct pkt *k, const struct buffer *buf,
		const struct outgoing *o, struct trace_item *it)
{
	struct trace_subject s = subject(w, k);
	struct trace_end end = { .verdict = TRACE_DROPPED, .bytes = o->p, .len = o->len };

	if (k->verdict == V_FORWARDED || k->verdict == V_ANSWERED || k->verdict == V_PUNTED) {
		end.verdict = k->flags & PKT_ANSWER ? TRACE_ANSWERED : TRACE_FORWARDED;
		end.cause = EXAMPLE_OF_REASON(w->out.reason);
		end.by_linux = k->verdict == V_PUNTED;
	} else {
		end.cause = (uint16_t)drop_number(k);
	}
	if (!o->p) {
		end.bytes = buf->f + k->off;
		end.len = k->len;
	}
	trace_finish(&w->tap, w->trace, &s, it, &end);
}
