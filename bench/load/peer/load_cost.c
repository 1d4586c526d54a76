/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nanoseconds that viaload's peers need for one message, made and checked: what the generator costs
 * besides moving frames.
 *
 * Batches of 32 messages go through the proxy's core (not measured), then to the peer (measured):
 * all that peer_receive() does, which is to check one message and to make what follows from it. In
 * the end as many messages are made as are checked.
 */
#include "bench/load/peer/peer.h"
#include "bench/messages.h"
#include "bench/timing.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH 32u
#define SLOTS 4096u
#define SLOT 2304u /* as in a pool of mbufs */
#define AT_ONCE 512u
#define SAMPLE 1000u /* messages: so few that some samples are left in peace */
#define TURNS 10

struct packet {
	struct peer_in in;
	uint8_t *slot;
};

static struct load_plan plan;
static struct load_counts counts;
static struct packet ring[SLOTS];
static uint32_t head, tail;
static uint8_t *slots;
static const struct lab_world *world;

static void make_plan(enum load_scenario scenario)
{
	static const char *const callers[] = { "198.51.100.7:5060", "198.51.100.8:5060",
					       "198.51.100.9:5070", "198.51.100.10:5060" };
	static const char *const servers[] = {
		"10.20.0.11:5060", "10.20.0.12:5060", "10.20.0.13:5060", "10.20.0.14:5060",
		"10.20.0.15:5060", "10.20.0.16:5060", "10.20.0.17:5060", "10.20.0.18:5060",
		"10.20.1.11:5060", "10.20.1.12:5060",
	};

	memset(&plan, 0, sizeof(plan));
	plan.scenario = scenario;
	plan.pace = LOAD_MAX;
	plan.calls = AT_ONCE;
	plan.distinct = 4096;
	plan.seed = 1;
	plan.timeout_ms = 1000;
	plan.domain = "sip.carrier.example";
	plan.caller.n_devices = plan.server.n_devices = 1;
	for (unsigned int i = 0; i < sizeof(callers) / sizeof(callers[0]); i++)
		plan.caller.local[plan.caller.n_local++] = lab_endpoint(callers[i]);
	for (unsigned int i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		plan.server.local[plan.server.n_local++] = lab_endpoint(servers[i]);
	plan.caller.proxy = world->world.listeners[0].addr;
}

/* One message through the core, into the ring. */
static void forward(const struct peer_out *m)
{
	static struct sip_msg msg;
	static struct proxy_out out;
	struct proxy_in in = { .src = m->from, .listener = m->side == PEER_SERVER };
	struct packet *k = &ring[tail % SLOTS];
	int len;

	sip_parse(m->p, m->len, SIP_PADDED, &msg);
	proxy_message(&world->world, world->fib, &in, &msg, &out);
	if (out.verdict != PROXY_FORWARD) {
		fprintf(stderr, "load_cost: not forwarded: %s\n%.*s\n",
			sip_reason_info(out.reason)->name, (int)m->len, (const char *)m->p);
		exit(1);
	}
	k->slot = slots + (size_t)(tail % SLOTS) * SLOT;
	len = edit_copy(&out.edits, m->p, msg.len, k->slot, SLOT - 64);
	k->in = (struct peer_in){ k->slot, (uint32_t)len, world->world.listeners[out.listener].addr,
				  out.dst, out.listener ? PEER_SERVER : PEER_CALLER };
	tail++;
}

static struct peer_out *outs(void)
{
	static struct peer_out out[BATCH * PEER_OUT];
	static uint8_t *room;

	if (!room)
		room = aligned_alloc(64, BATCH * PEER_OUT * SLOT);
	for (unsigned int i = 0; i < BATCH * PEER_OUT; i++)
		out[i] =
			(struct peer_out){ .p = room + (size_t)i * SLOT + 128, .room = SLOT - 128 };
	return out;
}

static uint64_t receive_batch(struct peer *p, struct peer_out *out, unsigned int *n_out)
{
	unsigned int n = tail - head < BATCH ? tail - head : BATCH;
	uint64_t from = timing_now();

	*n_out = 0;
	for (unsigned int i = 0; i < n && i < 4; i++)
		peer_prefetch(p, &ring[(head + i) % SLOTS].in);
	for (unsigned int i = 0; i < n; i++) {
		if (i + 4 < n)
			peer_prefetch(p, &ring[(head + i + 4) % SLOTS].in);
		*n_out += peer_receive(p, &ring[(head + i) % SLOTS].in, from, out + *n_out);
	}
	head += n;
	return timing_now() - from;
}

static uint64_t start_calls(struct peer *p, struct peer_out *out, unsigned int *n_out)
{
	uint64_t from = timing_now();

	*n_out = 0;
	while (peer_in_progress(p) < AT_ONCE && *n_out < BATCH)
		*n_out += peer_start(p, from, out + *n_out);
	return timing_now() - from;
}

/* Ticks for @messages received messages. */
static uint64_t run(struct peer *p, uint64_t messages)
{
	uint64_t ticks = 0, until = counts.c[L_RECEIVED] + messages;
	unsigned int n;

	while (counts.c[L_RECEIVED] < until) {
		struct peer_out *out = outs();

		ticks += start_calls(p, out, &n);
		for (unsigned int i = 0; i < n; i++)
			forward(&out[i]);
		ticks += receive_batch(p, out, &n);
		for (unsigned int i = 0; i < n; i++)
			forward(&out[i]);
	}
	return ticks;
}

/* The least of a few. */
static double best(struct peer *p)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < TURNS; i++) {
		uint64_t ticks = run(p, SAMPLE);

		least = ticks < least ? ticks : least;
	}
	return (double)least;
}

