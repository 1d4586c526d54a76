/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inside of a fleet, for the files that make it up: fleet.c (the table), fleet_effect.c (what
 * is in effect), fleet_change.c (operators and health), fleet_reload.c (another configuration),
 * fleet_world.c (what worlds are built from), fleet_part.c (clocks, publication).
 *
 * A reload and a command work on a copy, of which a world is built; when that is published, the
 * fleet becomes what the copy is (fleet_adopt()). So what is refused has changed nothing.
 */
#pragma once

#include "control/fleet/fleet.h"
#include "control/world/world_build.h"

#define FLEET_MEMBER_MAX 128        /* text of "NAME/ADDRESS:PORT" */
#define FLEET_MAX (WORLD_NONE - 1u) /* highest number; the next one means none */

/* Texts of the health causes that hold. */
struct fleet_health_text {
	char why[FLEET_N_CAUSES][FLEET_WHY_MAX];
};

/* What the log was told last. */
struct fleet_told {
	bool at_all;
	bool removed;
	enum backend_state state;
	enum fleet_cause cause;
	uint32_t weight;
};

struct fleet_entry {
	struct fleet_backend b;           /* first: fleet_backend pointers point here */
	struct fleet_health_text *health; /* NULL = health never said anything */
	uint16_t home;       /* index of the pool called b.pool_name; WORLD_NONE = it is gone */
	uint32_t given;      /* index in the pool's backends in the file; UINT32_MAX = not there */
	uint64_t removed_ms; /* monotonic */
	uint64_t removed_generation; /* of the first world without it in a table; 0 = none yet */
	uint64_t gone_generation;    /* of the first world without it at all; 0 = none yet */
	bool gone;           /* in no world any more; the number waits until nobody can mean it */
	bool counting;       /* count_base is set */
	uint64_t count_base; /* what the number had counted before this backend got it */
	uint64_t sampled;    /* requests to it, at the last sample of a drain */
	bool sampling;
	struct fleet_told told;
};

/* A backend of the file that an operator removed: stays away over reloads. */
struct fleet_tomb {
	char *pool;
	char *name;
	struct endpoint addr;
};

struct fleet_pool {
	char *name;
	uint16_t *members;
	uint16_t n;
	uint16_t room;
	uint32_t slow_start; /* ms; 0 = off */
};

struct fleet_name;

struct fleet {
	struct fleet_entry **v; /* by number; NULL = free */
	uint32_t end;           /* one more than the highest number in use */
	uint32_t room;
	uint32_t lowest; /* no number below is free */
	struct fleet_pool *pools;
	uint32_t n_pools;
	struct fleet_tomb *tombs;
	uint32_t n_tombs;
	struct fleet_name *names; /* backends that are names */
	uint32_t n_names;
	uint64_t serial; /* of the newest backend */
	bool dirty;
	uint64_t (*mono)(void); /* clocks, in ms: monotonic, and since 1970 */
	uint64_t (*wall)(void);
};

/** The entry of @b. */
static inline struct fleet_entry *fleet_entry(struct fleet_backend *b)
{
	return (struct fleet_entry *)(void *)b;
}

/** A fleet without backends. NULL without memory. */
struct fleet *fleet_empty(void);

/** A copy of all that @f is. NULL without memory. */
struct fleet *fleet_copy(const struct fleet *f);

/** Makes @f what @from is; backends that both have stay where they are in memory. Frees @from. */
void fleet_adopt(struct fleet *f, struct fleet *from);

/** A copy of the text @s that mem_free() frees. NULL without memory. */
char *fleet_text(const char *s);

/**
 * A new backend of pool @pool with the lowest free number, not among its members yet: named and
 * placed, all else 0. NULL without memory; with errno ENOSPC without a free number.
 */
struct fleet_entry *fleet_entry_new(struct fleet *f, uint16_t pool, const char *name,
				    const struct endpoint *addr);

