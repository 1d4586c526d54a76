/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages of a plan: templates of dialogs, each with one text per step. Made once, shared by
 * all peers, read only. Private to bench/load/peer.
 */
#pragma once

#include "bench/load/peer/arena.h"
#include "bench/load/peer/script.h"
#include "bench/load/peer/text.h"

struct template
{
	uint16_t script; /* enum script_id */
	uint16_t caller; /* index into plan.caller.local */
	uint32_t text;   /* of step 0, index into peer_templates.text; the others follow */
};

/* What a server writes about itself. */
struct server_name {
	uint8_t uri[SERVER_URI_LEN];
	uint8_t via[SERVER_VIA_LEN];
	struct endpoint at;
	bool known;
};

struct peer_templates {
	const struct load_plan *plan;
	struct arena arena;
	uint32_t n;
	unsigned int run; /* tells the messages of one run of the program from another's */
	struct template *t;
	const struct text **text;
	struct script_facts facts[SCRIPTS];
	struct server_name server[LOAD_ADDRESSES];
	uint64_t repeat_below; /* see call_repeats() */
	double messages_per_call;
	struct file_messages *file; /* LOAD_FILE only */
};

/** Template number of the call of @key: at random, but always the same for a Call-ID. */
static inline uint32_t template_of(const struct peer_templates *t, uint64_t key)
{
	uint64_t flows = t->plan->flows;

	return (uint32_t)((mix64(flows ? key % flows : key) >> 32) * t->n >> 32);
}

static inline const struct text *template_text(const struct peer_templates *t,
					       const struct template *tmpl, unsigned int step)
{
	return t->text[tmpl->text + step];
}

/** True if request @step of the call of @key is sent twice, as plan.repeat_percent wants it. */
static inline bool call_repeats(const struct peer_templates *t, uint64_t key, unsigned int step)
{
	return mix64(key ^ (uint64_t)(step + 1) << 56) >> 32 < t->repeat_below;
}

/**
 * Draws up the dialog of template @i (its script and caller are set) and compiles its texts into
 * @t->text. False: no memory.
 */
bool dialog_draw(struct peer_templates *t, uint32_t i);

/** Fills @name for server number @i at @at. */
void server_name_make(unsigned int i, const struct endpoint *at, struct server_name *name);

/** Reads the Contact of a server, SERVER_URI_LEN bytes at @uri: its number, and where it is. False
 * if it is none. */
bool server_name_read(const uint8_t *uri, unsigned int *i, struct endpoint *at);
