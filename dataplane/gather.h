/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that are not one piece of memory: chains of mbufs, and fragments.
 */
#pragma once

#include "dataplane/batch.h"
#include "dataplane/frag_in.h"

struct worker;

/* Where the bytes of a packet are, and the memory around them that may be written. */
struct buffer {
	uint8_t *f;         /* what struct pkt's offsets count from */
	uint8_t *start;     /* of the memory */
	uint8_t *end;       /* one past it */
	struct rte_mbuf *m; /* whose memory it is; NULL = the worker's scratch */
};

/** The fragment that @k says the frame at @f holds; it points into the frame. */
static inline struct fragment fragment_of(const struct pkt *k, const uint8_t *f)
{
	return (struct fragment){
		.src = k->src.ip,
		.dst = k->dst,
		.id = k->frag_id,
		.off = k->frag_off,
		.len = k->len,
		.proto = k->proto,
		.v6 = k->flags & PKT_V6,
		.more = k->flags & PKT_MORE,
		.data = f + k->off,
	};
}

/**
 * Finds the bytes of packet @i of the worker's batch. Copies a chain to the scratch and gives it to
 * net_in_frame(); takes a fragment into reassembly, or hands it to the worker that has the rest.
 * Sets the verdict; on V_GO, @buf describes a whole datagram or an ICMP packet until the next call.
 */
void gather(struct worker *w, uint16_t i, struct buffer *buf);
