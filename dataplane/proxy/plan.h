/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The changes to one request or response while the rules run: edits in any order, and the text they
 * put in.
 *
 * The rules meet the places of a message in the RFC's order, edit_apply() wants them by offset;
 * plan_close() sorts. The text lives in proxy_out.text, so nothing is allocated and nothing points
 * into the message. Private to dataplane/proxy.
 */
#pragma once

#include "dataplane/proxy/proxy.h"

#include <assert.h>
#include <emmintrin.h>
#include <stddef.h>

#define PLAN_FEW 4 /* edits that are sorted without a branch: few messages have more */

struct plan {
	struct proxy_out *out;
	const struct sip_msg *m;
	bool failed;           /* more edits or text than there is room for */
	unsigned int n;        /* edits so far, in the order in which the rules met them */
	int delta;             /* bytes by which they let the message grow */
	int32_t key[EDIT_MAX]; /* of each edit: the lower comes first in the message */
	__m128i e[EDIT_MAX];   /* struct edit each, in one piece: see plan_pack() */
};

/* Bytes behind a text that may be written with it, and read. */
#define PLAN_SLACK 64

static_assert(EDIT_MAX <= 64 && PLAN_SLACK <= PROXY_SLACK, "keys and text have room");

/* The edit in one register, its numbers less than 65,536 as all in a message are. Written field by
 * field and copied whole, it would have to wait until all of its fields had left the core's store
 * queue. */
static inline __m128i plan_pack(uint32_t off, uint32_t del, const void *text, uint32_t ins)
{
	static_assert(offsetof(struct edit, off) == 0 && offsetof(struct edit, del) == 2 &&
			      offsetof(struct edit, ins) == 4 && offsetof(struct edit, text) == 8 &&
			      sizeof(struct edit) == 16,
		      "laid out below");
	uint64_t numbers = off | del << 16 | (uint64_t)ins << 32;

	return _mm_set_epi64x((int64_t)(uintptr_t)text, (int64_t)numbers);
}

/** Starts a plan without edits. Text already in @out stays. */
static inline void plan_open(struct plan *p, const struct sip_msg *m, struct proxy_out *out)
{
	p->out = out;
	p->m = m;
	p->failed = false;
	p->n = 0;
	p->delta = 0;
	for (unsigned int i = 0; i < PLAN_FEW; i++)
		p->key[i] = INT32_MAX;
}

/** Reserves @n bytes of text and returns them, or NULL (and marks the plan failed). PLAN_SLACK more
 * may be written until the next text is reserved. */
static inline uint8_t *plan_text(struct plan *p, uint32_t n)
{
	struct proxy_out *out = p->out;
	uint8_t *t = out->text + out->text_used;

	if (__builtin_expect(n > PROXY_TEXT - out->text_used, 0)) {
		p->failed = true;
		return NULL;
	}
	out->text_used += n;
	return t;
}

/** Text that stands for itself until the end: @n bytes copied from @src. NULL on failure. */
uint8_t *plan_copy(struct plan *p, const void *src, uint32_t n);

/**
 * At @off take @del bytes out, put @ins bytes of @text (from plan_text(), or static and
 * PLAN_SLACK bytes readable) there. At one
 * place what is only put in comes before what is taken out: new rows before a first row that goes;
 * else the order is that of the calls.
 */
static inline void plan_edit(struct plan *p, uint32_t off, uint32_t del, const void *text,
			     uint32_t ins)
{
	unsigned int i = p->n;

	if (__builtin_expect(i == EDIT_MAX || !text || ins > SIP_MAX_LEN, 0)) {
		p->failed = true;
		return;
	}
	p->key[i] = (int32_t)(off << 7 | (del > 0) << 6 | i);
	p->e[i] = plan_pack(off, del, text, ins);
	p->delta += (int)ins - (int)del;
	p->n++;
}

extern const uint8_t plan_nothing[PLAN_SLACK];

/** Takes the bytes from @from up to @to out. */
static inline void plan_cut(struct plan *p, uint32_t from, uint32_t to)
{
	plan_edit(p, from, to - from, plan_nothing, 0);
}

/** Sorts the edits into out->edits. False if anything failed: the message is too large for us. */
bool plan_close(struct plan *p);
