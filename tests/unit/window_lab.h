/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A proxy whose pools change while it works: worlds of before with their filters, as control keeps
 * them for a transaction window (proxy/window.h), and the memories of a few workers. Time is a
 * number that the test sets.
 *
 * Pool "calls", by Call-ID: servers 0 to 7. Pool "users", by user: servers 8 to 11. Requests for
 * c.example are for calls, for u.example for users; for m.example and n.example for calls, or,
 * while rules is 1, for users and for nobody.
 */
#pragma once

#include "bench/lab.h"

enum { LAB_CALLS = 8, LAB_USERS = 4, LAB_SERVERS = LAB_CALLS + LAB_USERS };

#define LAB_WORKERS 2
#define LAB_TABLE 1009
#define LAB_WINDOW_MS 200000u

struct lab_epoch;

struct window_lab {
	uint64_t now_ms;
	/* Changed by the test, in force with the next window_lab_publish(): */
	uint8_t state[LAB_SERVERS]; /* enum backend_state; BACKEND_NONE: removed, or not there yet
				     */
	uint16_t weight[LAB_SERVERS];
	uint8_t rules;
	bool no_filters; /* as if there were no memory for them */
	/* In force: */
	const struct world *world;
	struct lab_epoch *newest; /* what the lab keeps; the test looks only */
	uint64_t gap_ms;          /* when the last epoch ended that had no room in the window */
	struct lab_world base[2];
	struct recent recent[LAB_WORKERS];
	struct sip_msg m;
	struct proxy_out out; /* of the last request */
	uint8_t text[2048];
};

/* One request. */
struct lab_request {
	const char *method, *domain;
	uint32_t call,
		branch; /* numbers of Call-ID and branch; branch 0: none, as RFC 2543 clients */
	uint32_t user;
	bool to_tag;
};

/** A new lab: all servers up and of weight 1, but the last of each pool, which is not there yet; no
 * window, epoch @epoch. Stays until the program ends. */
struct window_lab *window_lab_new(uint32_t epoch);

/** Makes what the test changed a new epoch. */
void window_lab_publish(struct window_lab *l);

/** Publishes the present epoch again: what is older than the window goes. */
void window_lab_refresh(struct window_lab *l);

/** The present epoch's number, and when the epoch numbered @epoch ended; 0 = not in the window. */
uint64_t window_lab_ended(const struct window_lab *l, uint32_t epoch);

/** Sends @r by worker @worker, or, with -1, only asks what would be done, as explain does. Returns
 * the number of the server that gets it, WORLD_NONE if none does. */
uint16_t window_lab_send(struct window_lab *l, int worker, const struct lab_request *r);

/** The server by the tables of the present world alone. */
uint16_t window_lab_table(struct window_lab *l, const struct lab_request *r);

/** The bits of the present epoch's filter as one number; 0 without. */
uint64_t window_lab_filter_sum(const struct window_lab *l);

/** Whether @server is served at all: up, or draining, which includes removed ones in the window. */
bool window_lab_alive(const struct window_lab *l, uint16_t server);
