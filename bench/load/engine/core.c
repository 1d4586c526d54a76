/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop of a generator core, its schedule or window, and the account of how busy it was.
 *
 * A turn that finds nothing to do is idle; one that does is busy for what it took beyond an idle
 * one. How much faster the core could have gone is told by effort.h.
 */
#include "bench/load/engine/core.h"

#include "bench/load/engine/sums.h"

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_ring.h>

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define TIMERS_HZ 20000   /* looks at what time brings, per second */
#define STALL_HZ 5        /* nothing came for 1 / this: what is missing is not waited for */
#define QUIET_HZ 500      /* nothing came for 1 / this: the run is over */
#define QUIET_SERVER_HZ 5 /* the same for who only answers */
#define FRAG_BYTES (8u << 20)
#define FRAG_TIMEOUT_HZ 1 /* pieces of a datagram wait for 1 / this */

/* --- life -------------------------------------------------------------------------------- */

static void *new_table(size_t bytes)
{
	void *p = aligned_alloc(64, RTE_CACHE_LINE_ROUNDUP(bytes));

	return p ? memset(p, 0, bytes) : NULL;
}

static void take_queues(struct core *c)
{
	struct shared *sh = c->sh;

	for (uint16_t i = 0; i < sh->devices.n; i++) {
		const struct port *port = &sh->devices.d[i].port;
		uint16_t n = (uint16_t)sh->n_cores, id = (uint16_t)c->id;

		c->rx[c->n_rx++] =
			(struct rx_side){ port->dev, port_queue_of(port, port->n_rxq, id, n), i };
		c->tx[i].dev = port->dev;
		c->tx[i].queue = port_queue_of(port, port->n_txq, id, n);
	}
}

static struct frag_table *new_frags(const struct shared *sh)
{
	return frag_table_new(FRAG_BYTES, sh->hz / FRAG_TIMEOUT_HZ, sh->local.world.keys.xxh);
}

struct core *core_new(struct shared *sh, unsigned int id, struct load_counts *counts)
{
	struct core *c = new_table(sizeof(*c));

	static_assert(FRAG_SECRET <= sizeof(sh->local.world.keys.xxh), "one random key for both");
	if (!c)
		return NULL;
	c->sh = sh;
	c->id = id;
	c->counts = counts;
	c->ip_id = (uint32_t)(rte_rdtsc() / sh->n_cores * sh->n_cores) + id;
	memcpy(c->hop, sh->hop, sizeof(c->hop));
	memcpy(c->hop_known, sh->hop_known, sizeof(c->hop_known));
	view_update(&c->view, &sh->local.world, NULL);
	c->peer = peer_new(sh->templates, id, sh->n_cores, sh->hz, counts);
	c->tx = new_table(sh->devices.n * sizeof(*c->tx));
	c->headers = new_table(sizeof(*c->headers));
	c->scratch = new_table(SCRATCH_BYTES);
	c->frags = new_frags(sh);
	if (sh->big)
		c->big = new_table((size_t)PEER_OUT * PEER_ROOM);
	if (!c->peer || !c->tx || !c->headers || !c->scratch || !c->frags || (sh->big && !c->big)) {
		core_free(c);
		return NULL;
	}
	for (unsigned int i = 0; sh->big && i < PEER_OUT; i++)
		c->out[i] =
			(struct peer_out){ .p = c->big + (size_t)i * PEER_ROOM, .room = PEER_ROOM };
	c->n_out = sh->big ? PEER_OUT : 0;
	take_queues(c);
	return c;
}

void core_free(struct core *c)
{
	if (!c)
		return;
	give_fini(c);
	frag_table_free(c->frags);
	free(c->big);
	free(c->scratch);
	free(c->headers);
	free(c->tx);
	peer_free(c->peer);
	free(c);
}

/* --- starts ------------------------------------------------------------------------------ */

