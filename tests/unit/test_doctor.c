/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/doctor/cpus.h"
#include "control/doctor/doctor.h"
#include "tests/unit/doctor_lab.h"

#include <criterion/criterion.h>
#include <string.h>

#define NIC "/sys/bus/pci/devices/0000:3b:00.0"
#define CPU "/sys/devices/system/cpu"
#define PAGES "/sys/kernel/mm/hugepages/hugepages-2048kB"
#define GRUB(name, words)                                                                     \
	"mkdir -p /etc/default/grub.d; echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX " words \
	"\"' >/etc/default/grub.d/viaduct-" name ".cfg && update-grub"
#define YAML(top, list)                                                     \
	top "secret: \"file:/etc/secret\"\n"                                \
	    "interfaces:\n" list "pools:\n"                                 \
	    "  - {name: core, backends: [{name: a, address: 192.0.2.7}]}\n" \
	    "routes: [{pool: core}]\n"
#define PCI \
	"  - {name: sip, device: \"pci:0000:3b:00.0\", kernel: none, addresses: [192.0.2.1/24]}\n"

static const struct doctor_row rows[] = {
	/* memory */
	{ { .file = { { PAGES "/free_hugepages", "8\n" } } },
	  NULL,
	  DOCTOR_hugepages,
	  DOCTOR_FAULT,
	  NULL,
	  "16 MiB are free",
	  "echo 5" },
	{ { .file = { { PAGES "/free_hugepages", "8\n" } } },
	  YAML("", PCI),
	  DOCTOR_hugepages,
	  DOCTOR_WARNING,
	  NULL,
	  "16 MiB are free",
	  "echo 5" },
	{ { .file = { { NIC "/driver", "-> ../../drivers/uio_pci_generic" } } },
	  YAML("hugepages: off\n", PCI),
	  DOCTOR_hugepages,
	  DOCTOR_FAULT,
	  NULL,
	  "uio works with nothing else",
	  "in viaduct.yaml: hugepages: auto" },
	{ { .feature = NULL },
	  YAML("hugepages: off\n", PCI),
	  DOCTOR_hugepages,
	  DOCTOR_NOTE,
	  NULL,
	  "off in the configuration",
	  "in viaduct.yaml: hugepages: auto" },
	{ { .file = { { "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages",
			"0\n" } } },
	  NULL,
	  DOCTOR_hugepages_node,
	  DOCTOR_WARNING,
	  "sip",
	  "0 MiB reserved on its node 0",
	  "echo 512 >/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages" },
	{ { .file = { { "/sys/kernel/mm/transparent_hugepage/enabled", "[always] never\n" } } },
	  NULL,
	  DOCTOR_thp,
	  DOCTOR_NOTE,
	  NULL,
	  "for all programs",
	  "echo madvise >/sys/kernel/mm/transparent_hugepage/enabled" },
	{ { .file = { { "/proc/meminfo", "SwapTotal: 8192 kB\nSwapFree: 4096 kB\n" } } },
	  NULL,
	  DOCTOR_swap,
	  DOCTOR_NOTE,
	  NULL,
	  "4 MiB are swapped out",
	  "sysctl -w vm.swappiness=1" },
	{ { .file = { { "/proc/sys/vm/overcommit_memory", "2\n" } } },
	  NULL,
	  DOCTOR_overcommit,
	  DOCTOR_NOTE,
	  NULL,
	  "strict",
	  "sysctl -w vm.overcommit_memory=0" },
	{ { .file = { { "/proc/self/limits", "Max locked memory  8388608  8388608  bytes\n" } } },
	  NULL,
	  DOCTOR_memlock,
	  DOCTOR_WARNING,
	  NULL,
	  "may pin 8 MiB",
	  "ulimit -l unlimited" },
	/* cpu */
	{ { .feature = NULL },
	  YAML("workers: 4\nidle: spin\n", PCI),
	  DOCTOR_workers,
	  DOCTOR_WARNING,
	  NULL,
	  "4 workers and the control thread on CPUs 0-3",
	  "in viaduct.yaml: workers: 3" },
	{ { .file = { { CPU "/isolated", "\n" } } },
	  NULL,
	  DOCTOR_isolation,
	  DOCTOR_NOTE,
	  NULL,
	  "other programs may run on the CPUs of workers, 1-3",
	  GRUB("cpus", "isolcpus=1-3 nohz_full=1-3 rcu_nocbs=1-3") },
	{ { .file = { { CPU "/isolated", "4-7\n" } } },
	  NULL,
	  DOCTOR_isolation,
	  DOCTOR_WARNING,
	  NULL,
	  "CPUs 4-7 are isolated, but this process may not run on them",
	  "taskset -c 0,4-7 viaduct --config viaduct.yaml" },
	{ { .file = { { CPU "/nohz_full", NULL } } },
	  NULL,
	  DOCTOR_isolation,
	  DOCTOR_NOTE,
	  NULL,
	  "timer or RCU still runs",
	  GRUB("cpus", "isolcpus=1-3 nohz_full=1-3 rcu_nocbs=1-3") },
	{ { .feature = NULL },
	  YAML("", PCI),
	  DOCTOR_isolation,
	  DOCTOR_WARNING,
	  NULL,
	  "does not spread them over isolated CPUs (1-3)",
	  "in viaduct.yaml: idle: spin" },
	{ { .file = { { CPU "/cpu2/topology/thread_siblings_list", "2-3\n" },
		      { CPU "/cpu3/topology/thread_siblings_list", "2-3\n" } } },
	  YAML("workers: 2\nidle: spin\n", PCI),
	  DOCTOR_smt,
	  DOCTOR_OK,
	  NULL,
	  "a core to itself",
	  NULL },
	{ { .file = { { CPU "/cpu0/topology/thread_siblings_list", "0-1\n" },
		      { CPU "/cpu1/topology/thread_siblings_list", "0-1\n" } } },
	  YAML("workers: 2\nidle: spin\n", PCI),
	  DOCTOR_smt,
	  DOCTOR_WARNING,
	  NULL,
	  "CPU 1 of a worker is on the same core as CPU 0",
	  "taskset -c 0,2-3 viaduct --config viaduct.yaml" },
	{ { .file = { { CPU "/cpu0/topology/thread_siblings_list", "0-1\n" },
		      { CPU "/cpu1/topology/thread_siblings_list", "0-1\n" } } },
	  NULL,
	  DOCTOR_smt,
	  DOCTOR_WARNING,
	  NULL,
	  "CPU 1 of a worker",
	  "in viaduct.yaml: workers: 2" },
	{ { .file = { { CPU "/cpu2/cpufreq/scaling_governor", "powersave\n" } } },
	  NULL,
	  DOCTOR_governor,
	  DOCTOR_WARNING,
	  NULL,
	  "powersave",
	  "echo performance | tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor" },
	{ { .file = { { CPU "/intel_pstate/no_turbo", "1\n" } } },
	  NULL,
	  DOCTOR_turbo,
	  DOCTOR_NOTE,
	  NULL,
	  "off",
	  "echo 0 >/sys/devices/system/cpu/intel_pstate/no_turbo" },
	{ { .file = { { CPU "/intel_pstate/no_turbo", NULL }, { CPU "/cpufreq/boost", "0\n" } } },
	  NULL,
	  DOCTOR_turbo,
	  DOCTOR_NOTE,
	  NULL,
	  "off",
	  "echo 1 >/sys/devices/system/cpu/cpufreq/boost" },
	{ { .file = { { "/proc/self/stat", "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 -2 0 1 0 "
					   "1 1 1 1 1 1 1 1 1 0 0 0 0 0 0 0 17 0 1 1 0 0 0 0" } } },
	  NULL,
	  DOCTOR_realtime,
	  DOCTOR_WARNING,
	  NULL,
	  "Linux stops them after 950000 us",
	  "sysctl -w kernel.sched_rt_runtime_us=-1" },
	{ { .file = { { "/proc/sys/kernel/numa_balancing", "1\n" } } },
	  NULL,
	  DOCTOR_numa_balancing,
	  DOCTOR_NOTE,
	  NULL,
	  "on",
	  "sysctl -w kernel.numa_balancing=0" },
	/* clock */
	{ { .file = { { "/sys/devices/system/clocksource/clocksource0/current_clocksource",
			"kvm-clock\n" },
		      { "/proc/cpuinfo",
			"processor: 0\nflags : not_constant_tsc hypervisor\n" } } },
	  NULL,
	  DOCTOR_tsc,
	  DOCTOR_WARNING,
	  NULL,
	  "does not promise",
	  "on the host: " },
	{ { .file = { { "/sys/devices/system/clocksource/clocksource0/current_clocksource",
			"hpet\n" } } },
	  NULL,
	  DOCTOR_clocksource,
	  DOCTOR_WARNING,
	  NULL,
	  "hpet",
	  "echo tsc >/sys/devices/system/clocksource/clocksource0/current_clocksource" },
	{ { .clock_synchronised = 10 },
	  NULL,
	  DOCTOR_time_sync,
	  DOCTOR_WARNING,
	  NULL,
	  "follows nobody",
	  "apt-get install chrony" },
};

