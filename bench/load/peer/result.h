/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a run of viaload found. Each core counts into its own struct load_counts; the front adds
 * them up while they run (relaxed reads of words that one core writes) and at the end.
 */
#pragma once

#include "bench/load/peer/histogram.h"

#include <stdbool.h>
#include <stdint.h>

#define LOAD_SERVERS 64
#define LOAD_FIRST_FAULTS 8 /* of wrong messages, kept whole with the reason */

/* One row for each thing counted: identifier, name in JSON, meaning. `wrong`: makes the exit status
 * 1. */
#define LOAD_COUNTERS(X)                                                                          \
	X(SENT, "sent", false, "messages sent to the proxy")                                      \
	X(RECEIVED, "received", false, "messages received from it, first copies only")            \
	X(SENT_BYTES, "sent_bytes", false, "bytes of SIP sent")                                   \
	X(RECEIVED_BYTES, "received_bytes", false, "bytes of SIP received")                       \
	X(CALLS_STARTED, "calls_started", false, "calls, registrations or queries begun")         \
	X(CALLS_DONE, "calls_done", false, "ended as they should")                                \
	X(CALLS_FAILED, "calls_failed", true, "ended otherwise")                                  \
	X(NOT_STARTED, "not_started", false, "starts that found no free call or no room to send") \
	X(REPEATED, "repeated", false, "retransmissions sent on purpose")                         \
	X(LOST, "lost", false, "messages that did not arrive in time")                            \
	X(LATE, "late", false, "messages that arrived after they were given up")                  \
	X(DUPLICATED, "duplicated", true, "messages that arrived more than once")                 \
	X(MISROUTED, "misrouted", true, "messages at another server or caller than their call's") \
	X(ALTERED, "altered", true, "messages that are not what the proxy should have made")      \
	X(BRANCH_CHANGED, "branch_changed", true, "retransmissions with another branch")          \
	X(BRANCH_REUSED, "branch_reused", true, "transactions with the branch of another one")    \
	X(REFUSED, "refused", true, "answers of the proxy's own, not expected")                   \
	X(UNKNOWN, "unknown", true, "messages that belong to no call")                            \
	X(FRAMES_OTHER, "frames_other", false, "frames that are not SIP over UDP to us")          \
	X(TX_FULL, "tx_full", false, "frames that the device did not take at once")               \
	X(PAUSES, "pauses", false, "times that the machine took viaload's core away")             \
	X(PAUSED_NS, "paused_ns", false, "nanoseconds of these")

#define LOAD_ENUM(id, name, wrong, text) L_##id,
enum load_counter { LOAD_COUNTERS(LOAD_ENUM) LOAD_N_COUNTERS };
#undef LOAD_ENUM

struct load_fault {
	uint64_t id;
	enum load_counter what;
	char why[160];
	uint8_t message[2048];
	uint32_t len; /* whole length, may be more than is kept */
};

/* Of one core; written by it only. */
struct load_counts {
	uint64_t c[LOAD_N_COUNTERS];
	uint64_t server[LOAD_SERVERS];    /* first messages of calls, by server */
	uint64_t busy_ticks, total_ticks; /* of the core: had work, ran */
	struct histogram latency;         /* ns from the time a message was due to its receipt */
	struct histogram late;            /* of these, those that met a pause of this generator */
	struct load_fault fault[LOAD_FIRST_FAULTS];
	unsigned int n_faults;
};

/* Of a whole run, added up. */
struct load_result {
	struct load_counts sum;
	double seconds;   /* measured part */
	double offered;   /* messages per second asked for; 0 = max */
	double sent_rate; /* messages per second */
	double received_rate;
	double call_rate;
	double loss;    /* lost / sent */
	double ceiling; /* messages per second that the generator could have done: see busy_ticks */
	bool at_ceiling;      /* within 20 per cent of it: says nothing about the proxy */
	unsigned int n_wrong; /* sum of counters whose `wrong` is true */
};

extern const char *const load_counter_names[LOAD_N_COUNTERS];
extern const char *const load_counter_texts[LOAD_N_COUNTERS];
extern const bool load_counter_wrong[LOAD_N_COUNTERS];