/** Frees @e, which is in no table. NULL is allowed. */
void fleet_entry_free(struct fleet_entry *e);

/** Puts @number at the end of the members of @pool. 0 or -ENOMEM. */
int fleet_join(struct fleet *f, uint16_t pool, uint16_t number);

/** Takes @e out of its pool, for @cause; it has no settings of operators any more. */
void fleet_part(struct fleet *f, struct fleet_entry *e, enum fleet_cause cause, const char *why);

/** Puts @e, which was parted, back into pool @pool. 0 or -ENOMEM. */
int fleet_rejoin(struct fleet *f, struct fleet_entry *e, uint16_t pool);

/** Works out what is in effect for @e after a change. @ramps: a gain may start slowly. */
void fleet_fold(struct fleet *f, struct fleet_entry *e, bool ramps);

/** Index of the pool called @name, or WORLD_NONE. */
uint16_t fleet_pool_index(const struct fleet *f, const char *name);

/** The backend of this name and address that was removed from pool @pool and still serves old
 * transactions, or NULL. */
struct fleet_entry *fleet_removed(const struct fleet *f, const char *pool, const char *name,
				  const struct endpoint *addr);

/** Index of the tombstone of this backend, or -1. */
int fleet_tomb_of(const struct fleet *f, const char *pool, const char *name,
		  const struct endpoint *addr);

/** Whether pool @pool has room for a backend called @name at @addr (NULL: a name): no other has
 * either. 0, or -EINVAL or -EEXIST with @why filled. */
int fleet_check_new(struct fleet *f, uint16_t pool, const char *name, const struct endpoint *addr,
		    char *why, size_t n);

/** Notes that the file's backend of these names at @addr is not wanted. 0 or -ENOMEM. */
int fleet_bury(struct fleet *f, const char *pool, const char *name, const struct endpoint *addr);

/** The names of @from as a list of its own for @to. 0 or -ENOMEM; what is there is @to's. */
int fleet_names_copy(struct fleet *to, const struct fleet *from);

void fleet_names_free(struct fleet *f);

/** Makes backend @index of pool @pool of @c, which is a name, one of @f; @before: the names of
 * before. 0, -ENOMEM or -ENOSPC. */
int fleet_name_take(struct fleet *f, const struct config *c, uint16_t pool, uint32_t index,
		    const struct fleet *before, bool reset, bool ramps);

/** Likewise those that operators added. */
int fleet_names_keep(struct fleet *f, const struct fleet *before);

/** Takes tombstone @i away. */
void fleet_tomb_drop(struct fleet *f, uint32_t i);

/**
 * The fleet as it would be with @c: a new one for fleet_adopt() or fleet_free(). @warnings gets
 * what a person should know of settings that outlive the reload; may be NULL. NULL with @rc set to
 * -ENOMEM or -ENOSPC.
 */
struct fleet *fleet_for_config(const struct fleet *f, const struct config *c, bool reset,
			       struct config_errors *warnings, int *rc);

/** Moves slow starts on to @now_ms. Returns true if one is under way still. */
bool fleet_ramp(struct fleet *f, uint64_t now_ms);

/**
 * Ends the removed ones whose window has passed: @window_ms after their removal, and no world older
 * than that, of generation @oldest, is kept.
 */
void fleet_sweep(struct fleet *f, uint64_t now_ms, uint64_t window_ms, uint64_t oldest);

/** Frees the numbers that no world of generation @now or later has; the caller knows that there are
 * no others. */
void fleet_reuse(struct fleet *f, uint64_t now);

/**
 * What world_build() needs to know of @f, whose configuration is @c: in memory of @a, borrowing
 * names from @f. 0 or -ENOMEM.
 */
int fleet_overlay(const struct fleet *f, const struct config *c, struct arena *a,
		  struct world_overlay *out);

/** A world of @f with number @generation is about to be published: notes what that settles, and
 * logs what has changed. */
void fleet_going_out(struct app *app, struct fleet *f, uint64_t generation);
