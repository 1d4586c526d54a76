/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine that never was, for tests of the doctor: a folder with the files of /proc and /sys that
 * it reads, of a server with two NUMA nodes that is set up as it should be.
 */
#pragma once

#include "control/doctor/doctor.h"

/* A file of the machine. */
struct lab_file {
	const char *path;
	const char *text; /* "-> TARGET": a link; NULL: it is not there */
};

#define LAB_FILES_MAX 4

/* What differs from the machine that is set up well. */
struct lab_change {
	struct lab_file file[LAB_FILES_MAX];
	int clock_synchronised; /* 0 = as it should be, else what the call returns, less 10 */
	const char *feature;    /* of every interface, on; NULL = none */
	bool hash_without_ports;
};

/* One thing that is not as it should be, and what the doctor says of it. */
struct doctor_row {
	struct lab_change change;
	const char *yaml; /* NULL = doctor_lab_yaml */
	enum doctor_check check;
	enum doctor_status status;
	const char *subject; /* NULL = the machine */
	const char *text;    /* contains this */
	const char *mend;    /* begins with this; NULL = there is none */
};

/* A configuration that fits the machine. */
extern const char doctor_lab_yaml[];

/** Makes the machine with @change (NULL = none) and runs the doctor over it and the configuration
 * @yaml (NULL = none). @ports as in struct doctor_case. The machine of the last call is used again,
 * and gone with the process. */
void doctor_lab(const struct lab_change *change, const char *yaml, const struct doctor_port *ports,
		struct doctor_report *out);

/** The finding of @check about @subject (NULL = the machine), or NULL. */
const struct doctor_finding *doctor_lab_find(const struct doctor_report *r, enum doctor_check check,
					     const char *subject);

/** Tries each of the @n @rows. */
void doctor_rows(const struct doctor_row *rows, size_t n);

/** Fails unless each check from @from up to, not with, @to finds something in a row. */
void doctor_rows_cover(const struct doctor_row *rows, size_t n, unsigned int from, unsigned int to);
