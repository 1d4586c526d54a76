/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Maglev table: milliseconds to build it, nanoseconds to look a key up, how even it spreads,
 * how much moves when a server goes. Lookups are at random slots, once with a table that stays in
 * L2, once with 8 MiB of other data between.
 */
#include "bench/timing.h"
#include "dataplane/proxy/maglev.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOKUPS 65536u
#define OTHER_DATA (8u << 20)

static uint16_t *build(const struct keys *k, uint32_t size, unsigned int n, unsigned int without,
		       struct samples *ms)
{
	struct maglev_server *servers = calloc(n, sizeof(*servers));
	uint16_t *table = malloc(size * sizeof(*table));
	void *scratch = malloc(maglev_scratch(n));
	unsigned int used = 0;
	uint64_t from;

	for (unsigned int i = 0; i < n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "server-%u", i);
		if (i != without)
			servers[used++] =
				(struct maglev_server){ .id = maglev_id(k, name, strlen(name)),
							.weight = 1,
							.index = (uint16_t)i };
	}
	from = timing_now();
	maglev_build(table, size, servers, used, scratch);
	if (ms)
		samples_add(ms, (double)(timing_now() - from) * timing_tick_ns() / 1e6);
	free(servers);
	free(scratch);
	return table;
}

static double lookups(const uint16_t *table, uint32_t size, const uint64_t *hashes)
{
	uint64_t from = timing_now(), sum = 0;

	for (unsigned int i = 0; i < LOOKUPS; i++)
		sum += table[maglev_slot(hashes[i], size)];
	timing_keep(sum);
	return (double)(timing_now() - from) * timing_tick_ns() / LOOKUPS;
}

/* Largest share of a server over the even one, in per cent more. */
static double spread(const uint16_t *table, uint32_t size, unsigned int n)
{
	unsigned int *slots = calloc(n, sizeof(*slots)), most = 0;

	for (uint32_t i = 0; i < size; i++)
		slots[table[i]]++;
	for (unsigned int i = 0; i < n; i++)
		most = slots[i] > most ? slots[i] : most;
	free(slots);
	return 100.0 * ((double)most * n / size - 1);
}

/* Slots that change beyond those of the server that goes, in per cent of all. */
static double moved(const uint16_t *before, const uint16_t *after, uint32_t size, unsigned int gone)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < size; i++)
		n += before[i] != after[i] && before[i] != gone;
	return 100.0 * n / size;
}

static void measure(const struct keys *k, uint32_t size, unsigned int n, const uint64_t *hashes,
		    uint8_t *other)
{
	struct samples ms = { 0 }, warm = { 0 }, cold = { 0 };
	uint16_t *table = NULL, *less;

	for (int i = 0; i < 9; i++) {
		free(table);
		table = build(k, size, n, n, &ms);
		lookups(table, size, hashes);
		samples_add(&warm, lookups(table, size, hashes));
		memset(other, i, OTHER_DATA);
		samples_add(&cold, lookups(table, size, hashes));
	}
	less = build(k, size, n, n / 2, NULL);
	printf("%8u %8u %10.2f %10.2f %10.2f %10.2f %10.2f\n", size, n, samples_min(&ms),
	       samples_min(&warm), samples_min(&cold), spread(table, size, n),
	       moved(table, less, size, n / 2));
	free(table);
	free(less);
}

int main(void)
{
	static const unsigned int servers[] = { 2, 3, 8, 50, 200 };
	static const uint32_t sizes[] = { 65537, 655373 };
	uint64_t *hashes = malloc(LOOKUPS * sizeof(*hashes)), x = 1;
	uint8_t *other = malloc(OTHER_DATA);
	struct keys k;

	if (!hashes || !other || keys_derive("the secret of all benches", 25, &k) != 0) {
		free(hashes);
		free(other);
		return 1;
	}
	for (unsigned int i = 0; i < LOOKUPS; i++)
		hashes[i] = x = x * 6364136223846793005u + 1442695040888963407u;
	timing_pin(-1);
	printf("%8s %8s %10s %10s %10s %10s %10s\n", "slots", "servers", "build ms", "ns warm",
	       "ns cold", "uneven %", "moved %");
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int j = 0; j < 5; j++)
			measure(&k, sizes[i], servers[j], hashes, other);
	}
	free(hashes);
	free(other);
	return 0;
}
