/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/plane.h"

#include "dataplane/checksum.h"
#include "dataplane/eal.h"
#include "dataplane/plane_watch.h"
#include "dataplane/worker.h"
#include "dataplane/xdp/xdp_steer.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define INBOX_SIZE 1024 /* fragments on their way to another worker */

static_assert(PLANE_MAX_PORTS <= RTE_MAX_ETHPORTS && PLANE_MAX_WORKERS < RTE_MAX_LCORE,
	      "DPDK's own bounds");

struct plane {
	struct plane_shared sh; /* first: workers read it */
	struct worker *workers[PLANE_MAX_WORKERS];
	struct stats *stats;                             /* the control thread's own */
	struct snapshot_retire retire_world, retire_fib; /* of what is published now */
	unsigned int next_ring;                          /* worker whose punt ring is read next */
	bool running;
};

/* --- opening ----------------------------------------------------------------------------- */

static int fail(struct plane_error *err, int e, const char *what)
{
	snprintf(err->text, sizeof(err->text), "%s: %s", what, strerror(e));
	return -e;
}

static int open_ports(struct plane *p, const struct plane_conf *conf, struct plane_error *err)
{
	for (uint16_t i = 0; i < conf->n_ports; i++) {
		int rc;

		p->sh.n_ports = i + 1;
		rc = port_open(&p->sh.ports[i], conf, i, err);
		if (rc < 0)
			return rc;
		p->sh.port_of_dev[p->sh.ports[i].dev] = i;
		p->sh.any_linux |= port_has_linux(&p->sh.ports[i]);
		p->sh.any_tap |= p->sh.ports[i].tap;
	}
	return 0;
}

static int open_inboxes(struct plane *p, struct plane_error *err)
{
	char name[RTE_RING_NAMESIZE];

	for (uint16_t i = 0; p->sh.n_workers > 1 && i < p->sh.n_workers; i++) {
		snprintf(name, sizeof(name), "inbox%u", i);
		p->sh.inbox[i] = rte_ring_create(name, INBOX_SIZE, SOCKET_ID_ANY, RING_F_SC_DEQ);
		if (!p->sh.inbox[i])
			return fail(err, ENOMEM, "rings between workers");
	}
	return 0;
}

static int open_workers(struct plane *p, const struct plane_conf *conf, struct plane_error *err)
{
	for (uint16_t i = 0; i < conf->n_workers; i++) {
		p->workers[i] = worker_new(&p->sh, conf, i, rte_get_tsc_hz(), rte_rdtsc());
		if (!p->workers[i])
			return fail(err, ENOMEM, "workers");
		rte_rcu_qsbr_thread_register(p->sh.retired.rcu, i);
	}
	if (recents_open(&p->sh.recents, conf->n_workers + 1u) < 0)
		return fail(err, ENOMEM, "memory of transactions");
	p->stats = stats_new();
	return p->stats ? 0 : fail(err, ENOMEM, "counters");
}

static int open_parts(struct plane *p, const struct plane_conf *conf, struct plane_error *err)
{
	int rc = eal_start(conf, err);

	if (rc < 0)
		return rc;
	if (getrandom(p->sh.frag_secret, sizeof(p->sh.frag_secret), 0) < 0)
		return fail(err, errno, "random numbers");
	rc = snapshot_queue_init(&p->sh.retired, conf->n_workers);
	if (rc < 0)
		return fail(err, -rc, "RCU");
	rc = punt_bell_init(&p->sh.bell);
	if (rc == 0)
		rc = punt_bell_init(&p->sh.kernel_bell);
	if (rc < 0)
		return fail(err, -rc, "eventfd");
	rc = open_ports(p, conf, err);
	if (rc == 0)
		rc = open_inboxes(p, err);
	if (rc == 0)
		rc = open_workers(p, conf, err);
	return rc;
}

struct plane *plane_open(const struct plane_conf *conf, struct plane_error *err)
{
	struct plane *p;

	err->text[0] = '\0';
	if (conf->n_ports < 1 || conf->n_ports > PLANE_MAX_PORTS || conf->n_workers < 1 ||
	    conf->n_workers > PLANE_MAX_WORKERS) {
		fail(err, EINVAL, "number of interfaces or workers");
		return NULL;
	}
	p = aligned_alloc(64, RTE_CACHE_LINE_ROUNDUP(sizeof(*p)));
	if (!p) {
		fail(err, ENOMEM, "data plane");
		return NULL;
	}
	memset(p, 0, sizeof(*p));
	p->sh.bell.fd = p->sh.kernel_bell.fd = -1;
	p->sh.spin = conf->spin;
	p->sh.n_workers = conf->n_workers;
	csum_select("auto");
	if (open_parts(p, conf, err) < 0) {
		plane_close(p);
		return NULL;
	}
	return p;
}

void plane_port_info(const struct plane *p, uint16_t i, uint8_t mac[6], uint32_t *mtu)
{
	memcpy(mac, p->sh.ports[i].mac, 6);
	*mtu = p->sh.ports[i].mtu;
}

uint32_t plane_port_frame_limit(const struct plane *p, uint16_t i)
{
	return p->sh.ports[i].frame_limit;
}

/* --- snapshots --------------------------------------------------------------------------- */

static void call_world(const void *block, void (*fn)(void))
{
	((void (*)(const struct world *))fn)(block);
}

static void call_fib(const void *block, void (*fn)(void))
{
	((void (*)(const struct fib *))fn)(block);
}

/* What the programs of xdp: ports leave out for want of memory reaches Linux, and by it the control
 * thread. */
