/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices are opened by the proxy's own code: plane_devargs(), eal_start(), port_open(). What
 * differs is who has the other end of a memif, and on which CPUs the process may run.
 */
#include "bench/load/engine/devices.h"

#include "dataplane/checksum.h"
#include "dataplane/eal.h"

#include <rte_ethdev.h>
#include <rte_log.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ERROR_SIZE 256
#define FRAG_MEMORY (8u << 20)
#define FRAG_TIMEOUT_MS 1000
#define LINK_WAIT_S 10
#define LINK_LOOK_NS 50000000
#define LINK_LOOKS (LINK_WAIT_S * (1000000000u / LINK_LOOK_NS))
#define CONNECT_EVERY 10 /* looks */
#define SLOTS 1024u      /* of most devices: what ports.c asks for */
#define MEMIF_RSIZE_MAX 14

/* --- strings ----------------------------------------------------------------------------- */

static const struct kind {
	const char *prefix;
	enum plane_device device;
} kinds[] = {
	{ "packet:", PLANE_PACKET },
	{ "memif:", PLANE_MEMIF },
	{ "tap:", PLANE_TAP },
	{ "vdev:", PLANE_VDEV },
};

static const struct kind *kind_of(const char *text)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
			return &kinds[i];
	}
	return NULL;
}

/* Adds what a memif needs and the string does not say. Returns its ring size. */
static uint32_t complete_memif(const char *arg, unsigned int n_cores, char *out, size_t n)
{
	const char *rsize = strstr(arg, ",rsize=");
	unsigned long bits = rsize ? strtoul(rsize + strlen(",rsize="), NULL, 10) : 10;
	char queues[32] = "";

	if (!strstr(arg, ",queues="))
		snprintf(queues, sizeof(queues), ",queues=%u", n_cores);
	snprintf(out, n, "%s%s", arg, queues);
	return bits <= MEMIF_RSIZE_MAX ? 1u << bits : SLOTS;
}

static int describe(struct devices *v, uint16_t i, const struct load_plan *plan, char *error)
{
	struct device *d = &v->d[i];
	const struct kind *kind = kind_of(d->text);
	const char *arg;
	int rc;

	if (!kind || strlen(d->text) > DEVICE_STRING / 2) {
		snprintf(error, ERROR_SIZE,
			 "%s: not a device; allowed are packet:IF, memif:SOCKET[,OPTION...], "
			 "tap:IF, vdev:STRING",
			 d->text);
		return -EINVAL;
	}
	arg = d->text + strlen(kind->prefix);
	snprintf(d->argument, sizeof(d->argument), "%s", arg);
	d->slots = SLOTS;
	if (kind->device == PLANE_MEMIF)
		d->slots = complete_memif(arg, plan->n_lcores, d->argument, sizeof(d->argument));
	if (kind->device == PLANE_PACKET)
		d->iface = arg;
	v->conf[i] = (struct plane_port){
		.name = d->text,
		.devargs = d->devargs,
		.mtu = plan->mtu,
		.kernel_shared = kind->device == PLANE_PACKET,
		.partial_checksums = kind->device == PLANE_PACKET,
	};
	rc = plane_devargs(kind->device, d->argument, i, plan->n_lcores, plan->mtu, d->devargs,
			   sizeof(d->devargs), &v->conf[i].queues);
	if (rc)
		snprintf(error, ERROR_SIZE, "%s: %s", d->text, strerror(-rc));
	return rc;
}

/* Index of the device called @text, which is added if it is new. */
static uint16_t number_of(struct devices *v, const char *text)
{
	for (uint16_t i = 0; i < v->n; i++) {
		if (strcmp(v->d[i].text, text) == 0)
			return i;
	}
	v->d[v->n].text = text;
	return v->n++;
}

static int list(struct devices *v, const struct load_plan *plan, char *error)
{
	const struct load_side *side[PEER_SIDES] = { &plan->caller, &plan->server };
	int rc = 0;

	for (int s = 0; s < PEER_SIDES; s++) {
		for (unsigned int i = 0; i < side[s]->n_devices; i++)
			v->of[s][i] = number_of(v, side[s]->device[i]);
	}
	for (uint16_t i = 0; i < v->n && rc == 0; i++)
		rc = describe(v, i, plan, error);
	return rc;
}

/* --- opening ----------------------------------------------------------------------------- */

/* The process stays on the CPUs of the plan: the proxy under test has the others. */
static int stay_on(const struct load_plan *plan, char *error)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (unsigned int i = 0; i < plan->n_lcores; i++)
		CPU_SET(plan->lcores[i], &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		return 0;
	snprintf(error, ERROR_SIZE, "cores: %s", strerror(errno));
	return -errno;
}

