/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks: memory.
 */
#include "control/devices.h"
#include "control/doctor/doctor_state.h"
#include "dataplane/eal.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#define MIB (1 << 20)
#define DEVARGS_MAX 512
#define USUAL_PAGES 512 /* of 2 MiB, to begin with where no configuration says more */

/* Huge pages of one size. */
struct pages {
	int64_t kb, total, free;
};

/* Reads those of size folder @name ("hugepages-2048kB") below @path. */
static bool read_pages(const struct facts *f, const char *path, const char *name, struct pages *out)
{
	return sscanf(name, "hugepages-%ldkB", &out->kb) == 1 &&
	       fact_number(f, &out->total, "%s/%s/nr_hugepages", path, name) &&
	       fact_number(f, &out->free, "%s/%s/free_hugepages", path, name);
}

/* Adds up the pages below @path: MiB in all, and free. @usual: those of the size to ask for, 2 MiB
 * if there is such a one. False if this Linux has none at all. */
static bool sum_pages(const struct facts *f, const char *path, uint64_t *total, uint64_t *free,
		      struct pages *usual)
{
	struct fact_names names;
	struct pages p;
	bool any = false;

	*total = *free = 0;
	fact_list(f, &names, "%s", path);
	for (uint32_t i = 0; i < names.n; i++) {
		if (!read_pages(f, path, names.name[i], &p))
			continue;
		*total += (uint64_t)(p.total * p.kb) / 1024;
		*free += (uint64_t)(p.free * p.kb) / 1024;
		if (!any || p.kb == 2048)
			*usual = p;
		any = true;
	}
	return any;
}

/* MiB that the data plane of the configuration takes; 0 without a configuration. */
static uint64_t needed(struct doctor *d)
{
	struct plane_port ports[PLANE_MAX_PORTS];
	struct plane_conf conf = { .ports = ports, .n_workers = d->n_workers };
	uint32_t n = d->config ? d->config->n_interfaces : 0;
	char(*devargs)[DEVARGS_MAX];

	if (n > PLANE_MAX_PORTS)
		n = PLANE_MAX_PORTS;
	devargs = n ? arena_alloc(&d->report->arena, n * sizeof(*devargs)) : NULL;
	if (!devargs)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct config_interface *c = &d->config->interfaces[i];
		struct plane_port *p = &ports[conf.n_ports++];
		enum plane_device kind;

		*p = (struct plane_port){ .devargs = devargs[i],
					  .mtu = c->mtu,
					  .pci = c->device.kind == CONFIG_DEVICE_PCI };
		if (!device_plane_kind(c->device.kind, &kind) ||
		    plane_devargs(kind, c->device.arg, i, d->n_workers, c->mtu, devargs[i],
				  DEVARGS_MAX, &p->queues) < 0)
			devargs[i][0] = '\0';
	}
	return eal_memory(&conf, true) / MIB + 1;
}

/* True if a device can only write to memory whose physical address is known. */
static bool uses_uio(const struct doctor *d)
{
	char driver[FACT_NAME_MAX];

	for (uint32_t i = 0; i < d->n_devices; i++) {
		const struct doctor_device *v = &d->device[i];

		if (v->kind == CONFIG_DEVICE_PCI &&
		    fact_link(d->f, driver, sizeof(driver), "/sys/bus/pci/devices/%s/driver",
			      v->pci) &&
		    strstr(driver, "uio"))
			return true;
	}
	return false;
}

static void too_few(struct doctor *d, enum doctor_status status, uint64_t have, uint64_t need,
		    const struct pages *usual)
{
	int64_t more = ((int64_t)(need - have) * 1024 + usual->kb - 1) / usual->kb;

	doctor_say(d, DOCTOR_hugepages, status, NULL,
		   "%llu MiB are %s in huge pages, the configuration takes %llu",
		   (unsigned long long)have, d->c->ports ? "reserved" : "free",
		   (unsigned long long)need);
	doctor_mend(d, "echo %lld >/sys/kernel/mm/hugepages/hugepages-%lldkB/nr_hugepages",
		    (long long)(usual->total + more), (long long)usual->kb);
}

void doctor_hugepages(struct doctor *d)
{
	enum config_hugepages mode = d->config ? d->config->hugepages : CONFIG_HUGEPAGES_AUTO;
	uint64_t total, free, have, need = needed(d);
	bool must = uses_uio(d);
	struct pages usual;

	if (mode == CONFIG_HUGEPAGES_OFF) {
		doctor_say(d, DOCTOR_hugepages, must ? DOCTOR_FAULT : DOCTOR_NOTE, NULL,
			   must ? "off in the configuration, but uio works with nothing else"
				: "off in the configuration");
		doctor_mend(d, "in %s: hugepages: auto", d->config->file);
		return;
	}
	if (!sum_pages(d->f, "/sys/kernel/mm/hugepages", &total, &free, &usual)) {
		doctor_say(d, DOCTOR_hugepages, DOCTOR_WARNING, NULL, "Linux was built without");
		return;
	}
	have = d->c->ports ? total : free; /* what runs has taken its own */
	if (need == 0 && total == 0) {
		doctor_say(d, DOCTOR_hugepages, DOCTOR_WARNING, NULL, "none are reserved");
		doctor_mend(d, "echo %d >/sys/kernel/mm/hugepages/hugepages-%lldkB/nr_hugepages",
			    USUAL_PAGES, (long long)usual.kb);
	} else if (have < need) {
		too_few(d, must || mode == CONFIG_HUGEPAGES_ON ? DOCTOR_FAULT : DOCTOR_WARNING,
			have, need, &usual);
	} else if (!d->config) {
		doctor_say(d, DOCTOR_hugepages, DOCTOR_OK, NULL, "%llu MiB reserved, %llu free",
			   (unsigned long long)total, (unsigned long long)free);
	} else {
		doctor_say(d, DOCTOR_hugepages, DOCTOR_OK, NULL,
			   "%llu MiB reserved, %llu free; the configuration takes %llu",
			   (unsigned long long)total, (unsigned long long)free,
			   (unsigned long long)need);
	}
}

