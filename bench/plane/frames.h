/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages of bench/messages.h as Ethernet frames, what the proxy must make of each, and a
 * reader that checks one against the other.
 *
 * Every frame is for the listener that its message is meant for. They are dealt out to two ports in
 * turn, so each port brings the whole mix and both wrap together; which interface a frame comes in
 * by is nothing that the proxy asks for. What must come out is made by the same pure core that the
 * worker calls, on a copy in plain memory: a difference is the worker's. Headers and checksums are
 * written and read here byte by byte, without a line of the code under test.
 */
#pragma once

#include "bench/messages.h"

#define FRAME_PORTS 2
#define FRAME_HEADERS 42u /* Ethernet, IPv4, UDP */

/* One message on its way in and out. */
struct frame {
	uint32_t len;
	uint8_t *b;         /* Ethernet frame as received */
	uint8_t port;       /* that receives it */
	uint8_t out_port;   /* that must send it */
	uint32_t out_len;   /* bytes of SIP that must leave */
	const uint8_t *out; /* those bytes */
	struct endpoint out_src, out_dst;
};

struct frames {
	uint32_t n;
	double mean_message, mean_frame, mean_out; /* bytes; of the frames sent */
	struct frame *f;
};

/** Link address of port @port of the proxy. */
void frames_mac(unsigned int port, uint8_t mac[6]);

/** Makes the frames of @set; ends the program if the proxy would not forward one of them. */
void frames_make(const struct message_set *set, struct frames *out);

/** Writes the frames for @port (FRAME_PORTS: all) to @path, a pcap of Ethernet; the time stamps are
 * a microsecond apart. Ends the program on an error. */
void frames_pcap(const struct frames *fr, unsigned int port, const char *path);

/** Reads the @len bytes at @b, sent by port @port, and compares them with what @f must become.
 * Returns what is wrong; NULL = nothing. */
const char *frames_check(const struct frame *f, unsigned int port, const uint8_t *b, uint32_t len);