static bool all_started(const struct core *c)
{
	return c->max_calls && c->started >= c->max_calls;
}

static bool start_one(struct core *c, uint64_t due)
{
	unsigned int n;

	if (all_started(c))
		return false;
	if (unlikely(!give_ready(c))) {
		c->counts->c[L_NOT_STARTED]++;
		return false;
	}
	n = peer_start(c->peer, due, c->out);
	c->started += n > 0;
	give(c, n);
	return n > 0;
}

static unsigned int start_by_clock(struct core *c)
{
	unsigned int n = 0;
	uint64_t due;

	for (; n < CORE_BURST && pace_take(&c->pace, c->now, &due); n++)
		start_one(c, due);
	return n;
}

/* Messages under way, as far as this process can tell. */
static uint64_t under_way(const struct core *c)
{
	return c->sh->both_sides ? c->given - c->taken - c->settled : peer_in_progress(c->peer);
}

static unsigned int start_by_window(struct core *c)
{
	const struct shared *sh = c->sh;
	unsigned int n = 0;

	if (c->calls) {
		while (n < CORE_BURST && peer_in_progress(c->peer) < c->calls) {
			if (!start_one(c, c->now))
				break;
			n++;
		}
		return n;
	}
	while (n < CORE_BURST && (int64_t)(under_way(c) - sh->window) < 0 && start_one(c, c->now))
		n++;
	/* What was lost does not close the window for good. */
	if (n == 0 && c->now - c->last_taken > sh->hz / STALL_HZ)
		c->settled = c->given - c->taken;
	return n;
}

static unsigned int start_calls(struct core *c)
{
	if (c->sh->plan->caller.n_devices == 0 || all_started(c))
		return 0;
	return c->sh->run.starts > 0 ? start_by_clock(c) : start_by_window(c);
}

/* --- turns ------------------------------------------------------------------------------- */

static unsigned int timers(struct core *c)
{
	unsigned int n = 0, some = PEER_OUT;
	struct frag_fate fate = { 0 };

	while (some == PEER_OUT && give_ready(c)) {
		some = peer_timers(c->peer, c->now, c->out, PEER_OUT);
		give(c, some);
		n += some;
	}
	frag_expire(c->frags, c->now, &fate);
	c->timers_at = c->now + c->sh->hz / TIMERS_HZ;
	return n;
}

static unsigned int receive(struct core *c)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->n_rx; i++)
		n += take_burst(c, &c->rx[i]);
	if (c->sh->n_cores > 1)
		n += take_inbox(c);
	if (c->now >= c->timers_at)
		n += timers(c);
	return n;
}

unsigned int core_turn(struct core *c)
{
	unsigned int n = receive(c);

	if (atomic_load_explicit(&c->sending, memory_order_relaxed))
		n += start_calls(c);
	give_flush(c);
	return n;
}

/* What was due until now is late if the machine took this core away, and it was not the proxy. */
static void account_pause(struct core *c, uint64_t ticks, bool paused)
{
	bool open = c->sh->run.starts > 0 && !all_started(c);

	if (paused) {
		c->counts->c[L_PAUSES]++;
		c->counts->c[L_PAUSED_NS] += (uint64_t)((double)ticks * 1e9 / (double)c->sh->hz);
	}
	if (pauses_turn(&c->pauses, paused, open && pace_behind(&c->pace, c->now)))
		peer_late(c->peer, c->now);
}

/* Adds a turn of @ticks in which there was @work to the account. */
static void account(struct core *c, uint64_t ticks, unsigned int work)
{
	struct load_counts *counts = c->counts;
	bool paused = pauses_in(ticks, work, c->sh->hz);

	counts->total_ticks += ticks;
	if (unlikely(paused || c->pauses.late))
		account_pause(c, ticks, paused);
	if (work == 0) {
		if (ticks < 4 * c->idle_cost) /* else something held the core up */
			c->idle_cost += (ticks >> 6) - (c->idle_cost >> 6);
		return;
	}
	counts->busy_ticks += ticks > c->idle_cost ? ticks - c->idle_cost : 0;
	if (!paused)
		effort_count(&c->effort, work, ticks);
}

