/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/doctor_lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CPU(n)                                                                                \
	{ "/sys/devices/system/cpu/cpu" #n "/topology/thread_siblings_list", #n },            \
	{                                                                                     \
		"/sys/devices/system/cpu/cpu" #n "/cpufreq/scaling_governor", "performance\n" \
	}
#define NIC "/sys/bus/pci/devices/0000:3b:00.0"
#define LAN "/sys/bus/pci/devices/0000:00:1f.6"
#define PAGES "/hugepages/hugepages-2048kB/"

const char doctor_lab_yaml[] =
	"workers: 3\n"
	"idle: spin\n"
	"hugepages: on\n"
	"secret: \"file:/etc/secret\"\n"
	"interfaces:\n"
	"  - {name: sip, device: \"pci:0000:3B:00.0\", kernel: none, addresses: [192.0.2.1/24]}\n"
	"  - {name: lan, device: \"packet:eth0\"}\n"
	"pools:\n"
	"  - {name: core, backends: [{name: a, address: \"192.0.2.7\"}]}\n"
	"routes: [{pool: core}]\n";

static const struct lab_file machine[] = {
	{ "/etc/secret", "00112233445566778899aabbccddeeff" },
	{ "/proc/cmdline", "quiet isolcpus=1-3 nohz_full=1-3 rcu_nocbs=1-3\n" },
	{ "/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n"
			   "flags\t\t: fpu constant_tsc nonstop_tsc\nbugs\t\t:\n" },
	{ "/proc/meminfo", "MemTotal:  1000 kB\nSwapTotal:  0 kB\nSwapFree:  0 kB\n" },
	{ "/proc/self/limits",
	  "Limit                     Soft Limit           Hard Limit           Units\n"
	  "Max open files            65536                65536                files\n"
	  "Max locked memory         unlimited            unlimited            bytes\n" },
	{ "/proc/self/stat", "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 1 1 1 1 1 1 1 "
			     "1 1 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0" },
	{ "/proc/self/status", "Name:\tviaduct\nCapEff:\t0000000000003000\n"
			       "Cpus_allowed_list:\t0-3\n" },
	{ "/proc/sys/fs/file-max", "9223372036854775807\n" },
	{ "/proc/sys/kernel/numa_balancing", "0\n" },
	{ "/proc/sys/kernel/sched_rt_runtime_us", "950000\n" },
	{ "/proc/sys/net/core/rmem_max", "212992\n" },
	{ "/proc/sys/net/core/somaxconn", "4096\n" },
	{ "/proc/sys/net/ipv4/conf/all/rp_filter", "0\n" },
	{ "/proc/sys/net/ipv4/conf/eth0/rp_filter", "0\n" },
	{ "/proc/sys/net/ipv4/ip_forward", "0\n" },
	{ "/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n" },
	{ "/proc/sys/net/ipv4/ip_local_reserved_ports", "\n" },
	{ "/proc/sys/vm/overcommit_memory", "0\n" },
	{ NIC "/class", "0x020000\n" },
	{ NIC "/vendor", "0x8086\n" },
	{ NIC "/numa_node", "0\n" },
	{ NIC "/current_link_speed", "16.0 GT/s PCIe\n" },
	{ NIC "/max_link_speed", "16.0 GT/s PCIe\n" },
	{ NIC "/current_link_width", "8\n" },
	{ NIC "/max_link_width", "8\n" },
	{ NIC "/driver", "-> ../../drivers/vfio-pci" },
	{ NIC "/iommu_group", "-> ../../../../kernel/iommu_groups/12" },
	{ LAN "/class", "0x020000\n" },
	{ LAN "/vendor", "0x8086\n" },
	{ LAN "/driver", "-> ../../drivers/e1000e" },
	{ "/sys/bus/pci/drivers/vfio-pci/bind", "" },
	{ "/sys/bus/pci/drivers/e1000e/bind", "" },
	{ "/sys/class/iommu/dmar0/uevent", "" },
	{ "/sys/class/net/eth0/device", "-> ../../../bus/pci/devices/0000:00:1f.6" },
	{ "/sys/class/net/eth0/flags", "0x1003\n" },
	{ "/sys/class/net/eth0/carrier", "1\n" },
	{ "/sys/class/net/eth0/mtu", "1500\n" },
	{ "/sys/class/net/eth0/speed", "1000\n" },
	{ "/sys/class/net/eth0/queues/rx-0/rps_cpus", "0\n" },
	{ "/sys/class/net/eth0/queues/rx-1/rps_cpus", "0\n" },
	{ "/sys/class/net/eth0/queues/rx-2/rps_cpus", "0\n" },
	{ "/sys/class/net/eth0/queues/tx-0/xps_cpus", "0\n" },
	{ "/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n" },
	{ "/sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc hpet\n" },
	CPU(0),
	CPU(1),
	CPU(2),
	CPU(3),
	{ "/sys/devices/system/cpu/intel_pstate/no_turbo", "0\n" },
	{ "/sys/devices/system/cpu/isolated", "1-3\n" },
	{ "/sys/devices/system/cpu/nohz_full", "1-3\n" },
	{ "/sys/devices/system/node/node0/cpulist", "0-3\n" },
	{ "/sys/devices/system/node/node1/cpulist", "4-7\n" },
	{ "/sys/devices/system/node/node0" PAGES "nr_hugepages", "512\n" },
	{ "/sys/devices/system/node/node0" PAGES "free_hugepages", "512\n" },
	{ "/sys/kernel/iommu_groups/12/type", "DMA-FQ\n" },
	{ "/sys/kernel/iommu_groups/12/devices/0000:3b:00.0", "-> ../../../../bus/pci/devices/x" },
	{ "/sys/kernel/mm" PAGES "nr_hugepages", "512\n" },
	{ "/sys/kernel/mm" PAGES "free_hugepages", "512\n" },
	{ "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n" },
	{ "/sys/module/vfio_iommu_type1/refcnt", "1\n" },
};

static struct lab_change now;

static int clock_synchronised(void)
{
	return now.clock_synchronised ? now.clock_synchronised - 10 : 1;
}

static int feature(const char *name, const char *feature_name)
{
	(void)name;
	return now.feature && strcmp(feature_name, now.feature) == 0;
}

static int hashes_udp_ports(const char *name)
{
	(void)name;
	return !now.hash_without_ports;
}

static const struct fact_calls calls = { clock_synchronised, feature, hashes_udp_ports };

static char root[] = "/tmp/doctor-lab.XXXXXX";

/* Makes the folders above the last part of @path. */
static void make_folders(char *path)
{
	for (char *p = path + sizeof(root); (p = strchr(p, '/')); p++) {
		*p = '\0';
		cr_assert(mkdir(path, 0755) == 0 || errno == EEXIST, "%s", path);
		*p = '/';
	}
}

static FILE *open_new(char *path)
{
	FILE *to = fopen(path, "w");

	if (!to) {
		make_folders(path);
		to = fopen(path, "w");
	}
	cr_assert(to, "%s", path);
	return to;
}

static void make(const struct lab_file *f)
{
	char path[PATH_MAX];
	FILE *to;

	snprintf(path, sizeof(path), "%s%s", root, f->path);
	remove(path);
	if (!f->text)
		return;
	if (strncmp(f->text, "-> ", 3) == 0) {
		make_folders(path);
		cr_assert(symlink(f->text + 3, path) == 0, "%s", path);
		return;
	}
	to = open_new(path);
	fputs(f->text, to);
	fclose(to);
	chmod(path, 0600);
}

/* As it was before the change: the file of the machine, or none. */
static void restore(const char *path)
{
	struct lab_file f = { path, NULL };

	for (size_t i = 0; i < sizeof(machine) / sizeof(machine[0]); i++) {
		if (strcmp(machine[i].path, path) == 0)
			f = machine[i];
	}
	make(&f);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void remove_machine(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_machine(void)
{
	static bool made;

	if (made)
		return;
	made = true;
	cr_assert(mkdtemp(root));
	atexit(remove_machine);
	for (size_t i = 0; i < sizeof(machine) / sizeof(machine[0]); i++)
		make(&machine[i]);
}

static void load(const char *yaml, struct config *c)
{
	struct config_errors errs = { 0 };

	cr_assert(config_load_memory("viaduct.yaml", yaml, strlen(yaml), c, &errs) == 0, "%s",
		  errs.n ? errs.v[0].text : "");
	config_errors_free(&errs);
}

void doctor_lab(const struct lab_change *change, const char *yaml, const struct doctor_port *ports,
		struct doctor_report *out)
{
	struct doctor_case it = { .facts = { root, &calls }, .ports = ports };
	struct config c = { 0 };

	now = change ? *change : (struct lab_change){ 0 };
	make_machine();
	for (size_t i = 0; i < LAB_FILES_MAX && now.file[i].path; i++)
		make(&now.file[i]);
	if (yaml) {
		load(yaml, &c);
		it.config = &c;
	}
	doctor_run(&it, out);
	config_free(&c);
	for (size_t i = LAB_FILES_MAX; i-- > 0;) {
		if (now.file[i].path)
			restore(now.file[i].path);
	}
}

const struct doctor_finding *doctor_lab_find(const struct doctor_report *r, enum doctor_check check,
					     const char *subject)
{
	for (uint32_t i = 0; i < r->n; i++) {
		const struct doctor_finding *it = &r->v[i];

		if (it->check == check && (it->subject != NULL) == (subject != NULL) &&
		    (!subject || strcmp(it->subject, subject) == 0))
			return it;
	}
	return NULL;
}

static void try_row(size_t number, const struct doctor_row *row)
{
	const struct doctor_finding *it;
	struct doctor_report r = { 0 };

	doctor_lab(&row->change, row->yaml ? row->yaml : doctor_lab_yaml, NULL, &r);
	it = doctor_lab_find(&r, row->check, row->subject);
	cr_expect(it, "row %zu: no finding", number);
	if (it) {
		cr_expect_eq(it->status, row->status, "row %zu: %s", number, it->text);
		cr_expect(strstr(it->text, row->text), "row %zu: %s", number, it->text);
		if (row->mend)
			cr_expect(it->mend && strncmp(it->mend, row->mend, strlen(row->mend)) == 0,
				  "row %zu: %s", number, it->mend);
		else
			cr_expect_null(it->mend, "row %zu: %s", number, it->mend);
	}
	doctor_free(&r);
}

void doctor_rows(const struct doctor_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		try_row(i, &rows[i]);
}

void doctor_rows_cover(const struct doctor_row *rows, size_t n, unsigned int from, unsigned int to)
{
	for (unsigned int c = from; c < to; c++) {
		bool seen = c == DOCTOR_forwarding; /* tells, and never complains */

		for (size_t i = 0; i < n && !seen; i++)
			seen = rows[i].check == c && rows[i].status != DOCTOR_OK;
		cr_expect(seen, "check %u", c);
	}
}
