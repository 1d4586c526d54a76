/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The main thread's side: opens everything, starts the cores for a run, adds up what they counted.
 */
#include "bench/load/engine/engine.h"

#include "bench/load/engine/core.h"
#include "bench/load/engine/hop.h"
#include "bench/load/engine/sums.h"

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_ring.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ERROR_SIZE 256
#define USUAL_MAX 1600u /* bytes of a message without what the plan adds */
#define VIA_MAX 200u    /* bytes of a Via */
#define BEGIN_MS 10     /* until cores are awake */

struct engine {
	struct shared sh; /* first: cores read it */
	double rate;      /* of the run */
	struct core *core[LOAD_CORES];
	struct load_counts *counts[LOAD_CORES];
};

static int fail(char *error, int e, const char *what)
{
	snprintf(error, ERROR_SIZE, "%s: %s", what, strerror(e));
	return -e;
}

/* --- opening ----------------------------------------------------------------------------- */

static int check_plan(const struct load_plan *plan, char *error)
{
	const char *wrong = NULL;

	if (plan->n_lcores < 1 || plan->n_lcores > LOAD_CORES)
		wrong = "number of cores";
	else if (plan->caller.n_devices + plan->server.n_devices == 0)
		wrong = "no device";
	else if ((plan->caller.n_devices && !plan->caller.n_local) ||
		 (plan->server.n_devices && !plan->server.n_local))
		wrong = "no address for a side that has a device";
	return wrong ? fail(error, EINVAL, wrong) : 0;
}

/* Who comes next on the way to the proxy, for a side on devices that Linux shares. Servers without
 * a known proxy learn it from the first request. */
static int find_hop(struct shared *sh, const struct load_side *s, enum peer_side side, char *error)
{
	static const struct ip none;
	const struct device *d;
	int rc;

	if (s->n_devices == 0)
		return 0;
	d = &sh->devices.d[sh->devices.of[side][0]];
	memcpy(sh->hop[side], s->proxy_mac, sizeof(sh->hop[side]));
	sh->hop_known[side] = s->proxy_mac_known;
	if (d->iface) {
		rc = local_occupy(&sh->local, side, error);
		if (rc)
			return rc;
	}
	if (s->proxy_mac_known || ip_equal(&s->proxy.ip, &none))
		return 0;
	if (d->iface) {
		rc = hop_find(d->iface, &s->proxy.ip, sh->hop[side], error);
		sh->hop_known[side] = rc == 0;
		return rc;
	}
	if (side == PEER_SERVER)
		return 0;
	snprintf(error, ERROR_SIZE, "%s: the link address of the proxy must be given", d->text);
	return -EDESTADDRREQ;
}

static int open_inboxes(struct shared *sh, char *error)
{
	char name[RTE_RING_NAMESIZE];

	for (unsigned int i = 0; sh->n_cores > 1 && i < sh->n_cores; i++) {
		snprintf(name, sizeof(name), "load%u", i);
		sh->inbox[i] = rte_ring_create(name, INBOX_SIZE, SOCKET_ID_ANY, RING_F_SC_DEQ);
		if (!sh->inbox[i])
			return fail(error, ENOMEM, "rings between cores");
	}
	return 0;
}

/* Half of the shortest queue: never full, and enough for both ends to work in bursts. */
static uint32_t window_of(const struct devices *v)
{
	uint32_t least = v->d[0].slots;

	for (uint16_t i = 1; i < v->n; i++)
		least = v->d[i].slots < least ? v->d[i].slots : least;
	return least / 2;
}

/* Whether messages may outgrow a packet buffer. */
static bool is_big(const struct shared *sh)
{
	const struct load_plan *plan = sh->plan;
	uint32_t room = rte_pktmbuf_data_room_size(sh->pool) - RTE_PKTMBUF_HEADROOM -
			(uint32_t)NET_OUT_HEADERS_MAX;

	return plan->scenario == LOAD_FILE ||
	       USUAL_MAX + (uint32_t)plan->body + VIA_MAX * plan->vias > room;
}

static int open_cores(struct engine *e, char *error)
{
	for (unsigned int i = 0; i < e->sh.n_cores; i++) {
		e->counts[i] = aligned_alloc(64, RTE_CACHE_LINE_ROUNDUP(sizeof(*e->counts[i])));
		if (!e->counts[i])
			return fail(error, ENOMEM, "counters");
		sums_clear(e->counts[i]);
		e->core[i] = core_new(&e->sh, i, e->counts[i]);
		if (!e->core[i])
			return fail(error, ENOMEM, "cores");
	}
	return 0;
}

static int open_parts(struct engine *e, char *error)
{
	struct shared *sh = &e->sh;
	const struct load_plan *plan = sh->plan;
	int rc;

	rc = check_plan(plan, error);
	rc = rc ? rc : local_init(&sh->local, plan, error);
	if (rc)
		return rc;
	sh->templates = peer_templates_new(plan, error);
	if (!sh->templates)
		return -EINVAL;
	rc = devices_open(&sh->devices, plan, error);
	rc = rc ? rc : devices_wait(&sh->devices, error);
	rc = rc ? rc : find_hop(sh, &plan->caller, PEER_CALLER, error);
	rc = rc ? rc : find_hop(sh, &plan->server, PEER_SERVER, error);
	rc = rc ? rc : open_inboxes(sh, error);
	if (rc)
		return rc;
	sh->hz = rte_get_tsc_hz();
	sh->pool = sh->devices.d[0].port.pool;
	sh->window = window_of(&sh->devices);
	sh->big = is_big(sh);
	sh->lead = net_out_headers(&sh->local.at[0].ip);
	sh->both_sides = plan->caller.n_devices && plan->server.n_devices;
	return open_cores(e, error);
}