/* --- a run ------------------------------------------------------------------------------- */

static void pin(const struct core *c)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(c->sh->plan->lcores[c->id], &set);
	rte_thread_set_affinity(&set);
}

static void clear(struct core *c)
{
	sums_clear(c->counts);
	memset(c->carried, 0, sizeof(c->carried));
	c->effort = (struct effort){ 0 };
	c->started = 0;
}

/*
 * The warm-up is over: what was counted so far does not count. What is under way now will arrive in
 * the measured part, so it has to count as sent there too.
 */
static void begin_to_count(struct core *c)
{
	const uint64_t *n = c->counts->c;
	uint64_t under_way = n[L_SENT] - n[L_RECEIVED] - n[L_LOST];
	uint64_t calls = peer_in_progress(c->peer);

	clear(c);
	if (c->sh->both_sides && (int64_t)under_way > 0)
		c->carried[L_SENT] = under_way;
	if (c->sh->plan->caller.n_devices)
		c->carried[L_CALLS_STARTED] = calls;
	for (unsigned int i = 0; i < LOAD_N_COUNTERS; i++)
		c->counts->c[i] = c->carried[i];
}

void core_begin(struct core *c)
{
	const struct run *run = &c->sh->run;

	pin(c);
	take_nothing(c);
	c->given = c->taken = c->settled = 0;
	c->idle_cost = c->sh->hz / 1000000; /* until it is known: more than a turn takes */
	clear(c);
	if (run->starts > 0)
		pace_set(&c->pace, run->starts, c->sh->hz,
			 run->begin + (uint64_t)((double)c->sh->hz / run->starts * c->id /
						 c->sh->n_cores),
			 c->sh->plan->burst);
	c->now = rte_rdtsc();
	c->last_taken = c->now;
	c->timers_at = c->now;
	c->pauses = (struct pauses){ 0 };
}

/* Sends and receives until the time is over, or the calls are. */
static void send_all(struct core *c)
{
	const struct run *run = &c->sh->run;
	bool counting = false;
	uint64_t before;

	while (c->now < run->begin)
		c->now = rte_rdtsc();
	for (before = c->now; c->now < run->end; before = c->now) {
		unsigned int work;

		if (!counting && c->now >= run->measure) {
			begin_to_count(c);
			counting = true;
		}
		work = core_turn(c);
		c->now = rte_rdtsc();
		account(c, c->now - before, work);
		if (atomic_load_explicit(&c->sh->stop, memory_order_relaxed) ||
		    (counting && all_started(c)))
			break;
	}
	c->stopped_at = c->now;
	memcpy(c->at_stop, c->counts->c, sizeof(c->at_stop));
	atomic_store_explicit(&c->sending, false, memory_order_release);
}

/* Receives until nothing is missing, or for the timeout. */
static void receive_rest(struct core *c)
{
	const struct shared *sh = c->sh;
	bool caller = sh->plan->caller.n_devices > 0;
	uint64_t quiet = sh->hz / (caller ? QUIET_HZ : QUIET_SERVER_HZ);
	uint64_t until = c->now + sh->run.timeout, before;
	unsigned int work;

	c->last_taken = c->now;
	while (c->now < until) {
		before = c->now;
		work = core_turn(c);
		c->now = rte_rdtsc();
		if (pauses_in(c->now - before, work, sh->hz))
			peer_late(c->peer, c->now);
		if (peer_in_progress(c->peer) == 0 && c->now - c->last_taken > quiet)
			break;
	}
	peer_finish(c->peer, c->now);
	give_flush(c);
}

int core_main(void *core)
{
	struct core *c = core;

	core_begin(c);
	send_all(c);
	receive_rest(c);
	return 0;
}