/* The same number of messages copied, for a measure of how calm the machine is. */
static void measure_copy(void)
{
	static struct message_set set;
	static uint8_t sink[2048];
	struct samples s = { .n = 0 };
	struct summary sum;

	messages_make(MESSAGES, MESSAGES_SEED, &set);
	for (unsigned int i = 0; i < SAMPLES_MAX; i++) {
		uint64_t least = UINT64_MAX;

		for (unsigned int k = 0; k < TURNS; k++) {
			uint64_t from = timing_now(), ticks;

			for (unsigned int j = 0; j < SAMPLE; j++) {
				const struct message *m =
					&set.m[(i * SAMPLE + j * 2741u) % MESSAGES];

				memcpy(sink, m->p, m->len);
				timing_keep(sink[m->len / 2]);
			}
			ticks = timing_now() - from;
			least = ticks < least ? ticks : least;
		}
		samples_add(&s, (double)least * timing_tick_ns() / SAMPLE);
	}
	sum = samples_summary(&s);
	printf("%-10s %7.1f ns (%.1f)\n", "memcpy", sum.min, sum.median);
}

static void measure(const char *name, enum load_scenario scenario)
{
	struct samples s = { .n = 0 };
	struct summary sum;
	struct peer_templates *t;
	struct peer *p;
	char error[256];
	uint64_t bytes, received;

	make_plan(scenario);
	memset(&counts, 0, sizeof(counts));
	histogram_clear(&counts.latency);
	histogram_clear(&counts.late);
	t = peer_templates_new(&plan, error);
	p = t ? peer_new(t, 0, 1, (uint64_t)(1e9 / timing_tick_ns()), &counts) : NULL;
	if (!p)
		exit(1);
	head = tail = 0;
	run(p, 200000);
	for (unsigned int i = 0; i < SAMPLES_MAX; i++)
		samples_add(&s, best(p) * timing_tick_ns() / SAMPLE);
	sum = samples_summary(&s);
	bytes = counts.c[L_RECEIVED_BYTES];
	received = counts.c[L_RECEIVED];
	printf("%-10s %7.1f ns (%.1f) %6.2f M/s  %4lu bytes  wrong %lu\n", name, sum.min,
	       sum.median, 1000 / sum.min, (unsigned long)(bytes / received),
	       (unsigned long)(counts.c[L_ALTERED] + counts.c[L_MISROUTED] +
			       counts.c[L_DUPLICATED] + counts.c[L_UNKNOWN]));
	if (counts.n_faults)
		printf("%s\n%.*s\n", counts.fault[0].why, (int)counts.fault[0].len,
		       (const char *)counts.fault[0].message);
	peer_free(p);
	peer_templates_free(t);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		enum load_scenario scenario;
	} rows[] = { { "call", LOAD_CALL },
		     { "options", LOAD_OPTIONS },
		     { "register", LOAD_REGISTER },
		     { "mix", LOAD_MIX } };

	sip_scan_select("auto");
	timing_pin(-1);
	world = messages_world();
	slots = aligned_alloc(4096, (size_t)SLOTS * SLOT);
	if (!slots)
		return 1;
	memset(slots, 0, (size_t)SLOTS * SLOT);
	measure_copy();
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (argc < 2 || strcmp(argv[1], rows[i].name) == 0)
			measure(rows[i].name, rows[i].scenario);
	}
	return 0;
}
