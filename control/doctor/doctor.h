/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The doctor: looks at the machine, and at a configuration if there is one, and says what keeps
 * viaduct from starting or from being fast, each with the command that mends it. It changes
 * nothing.
 *
 * The checks are the lines of checks.def, each a function in the file of its group. They read
 * /proc and /sys below a root that tests choose, so a finding can be shown on a machine that never
 * was. Runs before the daemon (viaduct --doctor) or in it (viactl doctor); a few hundred small
 * files are read either way, which takes milliseconds. Control thread only.
 */
#pragma once

#include "control/config/config.h"
#include "control/doctor/facts.h"

#include <jansson.h>

enum doctor_check {
#define CHECK(id, ...) DOCTOR_##id,
#include "control/doctor/checks.def"
	DOCTOR_N_CHECKS
};

enum doctor_status {
	DOCTOR_OK,
	DOCTOR_NOTE,    /* as good as it gets here, or a matter of taste */
	DOCTOR_WARNING, /* works, but slower or less safe than it could */
	DOCTOR_FAULT,   /* does not work */
	DOCTOR_N_STATUSES
};

struct doctor_finding {
	enum doctor_check check;
	enum doctor_status status;
	const char *subject; /* interface of the configuration, or device; NULL = the machine */
	const char *text;    /* one line */
	const char *mend;    /* a command, or what to write into which file; NULL = none */
};

struct doctor_report {
	struct arena arena;
	struct doctor_finding *v;
	uint32_t n, room;
	uint32_t n_of[DOCTOR_N_STATUSES];
	bool no_memory; /* a finding was lost */
};

/* What only a running daemon knows of an interface of the configuration. */
struct doctor_port {
	uint32_t mtu;
	uint16_t rx_queues;
	bool up; /* has a link */
};

/* What is looked at. */
struct doctor_case {
	struct facts facts;
	const struct config *config;     /* NULL = none: the machine and all of its NICs */
	const struct doctor_port *ports; /* of each interface of config; NULL = not running */
};

/** Runs all checks. @out must be all zero; doctor_free() frees what it gets. */
void doctor_run(const struct doctor_case *c, struct doctor_report *out);

void doctor_free(struct doctor_report *r);

/** The report as `viactl --json doctor` prints it: new reference, NULL without memory. */
json_t *doctor_json(const struct doctor_report *r);