Test(doctor, a_machine_that_is_set_up_well_has_nothing_to_mend)
{
	struct doctor_report r = { 0 };

	doctor_lab(NULL, doctor_lab_yaml, NULL, &r);
	cr_expect(!r.no_memory);
	cr_expect_geq(r.n, 30u, "%u", r.n);
	for (uint32_t i = 0; i < r.n; i++) {
		cr_expect_eq(r.v[i].status, DOCTOR_OK, "%s", r.v[i].text);
		cr_expect_null(r.v[i].mend, "%s: %s", r.v[i].text, r.v[i].mend);
	}
	doctor_free(&r);
}

Test(doctor, each_defect_is_found_and_the_command_that_mends_it)
{
	doctor_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

Test(doctor, each_check_of_these_was_seen_to_find_something)
{
	doctor_rows_cover(rows, sizeof(rows) / sizeof(rows[0]), 0, DOCTOR_driver);
}

Test(doctor, a_running_proxy_adds_what_its_devices_say)
{
	const struct doctor_port ports[] = { { .mtu = 1500, .rx_queues = 1, .up = false },
					     { .mtu = 1500, .rx_queues = 3, .up = true } };
	static const struct lab_change taken = { .file = { { PAGES "/free_hugepages", "0\n" } } };
	const struct doctor_finding *it;
	struct doctor_report r = { 0 };

	doctor_lab(&taken, doctor_lab_yaml, ports, &r);
	it = doctor_lab_find(&r, DOCTOR_link, "sip");
	cr_expect(it && it->status == DOCTOR_WARNING);
	it = doctor_lab_find(&r, DOCTOR_queues, "sip");
	cr_expect(it && it->status == DOCTOR_NOTE);
	it = doctor_lab_find(&r, DOCTOR_hugepages, NULL);
	cr_expect(it && it->status == DOCTOR_OK, "it has taken what it needs");
	doctor_free(&r);
}

Test(doctor, without_a_configuration_it_looks_at_every_nic)
{
	static const struct lab_change idle = { .file = { { NIC "/driver", NULL } } };
	const struct doctor_finding *it;
	struct doctor_report r = { 0 };

	doctor_lab(NULL, NULL, NULL, &r);
	it = doctor_lab_find(&r, DOCTOR_driver, "0000:3b:00.0");
	cr_expect(it && it->status == DOCTOR_OK && strstr(it->text, "pci:0000:3b:00.0"));
	it = doctor_lab_find(&r, DOCTOR_driver, "eth0");
	cr_expect(it && it->status == DOCTOR_OK && !it->mend, "what Linux uses is left to it");
	it = doctor_lab_find(&r, DOCTOR_hugepages, NULL);
	cr_expect(it && !strstr(it->text, "configuration"), "%s", it ? it->text : "");
	cr_expect_eq(r.n_of[DOCTOR_FAULT], 0u);
	doctor_free(&r);

	doctor_lab(&idle, NULL, NULL, &r);
	it = doctor_lab_find(&r, DOCTOR_driver, "0000:3b:00.0");
	cr_expect(it && it->status == DOCTOR_NOTE && strstr(it->mend, "vfio-pci"));
	doctor_free(&r);
}

/* Nothing to be read at all: no /proc, no /sys. */
Test(doctor, a_machine_that_says_nothing_is_survived)
{
	struct doctor_case it = { .facts = { "/nonexistent", &fact_calls_linux } };
	struct doctor_report r = { 0 };
	json_t *json;

	doctor_run(&it, &r);
	json = doctor_json(&r);
	cr_expect(json_is_array(json_object_get(json, "checks")));
	cr_expect_eq(json_array_size(json_object_get(json, "checks")), r.n);
	json_decref(json);
	doctor_free(&r);
}

Test(doctor, sets_of_cpus_are_read_and_written)
{
	static const char *const same[] = { "0", "0-3", "0-1,4,8-11", "1023" };
	char out[CPUS_TEXT_MAX];
	cpu_set_t set;

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		cpus_read(same[i], &set);
		cr_expect_str_eq(cpus_text(&set, out, sizeof(out)), same[i]);
	}
	cpus_read("", &set);
	cr_expect_eq(CPU_COUNT(&set), 0);
	cpus_read("3-1,99999999999999999999-1", &set);
	cr_expect_eq(CPU_COUNT(&set), 0);
	CPU_ZERO(&set);
	for (int i = 0; i < CPU_SETSIZE; i += 2)
		CPU_SET(i, &set);
	cpus_text(&set, out, 32);
	cr_expect_str_eq(out + strlen(out) - 3, "...");
}
