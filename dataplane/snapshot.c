/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/snapshot.h"

#include <rte_rcu_qsbr.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int snapshot_queue_init(struct snapshot_queue *q, unsigned int n_readers)
{
	size_t size = RTE_CACHE_LINE_ROUNDUP(rte_rcu_qsbr_get_memsize(n_readers));

	memset(q, 0, sizeof(*q));
	q->rcu = aligned_alloc(RTE_CACHE_LINE_SIZE, size);
	if (!q->rcu)
		return -ENOMEM;
	return rte_rcu_qsbr_init(q->rcu, n_readers) == 0 ? 0 : -EINVAL;
}

static void retire_first(struct snapshot_queue *q)
{
	unsigned int i = q->first;
	struct snapshot_retire retire = q->waiting[i].retire;

	q->first = (i + 1) % SNAPSHOT_WAITING;
	q->n--;
	retire.call(q->waiting[i].block, retire.fn);
}

void snapshot_queue_fini(struct snapshot_queue *q)
{
	while (q->n) {
		rte_rcu_qsbr_check(q->rcu, q->waiting[q->first].token, true);
		retire_first(q);
	}
	free(q->rcu);
	q->rcu = NULL;
}

void snapshot_publish(struct snapshot_queue *q, struct snapshot *s, const void *block,
		      struct snapshot_retire retire)
{
	const void *old = atomic_exchange_explicit(&s->now, block, memory_order_acq_rel);
	unsigned int last;

	if (!old)
		return;
	if (q->n == SNAPSHOT_WAITING) {
		rte_rcu_qsbr_check(q->rcu, q->waiting[q->first].token, true);
		retire_first(q);
	}
	last = (q->first + q->n++) % SNAPSHOT_WAITING;
	q->waiting[last].block = old;
	q->waiting[last].retire = retire;
	/* After the exchange: a reader that reports this token has loaded the new pointer. */
	q->waiting[last].token = rte_rcu_qsbr_start(q->rcu);
}

unsigned int snapshot_reclaim(struct snapshot_queue *q)
{
	while (q->n && rte_rcu_qsbr_check(q->rcu, q->waiting[q->first].token, false) == 1)
		retire_first(q);
	return q->n;
}
