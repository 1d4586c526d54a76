/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the words of file, operators and health become one state and weight, and slow starts.
 *
 * State: what an operator set, else what the file says; health only ever makes it worse. Weight:
 * what an operator set, else the file's. A gain of weight (a backend that is new, comes up or is
 * given more) takes effect in eighths where pool.slow_start asks for it. Eighths are those of the
 * full weight, so the ramp of a backend of weight 1 needs no other unit for its pool.
 */
#include "control/fleet/fleet_state.h"

#include <stdio.h>
#include <string.h>

/* What health says alone, by the first cause that holds. */
static enum backend_state health_state(const struct fleet_backend *b, enum fleet_cause *cause)
{
	enum backend_state state = BACKEND_UP;

	for (unsigned int i = FLEET_BY_PROBE; i < FLEET_N_CAUSES; i++) {
		bool alive = i == FLEET_BY_ERRORS || i == FLEET_BY_RETRY_AFTER;
		enum backend_state says = alive ? BACKEND_DRAIN : BACKEND_DOWN;

		if ((b->down_causes >> i & 1) && says > state) {
			state = says;
			*cause = (enum fleet_cause)i;
		}
	}
	return state;
}

static void say_why(struct fleet_entry *e, enum fleet_cause cause)
{
	struct fleet_backend *b = &e->b;

	const char *text = "";

	if (cause == FLEET_BY_FILE)
		text = "as the file says";
	else if (cause == FLEET_BY_OPERATOR)
		text = b->added && !b->hand_state_set ? "added by an operator"
						      : "set by an operator";
	else if (e->health)
		text = e->health->why[cause];
	snprintf(b->why, sizeof(b->why), "%s", text[0] ? text : fleet_cause_name(cause));
}

/* State and cause in effect. A removed backend keeps the cause and words of its removal. */
static void fold_state(struct fleet *f, struct fleet_entry *e)
{
	struct fleet_backend *b = &e->b;
	enum config_state said = b->hand_state_set ? b->hand_state : b->file_state;
	bool by_hand = b->hand_state_set || b->added;
	enum fleet_cause cause = b->removed ? b->cause
				 : by_hand  ? FLEET_BY_OPERATOR
					    : FLEET_BY_FILE;
	enum fleet_cause by_health = cause;
	enum backend_state state = b->removed ? BACKEND_DRAIN : (enum backend_state)said;
	enum backend_state health = health_state(b, &by_health);

	if (health > state) {
		state = health;
		cause = by_health;
	}
	if (state != b->state)
		b->since_ms = f->wall();
	b->state = state;
	if (!b->removed) {
		b->cause = cause;
		say_why(e, cause);
	}
}

/* What @b counts for in its table, in eighths of weight. */
static uint32_t eighths(const struct fleet_backend *b)
{
	return b->state == BACKEND_UP ? b->weight * b->ramp : 0;
}

void fleet_fold(struct fleet *f, struct fleet_entry *e, bool ramps)
{
	struct fleet_backend *b = &e->b;
	enum backend_state before_state = b->state;
	uint32_t before = eighths(b), before_weight = b->weight;

	fold_state(f, e);
	b->weight = b->hand_weight_set ? b->hand_weight : b->file_weight;
	f->dirty = true;
	if (b->state == before_state && b->weight == before_weight)
		return;
	b->ramp = FLEET_RAMP_FULL;
	b->start_ms = 0;
	if (!ramps || b->removed || f->pools[b->pool].slow_start == 0 || eighths(b) <= before)
		return;
	b->ramp = before / b->weight;
	b->ramp = b->ramp ? b->ramp : 1;
	/* As if it had begun at the first eighth: a small gain takes a small part of the time. */
	b->start_ms = f->mono() -
		      (uint64_t)f->pools[b->pool].slow_start * (b->ramp - 1) / FLEET_RAMP_FULL;
	b->start_ms = b->start_ms ? b->start_ms : 1;
}

static void ramp_one(struct fleet *f, struct fleet_entry *e, uint64_t now_ms)
{
	struct fleet_backend *b = &e->b;
	uint64_t whole = b->removed ? 0 : f->pools[b->pool].slow_start;
	uint64_t lasted = now_ms - b->start_ms;
	uint32_t step = FLEET_RAMP_FULL;

	if (lasted < whole)
		step = (uint32_t)(lasted * FLEET_RAMP_FULL / whole) + 1;
	if (step >= FLEET_RAMP_FULL) {
		step = FLEET_RAMP_FULL;
		b->start_ms = 0;
	}
	if (step <= b->ramp)
		return;
	b->ramp = step;
	f->dirty = true;
}

bool fleet_ramp(struct fleet *f, uint64_t now_ms)
{
	bool ramping = false;

	for (uint32_t i = 0; i < f->end; i++) {
		struct fleet_entry *e = f->v[i];

		if (!e || !e->b.start_ms)
			continue;
		ramp_one(f, e, now_ms);
		ramping = ramping || e->b.start_ms;
	}
	return ramping;
}
