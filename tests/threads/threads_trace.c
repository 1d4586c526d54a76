/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker that traces and one that drains, while a third thread changes the set of filters as the
 * control thread does: records arrive whole and in order, and nothing is lost but what is counted.
 */
#include "bench/lab.h"
#include "dataplane/snapshot.h"
#include "dataplane/trace.h"

#include <rte_rcu_qsbr.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES 200000u /* and more, until something was traced */
#define HZ 1000000000ull

static const struct lab network = {
	.secret = "a secret of the tests",
	.listeners = { { "203.0.113.1:5060", NULL, 0 } },
	.domains = { "example.com" },
	.pools = { { .name = "one", .backends = { { "one", "10.0.0.11:5060", 1 } } } },
	.rules = { { .pool = "one" } },
	.routes = { { "0.0.0.0/0", 0, FIB_UNICAST, NULL } },
};

static const char invite[] = "INVITE sip:bob@example.com SIP/2.0\r\n"
			     "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bK1\r\n"
			     "Max-Forwards: 70\r\nFrom: <sip:a@caller.example>;tag=a\r\n"
			     "To: <sip:bob@example.com>\r\nCall-ID: call@here\r\nCSeq: 1 INVITE\r\n"
			     "Content-Length: 0\r\n\r\n";

static struct lab_world lab;
static struct trace_tap tap = { .hz = HZ };
static struct snapshot current;
static struct snapshot_queue queue;
static atomic_bool done;
static uint64_t traced; /* worker */

static void one(const struct trace_set *set, const struct sip_msg *m, const struct proxy_out *out,
		const struct endpoint *src, uint64_t now)
{
	struct trace_subject s = { &lab.world, src, 0, m, out, now, SIP_UDP };
	struct trace_end end = { .verdict = TRACE_FORWARDED };
	uint8_t sent[64];
	struct trace_item it;

	if (!trace_begin(&tap, set, &s, &it))
		return;
	traced++;
	memset(sent, (int)(now % 251), sizeof(sent));
	trace_sent(&it, sent, sizeof(sent));
	trace_finish(&tap, set, &s, &it, &end);
}

static void *worker(void *arg)
{
	static struct sip_msg m;
	static struct proxy_out out;
	struct proxy_in in = { .src = lab_endpoint("203.0.113.40:5060"), .listener = 0 };

	(void)arg;
	sip_parse((const uint8_t *)invite, sizeof(invite) - 1, SIP_EXACT, &m);
	proxy_message(&lab.world, lab.fib, &in, &m, &out);
	rte_rcu_qsbr_thread_online(queue.rcu, 0);
	for (uint64_t n = 1; n <= MESSAGES || !traced; n++) {
		const struct trace_set *set = snapshot_get(&current);

		if (set)
			one(set, &m, &out, &in.src, n * 1000000);
		rte_rcu_qsbr_quiescent(queue.rcu, 0);
	}
	rte_rcu_qsbr_thread_offline(queue.rcu, 0);
	atomic_store(&done, true);
	return NULL;
}

static void free_set(const void *set, void (*fn)(void))
{
	(void)fn;
	free((void *)set);
}

static void publish(uint64_t generation)
{
	struct trace_set *set = NULL;

	if (generation % 5) {
		set = calloc(1, sizeof(*set));
		set->generation = generation;
		set->slot[generation % TRACE_SLOTS].used = true;
		set->slot[generation % TRACE_SLOTS].rate = TRACE_RATE_MAX;
	}
	snapshot_publish(&queue, &current, set, (struct snapshot_retire){ free_set, NULL });
	snapshot_reclaim(&queue);
}

/* One if anything about @r is wrong. */
static unsigned int check(const struct trace_record *r, uint64_t *last)
{
	const uint8_t *bytes = (const uint8_t *)(r + 1);
	unsigned int wrong = r->tsc <= *last || r->in_len != sizeof(invite) - 1 ||
			     r->out_len != 64 || r->slots != 1u << r->generation % TRACE_SLOTS ||
			     memcmp(bytes, invite, r->in_len) != 0;

	for (unsigned int i = 0; !wrong && i < r->out_len; i++)
		wrong = bytes[r->in_len + i] != r->tsc % 251;
	*last = r->tsc;
	return wrong;
}

int main(void)
{
	uint64_t last = 0, taken = 0, missed = 0, generation = 0;
	const struct trace_record *r;
	unsigned int faults = 0;
	pthread_t t;

	lab_build(&network, &lab);
	if (snapshot_queue_init(&queue, 1) < 0 || byte_ring_init(&tap.ring, TRACE_RING_SIZE) < 0)
		return 1;
	rte_rcu_qsbr_thread_register(queue.rcu, 0);
	pthread_create(&t, NULL, worker, NULL);
	while (!atomic_load(&done)) {
		publish(++generation);
		while ((r = byte_ring_peek(&tap.ring))) {
			faults += check(r, &last);
			byte_ring_drop(&tap.ring);
			taken++;
		}
	}
	pthread_join(t, NULL);
	while ((r = byte_ring_peek(&tap.ring))) {
		faults += check(r, &last);
		byte_ring_drop(&tap.ring);
		taken++;
	}
	for (unsigned int i = 0; i < TRACE_SLOTS; i++)
		missed += stat_get(&tap.missed[i]);
	publish(0);
	snapshot_queue_fini(&queue);
	byte_ring_fini(&tap.ring);
	printf("%llu traced, %llu taken, %llu missed, %u faults\n", (unsigned long long)traced,
	       (unsigned long long)taken, (unsigned long long)missed, faults);
	return faults == 0 && taken > 0 && taken == traced ? 0 : 1;
}
