/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's side of the trace (trace.h): what it has in hand, in the trace's words. Only entered
 * while somebody traces.
 */
#pragma once

#include "dataplane/gather.h"
#include "dataplane/sip_stage.h"
#include "dataplane/trace.h"

struct worker;

/** trace_begin() for the message of packet @k, after sip_decide(). */
bool tap_begin(struct worker *w, const struct pkt *k, struct trace_item *it);

/** trace_finish() for it, once it has its verdict: the bytes at @o if it was edited, else at
 * @buf. A frame that the device does not take at the end of the burst counts as sent here. */
void tap_finish(struct worker *w, const struct pkt *k, const struct buffer *buf,
		const struct outgoing *o, struct trace_item *it);