static void steer(struct plane *p, const struct world *w)
{
	for (uint16_t i = 0; i < p->sh.n_ports; i++) {
		if (p->sh.ports[i].steer)
			(void)xdp_steer_listeners(p->sh.ports[i].steer, w);
	}
}

void plane_publish_world(struct plane *p, const struct world *w,
			 void (*retire)(const struct world *w))
{
	snapshot_publish(&p->sh.retired, &p->sh.world, w, p->retire_world);
	steer(p, w);
	p->retire_world = (struct snapshot_retire){ call_world, (void (*)(void))retire };
}

void plane_publish_fib(struct plane *p, const struct fib *f, void (*retire)(const struct fib *f))
{
	snapshot_publish(&p->sh.retired, &p->sh.fib, f, p->retire_fib);
	p->retire_fib = (struct snapshot_retire){ call_fib, (void (*)(void))retire };
}

unsigned int plane_reclaim(struct plane *p)
{
	return snapshot_reclaim(&p->sh.retired);
}

/* --- running ----------------------------------------------------------------------------- */

int plane_start(struct plane *p)
{
	if (!snapshot_get(&p->sh.world) || !snapshot_get(&p->sh.fib))
		return -EINVAL;
	atomic_store(&p->sh.stop, false);
	p->running = true;
	for (uint16_t i = 0; i < p->sh.n_workers; i++) {
		/* Lcores are numbered by eal.c: 0 is this thread. */
		int rc = rte_eal_remote_launch(worker_main, p->workers[i], i + 1u);

		if (rc < 0) {
			plane_stop(p);
			return rc;
		}
	}
	return 0;
}

void plane_stop(struct plane *p)
{
	if (!p->running)
		return;
	atomic_store(&p->sh.stop, true);
	for (uint16_t i = 0; i < p->sh.n_workers; i++)
		rte_eal_wait_lcore(i + 1u);
	/* What they passed to each other last, until nobody finds anything: this thread alone runs.
	 */
	for (unsigned int found = 1; found;) {
		found = 0;
		for (uint16_t i = 0; i < p->sh.n_workers; i++)
			found += worker_finish(p->workers[i]);
	}
	p->running = false;
}

void plane_close(struct plane *p)
{
	if (!p)
		return;
	plane_stop(p);
	if (p->sh.retired.rcu) {
		for (uint16_t i = 0; i < p->sh.n_workers; i++)
			rte_rcu_qsbr_thread_unregister(p->sh.retired.rcu, i);
		snapshot_publish(&p->sh.retired, &p->sh.world, NULL, p->retire_world);
		snapshot_publish(&p->sh.retired, &p->sh.fib, NULL, p->retire_fib);
		if (p->workers[0])
			plane_watch_close(p);
		snapshot_queue_fini(&p->sh.retired);
	}
	for (uint16_t i = 0; i < p->sh.n_workers; i++) {
		worker_free(p->workers[i]);
		rte_ring_free(p->sh.inbox[i]);
	}
	for (uint16_t i = 0; i < p->sh.n_ports; i++)
		port_close(&p->sh.ports[i]);
	punt_bell_fini(&p->sh.bell);
	punt_bell_fini(&p->sh.kernel_bell);
	recents_close(&p->sh.recents);
	stats_free(p->stats);
	eal_stop();
	free(p);
}

/* --- what workers hand over -------------------------------------------------------------- */

int plane_punt_fd(const struct plane *p)
{
	return p->sh.bell.fd;
}

/* The next record, workers in turn; NULL if all rings are empty. */
static struct punt_ring *next_punt(struct plane *p, struct punt *out)
{
	for (uint16_t i = 0; i < p->sh.n_workers; i++) {
		struct punt_ring *r = &p->workers[p->next_ring]->punt;

		p->next_ring = (p->next_ring + 1) % p->sh.n_workers;
		if (punt_peek(r, out))
			return r;
	}
	return NULL;
}

unsigned int plane_punt_take(struct plane *p, unsigned int max,
			     void (*fn)(const struct punt *, void *), void *arg)
{
	struct punt_ring *r;
	struct punt it;
	unsigned int n;

	punt_bell_clear(&p->sh.bell);
	for (n = 0; n < max && (r = next_punt(p, &it)); n++) {
		fn(&it, arg);
		punt_drop(r);
	}
	if (n == max)
		punt_bell_ring(&p->sh.bell);
	return n;
}

struct worker *plane_worker(struct plane *p, uint16_t i)
{
	return p->workers[i];
}

/* --- counters ---------------------------------------------------------------------------- */

unsigned int plane_n_stats(const struct plane *p)
{
	return p->sh.n_workers + 1u;
}

const struct stats *plane_stats_of(const struct plane *p, unsigned int i)
{
	return i < p->sh.n_workers ? p->workers[i]->stats : p->stats;
}

void plane_stats(const struct plane *p, struct stats_total *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned int i = 0; i < plane_n_stats(p); i++)
		stats_sum(out, plane_stats_of(p, i));
}

uint64_t plane_backend_count(const struct plane *p, uint16_t backend)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < plane_n_stats(p); i++)
		n += stat_get(&plane_stats_of(p, i)->backend[backend]);
	return n;
}

struct stats *plane_control_stats(struct plane *p)
{
	return p->stats;
}

struct recent *plane_control_recent(struct plane *p)
{
	return &p->sh.recents.of[p->sh.n_workers];
}

struct held *plane_control_held(struct plane *p)
{
	return &p->sh.held;
}
