/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the program on an xdp: interface (steer.bpf.c) and the daemon (xdp_steer.c) share: the
 * contents of its maps. Included by both, so it knows neither DPDK nor the C library.
 *
 *   xsks_map    receive queue -> socket, by the driver of DPDK, which wants this name
 *   listeners   address and port -> nothing, by the control thread
 *   settings    one struct steer_settings, by the control thread
 *   datagrams   fragmented datagram -> its way, by the program
 *
 * Map names have 15 characters at most.
 */
#pragma once

#include <linux/types.h> /* libbpf's headers for programs want it before them */
#include <stdint.h>

#define STEER_PROGRAM "viaduct_steer"
#define STEER_QUEUES 256      /* receive queues of an interface, as far as the driver counts */
#define STEER_LISTENERS 16384 /* WORLD_LISTENERS_MAX and their addresses, twice as many */
#define STEER_DATAGRAMS 16384 /* fragmented datagrams on their way at once */
#define STEER_V6_HEADERS 8    /* extension headers of one packet, as in net_in.c */
#define STEER_WAIT_NS 60000000000ull /* nobody waits longer for fragments (RFC 8200 4.5) */

/* Key of listeners. Port 0 = the address has a listener, at whatever port. */
struct steer_listener {
	uint8_t ip[16]; /* as in struct ip: IPv4 is mapped */
	uint16_t port_be;
	uint16_t zero;
};

/* Key of datagrams (RFC 791 2.3, RFC 8200 4.5); the protocol is UDP. */
struct steer_datagram {
	uint8_t src[16], dst[16];
	uint32_t id;
};

/* The way that all fragments of a datagram take. */
struct steer_way {
	uint64_t since_ns;
	uint32_t to_queue; /* else to Linux */
	uint32_t zero;
};

struct steer_settings {
	uint8_t mac[6]; /* frames to others are Linux's business */
	uint8_t all;    /* kernel: none: every frame goes to the queue */
	uint8_t zero;
};
