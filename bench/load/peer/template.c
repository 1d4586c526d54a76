/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes the templates of a plan: how many, of which scripts, for which callers.
 */
#include "bench/load/peer/template.h"

#include "bench/draft.h"
#include "bench/load/peer/file.h"
#include "bench/load/peer/wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <x86intrin.h>

#define DISTINCT 4096
#define TEXT_BYTES ((uint64_t)256 << 20) /* of all texts, at most: long bodies, fewer templates */

/* Messages of a call, on average over the first of @n templates. */
static double steps_per_call(const struct load_plan *plan, uint32_t n)
{
	uint64_t steps = 0;

	for (uint32_t i = 0; i < n; i++)
		steps += scripts[script_of(plan, i, n)].n;
	return (double)steps / n;
}

static uint32_t template_count(const struct load_plan *plan)
{
	uint32_t distinct = plan->distinct ? plan->distinct : DISTINCT, n;
	bool shares = plan->cancel_percent || plan->busy_percent || plan->hold_percent;

	n = (uint32_t)(distinct / steps_per_call(plan, 1200)) + 1;
	if ((uint64_t)n * plan->body > TEXT_BYTES)
		n = (uint32_t)(TEXT_BYTES / plan->body);
	if (plan->scenario == LOAD_CALL && shares && n < 100)
		n = 100;
	if (plan->scenario == LOAD_MIX && n < 12)
		n = 12;
	return n > plan->caller.n_local ? n : plan->caller.n_local;
}

static bool templates_make(struct peer_templates *t)
{
	uint32_t n_texts = 0;

	for (uint32_t i = 0; i < t->n; i++)
		n_texts += scripts[script_of(t->plan, i, t->n)].n;
	t->t = calloc(t->n, sizeof(*t->t));
	t->text = calloc(n_texts, sizeof(const struct text *));
	if (!t->t || !t->text)
		return false;
	draft_seed(t->plan->seed);
	n_texts = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		t->t[i].script = (uint16_t)script_of(t->plan, i, t->n);
		t->t[i].caller = (uint16_t)(i % t->plan->caller.n_local);
		t->t[i].text = n_texts;
		n_texts += scripts[t->t[i].script].n;
		if (!dialog_draw(t, i))
			return false;
	}
	return true;
}

static void templates_facts(struct peer_templates *t)
{
	const struct load_plan *plan = t->plan;

	for (unsigned int i = 0; i < SCRIPTS; i++)
		script_facts(&scripts[i], &t->facts[i]);
	for (unsigned int i = 0; i < plan->server.n_local; i++)
		server_name_make(i, &plan->server.local[i], &t->server[i]);
	t->run = (unsigned int)(mix64(__rdtsc()) & 0xfff);
	t->repeat_below = ((uint64_t)plan->repeat_percent << 32) / 100;
}

static double messages_per_call(const struct peer_templates *t)
{
	double sum = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		const struct script_facts *f = &t->facts[t->t[i].script];

		sum += scripts[t->t[i].script].n;
		sum += __builtin_popcount(f->requests) * t->plan->repeat_percent / 100.0;
	}
	return sum / t->n;
}

static const char *plan_fault(const struct load_plan *plan)
{
	if (plan->caller.n_local == 0)
		return "the callers' addresses are missing";
	if (plan->cancel_percent + plan->busy_percent + plan->hold_percent > 100)
		return "shares of calls make more than 100 per cent";
	return NULL;
}

struct peer_templates *peer_templates_new(const struct load_plan *plan, char *error)
{
	const char *fault = plan_fault(plan);
	struct peer_templates *t = fault ? NULL : calloc(1, sizeof(*t));
	bool ok;

	error[0] = 0;
	if (!t) {
		snprintf(error, 256, "%s", fault ? fault : "no memory");
		return NULL;
	}
	wide_select(NULL);
	t->plan = plan;
	templates_facts(t);
	if (plan->scenario == LOAD_FILE) {
		t->n = 1;
		t->file = file_messages_read(plan, error);
		t->messages_per_call = 1;
		ok = t->file != NULL;
	} else {
		t->n = template_count(plan);
		ok = templates_make(t);
		t->messages_per_call = ok ? messages_per_call(t) : 0;
	}
	if (ok)
		return t;
	if (!error[0])
		snprintf(error, 256, "no memory for the templates");
	peer_templates_free(t);
	return NULL;
}

void peer_templates_free(struct peer_templates *t)
{
	if (!t)
		return;
	file_messages_free(t->file);
	arena_drop(&t->arena);
	free(t->t);
	free(t->text);
	free(t);
}

double peer_messages_per_call(const struct peer_templates *t)
{
	return t->messages_per_call;
}
