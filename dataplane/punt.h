/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What workers hand to the control thread: one ring of bytes per worker, one descriptor for all.
 *
 * A record is a struct punt and its bytes, copied: messages of any size pass, and no packet buffer
 * is tied up by a slow reader. One writer and one reader per ring. A full ring refuses; the caller
 * counts it. Messages to be decided about leave a quarter free: more of those than the control
 * thread can do keep nothing from its way that is decided already, and ICMP errors. The eventfd is
 * written at most once per turn and only if the reader was not told yet, after the turn's packets
 * are sent.
 *
 * Two cases never come this way although Linux handles them: frames of a shared interface that are
 * not SIP, of which Linux has a copy of its own, and IPv4 packets longer than
 * plane_port_frame_limit(), which AF_PACKET hands us cut off: Linux has put together the same
 * fragments and delivers them to the control thread's own socket.
 */
#pragma once

#include "dataplane/byte_ring.h"
#include "dataplane/sip/ip.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum punt_kind {
	PUNT_SEND,    /* a SIP message that Linux must send: no neighbour known, or not by an
			 interface of ours */
	PUNT_MESSAGE, /* a SIP message as it came: to be decided about where streams and names are
			 at hand */
	PUNT_ICMP     /* an ICMP or ICMPv6 error about a packet of ours, from the IP header on */
};

/* One thing handed over. Bytes are valid until the callback returns. */
struct punt {
	enum punt_kind kind;
	uint16_t iface;      /* PUNT_ICMP: interface it came in by */
	uint16_t listener;   /* PUNT_SEND: listener to send from, PUNT_MESSAGE: that it came to, in
				the world of generation */
	uint64_t generation; /* of that world */
	struct endpoint
		src; /* PUNT_SEND: address and port to send from; PUNT_MESSAGE: its source */
	struct endpoint dst; /* PUNT_SEND; PUNT_MESSAGE: the listener it came to */
	const uint8_t *data; /* SIP message, or ICMP packet from its IP header */
	uint32_t len;        /* 0 to 65,535 */
};

#define PUNT_RING_SIZE (1u << 20)                 /* bytes per worker */
#define PUNT_RING_COMMON (PUNT_RING_SIZE / 4 * 3) /* for PUNT_MESSAGE: 11 of the largest size */

struct punt_ring {
	struct byte_ring ring; /* worker writes, control reads */
	bool put;              /* worker: something was put in since punt_wake() */
};

/* The shared bell. */
struct punt_bell {
	atomic_bool rung; /* workers set, control clears */
	int fd;           /* eventfd */
};

/** Allocates the ring's bytes. Returns 0 or -ENOMEM. */
int punt_ring_init(struct punt_ring *r);

void punt_ring_fini(struct punt_ring *r);

/** Opens the descriptor. Returns 0 or negative errno. */
int punt_bell_init(struct punt_bell *b);

void punt_bell_fini(struct punt_bell *b);

/** Worker: copies @p and its bytes into the ring. False, nothing done, if there is no room for its
 * kind. */
bool punt_put(struct punt_ring *r, const struct punt *p);

/** Worker, once per turn: rings the bell if something was put in and it has not rung yet. */
void punt_wake(struct punt_ring *r, struct punt_bell *b);

/** Control: the oldest record, its bytes in place until punt_drop(). False if the ring is empty. */
bool punt_peek(struct punt_ring *r, struct punt *out);

/** Control: gives the room of the record of the last punt_peek() back. */
void punt_drop(struct punt_ring *r);

/** Control: takes note that the bell rang; what is put in from now on rings it again. */
void punt_bell_clear(struct punt_bell *b);

/** Control: rings it for itself, when it leaves something in the rings. */
void punt_bell_ring(struct punt_bell *b);
