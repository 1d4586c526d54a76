/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The passes of passes.h. The clock runs over a batch, never over what prepares it.
 */
#include "bench/passes.h"

#include <stdio.h>
#include <stdlib.h>

static void *must_alloc(size_t n)
{
	void *p = aligned_alloc(4096, (n + 4095) & ~(size_t)4095);

	if (!p) {
		fprintf(stderr, "bench: no memory\n");
		exit(2);
	}
	return p;
}

uint8_t *passes_copy(const struct message_set *set)
{
	size_t bytes = (size_t)set->n * set->stride;

	return memcpy(must_alloc(bytes), set->slots, bytes);
}

void passes_make(struct passes *p, const struct message_set *set, const uint8_t *pristine,
		 uint32_t kinds)
{
	*p = (struct passes){ .set = set, .pristine = pristine };
	p->m = must_alloc(set->n * sizeof(*p->m));
	for (uint32_t i = 0; i < set->n; i++) {
		if (!(kinds >> set->m[i].kind & 1))
			continue;
		p->m[p->n++] = &set->m[i];
		p->bytes += set->m[i].len;
	}
}

double passes_mean_length(const struct passes *p)
{
	return p->n ? (double)p->bytes / p->n : 0;
}

static size_t slot_of(const struct passes *p, uint32_t i)
{
	return (size_t)(p->m[i] - p->set->m) * p->set->stride;
}

static void restore(const struct passes *p, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		size_t at = slot_of(p, i);

		memcpy(p->set->slots + at, p->pristine + at, p->set->stride);
	}
}

void passes_restore(const struct passes *p)
{
	restore(p, 0, p->n);
}

/* Touches what a receiving device would have written. */
static void touch(const struct passes *p, uint32_t first, uint32_t end)
{
	uint64_t sum = 0;

	for (uint32_t i = first; i < end; i++) {
		for (uint32_t at = 0; at < p->m[i]->len + 64; at += 64)
			sum += p->m[i]->p[at];
	}
	timing_keep(sum);
}

static void flush(const struct passes *p, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++)
		timing_flush(p->set->slots + slot_of(p, i), p->set->stride);
	_mm_mfence();
}

static uint64_t run_batch(const struct passes *p, const struct work *w, uint32_t first,
			  uint32_t end)
{
	uint64_t from = timing_now(), sum = 0;

	for (uint32_t i = first; i < end; i++)
		sum += w->run(p->m[i]);
	timing_keep(sum);
	return timing_now() - from;
}

static uint64_t run_prefetched(const struct passes *p, const struct work *w, uint32_t first,
			       uint32_t end)
{
	uint64_t from = timing_now(), sum = 0;
	uint32_t ahead = first;

	for (; ahead < end && ahead < first + PASS_DISTANCE; ahead++)
		sip_prefetch(p->m[ahead]->p, p->m[ahead]->len);
	for (uint32_t i = first; i < end; i++, ahead++) {
		if (ahead < end)
			sip_prefetch(p->m[ahead]->p, p->m[ahead]->len);
		sum += w->run(p->m[i]);
	}
	timing_keep(sum);
	return timing_now() - from;
}

/* Prepares and runs the messages from @first to before @end. Returns ticks. */
static uint64_t turn(const struct passes *p, const struct work *w, enum pass_mode mode,
		     uint32_t first, uint32_t end)
{
	if (w->edits)
		restore(p, first, end);
	for (uint32_t i = first; i < end && p->change; i++)
		p->change(p->m[i], p->arg);
	if (mode == PASS_DRAM || mode == PASS_DRAM_BARE)
		flush(p, first, end);
	else
		touch(p, first, end);
	if (mode == PASS_DRAM)
		return run_prefetched(p, w, first, end);
	return run_batch(p, w, first, end);
}

double pass_run(const struct passes *p, const struct work *w, enum pass_mode mode)
{
	uint64_t ticks = 0;

	if (mode == PASS_L3) {
		passes_restore(p);
		return (double)run_batch(p, w, 0, p->n) * timing_tick_ns() / p->n;
	}
	for (uint32_t i = 0; i < p->n; i += PASS_BATCH) {
		uint32_t first = mode == PASS_FEW ? 0 : i;
		uint32_t n = p->n - i < PASS_BATCH ? p->n - i : PASS_BATCH;

		ticks += turn(p, w, mode, first, first + n);
	}
	return (double)ticks * timing_tick_ns() / p->n;
}
