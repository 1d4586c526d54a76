/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arguments that let several processes run on one machine, with or without hugepages, as root or
 * not: no shared files (22.11 refuses --no-huge with --in-memory, so --no-shconf there), a prefix
 * of our own, no PCI device but those of the configuration, telemetry only on demand. Workers are
 * lcores 1 to n; they float over all CPUs unless they spin, so that test instances can share a
 * small machine. The control thread leaves spinning workers alone.
 */
#include "dataplane/eal.h"

#include "dataplane/ports.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EAL_OWN_BYTES (24ull << 20) /* what EAL and drivers take for themselves */
#define ARGS_MAX (16 + 2 * PLANE_MAX_PORTS)
#define LCORES_MAX 8192

static bool running;

/* Text that grows; cut at its end. */
struct text {
	size_t n;
	char s[LCORES_MAX];
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->s + t->n, sizeof(t->s) - t->n, fmt, ap);
	va_end(ap);
	t->n = n < 0 || (size_t)n >= sizeof(t->s) - t->n ? sizeof(t->s) - 1 : t->n + (size_t)n;
}

/* "(0-3,8)": the CPUs of @set. */
static void add_cpus(struct text *t, const cpu_set_t *set)
{
	const char *sep = "(";

	for (int i = 0; i < CPU_SETSIZE; i++) {
		int from = i;

		if (!CPU_ISSET(i, set))
			continue;
		while (i + 1 < CPU_SETSIZE && CPU_ISSET(i + 1, set))
			i++;
		add(t, i > from ? "%s%d-%d" : "%s%d", sep, from, i);
		sep = ",";
	}
	add(t, ")");
}

/* The @n-th CPU of @set, counted from 0. */
static int nth_cpu(const cpu_set_t *set, int n)
{
	int i = 0;

	while (!CPU_ISSET(i, set) || n-- > 0)
		i++;
	return i;
}

int eal_worker_cpu(const cpu_set_t *cpus, unsigned int worker)
{
	int n = CPU_COUNT(cpus);

	return nth_cpu(cpus, n > 1 ? 1 + (int)worker % (n - 1) : 0);
}

/* The CPUs of @set that no spinning worker has; all, if they have all. */
static cpu_set_t control_cpus(const cpu_set_t *set, const struct plane_conf *conf)
{
	cpu_set_t rest = *set;

	for (int i = 0; conf->spin && i < conf->n_workers; i++)
		CPU_CLR(eal_worker_cpu(set, (unsigned int)i), &rest);
	return CPU_COUNT(&rest) ? rest : *set;
}

/* --lcores: 0 is the control thread, then the workers. */
static void add_lcores(struct text *t, const struct plane_conf *conf)
{
	cpu_set_t set, control;

	if (sched_getaffinity(0, sizeof(set), &set) < 0) {
		CPU_ZERO(&set);
		CPU_SET(0, &set);
	}
	control = control_cpus(&set, conf);
	add(t, "--lcores=");
	for (int i = 0; i <= conf->n_workers; i++) {
		add(t, "%s%d@", i ? "," : "", i);
		if (i == 0)
			add_cpus(t, &control);
		else if (!conf->spin)
			add_cpus(t, &set);
		else
			add(t, "%d", eal_worker_cpu(&set, (unsigned int)i - 1));
	}
}

/* Bytes in free hugepages of all sizes. */
static uint64_t free_hugepages(void)
{
	static const char root[] = "/sys/kernel/mm/hugepages";
	DIR *d = opendir(root);
	struct dirent *e;
	uint64_t bytes = 0;

	while (d && (e = readdir(d))) {
		unsigned long kb, n = 0;
		char path[sizeof(root) + sizeof(e->d_name) + 32];
		FILE *f;

		if (sscanf(e->d_name, "hugepages-%lukB", &kb) != 1)
			continue;
		snprintf(path, sizeof(path), "%s/%s/free_hugepages", root, e->d_name);
		f = fopen(path, "re");
		if (f && fscanf(f, "%lu", &n) == 1)
			bytes += (uint64_t)n * kb * 1024;
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return bytes;
}

uint64_t eal_memory(const struct plane_conf *conf, bool huge)
{
	uint32_t page = huge ? 2u << 20 : 4096;
	uint64_t bytes = EAL_OWN_BYTES;

	for (uint16_t i = 0; i < conf->n_ports; i++)
		bytes += port_memory(conf, &conf->ports[i], page);
	return bytes + bytes / 4;
}

/*
 * Which PCI devices EAL takes, and which addresses they see: drivers decide about those (physical
 * ones with uio, virtual ones behind an IOMMU), so it is only said where there are none. Returns
 * how many arguments there are then.
 */
static int add_pci(char **args, int n, const struct plane_conf *conf)
{
	int before = n;

	for (uint16_t i = 0; i < conf->n_ports; i++) {
		if (!conf->ports[i].pci)
			continue;
		args[n++] = "-a";
		args[n++] = (char *)conf->ports[i].devargs;
	}
	if (n == before) {
		args[n++] = "--no-pci";
		args[n++] = "--iova-mode=va";
	}
	return n;
}

static int init(char **args, int n, struct plane_error *err)
{
	sigset_t all, before;
	int rc;

	/* Threads that EAL makes inherit the mask: signals are the control thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rte_openlog_stream(stderr);
	rc = rte_eal_init(n, args);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc >= 0) {
		/* EAL makes it even where it shares no files; it uses and removes it only there. */
		rmdir(rte_eal_get_runtime_dir());
		/* It warns that other processes cannot share our ports, which none should. */
		rte_log_set_level_pattern("pmd.net.memif", RTE_LOG_ERR);
		return 0;
	}
	snprintf(err->text, sizeof(err->text), "DPDK does not start: %s", rte_strerror(rte_errno));
	return rte_errno ? -rte_errno : -EINVAL;
}

int eal_start(const struct plane_conf *conf, struct plane_error *err)
{
	bool huge =
		conf->hugepages == PLANE_HUGE_ON ||
		(conf->hugepages == PLANE_HUGE_AUTO && free_hugepages() >= eal_memory(conf, true));
	struct text lcores = { 0 };
	char prefix[64], memory[32];
	char *args[ARGS_MAX] = { "viaduct", lcores.s, "--main-lcore=0",     prefix,
				 "-m",      memory,   "--log-level=warning" };
	int n = 7, rc;

	if (running)
		return 0;
	if (huge) {
		args[n++] = "--in-memory";
	} else {
		args[n++] = "--no-huge";
		args[n++] = "--no-shconf";
	}
	/* It says that a socket of former versions is not there. */
	args[n++] = conf->telemetry ? "--log-level=lib.telemetry:error" : "--no-telemetry";
	n = add_pci(args, n, conf);
	add_lcores(&lcores, conf);
	snprintf(prefix, sizeof(prefix), "--file-prefix=viaduct-%d", (int)getpid());
	snprintf(memory, sizeof(memory), "%llu",
		 (unsigned long long)((eal_memory(conf, huge) >> 20) + 1));
	rc = init(args, n, err);
	running = rc == 0;
	return rc;
}

/* EAL leaves the folder of its telemetry socket behind. */
static void remove_runtime_dir(void)
{
	const char *dir = rte_eal_get_runtime_dir();
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/dpdk_telemetry.v2", dir);
	unlink(path);
	rmdir(dir);
}

void eal_stop(void)
{
	if (!running)
		return;
	rte_eal_cleanup();
	remove_runtime_dir();
}
