/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both ends of a forwarder under test, for veth_load.c. The near end is a UDP socket that sends
 * distinct SIP requests, so that every forwarder, with or without a kernel under it, gets the same
 * packets at the same cost to the generator's core.
 *
 * The far end is the link, as with a hardware tester: frames that reach the interface are counted
 * by it and dropped, since their link address is nobody's. No UDP stack receives them: over veth,
 * Linux would run it on the core of the forwarder, which on any other wire has nothing to do with
 * it. For the same reason a random sample is looked at in a trial of its own: a packet socket on
 * the link would cost the forwarder as much as a fifth of its time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WIRE_PIDS_MAX 64

struct wire_plan {
	const char *from, *to; /* "10.9.0.1:5060" */
	const char *link;      /* interface where forwarded frames arrive */
	const char
		*via; /* what the forwarder writes in its Via ("UDP 10.9.0.10"), NULL = nothing */
	unsigned int pids[WIRE_PIDS_MAX]; /* processes whose time is counted as the forwarder's */
	unsigned int n_pids;
};

/* One trial. Counts are messages; those on the way when the time is over are waited for. */
struct wire_trial {
	double seconds;    /* that messages were sent */
	uint64_t sent;     /* by the sender, all of them distinct requests in turn */
	uint64_t in_time;  /* reached the link within those seconds */
	uint64_t arrived;  /* ... or in the time after */
	uint64_t checked;  /* samples looked at, and those without the forwarder's Via */
	uint64_t wrong;    /* on top */
	uint64_t answered; /* came back to the sender, which asked for nothing */
	uint64_t cpu_ns; /* that the processes ran within those seconds, softirqs on top of them */
};

/** Opens the sockets and makes the messages of @plan, which must outlive all calls. Once per
 * program; what goes wrong ends it. */
void wire_open(const struct wire_plan *plan);

/** Number and mean size in bytes of the messages. */
void wire_messages(unsigned int *n, unsigned int *mean);

/** Sends @rate messages per second (0 = as many as can be) for @seconds. Late by more than 64
 * messages, the sender lets them go instead of sending a longer burst: sent / seconds is the rate
 * that was. */
void wire_trial(double rate, double seconds, struct wire_trial *out);

/** The same as fast as can be, with a look at a sample of what arrives: checked, wrong. */
void wire_samples(double seconds, struct wire_trial *out);
