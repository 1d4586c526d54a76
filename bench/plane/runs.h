/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the plane bench measures: rows of a table, each a way to push all messages once through
 * something, and the stages of the worker one by one.
 *
 * Owner: one process per row and round (EAL runs once per process); results go to memory that they
 * share with the one that started them.
 */
#pragma once

#include "bench/plane/frames.h"
#include "bench/timing.h"
#include "dataplane/plane.h"

#define RUN_ROUNDS 3 /* each row's time comes in so many parts, rows in turns */

enum row { ROW_CORE, ROW_NULL, ROW_COPY, ROW_PCAP, ROW_RING, ROW_COLD, N_ROWS };

enum stage { STAGE_RX, STAGE_NET_IN, STAGE_SIP, STAGE_NET_OUT, STAGE_TX, N_STAGES };

struct row_info {
	const char *name, *what;
};

extern const struct row_info rows[N_ROWS];
extern const char *const stage_names[N_STAGES];

/* How to run. */
struct run_conf {
	const struct message_set *set;
	const struct frames *frames;
	const char *folder; /* of the captures */
	double seconds;     /* of each row in all rounds together */
	int cpu;            /* to run on; negative: the last one */
	enum plane_hugepages hugepages;
};

struct run_result {
	struct samples row[N_ROWS]; /* ns for one message */
	uint64_t messages[N_ROWS];  /* measured, all rounds together */
	uint64_t ticks[N_ROWS];     /* that they took */
	double stage[N_STAGES];     /* ns for one message of ROW_PCAP, the least of all passes */
	bool huge;                  /* packet buffers lay in hugepages */
};

/** Runs @row for @seconds in this process and adds to @out. Once per process. */
void run_row(const struct run_conf *conf, enum row row, double seconds, struct run_result *out);
