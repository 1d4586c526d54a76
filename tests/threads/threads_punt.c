/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two workers put, the control thread takes when the bell rings and never otherwise: all arrives,
 * in order, whole, and no ring is forgotten.
 */
#include "dataplane/punt.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORKERS 2
#define RECORDS 40000u

static struct punt_ring ring[WORKERS];
static struct punt_bell bell;
static uint32_t faults;

/* Sizes and bytes that the reader can tell by the number of the record. */
static uint32_t size_of(uint32_t n)
{
	return n % 97 == 0 ? 60000 : n * 13 % 1500;
}

static void *worker(void *arg)
{
	struct punt_ring *r = arg;
	static _Thread_local uint8_t bytes[65536];

	for (uint32_t n = 0; n < RECORDS;) {
		struct punt p = {
			.kind = PUNT_SEND, .generation = n, .len = size_of(n), .data = bytes
		};

		memset(bytes, (int)(n % 251), p.len);
		if (punt_put(r, &p))
			n++;
		else
			sched_yield();
		punt_wake(r, &bell);
		if (n % 500 == 0)
			usleep(100); /* long enough for the reader to find nothing and sleep */
	}
	return NULL;
}

static void check(const struct punt *p, uint32_t n)
{
	if (p->generation != n || p->len != size_of(n)) {
		faults++;
		return;
	}
	for (uint32_t i = 0; i < p->len; i++)
		faults += p->data[i] != n % 251;
}

int main(void)
{
	uint32_t taken[WORKERS] = { 0 };
	pthread_t t[WORKERS];

	if (punt_bell_init(&bell) < 0)
		return 1;
	for (int i = 0; i < WORKERS; i++) {
		if (punt_ring_init(&ring[i]) < 0)
			return 1;
		pthread_create(&t[i], NULL, worker, &ring[i]);
	}
	while (taken[0] < RECORDS || taken[1] < RECORDS) {
		struct pollfd p = { .fd = bell.fd, .events = POLLIN };
		struct punt it;

		if (poll(&p, 1, 20000) != 1) {
			printf("no bell, but %u and %u of %u taken\n", taken[0], taken[1], RECORDS);
			return 1;
		}
		punt_bell_clear(&bell);
		for (int i = 0; i < WORKERS; i++) {
			while (punt_peek(&ring[i], &it)) {
				check(&it, taken[i]++);
				punt_drop(&ring[i]);
			}
		}
	}
	for (int i = 0; i < WORKERS; i++) {
		pthread_join(t[i], NULL);
		punt_ring_fini(&ring[i]);
	}
	punt_bell_fini(&bell);
	printf("%u faults\n", faults);
	return faults ? 1 : 0;
}
