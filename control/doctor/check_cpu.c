/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks: CPUs. Which CPU a worker has is the data plane's choice: eal_worker_cpu().
 */
#include "control/doctor/doctor_state.h"
#include "dataplane/eal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHED_FIFO_NUMBER 1
#define SCHED_RR_NUMBER 2
#define POLICY_FIELD 41 /* of /proc/PID/stat, see proc_pid_stat(5) */

static void worker_cpus(const struct doctor *d, cpu_set_t *out)
{
	CPU_ZERO(out);
	for (uint16_t i = 0; i < d->n_workers; i++)
		CPU_SET(eal_worker_cpu(&d->allowed, i), out);
}

static int first_cpu(const cpu_set_t *set)
{
	int i = 0;

	while (i < CPU_SETSIZE - 1 && !CPU_ISSET(i, set))
		i++;
	return i;
}

/* @a without @b. */
static cpu_set_t without(const cpu_set_t *a, const cpu_set_t *b)
{
	cpu_set_t both, rest;

	CPU_AND(&both, a, b);
	CPU_XOR(&rest, a, &both);
	return rest;
}

static void mend_taskset(struct doctor *d, const cpu_set_t *cpus)
{
	char text[CPUS_TEXT_MAX];

	cpus_text(cpus, text, sizeof(text));
	doctor_mend(d, "taskset -c %s viaduct --config %s    # of a service: CPUAffinity=%s", text,
		    d->config ? d->config->file : "FILE", text);
}

void doctor_workers(struct doctor *d)
{
	int n = CPU_COUNT(&d->allowed);
	bool enough = d->n_workers < n;
	char cpus[CPUS_TEXT_MAX];

	doctor_say(d, DOCTOR_workers,
		   enough    ? DOCTOR_OK
		   : d->spin ? DOCTOR_WARNING
			     : DOCTOR_NOTE,
		   NULL, "%u worker%s and the control thread on CPUs %s", d->n_workers,
		   d->n_workers == 1 ? "" : "s", cpus_text(&d->allowed, cpus, sizeof(cpus)));
	if (!enough && d->config && n > 1)
		doctor_mend(d, "in %s: workers: %d", d->config->file, n - 1);
}

static void mend_isolation(struct doctor *d, const cpu_set_t *set)
{
	char cpus[CPUS_TEXT_MAX], words[4 * CPUS_TEXT_MAX];

	cpus_text(set, cpus, sizeof(cpus));
	snprintf(words, sizeof(words), "isolcpus=%s nohz_full=%s rcu_nocbs=%s", cpus, cpus, cpus);
	doctor_mend_boot(d, "cpus", words, "");
}

/* Workers that spin: their CPUs should be theirs alone. */
static void isolation_of_spinning(struct doctor *d, const cpu_set_t *isolated)
{
	cpu_set_t workers, nohz, usable, missing;
	char line[2048], cpus[CPUS_TEXT_MAX];
	int control = first_cpu(&d->allowed);

	worker_cpus(d, &workers);
	CPU_AND(&usable, isolated, &d->allowed);
	if (CPU_COUNT(isolated) && !CPU_COUNT(&usable)) {
		doctor_say(d, DOCTOR_isolation, DOCTOR_WARNING, NULL,
			   "CPUs %s are isolated, but this process may not run on them",
			   cpus_text(isolated, cpus, sizeof(cpus)));
		usable = *isolated;
		CPU_SET(control, &usable);
		mend_taskset(d, &usable);
		return;
	}
	missing = without(&workers, isolated);
	cpus_text(&workers, cpus, sizeof(cpus));
	CPU_OR(&usable, &workers, isolated);
	if (CPU_COUNT(&missing)) {
		doctor_say(d, DOCTOR_isolation, DOCTOR_NOTE, NULL,
			   "other programs may run on the CPUs of workers, %s", cpus);
		mend_isolation(d, &usable);
		return;
	}
	cpus_of(d->f, &nohz, "/sys/devices/system/cpu/nohz_full");
	missing = without(&workers, &nohz);
	fact_text(d->f, line, sizeof(line), "/proc/cmdline");
	if (CPU_COUNT(&missing) || !strstr(line, "rcu_nocbs=")) {
		doctor_say(d, DOCTOR_isolation, DOCTOR_NOTE, NULL,
			   "CPUs %s are isolated, but Linux's timer or RCU still runs there", cpus);
		mend_isolation(d, &usable);
		return;
	}
	doctor_say(d, DOCTOR_isolation, DOCTOR_OK, NULL, "workers have CPUs %s to themselves",
		   cpus);
}

void doctor_isolation(struct doctor *d)
{
	cpu_set_t isolated, usable;
	char cpus[CPUS_TEXT_MAX];

	cpus_of(d->f, &isolated, "/sys/devices/system/cpu/isolated");
	if (d->spin) {
		isolation_of_spinning(d, &isolated);
		return;
	}
	CPU_AND(&usable, &isolated, &d->allowed);
	if (!CPU_COUNT(&usable)) {
		doctor_say(d, DOCTOR_isolation, DOCTOR_OK, NULL,
			   "workers nap and share CPUs with others");
		return;
	}
	doctor_say(d, DOCTOR_isolation, DOCTOR_WARNING, NULL,
		   "workers that nap are not pinned, and Linux does not spread them over isolated "
		   "CPUs (%s)",
		   cpus_text(&usable, cpus, sizeof(cpus)));
	if (d->config)
		doctor_mend(d, "in %s: idle: spin", d->config->file);
}

