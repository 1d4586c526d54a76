/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One burst of received frames and what the stages have found out about each.
 *
 * Stages only set verdicts; tx.c acts on them and counts them. A frame gets exactly one verdict,
 * whatever happens to it: that is what stats_imbalance() checks. The verdicts are the counters of
 * class out and drop, made from the same lines of counters.def, so none can be without a counter.
 * Owner: one worker. The mbufs belong to the batch until tx_finish(); a stage that passes one on
 * sets its pointer to NULL.
 */
#pragma once

#include "dataplane/ip_clash.h"
#include "dataplane/sip/ip.h"

#include <rte_mbuf.h>

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>

#define BURST_MAX 32 /* frames of one rx burst */

enum verdict {
	V_GO,     /* none yet: the next stage looks at it */
	V_HELD,   /* a fragment in reassembly: its verdict follows with its datagram's, or a timeout
		   */
	V_MOVED,  /* a fragment on its way to the worker of its datagram: verdict there */
	V_REASON, /* dropped for the SIP reason in pkt.reason */
#define VERDICT_rx(id)
#define VERDICT_tx(id)
#define VERDICT_info(id)
#define VERDICT_out(id) V_##id,
#define VERDICT_drop(id) V_##id,
#define COUNTER(id, class, help) VERDICT_##class(id)
#include "dataplane/counters.def"
#undef COUNTER
#undef VERDICT_out
#undef VERDICT_drop
	N_VERDICTS
};

enum {
	PKT_CHAIN = 1, /* not in one mbuf of its own: gather.c looks into it */
	PKT_FRAG = 2,  /* an IP fragment: off, len are its data, frag_* and proto are valid */
	PKT_ICMP = 4,  /* an ICMP error about a packet of ours: off, len are its IP packet */
	PKT_MORE = 8,  /* of a fragment: more follow */
	PKT_V6 = 16,
	PKT_PARTIAL = 64, /* had the checksum that a NIC should have finished */
	PKT_VLAN = 128,   /* came with a VLAN tag */
	PKT_WHOLE = 256,  /* was put together from fragments */
	PKT_ANSWER = 512  /* what goes out is an answer of our own */
};

/* What is known of one frame. */
struct pkt {
	alignas(64) uint8_t verdict; /* enum verdict */
	uint8_t proto;     /* fragments: what the datagram carries, as far as this piece says */
	uint16_t flags;    /* PKT_* */
	uint16_t reason;   /* enum sip_reason of V_REASON, and of an answer */
	uint16_t port;     /* index of the interface it came in by */
	uint16_t listener; /* index in world.listeners */
	uint16_t off;      /* what the stage before found, from the first byte of the frame: UDP */
	uint16_t len;      /* payload, unless PKT_FRAG or PKT_ICMP say otherwise */
	uint16_t n_frames; /* frames made of it that a device or another worker took */
	uint16_t frag_off; /* bytes */
	uint32_t frag_id;
	struct endpoint src;
	struct ip dst;
};

static_assert(sizeof(struct pkt) == 64, "what is known of a frame fits a cache line");

struct batch {
	uint16_t n;
	struct rte_mbuf *m[BURST_MAX];
	struct pkt pkt[BURST_MAX];
};
