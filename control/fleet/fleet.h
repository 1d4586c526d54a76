/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fleet: every backend that there is, with all that is known and wanted of it at run time.
 *
 * The file says what a backend is; operators, health checks and time change what it does. The fleet
 * keeps these apart, so that a reload forgets nothing that was set by hand, and folds them into one
 * state and weight in effect, each with its cause. World builds read the result (fleet_world.c);
 * changes become effective with fleet_commit(), one world for any number of changes, which also
 * logs a line for each. Control thread only.
 *
 * Backends are known by number: assigned once, kept while the backend or the transaction window
 * behind its removal lasts, the index in world.backends and in the counters. A number comes into
 * use again only when nobody can mean the former backend by it; the serial never does. The struct
 * of a backend stays where it is as long as its number is taken: who keeps a pointer beyond one
 * turn of the event loop must compare the serial.
 *
 * Choice not taken: a down that health declares for ERRORS or RETRY_AFTER is a drain in effect. The
 * server lives and answers, so the ACK to its 503 and the CANCEL of a call that it rings must still
 * reach it (RFC 3261 16.11).
 */
#pragma once

#include "control/config/config.h"
#include "dataplane/proxy/world.h"

struct app;
struct fleet;

#define FLEET_WHY_MAX 96
#define FLEET_REASON_MAX 192 /* text of why a change was refused */
#define FLEET_RAMP_FULL 8u   /* steps of a slow start */

/* What decided the state in effect. */
enum fleet_cause {
	FLEET_BY_FILE,
	FLEET_BY_OPERATOR,
	FLEET_BY_PROBE,       /* active health check */
	FLEET_BY_ICMP,        /* unreachable */
	FLEET_BY_SILENCE,     /* requests without responses */
	FLEET_BY_ERRORS,      /* share of 5xx */
	FLEET_BY_RETRY_AFTER, /* it asked for rest: 503 with Retry-After */
	FLEET_BY_DNS,         /* its name has no address, or not this one any more */
	FLEET_N_CAUSES
};

struct fleet_backend {
	uint16_t number;
	uint16_t pool;         /* index in the configuration in force; WORLD_NONE once removed */
	const char *name;      /* owned by the fleet */
	const char *pool_name; /* likewise; also of one that was removed */
	const char *of;  /* the name whose address this is (fleet_names.h); NULL = none; owned */
	bool unresolved; /* stands for a name without an address; addr is all zero */
	uint64_t serial; /* no other backend of this process ever has the same */
	struct endpoint addr;
	uint32_t transports, tier;
	uint16_t tls_port;    /* if it takes TLS; else 0 */
	const char *tls_name; /* that its certificate must be for; NULL = that of the pool; owned */
	bool added;           /* by an operator, not in the file */
	bool removed; /* by an operator or a reload: in no table, alive for old transactions */
	/* What the file or backend.add says: */
	enum config_state file_state;
	uint32_t file_weight;
	/* What operators set on top: */
	bool hand_state_set, hand_weight_set;
	enum config_state hand_state;
	uint32_t hand_weight;
	/* What health says; several may hold at once. Bit 1u << enum fleet_cause. */
	uint32_t down_causes;
	/* In effect: */
	enum backend_state state;
	uint32_t weight; /* in full */
	uint32_t ramp;   /* eighths of it that count for now: FLEET_RAMP_FULL but in a slow start */
	uint64_t start_ms; /* monotonic: slow start since then; 0 = none under way */
	enum fleet_cause cause;
	char why[FLEET_WHY_MAX]; /* for people: "3 probes in a row failed: timeout" */
	uint64_t since_ms;       /* wall clock, of the last change of state */
	/* Drain: */
	uint64_t last_message_ms; /* wall clock, when it last got a message; 0 = never seen */
	uint64_t last_interval;   /* messages in the last second */
};

/* A change by an operator; what is not set stays. */
struct fleet_change {
	bool set_state, set_weight;
	bool clear_state, clear_weight; /* back to what the file says */
	enum config_state state;
	uint32_t weight;
};

/** The fleet of @c, nothing set by hand; numbers in the order of the file. NULL without memory. */
struct fleet *fleet_new(const struct config *c);

void fleet_free(struct fleet *f);

/**
 * Takes @c, the configuration in force from now on: backends are matched by the names of pool and
 * backend; those with another address are new ones. What was set by hand and health stay, unless
 * @reset. 0, -ENOMEM or -ENOSPC (no free numbers) with nothing changed.
 */
int fleet_use_config(struct fleet *f, const struct config *c, bool reset);

/** Finds a pool by name. WORLD_NONE with @why filled (nearest name). */
uint16_t fleet_find_pool(const struct fleet *f, const char *pool, char *why, size_t n);

/** Finds a backend by name, in the pool of that name. NULL with @why filled (nearest name). */
struct fleet_backend *fleet_find(struct fleet *f, const char *pool, const char *backend, char *why,
				 size_t n);

/** The backend numbered @number, or NULL. */
struct fleet_backend *fleet_at(struct fleet *f, uint16_t number);

/** How many backends there are in all pools. */
uint32_t fleet_count(const struct fleet *f);

/** One more than the highest number in use. */
uint32_t fleet_end(const struct fleet *f);

/** Numbers of the backends of pool @pool (index in the configuration), in order. */
const uint16_t *fleet_members(const struct fleet *f, uint16_t pool, uint16_t *n);

/** Changes what an operator says of @b. In force with the next fleet_commit(). */
void fleet_set(struct fleet *f, struct fleet_backend *b, const struct fleet_change *change);

/** Adds a backend to @pool. 0, or a negative errno with @why filled. */
int fleet_add(struct fleet *f, const char *pool, const char *name, const struct endpoint *addr,
	      uint32_t transports, uint32_t weight, uint32_t tier, char *why, size_t n);

/** Says how @b is reached by TLS: at @port, with a certificate for @name (copied; NULL = that of
 * the pool). 0, or -ENOMEM with nothing changed. */
int fleet_set_tls(struct fleet_backend *b, uint16_t port, const char *name);

/** Takes @b out of its pool; it serves old transactions until the window has passed. One of the
 * file stays away over reloads. 0, or -ENOMEM with nothing changed. */
int fleet_remove(struct fleet *f, struct fleet_backend *b);

/**
 * Health's word: for @cause, @b is down or not. @why: for people, copied. The caller applies
 * thresholds, damping and the panic rule before. In force with the next fleet_commit().
 */
void fleet_health(struct fleet *f, struct fleet_backend *b, enum fleet_cause cause, bool down,
		  const char *why);

/** Messages that were sent on to @b since it exists. */
uint64_t fleet_messages(const struct app *app, const struct fleet_backend *b);

/** True if something changed since the last commit. */
bool fleet_dirty(const struct fleet *f);

/** Builds and publishes a world for all changes so far. 0, or a negative errno having logged why;
 * then the changes wait for the next commit. */
int fleet_commit(struct app *app);

/** The same in a moment, together with whatever else changes until then: for health. */
void fleet_commit_soon(struct app *app);

/** "up", "drain", "down". */
const char *fleet_state_name(enum backend_state state);

/** "file", "operator", "probe", "icmp", "silence", "errors", "retry-after", "dns". */
const char *fleet_cause_name(enum fleet_cause cause);
