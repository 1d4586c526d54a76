/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One filter and one memory for each of three threads, all added to and searched at once: no data
 * race, and what a thread was told has begun is found, whoever began it.
 */
#include "dataplane/proxy/began.h"
#include "dataplane/proxy/recent.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 3u
#define ADDS 200000u
#define LOG2 20

static struct began *began;
static struct recent recent[THREADS];
static atomic_uint done[THREADS]; /* how many each has added; tells the others of them */
static atomic_uint missed;

static uint64_t id_of(unsigned int thread, uint64_t n)
{
	uint64_t z = (n * THREADS + thread + 1) * 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	return z ^ z >> 31;
}

static void check(unsigned int me, unsigned int thread, uint32_t n)
{
	uint64_t id = id_of(thread, n);
	struct recent_begin b;

	if (!began_has(began, id) || !recent_find(&recent[me], id, thread, &b) || b.age != 0 ||
	    b.server != (uint16_t)id)
		atomic_fetch_add(&missed, 1);
}

static void *run(void *arg)
{
	unsigned int me = (unsigned int)(uintptr_t)arg;

	for (uint32_t i = 0; i < ADDS; i++) {
		began_add(began, id_of(me, i));
		recent_add(&recent[me], id_of(me, i), (uint16_t)id_of(me, i), me);
		recent_settle(&recent[me]);
		atomic_store_explicit(&done[me], i + 1, memory_order_release);
		for (unsigned int t = 0; t < THREADS; t++) {
			uint32_t n = atomic_load_explicit(&done[t], memory_order_acquire);

			if (n)
				check(me, t, n - 1);
		}
	}
	return NULL;
}

int main(void)
{
	void *filter = aligned_alloc(64, began_size(LOG2));
	pthread_t t[THREADS];

	if (!filter)
		return 1;
	began = began_init(filter, LOG2);
	for (unsigned int i = 0; i < THREADS; i++) {
		void *mem = aligned_alloc(64, recent_size(LOG2));

		if (!mem)
			return 1;
		memset(mem, 0, recent_size(LOG2));
		recent_init(&recent[i], mem, LOG2);
	}
	recent_join(recent, THREADS);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, run, (void *)(uintptr_t)i);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (unsigned int i = 0; i < THREADS; i++)
		for (uint32_t n = 0; n < ADDS; n++)
			missed += !began_has(began, id_of(i, n));
	printf("%u missed\n", atomic_load(&missed));
	for (unsigned int i = 0; i < THREADS; i++)
		free(recent[i].lines);
	free(filter);
	return missed != 0;
}