static bool is_memif(const struct device *d)
{
	return strncmp(d->devargs, "net_memif", strlen("net_memif")) == 0;
}

/* The client end of a memif does not start without a server: tries until there is one. */
static int open_port(struct devices *v, uint16_t i, struct plane_error *err)
{
	const struct timespec pause = { .tv_nsec = LINK_LOOK_NS };
	bool memif = is_memif(&v->d[i]);
	int rc = port_open(&v->d[i].port, &v->plane, i, err);

	rte_log_set_level_pattern("pmd.net.memif", RTE_LOG_CRIT);
	for (unsigned int n = 0; memif && rc == -EPERM && n < LINK_LOOKS; n++) {
		port_close(&v->d[i].port);
		nanosleep(&pause, NULL);
		rc = port_open(&v->d[i].port, &v->plane, i, err);
	}
	rte_log_set_level_pattern("pmd.net.memif", RTE_LOG_ERR);
	if (memif && rc == -EPERM)
		snprintf(err->text, sizeof(err->text), "%s: nobody listens on the socket",
			 v->d[i].text);
	return rc;
}

static int open_one(struct devices *v, uint16_t i, const struct load_plan *plan,
		    struct plane_error *err)
{
	struct port *p = &v->d[i].port;
	int rc;

	v->n_open = i + 1;
	rc = open_port(v, i, err);
	if (rc < 0)
		return rc;
	if (p->n_rxq < plan->n_lcores || p->n_txq < plan->n_lcores) {
		snprintf(err->text, sizeof(err->text),
			 "%s: has %u queues for %u cores; give it as many, or fewer cores",
			 v->d[i].text, p->n_rxq < p->n_txq ? p->n_rxq : p->n_txq, plan->n_lcores);
		return -EINVAL;
	}
	return 0;
}

static void use_macs(struct devices *v, const struct load_side *side, enum peer_side s)
{
	for (unsigned int i = 0; side->mac_known && i < side->n_devices; i++)
		memcpy(v->d[v->of[s][i]].port.mac, side->mac, 6);
}

int devices_open(struct devices *v, const struct load_plan *plan, char *error)
{
	struct plane_error err = { "" };
	int rc;

	memset(v, 0, sizeof(*v));
	rc = list(v, plan, error);
	rc = rc ? rc : stay_on(plan, error);
	if (rc)
		return rc;
	csum_select("auto");
	v->plane = (struct plane_conf){
		.ports = v->conf,
		.n_ports = v->n,
		.n_workers = (uint16_t)plan->n_lcores,
		.hugepages = plan->hugepages ? PLANE_HUGE_AUTO : PLANE_HUGE_OFF,
		.frag_memory = FRAG_MEMORY,
		.frag_timeout_ms = FRAG_TIMEOUT_MS,
	};
	rc = eal_start(&v->plane, &err);
	for (uint16_t i = 0; i < v->n && rc == 0; i++)
		rc = open_one(v, i, plan, &err);
	if (rc) {
		snprintf(error, ERROR_SIZE, "%s", err.text);
		return rc;
	}
	use_macs(v, &plan->caller, PEER_CALLER);
	use_macs(v, &plan->server, PEER_SERVER);
	return 0;
}

static const struct device *first_down(const struct devices *v)
{
	for (uint16_t i = 0; i < v->n; i++) {
		struct rte_eth_link link = { 0 };

		if (rte_eth_link_get_nowait(v->d[i].port.dev, &link) < 0 ||
		    link.link_status != RTE_ETH_LINK_UP)
			return &v->d[i];
	}
	return NULL;
}

/* A server that was not ready has hung up on its client, which does not call again by itself. */
static void connect_again(const struct device *d)
{
	if (!is_memif(d))
		return;
	rte_log_set_level_pattern("pmd.net.memif", RTE_LOG_CRIT);
	rte_eth_dev_stop(d->port.dev);
	rte_eth_dev_start(d->port.dev);
	rte_log_set_level_pattern("pmd.net.memif", RTE_LOG_ERR);
}

int devices_wait(struct devices *v, char *error)
{
	const struct timespec pause = { .tv_nsec = LINK_LOOK_NS };
	const struct device *down = NULL;

	for (unsigned int i = 1; i <= LINK_LOOKS; i++) {
		down = first_down(v);
		if (!down)
			return 0;
		if (i % CONNECT_EVERY == 0)
			connect_again(down);
		nanosleep(&pause, NULL);
	}
	snprintf(error, ERROR_SIZE,
		 "%s: no link within %u s; does the other end run, with as many queues?",
		 down->text, LINK_WAIT_S);
	return -ENOTCONN;
}

void devices_close(struct devices *v)
{
	for (uint16_t i = 0; i < v->n_open; i++)
		port_close(&v->d[i].port);
	v->n_open = 0;
	eal_stop();
}