void doctor_hugepages_node(struct doctor *d)
{
	if (d->config && d->config->hugepages == CONFIG_HUGEPAGES_OFF)
		return;
	if (!fact_exists(d->f, "/sys/devices/system/node/node1"))
		return;
	for (uint32_t i = 0; i < d->n_devices; i++) {
		const struct doctor_device *v = &d->device[i];
		uint64_t total, free;
		struct pages usual;
		char path[128];
		int64_t node;

		if (!v->pci[0] ||
		    !fact_number(d->f, &node, "/sys/bus/pci/devices/%s/numa_node", v->pci) ||
		    node < 0)
			continue;
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/hugepages",
			 (int)node);
		if (!sum_pages(d->f, path, &total, &free, &usual))
			continue;
		doctor_say(d, DOCTOR_hugepages_node, total ? DOCTOR_OK : DOCTOR_WARNING, v->name,
			   "%llu MiB reserved on its node %d, %llu free", (unsigned long long)total,
			   (int)node, (unsigned long long)free);
		if (!total)
			doctor_mend(d, "echo %d >%s/hugepages-%lldkB/nr_hugepages", USUAL_PAGES,
				    path, (long long)usual.kb);
	}
}

void doctor_thp(struct doctor *d)
{
	char text[64];

	if (!fact_text(d->f, text, sizeof(text), "/sys/kernel/mm/transparent_hugepage/enabled"))
		return;
	if (!strstr(text, "[always]")) {
		doctor_say(d, DOCTOR_thp, DOCTOR_OK, NULL, "only for programs that ask for them");
		return;
	}
	doctor_say(d, DOCTOR_thp, DOCTOR_NOTE, NULL, "for all programs");
	doctor_mend(d, "echo madvise >/sys/kernel/mm/transparent_hugepage/enabled");
}

void doctor_swap(struct doctor *d)
{
	int64_t total, free;

	if (!fact_field(d->f, "/proc/meminfo", "SwapTotal", &total) ||
	    !fact_field(d->f, "/proc/meminfo", "SwapFree", &free))
		return;
	if (total == free) {
		doctor_say(d, DOCTOR_swap, DOCTOR_OK, NULL, total ? "not used" : "none");
		return;
	}
	doctor_say(d, DOCTOR_swap, DOCTOR_NOTE, NULL, "%lld MiB are swapped out",
		   (long long)(total - free) / 1024);
	doctor_mend(d, "sysctl -w vm.swappiness=1");
}

void doctor_overcommit(struct doctor *d)
{
	int64_t mode;

	if (!fact_number(d->f, &mode, "/proc/sys/vm/overcommit_memory"))
		return;
	if (mode != 2) {
		doctor_say(d, DOCTOR_overcommit, DOCTOR_OK, NULL,
			   "memory is given when it is used");
		return;
	}
	doctor_say(d, DOCTOR_overcommit, DOCTOR_NOTE, NULL,
		   "strict: memory is refused before it is used up");
	doctor_mend(d, "sysctl -w vm.overcommit_memory=0");
}

/* True if a device pins memory by this process: vfio, and AF_XDP. */
static bool pins(const struct doctor *d)
{
	char driver[FACT_NAME_MAX];

	for (uint32_t i = 0; i < d->n_devices; i++) {
		const struct doctor_device *v = &d->device[i];

		if (v->kind == CONFIG_DEVICE_XDP)
			return true;
		if (v->kind == CONFIG_DEVICE_PCI &&
		    fact_link(d->f, driver, sizeof(driver), "/sys/bus/pci/devices/%s/driver",
			      v->pci) &&
		    strcmp(driver, "vfio-pci") == 0)
			return true;
	}
	return false;
}

void doctor_memlock(struct doctor *d)
{
	uint64_t soft, hard, need;

	if (!pins(d) || !fact_limit(d->f, "Max locked memory", &soft, &hard))
		return;
	need = needed(d) * MIB;
	if (soft >= need || fact_capable(d->f, CAP_IPC_LOCK)) {
		doctor_say(d, DOCTOR_memlock, DOCTOR_OK, NULL, "not limited for this process");
		return;
	}
	doctor_say(d, DOCTOR_memlock, DOCTOR_WARNING, NULL,
		   "a process started as this one may pin %llu MiB, and needs %llu",
		   (unsigned long long)soft / MIB, (unsigned long long)need / MIB);
	doctor_mend(d, "ulimit -l unlimited    # of a service: LimitMEMLOCK=infinity");
}
