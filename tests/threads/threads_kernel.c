/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames both ways between two workers and the control thread, which sleeps until the bell rings:
 * every frame arrives whole and in order; the way back reserves more than it puts in.
 */
#include "dataplane/kernel_ring.h"
#include "dataplane/punt.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORKERS 2
#define FRAMES 40000u
#define FRAME_MOST 9022u

static struct kernel_ring to_linux[WORKERS], from_linux[WORKERS];
static struct punt_bell bell;
static atomic_uint faults;

/* Sizes and bytes that the reader can tell by the number of the frame. */
static uint32_t size_of(uint32_t n)
{
	return n % 97 == 0 ? 9000 : 14 + n * 13 % 1500;
}

static bool put(struct kernel_ring *r, uint32_t n, uint32_t room, bool urgent)
{
	uint8_t *to = kernel_ring_reserve(r, room, urgent);

	if (!to)
		return false;
	memset(to, (int)(n % 251), size_of(n));
	kernel_ring_commit(r, (uint16_t)n, size_of(n));
	return true;
}

static bool take(struct kernel_ring *r, uint32_t n)
{
	struct kernel_frame f;
	unsigned int wrong;

	if (!kernel_ring_peek(r, &f))
		return false;
	wrong = f.port != (uint16_t)n || f.len != size_of(n);
	for (uint32_t i = 0; i < f.len; i++)
		wrong += f.data[i] != n % 251;
	if (wrong)
		atomic_fetch_add(&faults, wrong);
	kernel_ring_drop(r);
	return true;
}

static void *worker(void *arg)
{
	uintptr_t i = (uintptr_t)arg;
	uint32_t put_n = 0, taken = 0;

	while (put_n < FRAMES || taken < FRAMES) {
		bool did = false, naps = false;

		if (put_n < FRAMES && put(&to_linux[i], put_n, size_of(put_n), put_n % 2)) {
			did = true;
			naps = ++put_n % 500 == 0;
		}
		if (to_linux[i].put && put_n % 8 == 0) {
			to_linux[i].put = false;
			punt_bell_ring(&bell);
		}
		if (taken < FRAMES && take(&from_linux[i], taken)) {
			taken++;
			did = true;
		}
		if (!did)
			sched_yield();
		if (naps)
			usleep(100); /* long enough for the reader to find nothing and sleep */
	}
	punt_bell_ring(&bell);
	return NULL;
}

/* One turn of the control thread. False if the bell did not ring though something is missing. */
static bool turn(uint32_t *taken, uint32_t *sent)
{
	struct pollfd p = { .fd = bell.fd, .events = POLLIN };
	bool all_sent = sent[0] == FRAMES && sent[1] == FRAMES;

	if (poll(&p, 1, all_sent ? 20000 : 1) != 1 && all_sent)
		return false;
	punt_bell_clear(&bell);
	for (int i = 0; i < WORKERS; i++) {
		while (taken[i] < FRAMES && take(&to_linux[i], taken[i]))
			taken[i]++;
		for (int k = 0; k < 64 && sent[i] < FRAMES; k++)
			sent[i] += put(&from_linux[i], sent[i], FRAME_MOST, true);
	}
	return true;
}

int main(void)
{
	uint32_t taken[WORKERS] = { 0 }, sent[WORKERS] = { 0 };
	pthread_t t[WORKERS];
	bool ok = punt_bell_init(&bell) == 0;

	for (uintptr_t i = 0; i < WORKERS; i++) {
		if (kernel_ring_init(&to_linux[i]) < 0 || kernel_ring_init(&from_linux[i]) < 0)
			return 1;
		pthread_create(&t[i], NULL, worker, (void *)i);
	}
	while (ok &&
	       (taken[0] < FRAMES || taken[1] < FRAMES || sent[0] < FRAMES || sent[1] < FRAMES))
		ok = turn(taken, sent);
	if (!ok) {
		printf("no bell, but %u and %u of %u taken\n", taken[0], taken[1], FRAMES);
		return 1;
	}
	for (int i = 0; i < WORKERS; i++) {
		pthread_join(t[i], NULL);
		kernel_ring_fini(&to_linux[i]);
		kernel_ring_fini(&from_linux[i]);
	}
	punt_bell_fini(&bell);
	printf("%u faults\n", atomic_load(&faults));
	return atomic_load(&faults) ? 1 : 0;
}