struct engine *engine_open(const struct load_plan *plan, char *error)
{
	struct engine *e = aligned_alloc(64, RTE_CACHE_LINE_ROUNDUP(sizeof(*e)));

	error[0] = '\0';
	if (!e) {
		fail(error, ENOMEM, "engine");
		return NULL;
	}
	memset(e, 0, sizeof(*e));
	e->sh.plan = plan;
	e->sh.n_cores = plan->n_lcores;
	if (open_parts(e, error) < 0) {
		engine_close(e);
		return NULL;
	}
	return e;
}

void engine_close(struct engine *e)
{
	if (!e)
		return;
	atomic_store(&e->sh.stop, true);
	for (unsigned int i = 0; i < LOAD_CORES && e->core[i]; i++)
		rte_eal_wait_lcore(i + 1);
	for (unsigned int i = 0; i < LOAD_CORES; i++) {
		core_free(e->core[i]);
		free(e->counts[i]);
		rte_ring_free(e->sh.inbox[i]);
	}
	devices_close(&e->sh.devices);
	peer_templates_free(e->sh.templates);
	local_fini(&e->sh.local);
	free(e);
}

struct core *engine_core(struct engine *e, unsigned int i)
{
	return e->core[i];
}

/* --- runs -------------------------------------------------------------------------------- */

/* This core's share of @n things. */
static uint64_t share(uint64_t n, unsigned int core, unsigned int n_cores)
{
	return n / n_cores + (core < n % n_cores);
}

static void plan_run(struct engine *e, double rate, double warm_up, double seconds)
{
	struct shared *sh = &e->sh;
	const struct load_plan *plan = sh->plan;
	double hz = (double)sh->hz;

	sh->run.begin = rte_rdtsc() + sh->hz / 1000 * BEGIN_MS;
	sh->run.measure = sh->run.begin + (uint64_t)(warm_up * hz);
	sh->run.end = sh->run.measure + (uint64_t)(seconds * hz);
	sh->run.starts = rate > 0 ? rate / peer_messages_per_call(sh->templates) / sh->n_cores : 0;
	sh->run.timeout = sh->hz / 1000 * plan->timeout_ms;
	for (unsigned int i = 0; i < sh->n_cores; i++) {
		struct core *c = e->core[i];

		c->max_calls = share(plan->max_calls, i, sh->n_cores);
		c->calls = rate > 0 || plan->pace != LOAD_CLOSED
				   ? 0
				   : (uint32_t)share(plan->calls, i, sh->n_cores);
	}
	e->rate = rate;
}

int engine_run_begin(struct engine *e, double rate, double warm_up, double seconds)
{
	if (engine_running(e))
		return -EBUSY;
	plan_run(e, rate, warm_up, seconds);
	atomic_store(&e->sh.stop, false);
	for (unsigned int i = 0; i < e->sh.n_cores; i++) {
		int rc;

		atomic_store(&e->core[i]->sending, true);
		rc = rte_eal_remote_launch(core_main, e->core[i], i + 1);
		if (rc == 0)
			continue;
		atomic_store(&e->core[i]->sending, false);
		atomic_store(&e->sh.stop, true);
		return rc;
	}
	return 0;
}

bool engine_running(const struct engine *e)
{
	for (unsigned int i = 0; i < e->sh.n_cores; i++) {
		if (atomic_load_explicit(&e->core[i]->sending, memory_order_acquire))
			return true;
	}
	return false;
}

/* Takes what was sent before the measured part out of @c. */
static void take_carried(const struct engine *e, uint64_t *c)
{
	for (unsigned int i = 0; i < e->sh.n_cores; i++) {
		for (unsigned int k = 0; k < LOAD_N_COUNTERS; k++)
			c[k] -= e->core[i]->carried[k];
	}
}

/* Messages per second that the cores could send, going by what theirs cost. */
static double ceiling(const struct engine *e)
{
	double sum = 0;

	for (unsigned int i = 0; i < e->sh.n_cores; i++) {
		const struct core *c = e->core[i];

		if (c->effort.n)
			sum += effort_ceiling(&c->effort) * (double)e->sh.hz *
			       (double)c->counts->c[L_SENT] / (double)c->effort.n;
	}
	return sum;
}

void engine_look(struct engine *e, struct load_result *now)
{
	uint64_t tick = rte_rdtsc(), from = e->sh.run.measure;

	uint64_t c[LOAD_N_COUNTERS];

	sums_clear(&now->sum);
	for (unsigned int i = 0; i < e->sh.n_cores; i++)
		sums_add(&now->sum, e->counts[i]);
	memcpy(c, now->sum.c, sizeof(c));
	take_carried(e, c);
	if (tick > e->sh.run.end)
		tick = e->sh.run.end;
	now->offered = e->rate;
	now->ceiling = ceiling(e);
	sums_rates(now, c, tick > from ? (double)(tick - from) / (double)e->sh.hz : 0);
}

void engine_run_end(struct engine *e, struct load_result *out)
{
	uint64_t at_stop[LOAD_N_COUNTERS] = { 0 }, last = 0;

	atomic_store(&e->sh.stop, true);
	for (unsigned int i = 0; i < e->sh.n_cores; i++) {
		rte_eal_wait_lcore(i + 1);
		for (unsigned int k = 0; k < LOAD_N_COUNTERS; k++)
			at_stop[k] += e->core[i]->at_stop[k];
		if (e->core[i]->stopped_at > last)
			last = e->core[i]->stopped_at;
	}
	take_carried(e, at_stop);
	engine_look(e, out);
	sums_rates(out, at_stop,
		   last > e->sh.run.measure ? (double)(last - e->sh.run.measure) / (double)e->sh.hz
					    : 0);
}
