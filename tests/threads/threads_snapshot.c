/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One publisher, three readers that nap like workers: no reader ever sees a retired block, and
 * every block is retired once. ThreadSanitizer sees a race if an order is missing.
 */
#include "dataplane/snapshot.h"

#include <rte_rcu_qsbr.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define READERS 3
#define ROUNDS 200000

/* Plain fields: a reader that comes too late or too early is a data race. */
struct block {
	uint64_t a, b;
	bool dead;
};

static struct snapshot now;
static struct snapshot_queue queue;
static atomic_bool stop;
static atomic_uint faults;
static unsigned int n_retired;

static void *reader(void *arg)
{
	unsigned int id = (unsigned int)(uintptr_t)arg, turn = 0;
	uint64_t last = 0;

	rte_rcu_qsbr_thread_online(queue.rcu, id);
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		const struct block *b = snapshot_get(&now);

		if (b->a != b->b || b->dead || b->a < last)
			atomic_fetch_add(&faults, 1);
		last = b->a;
		rte_rcu_qsbr_quiescent(queue.rcu, id);
		if (++turn % 64 == 0) {
			rte_rcu_qsbr_thread_offline(queue.rcu, id);
			sched_yield();
			rte_rcu_qsbr_thread_online(queue.rcu, id);
		}
	}
	rte_rcu_qsbr_thread_offline(queue.rcu, id);
	return NULL;
}

static void retire(const void *block, void (*fn)(void))
{
	struct block *b = (struct block *)block;

	(void)fn;
	b->dead = true;
	b->a = 0;
	n_retired++;
	free(b);
}

static void publish(uint64_t n)
{
	struct block *b = malloc(sizeof(*b));

	*b = (struct block){ .a = n, .b = n };
	snapshot_publish(&queue, &now, b, (struct snapshot_retire){ retire, NULL });
}

int main(void)
{
	pthread_t t[READERS];
	unsigned int waiting_most = 0;

	if (snapshot_queue_init(&queue, READERS) < 0)
		return 1;
	publish(1);
	for (uintptr_t i = 0; i < READERS; i++) {
		rte_rcu_qsbr_thread_register(queue.rcu, (unsigned int)i);
		pthread_create(&t[i], NULL, reader, (void *)i);
	}
	for (uint64_t n = 2; n <= ROUNDS; n++) {
		publish(n);
		if (n % 3 == 0) {
			unsigned int waiting = snapshot_reclaim(&queue);

			waiting_most = waiting > waiting_most ? waiting : waiting_most;
		}
	}
	atomic_store(&stop, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(t[i], NULL);
	snapshot_publish(&queue, &now, NULL, (struct snapshot_retire){ retire, NULL });
	snapshot_queue_fini(&queue);
	printf("%u retired, %u waited at most, %u faults\n", n_retired, waiting_most,
	       atomic_load(&faults));
	return n_retired == ROUNDS && atomic_load(&faults) == 0 ? 0 : 1;
}
