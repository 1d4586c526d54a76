/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inside of health, for the files that make it up: health.c (the part, timers), health_sync.c
 * (configuration and fleet), health_found.c (what probes and traffic found), health_judge.c (what
 * follows), health_view.c (what others are shown).
 *
 * asserted is what was found out, applied what the fleet was told of it: the difference is what the
 * panic rule, or the suspicion that this node is cut off, keeps back.
 */
#pragma once

#include "control/config/alloc.h"
#include "control/fleet/fleet.h"
#include "control/health/health.h"
#include "control/health/health_figures.h"
#include "control/health/health_panic.h"
#include "control/health/health_passive.h"
#include "control/health/health_verdict.h"
#include "control/health/probe.h"
#include "control/health/probe_net.h"
#include "control/log.h"

#define HEALTH_CODES 600 /* 100 to 699 */

#define HEALTH_BIT(cause) (1u << (cause))

/* What the configuration says of a pool; copied, since a reload frees it. */
struct health_pool {
	const char *name;
	bool probed;
	struct probe_plan plan;
	struct verdict_rule rule;
	uint8_t accept[HEALTH_CODES / 8]; /* bit per status code from 100 on */
	struct passive_rule passive;
	uint32_t panic;
	bool dirty; /* to be judged */
	bool in_panic;
	struct log_limit log;
};

struct health_backend {
	struct endpoint addr;
	uint16_t pool;
	uint16_t server; /* number under which the workers count for its address */
	bool probed;
	bool silent; /* its last probe got no sign of life */
	/* Probes: */
	struct verdict verdict;
	struct figures figures;
	uint64_t ended, failed;
	uint64_t last_ms, changed_ms; /* wall clock */
	uint32_t well;                /* good ones in a row, since it was last ejected */
	uint16_t code;
	char reason[HEALTH_REASON_MAX];
	/* Traffic: */
	struct passive passive;
	uint64_t unreachable;
	uint32_t told; /* suspicions that were logged */
	/* Conclusions: bits of enum fleet_cause. */
	uint32_t asserted, applied;
	uint64_t serial; /* when it began to fail, among others */
	char why[FLEET_N_CAUSES][FLEET_WHY_MAX];
};

struct health {
	struct app *app;
	struct probe_net *net;
	struct prober *prober;
	struct health_backend **v; /* by number; NULL = none */
	uint32_t n_v;
	struct arena arena; /* of the pools */
	struct health_pool *pools;
	struct panic_member *members; /* room for the largest pool */
	uint32_t n_members;
	uint32_t n_pools;
	uint64_t generation; /* of the world that this is in step with; 0 = none */
	uint64_t serial;
	uint32_t n_probed, n_known, n_silent; /* backends: probed; with a result; see silent */
	bool cut_off;                         /* and some verdict is kept back for that */
	struct event *turn, *tick;
	uint64_t due_us;   /* of the next turn */
	bool put_off;      /* it came late and was put off once */
	bool pending;      /* something waits to be judged */
	uint64_t quiet_us; /* not before then */
	uint64_t swept_ms;
	uint8_t random[512];
	uint32_t n_random;
	struct sip_msg message; /* the answer being read */
};

/** Brings @h in step with configuration and fleet, if they have changed. */
void health_sync(struct health *h);

/** Frees what health_sync() made. */
void health_unsync(struct health *h);

/** Takes in the end of a probe; a probe_result_fn. */
void health_found_probe(void *arg, const struct probe_result *r);

/** Looks at the counters of all backends, and whether this node has the sources of the probes. */
void health_found_traffic(struct health *h);

/** Asserts or withdraws @cause of @b. @fmt: why. */
__attribute__((format(printf, 5, 6))) void health_assert(struct health *h, struct health_backend *b,
							 enum fleet_cause cause, bool holds,
							 const char *fmt, ...);

/** Forgets what probes found of @b: it counts as not judged. */
void health_forget_probes(struct health *h, struct health_backend *b);

/** Judges the pools in which something was asserted; tells the fleet. Returns true if that changed
 * anything. */
bool health_judge(struct health *h);

/** Has health_judge() called in a moment. */
void health_judge_soon(struct health *h);

/** True if no probe of this node gets any sign of life from anybody. */
static inline bool health_all_silent(const struct health *h)
{
	return h->n_probed >= 2 && h->n_known == h->n_probed && h->n_silent == h->n_probed;
}
