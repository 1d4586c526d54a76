/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Last stage and only exit: frames go to devices here, mbufs are freed here, verdicts are counted
 * here. Frames are gathered per port and sent in one burst at the end of the batch.
 */
#pragma once

#include "dataplane/frag_in.h"

#include <stdbool.h>
#include <stdint.h>

#define TX_FRAMES_MAX 256 /* gathered for one port before they are sent in between */

struct rte_mbuf;
struct rte_ring;
struct worker;

/* A worker's way out of one port. */
struct tx_port {
	uint16_t dev, queue;       /* queue is PORT_NO_QUEUE if another worker has it */
	uint16_t n;                /* frames gathered */
	uint32_t bytes;            /* in them */
	struct rte_ring *handover; /* frames for, or from, workers without a queue; NULL = none */
	struct rte_mbuf *m[TX_FRAMES_MAX];
	uint8_t owner[TX_FRAMES_MAX]; /* packet of the batch that each was made of */
};

/** Gathers frame @m for port @port, made of packet @i of the batch. Takes the mbuf. */
void tx_frame(struct worker *w, uint16_t port, struct rte_mbuf *m, uint16_t i);

/**
 * Sends what was gathered, counts the verdict of each packet and frees what is left of the batch. A
 * packet of which a frame found no room in a device gets V_DROP_TX_FULL.
 */
void tx_finish(struct worker *w);

/** Gathers frame @m that Linux sent for port @port. Takes the mbuf. */
void tx_kernel_frame(struct worker *w, uint16_t port, struct rte_mbuf *m);

/** Sends what was gathered, outside of a batch. */
void tx_flush(struct worker *w);

/** Counts what became of fragments that were kept before. */
void tx_count_fate(struct worker *w, const struct frag_fate *fate);

/** Sends frames of workers that have no queue on this worker's ports. Returns how many it found. */
unsigned int tx_handed_over(struct worker *w);
