/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Second stage: the pure SIP core on one datagram. Parse, decide, edit in place.
 */
#pragma once

#include "dataplane/batch.h"
#include "dataplane/gather.h"

struct worker;

/* A message ready to send, and where it lies. */
struct outgoing {
	uint8_t *p;
	uint32_t len;
	struct rte_mbuf *m; /* p lies in it with room for all headers before; NULL = elsewhere */
};

/** The first half of sip_stage(): parse, decide and count; w->msg and w->out say what was found.
 * The bytes are as received. */
void sip_decide(struct worker *w, const struct pkt *k, const struct buffer *buf);

/** The second half: edits, or the answer. */
void sip_edit(struct worker *w, struct pkt *k, const struct buffer *buf, struct outgoing *o);

/**
 * Runs the message that @k describes in @buf through sip_parse(), proxy_message() and its edits. On
 * V_GO, @o is what to send and w->out says where to; otherwise the verdict is final. The bytes stay
 * until the next packet of the worker. The message as received is gone.
 */
void sip_stage(struct worker *w, struct pkt *k, const struct buffer *buf, struct outgoing *o);
