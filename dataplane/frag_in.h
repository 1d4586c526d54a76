/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reassembly of IP fragments, both families, in memory that is set aside at the start.
 *
 * rte_ip_frag is not used: Debian's build takes 8 fragments per datagram, a 65,507-byte message on
 * a 1500-byte link has 45, and it does not see overlaps. Here a fragment's bytes are copied into
 * 512-byte chunks and its packet buffer is free at once, so that fragments that never become whole
 * cannot starve a device of buffers.
 *
 * Bounds, all without the sender's cooperation: chunks and datagrams in all; a quarter of both per
 * source address; pieces per datagram; time since the first piece. When room is short the oldest
 * datagram goes, of the same source if its share is used up: whole ones complete within
 * milliseconds, so a flood of parts pushes out its own.
 *
 * Overlaps end the datagram and all of it that is still to come (RFC 5722 for IPv6, RFC 8200 4.5;
 * the same for IPv4). A piece that repeats another one byte for byte is only dropped (RFC
 * 8200 4.5). Pure but for the allocation at the start: no DPDK, time is an argument. One thread per
 * table.
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <stdbool.h>
#include <stdint.h>

#define FRAG_SECRET 192         /* bytes of key for the hashes */
#define FRAG_PIECES_MAX 256     /* of one datagram; 125 are enough for any at an MTU of 552 */
#define FRAG_MEMORY_MIN 524288u /* less could not hold a few datagrams of full size */

struct frag_table;

/* One fragment as its IP header tells it. */
struct fragment {
	struct ip src, dst;
	uint32_t id;
	uint32_t off;  /* of its data in the datagram, bytes */
	uint32_t len;  /* bytes of data */
	uint8_t proto; /* IPv4: protocol; IPv6: next header, which counts in the first piece only */
	bool v6;
	bool more; /* not the last piece */
	const uint8_t *data;
};

/* A datagram that is lost for one of the last reasons but DUPLICATE gives it to all its later
 * pieces too. */
enum frag_result {
	FRAG_KEPT,      /* one more piece */
	FRAG_WHOLE,     /* the last one missing: the datagram is in out */
	FRAG_BAD,       /* lengths that cannot be */
	FRAG_OVERLAP,   /* overlaps another */
	FRAG_DUPLICATE, /* came before, the same */
	FRAG_NO_ROOM    /* more pieces or bytes than one datagram or source may have */
};

/* Fragments kept before whose fate is decided now: each was one received frame. */
struct frag_fate {
	uint32_t merged;  /* part of the whole, without its last one */
	uint32_t overlap; /* of a datagram with an overlap */
	uint32_t bad;     /* of a datagram whose lengths contradict each other */
	uint32_t no_room; /* pushed out */
	uint32_t timeout;
};

/* A datagram put together. */
struct frag_whole {
	uint32_t len;  /* bytes written */
	uint8_t proto; /* of its first piece */
};

/**
 * A table of @memory bytes in all (FRAG_MEMORY_MIN at least), that keeps pieces for @timeout (in
 * the unit of now); @secret: FRAG_SECRET bytes that senders do not know, copied. NULL without
 * memory. Not for the packet path.
 */
struct frag_table *frag_table_new(uint32_t memory, uint64_t timeout, const uint8_t *secret);

void frag_table_free(struct frag_table *t);

/** Keyed hash of the datagram that @f is part of: the same for all its pieces. */
uint64_t frag_hash(const uint8_t *secret, const struct fragment *f);

/**
 * Takes one fragment. Its bytes are copied, or on FRAG_WHOLE the datagram is written to @out
 * (65,535 bytes; it may overlap @f->data) and described in @whole. Adds to @fate what became of
 * pieces kept before, whatever the result.
 */
enum frag_result frag_in(struct frag_table *t, uint64_t now, const struct fragment *f, uint8_t *out,
			 struct frag_whole *whole, struct frag_fate *fate);

/** Gives up what is older than the timeout at @now; adds to @fate. Bounded work. */
void frag_expire(struct frag_table *t, uint64_t now, struct frag_fate *fate);

/** Fragments held now: frames whose fate is open. */
uint32_t frag_held(const struct frag_table *t);