/* One allowed CPU of each core. */
static void one_of_each_core(const struct doctor *d, cpu_set_t *out)
{
	CPU_ZERO(out);
	for (int i = 0; i < CPU_SETSIZE; i++) {
		cpu_set_t core;

		if (!CPU_ISSET(i, &d->allowed))
			continue;
		cpus_of(d->f, &core, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
			i);
		CPU_AND(&core, &core, out);
		if (!CPU_COUNT(&core))
			CPU_SET(i, out);
	}
}

/* The CPU of the control thread or of a worker that is on the core of @cpu too; -1 if none is. */
static int shares_core(const struct doctor *d, const cpu_set_t *used, int cpu)
{
	cpu_set_t core;

	cpus_of(d->f, &core, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
	CPU_CLR(cpu, &core);
	CPU_AND(&core, &core, used);
	return CPU_COUNT(&core) ? first_cpu(&core) : -1;
}

void doctor_smt(struct doctor *d)
{
	cpu_set_t workers, used, cores;
	int other = -1, cpu = -1;

	if (!d->spin) {
		doctor_say(d, DOCTOR_smt, DOCTOR_OK, NULL, "workers are not pinned to CPUs");
		return;
	}
	worker_cpus(d, &workers);
	used = workers;
	CPU_SET(first_cpu(&d->allowed), &used);
	for (int i = 0; i < CPU_SETSIZE && other < 0; i++) {
		if (CPU_ISSET(i, &workers)) {
			other = shares_core(d, &used, i);
			cpu = i;
		}
	}
	if (other < 0) {
		doctor_say(d, DOCTOR_smt, DOCTOR_OK, NULL, "each worker has a core to itself");
		return;
	}
	doctor_say(d, DOCTOR_smt, DOCTOR_WARNING, NULL,
		   "CPU %d of a worker is on the same core as CPU %d, which is used too", cpu,
		   other);
	one_of_each_core(d, &cores);
	if (CPU_COUNT(&cores) > d->n_workers)
		mend_taskset(d, &cores);
	else if (d->config && CPU_COUNT(&cores) > 1)
		doctor_mend(d, "in %s: workers: %d", d->config->file, CPU_COUNT(&cores) - 1);
}

void doctor_governor(struct doctor *d)
{
	char text[64], slow[64] = "";
	bool any = false;

	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &d->allowed) ||
		    !fact_text(d->f, text, sizeof(text),
			       "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", i))
			continue;
		any = true;
		if (strcmp(text, "performance") != 0)
			memcpy(slow, text, sizeof(slow));
	}
	if (!slow[0]) {
		doctor_say(d, DOCTOR_governor, DOCTOR_OK, NULL,
			   any ? "governor: performance" : "not in the hands of this Linux");
		return;
	}
	doctor_say(d, DOCTOR_governor, DOCTOR_WARNING, NULL, "governor: %s", slow);
	doctor_mend(d, "echo performance | "
		       "tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor");
}

void doctor_turbo(struct doctor *d)
{
	static const char intel[] = "/sys/devices/system/cpu/intel_pstate/no_turbo";
	static const char other[] = "/sys/devices/system/cpu/cpufreq/boost";
	bool is_intel;
	int64_t v;

	is_intel = fact_number(d->f, &v, "%s", intel);
	if (!is_intel && !fact_number(d->f, &v, "%s", other))
		return;
	if ((v != 0) != is_intel) {
		doctor_say(d, DOCTOR_turbo, DOCTOR_OK, NULL,
			   "on; for measurements that repeat, off is better");
		return;
	}
	doctor_say(d, DOCTOR_turbo, DOCTOR_NOTE, NULL, "off");
	doctor_mend(d, "echo %d >%s", is_intel ? 0 : 1, is_intel ? intel : other);
}

/* Scheduling policy of this process; -1 if Linux does not say. */
static int policy(const struct facts *f)
{
	char text[1024];
	const char *p;

	fact_text(f, text, sizeof(text), "/proc/self/stat");
	p = strrchr(text, ')'); /* the second field is a name, which may hold anything */
	for (int field = 2; p && field < POLICY_FIELD; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	return p ? (int)strtol(p, NULL, 10) : -1;
}

void doctor_realtime(struct doctor *d)
{
	int now = policy(d->f);
	int64_t runtime;

	if (!fact_number(d->f, &runtime, "/proc/sys/kernel/sched_rt_runtime_us"))
		return;
	if (now != SCHED_FIFO_NUMBER && now != SCHED_RR_NUMBER) {
		doctor_say(d, DOCTOR_realtime, DOCTOR_OK, NULL, "this is no real-time process");
		return;
	}
	if (!d->spin || runtime < 0) {
		doctor_say(d, DOCTOR_realtime, DOCTOR_OK, NULL, "workers stay below it");
		return;
	}
	doctor_say(d, DOCTOR_realtime, DOCTOR_WARNING, NULL,
		   "workers spin, and Linux stops them after %lld us", (long long)runtime);
	doctor_mend(d, "sysctl -w kernel.sched_rt_runtime_us=-1");
}

void doctor_numa_balancing(struct doctor *d)
{
	int64_t on;

	if (!fact_exists(d->f, "/sys/devices/system/node/node1") ||
	    !fact_number(d->f, &on, "/proc/sys/kernel/numa_balancing"))
		return;
	doctor_say(d, DOCTOR_numa_balancing, on ? DOCTOR_NOTE : DOCTOR_OK, NULL, on ? "on" : "off");
	if (on)
		doctor_mend(d, "sysctl -w kernel.numa_balancing=0");
}
