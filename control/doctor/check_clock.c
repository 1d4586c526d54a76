/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks: clocks.
 */
#include "control/doctor/doctor_state.h"

#include <string.h>

#define CPUINFO_MAX 16384 /* the first CPU's part, with room */

/* True if the first CPU has @flag. */
static bool cpu_has(const char *cpuinfo, const char *flag)
{
	const char *p = strstr(cpuinfo, "\nflags"), *end = p ? strchr(p + 1, '\n') : NULL;
	size_t n = strlen(flag);

	while (p && (p = strstr(p, flag)) && (!end || p < end)) {
		if (p[-1] == ' ' && (p[n] == ' ' || p[n] == '\n' || p[n] == '\0'))
			return true;
		p += n;
	}
	return false;
}

void doctor_tsc(struct doctor *d)
{
	char cpuinfo[CPUINFO_MAX], source[32];

	if (!fact_text(d->f, cpuinfo, sizeof(cpuinfo), "/proc/cpuinfo"))
		return;
	fact_text(d->f, source, sizeof(source),
		  "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	if (strcmp(source, "tsc") == 0) {
		doctor_say(d, DOCTOR_tsc, DOCTOR_OK, NULL, "Linux itself goes by it");
		return;
	}
	if (cpu_has(cpuinfo, "constant_tsc") && cpu_has(cpuinfo, "nonstop_tsc")) {
		doctor_say(d, DOCTOR_tsc, DOCTOR_OK, NULL, "constant and never stops");
		return;
	}
	doctor_say(d, DOCTOR_tsc, DOCTOR_WARNING, NULL,
		   "the CPU does not promise that it runs evenly and never stops");
	if (cpu_has(cpuinfo, "hypervisor"))
		doctor_mend(d, "on the host: give the guest the invariant TSC (QEMU with KVM: "
			       "-cpu host,+invtsc)");
}

void doctor_clocksource(struct doctor *d)
{
	static const char path[] = "/sys/devices/system/clocksource/clocksource0";
	static const char *const fast[] = { "tsc", "kvm-clock", "hyperv_clocksource_tsc_page" };
	char now[64], all[256];

	if (!fact_text(d->f, now, sizeof(now), "%s/current_clocksource", path))
		return;
	for (size_t i = 0; i < sizeof(fast) / sizeof(fast[0]); i++) {
		if (strcmp(now, fast[i]) == 0) {
			doctor_say(d, DOCTOR_clocksource, DOCTOR_OK, NULL, "%s", now);
			return;
		}
	}
	fact_text(d->f, all, sizeof(all), "%s/available_clocksource", path);
	doctor_say(d, DOCTOR_clocksource, DOCTOR_WARNING, NULL, "%s, which is slow to read", now);
	if (strstr(all, "tsc"))
		doctor_mend(d, "echo tsc >%s/current_clocksource", path);
	else
		doctor_mend(d, "dmesg | grep -i -e tsc -e clocksource    # why Linux has no tsc");
}

void doctor_time_sync(struct doctor *d)
{
	int rc = d->f->calls->clock_synchronised();

	if (rc < 0)
		return;
	doctor_say(d, DOCTOR_time_sync, rc ? DOCTOR_OK : DOCTOR_WARNING, NULL,
		   rc ? "follows a time server" : "follows nobody");
	if (rc)
		return;
	if (fact_exists(d->f, "/usr/sbin/chronyd"))
		doctor_mend(d, "systemctl restart chrony; chronyc -n sources");
	else if (fact_exists(d->f, "/usr/lib/systemd/systemd-timesyncd"))
		doctor_mend(d, "timedatectl set-ntp true");
	else
		doctor_mend(d, "apt-get install chrony");
}
