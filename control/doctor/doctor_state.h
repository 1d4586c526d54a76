/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the checks share. Private to control/doctor.
 */
#pragma once

#include "control/doctor/cpus.h"
#include "control/doctor/doctor.h"

#define DOCTOR_DEVICES_MAX 64 /* as many interfaces as a configuration can have */
#define DOCTOR_PCI_MAX 16     /* "0000:3b:00.0" */

/* A network device: an interface of the configuration, or what the machine has. */
struct doctor_device {
	const char *name;             /* of the configuration, else the address or Linux's name */
	enum config_device_kind kind; /* CONFIG_DEVICE_NONE: no configuration names it */
	enum config_kernel kernel;
	char pci[DOCTOR_PCI_MAX];       /* its address; "" = it has none */
	char netdev[FACT_NAME_MAX];     /* interface of Linux; "" = Linux has none */
	uint32_t mtu;                   /* of the configuration; 0 = none */
	const struct doctor_port *port; /* NULL = not running */
};

struct doctor {
	const struct doctor_case *c;
	const struct facts *f;
	const struct config *config; /* NULL = none */
	struct doctor_report *report;
	struct doctor_device device[DOCTOR_DEVICES_MAX];
	uint32_t n_devices;
	cpu_set_t allowed;  /* CPUs that this process may run on */
	uint16_t n_workers; /* that the configuration asks for, or the default */
	bool spin;          /* workers are pinned to CPUs and never nap */
};

/** Finds the devices of the configuration, or else of the machine. */
void doctor_find_devices(struct doctor *d);

/** Adds a finding; @subject may be NULL. */
__attribute__((format(printf, 5, 6))) void doctor_say(struct doctor *d, enum doctor_check check,
						      enum doctor_status status,
						      const char *subject, const char *fmt, ...);

/** Says what mends the last finding. */
__attribute__((format(printf, 2, 3))) void doctor_mend(struct doctor *d, const char *fmt, ...);

/** Says that @words on the kernel's command line mend the last finding: in file @name of their own,
 * by Debian's way. @also: what else to do before the reboot, "" or ending with ", ". */
void doctor_mend_boot(struct doctor *d, const char *name, const char *words, const char *also);

/** True if Linux has the device and viaduct shares it: packet and xdp. */
static inline bool doctor_is_shared(const struct doctor_device *v)
{
	return v->kind == CONFIG_DEVICE_PACKET || v->kind == CONFIG_DEVICE_XDP;
}

/* The checks, by group. */
#define CHECK(id, ...) void doctor_##id(struct doctor *d);
#include "control/doctor/checks.def"
