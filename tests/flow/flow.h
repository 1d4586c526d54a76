/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bed of the flow tests: the real plane on two net_ring ports, turned by hand.
 *
 *   callers                       port 0    port 1                      servers
 *   203.0.113.40, 2001:db8:1::40  ------ viaduct ------  10.0.0.11, 2001:db8:2::11
 *                     203.0.113.1, 2001:db8:1::1    10.0.0.1, 2001:db8:2::1
 *
 * example.com is served by 10.0.0.11, six.example.com by 2001:db8:2::11; far.example.com by
 * 10.0.0.12, whose link address nobody knows; kernel.example.com by 192.0.2.9, reached by an
 * interface that is not ours; gone.example.com by 198.18.0.9, to which there is no way.
 *
 * Frames go in with flow_put(), worker_turn() runs, frames come out with flow_take(). One plane per
 * process, so one flow_open() per test.
 */
#pragma once

#include "bench/lab.h"
#include "dataplane/plane.h"
#include "dataplane/worker.h"
#include "tests/flow/wire.h"

#define FLOW_PORTS 2
#define FLOW_CLOCK_MS (rte_get_tsc_hz() / 1000)

#define CALLER4 "203.0.113.40:5060"
#define CALLER6 "[2001:db8:1::40]:5060"
#define OUT4 "203.0.113.1:5060"
#define OUT6 "[2001:db8:1::1]:5060"
#define IN4 "10.0.0.1:5060"
#define IN6 "[2001:db8:2::1]:5060"
#define SERVER4 "10.0.0.11:5060"
#define SERVER6 "[2001:db8:2::11]:5060"

/* What differs from test to test; all zero is the default. */
struct flow_options {
	uint16_t workers;         /* 0 = 1 */
	uint16_t queues;          /* of each port; 0 = as many as workers */
	bool shared;              /* Linux has the ports too */
	bool tap;                 /* the ports have TAPs */
	bool partial;             /* senders may leave checksums out */
	uint32_t mtu;             /* 0 = 1500 */
	uint32_t tx_ring;         /* frames that a port takes; 0 = 4096 */
	uint32_t answer_limit;    /* 0 = 1000000 */
	uint32_t frag_memory;     /* 0 = 4 MiB */
	uint32_t frag_timeout_ms; /* 0 = 5000 */
};

struct flow {
	struct plane *plane;
	struct lab_world lab;
	uint64_t now; /* TSC that worker_turn() is told */
	uint8_t mac[FLOW_PORTS][6];
	uint16_t queues;
};

extern struct flow flow;

/** Starts it all. Ends the test if that fails. */
void flow_open(const struct flow_options *o);

/** Checks conservation and that no packet buffer is missing; then stops all. */
void flow_close(void);

/** Puts frame @f into queue @q of port @p. @seg > 0: as a chain of mbufs of @seg bytes each. */
void flow_put_queue(int p, int q, const struct frame *f, uint32_t seg);

/** The same for queue 0 in one mbuf, or a chain if it does not fit one. */
void flow_put(int p, const struct frame *f);

/** The same for an mbuf that is made already; takes it. */
void flow_put_mbuf(int p, struct rte_mbuf *m);

/** Turns every worker until none finds anything. */
void flow_run(void);

/** Takes the next frame that port @p sent. False if there is none. */
bool flow_take(int p, struct frame *f);

/** Takes all frames that port @p sent, at most @max. Returns how many. */
int flow_take_all(int p, struct frame *f, int max);

/** flow_put() of the datagram @d, flow_run(). */
void flow_send(int p, const struct datagram *d);

/** Present value of a counter, all workers together. */
uint64_t flow_count(enum counter c);

/** Waits until that of @c is @n or more, where workers run by themselves. */
void flow_await(enum counter c, uint64_t n);

/** Present value for messages dropped and answered for a SIP reason. */
uint64_t flow_dropped(enum sip_reason r);
uint64_t flow_answered(enum sip_reason r);

/** Fails the test unless the counts are conserved now. */
void flow_balance(void);

/**
 * Takes one frame from port @p, checks its headers and that it goes from @from to @to. Fails the
 * test with @name otherwise. The bytes stay until the next call.
 */
const struct seen *flow_expect(int p, const char *from, const char *to, const char *name);

/** Writes an INVITE to @user@@host with a body of @body bytes to @out; @n makes it another call.
 * Returns its length. */
uint32_t flow_invite(char *out, const char *host, uint32_t body, unsigned int n);

/** INVITE of exactly @len bytes. */
uint32_t flow_invite_of(char *out, const char *host, uint32_t len, unsigned int n);

/** Writes any request without a body. */
uint32_t flow_request(char *out, const char *method, const char *uri, unsigned int n);
