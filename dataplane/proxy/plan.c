/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of the edits. The rules meet them in an order of their own, and where headers stand
 * differs from message to message, so comparing and moving would be a guess each time. Instead each
 * edit is put where as many keys are lower as there are before it: one vector compare for the up to
 * four edits that a message has, no branch on what they say.
 */
#include "dataplane/proxy/plan.h"

#include <string.h>
#include <tmmintrin.h>

const uint8_t plan_nothing[PLAN_SLACK];

uint8_t *plan_copy(struct plan *p, const void *src, uint32_t n)
{
	uint8_t *t = plan_text(p, n);

	if (t)
		memcpy(t, src, n);
	return t;
}

static void sort_few(const struct plan *p, struct edit *to)
{
	const __m128i keys = _mm_setr_epi32(p->key[0], p->key[1], p->key[2], p->key[3]);

	for (unsigned int i = 0; i < p->n; i++) {
		__m128i less = _mm_cmplt_epi32(keys, _mm_set1_epi32(p->key[i]));
		int mask = _mm_movemask_ps(_mm_castsi128_ps(less));
		unsigned int rank = (unsigned int)__builtin_popcount((unsigned int)mask);

		_mm_storeu_si128((__m128i *)(void *)&to[rank], p->e[i]);
	}
}

/* By insertion from the back: the rules mostly work front to back. */
static void sort_many(struct plan *p, struct edit *to)
{
	for (unsigned int n = 0; n < p->n; n++) {
		int32_t key = p->key[n];
		unsigned int i = n;

		for (; i > 0 && p->key[i - 1] > key; i--) {
			p->key[i] = p->key[i - 1];
			to[i] = to[i - 1];
		}
		p->key[i] = key;
		_mm_storeu_si128((__m128i *)(void *)&to[i], p->e[n]);
	}
}

bool plan_close(struct plan *p)
{
	struct edit_list *l = &p->out->edits;
	bool failed = p->failed;
	uint32_t end = 0;

	static_assert(PLAN_FEW == 4, "one vector of keys");
	if (__builtin_expect(p->n <= PLAN_FEW, 1))
		sort_few(p, l->e);
	else
		sort_many(p, l->e);
	for (unsigned int i = 0; i < p->n; i++) {
		failed |= l->e[i].off < end;
		end = (uint32_t)l->e[i].off + l->e[i].del;
	}
	l->n = p->n;
	l->slack = true;
	l->delta = p->delta;
	l->failed = failed | (end > SIP_MAX_LEN);
	return !l->failed;
}
