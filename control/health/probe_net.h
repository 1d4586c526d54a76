/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sockets that probes use: one UDP socket, on a port that Linux chooses, for each source
 * address. Not one per backend: ten thousand descriptors and ports for nothing. Answers carry the
 * target in their branch, ICMP errors the address that the datagram went to (IP_RECVERR).
 *
 * Times are microseconds of the monotonic clock. Answers carry the time at which Linux received
 * them, so latencies do not grow when the control thread is busy. Control thread only.
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct probe_net;
struct probe_socket;

/* What came. */
struct probe_news {
	struct endpoint from; /* who answered; of an error: who was sent to */
	int error;            /* errno of an ICMP error; 0 = a datagram */
	const uint8_t *data;  /* the datagram, SIP_PAD readable bytes behind; until the return */
	size_t len;
	uint64_t at_us; /* when Linux received it */
};

typedef void (*probe_news_fn)(void *arg, const struct probe_news *news);

/** No sockets yet. @base NULL: nothing is read but by probe_net_read(). NULL without memory. */
struct probe_net *probe_net_new(struct event_base *base, probe_news_fn fn, void *arg);

/** Closes all. NULL is allowed. */
void probe_net_free(struct probe_net *n);

/** The address from which Linux would send to @dst. 0 or a negative errno: -ENETUNREACH = no route.
 */
int probe_net_source(const struct endpoint *dst, struct ip *out);

/**
 * The socket of source address @source, opened if there is none. NULL with *@rc a negative errno;
 * -EADDRNOTAVAIL: the node does not have the address.
 */
struct probe_socket *probe_net_open(struct probe_net *n, const struct ip *source, int *rc);

/** True if this node has the address @source now. */
bool probe_net_has(const struct ip *source);

/** Closes sockets that no one has opened since the last call: for once per minute or so. */
void probe_net_sweep(struct probe_net *n);

/** Where @s is bound. */
const struct endpoint *probe_socket_local(const struct probe_socket *s);

/** Sends without blocking. 0 or a negative errno. */
int probe_socket_send(struct probe_socket *s, const struct endpoint *dst, const void *data,
		      size_t len);

/** Whether the event loop reads what comes as it comes; it does at first. Who calls
 * probe_net_read() often enough can do without. */
void probe_net_watch(struct probe_net *n, bool on);

/** Reads what waits at all sockets, within bounds. The event loop does it by itself; a judge of
 * timeouts calls it first. */
void probe_net_read(struct probe_net *n);

/** Microseconds of the monotonic clock. */
uint64_t probe_clock_us(void);
