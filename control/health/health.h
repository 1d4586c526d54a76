/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Health: what is known of each backend, from probes and from its traffic, and what follows.
 *
 *   probe (OPTIONS)      -> verdict: rise, fall, damping  \
 *   ICMP unreachable     -> \                               > panic rule of the pool ->
 * fleet_health() silence, 5xx share   ->  > passive: windows, ejection  / 503 with Retry-After -> /
 *
 * Health only ever makes worse what file and operators say, and never starts with a blackout: a
 * backend that was not judged yet counts as the file says. States and counters stay over a reload
 * for backends that it leaves alone; where the fleet forgot them, health does too. Control thread
 * only; all calls are cheap and do not allocate. Numbers are those of fleet.h.
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct app;
struct health;

#define HEALTH_REASON_MAX 64

/* What the probes of one backend say. Times: wall clock, ms since 1970, 0 = never. */
struct health_probe {
	bool known;                     /* one came to its end */
	bool ok;                        /* the last one was good */
	bool up;                        /* the verdict, by rise and fall */
	uint16_t code;                  /* status of the last answer; 0 = the last got none */
	char reason[HEALTH_REASON_MAX]; /* why the last failed; "" = it did not */
	double latency_mean_ms, latency_p99_ms; /* of the last 256 to 512 answers; 0 = none yet */
	uint64_t last_ms;                       /* when the last one ended */
	uint64_t changed_ms;                    /* when the verdict last changed */
	uint64_t sent, failed;                  /* since the backend is probed */
	uint32_t in_a_row;                      /* ended as the last one did */
	uint32_t wanted; /* good ones in a row that bring it up: rise, with damping */
};

/* What its traffic says. Requests and responses are estimates from a sample. */
struct health_passive {
	uint64_t requests, responses; /* since the start */
	uint64_t errors;              /* responses of 500 to 599 */
	uint64_t retry_after;         /* 503 with Retry-After */
	uint64_t unreachable;         /* ICMP errors about messages to it */
	uint64_t resting_until_ms;    /* wall clock; 0 = it does not rest */
	const char *suspect; /* why it is one; "" = it is not; valid until the next event */
};

/** What the probes of backend @number say. False, @out untouched, if it is not probed: its pool has
 * none, Linux has no way to it, or it was removed. */
bool health_probe_of(const struct app *app, uint16_t number, struct health_probe *out);

/** What the traffic of backend @number says; all 0 if there is no such. */
void health_passive_of(const struct app *app, uint16_t number, struct health_passive *out);

/** The same as JSON, as the control socket shows them. New references; NULL without memory. The
 * first is null for a backend that is not probed. */
json_t *health_probe_json(const struct app *app, uint16_t number);
json_t *health_passive_json(const struct app *app, uint16_t number);

/** True if backends of pool @pool, an index of the configuration in force, keep a state that health
 * would change: more than `panic` of it would be down. */
bool health_in_panic(const struct app *app, uint16_t pool);

/** True if no probe of this node is answered, so that it is likelier cut off than all servers dead;
 * probes then change no state. */
bool health_is_cut_off(const struct app *app);

/** Forgets all that was found out; backends count as the file says until they are judged anew.
 * Counters stay. For reload --reset. */
void health_reset(struct app *app);

/** An ICMP error, other than "too big", came about a message of ours to @dst. */
void health_unreachable(struct app *app, const struct endpoint *dst);

/* The health part. */
int health_start(struct app *app);
void health_stop(struct app *app);
