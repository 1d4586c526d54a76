/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the traffic of one backend says of its health: sliding windows over its counters, what makes
 * it suspect, ejection with back-off, rest after Retry-After. Pure; time comes in.
 *
 * Requests and responses are sampled (dataplane/account.h), so windows with little traffic say
 * nothing: silence takes 4 requests of the sample, a share of errors 8 final responses of it.
 * Retransmissions count as requests: a dead server is found sooner for them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PASSIVE_SLICES 10 /* of a window: so many steps in which it slides */
#define PASSIVE_TEXT 80
#define PASSIVE_BACKOFF_MAX 4 /* doublings */

enum passive_cause { PASSIVE_ICMP, PASSIVE_SILENCE, PASSIVE_ERRORS, PASSIVE_N };

/* pool.passive; 0 = off for the first three. Times in ms. */
struct passive_rule {
	uint32_t unreachable, silence, errors; /* silence in requests, errors in percent */
	uint32_t window_ms, eject_ms, rest_max_ms;
	bool eject, rest;
};

/* Counters of a backend since the start. */
struct passive_counts {
	uint64_t requests, responses, finals; /* of the sample */
	uint64_t errors, retry_after, unreachable;
};

struct passive {
	struct passive_counts last, total; /* as read; summed up for this backend */
	struct passive_counts slice[PASSIVE_SLICES];
	uint32_t now;      /* the slice that fills */
	uint64_t slice_ms; /* when it began */
	bool begun;        /* last is set */
	bool rest_begun;   /* rest_mark is set */
	uint32_t suspect;  /* bits of enum passive_cause */
	char why[PASSIVE_N][PASSIVE_TEXT];
	struct ejection {
		bool out;
		uint64_t until_ms, ended_ms; /* ended 0 = never out */
		uint8_t doublings;
	} ejection[PASSIVE_N];
	uint64_t rest_mark; /* the last Retry-After that was obeyed or let be */
	uint64_t rest_until_ms;
};

/** Counters will be read from another place: what they say next is where they start; unreachable,
 * which is the backend's own, goes on. */
void passive_rebase(struct passive *p);

/** Takes in what the counters say now. Slides the windows, finds what is suspect. */
void passive_count(struct passive *p, const struct passive_rule *r, const struct passive_counts *c,
		   uint64_t now_ms);

/** Begins and ends ejections. Returns the bits of enum passive_cause for which the backend is out.
 */
uint32_t passive_judge(struct passive *p, const struct passive_rule *r, uint64_t now_ms);

/** Probes found the backend well: ends ejections for what a probe would see too. */
void passive_is_well(struct passive *p, uint64_t now_ms);

/**
 * Tells of the latest Retry-After: @mark, any number that differs between two of them, with
 * @left_ms to go. 0 = there was none. Returns true while the backend rests.
 */
bool passive_rest(struct passive *p, const struct passive_rule *r, uint64_t mark, uint64_t left_ms,
		  uint64_t now_ms);
