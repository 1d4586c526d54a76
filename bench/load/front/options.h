/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line of viaload: one table (options.c) that parsing, --help and the manual page come
 * from. Main thread only, before the engine is opened. Texts are borrowed from argv.
 */
#pragma once

#include "bench/load/peer/plan.h"

#include <stdbool.h>
#include <stdio.h>

#define OPTIONS_ERROR 256

struct options {
	struct load_plan plan;
	bool find_limit;
	bool rate_given, calls_given, loss_given, time_given, warm_up_given;
	double loss;      /* highest share of messages that may be lost */
	double min_rate;  /* find-limit: where the search begins, messages per second */
	double max_rate;  /* and where it gives up */
	double trial;     /* seconds of a trial; the last one is longer */
	double precision; /* of the rate that is found, as a share of it */
	uint32_t tries;   /* trials at a rate that must fail before the rate has */
	const char *json; /* files to write, or NULL */
	const char *report;
	bool no_huge, quiet;
	bool help, version;
};

/**
 * Reads the command line into @out and checks that its parts agree. Returns 0, or -EINVAL with one
 * line in @error (OPTIONS_ERROR bytes). With --help and --version nothing else is checked.
 */
int options_read(struct options *out, int argc, char **argv, char *error);

/** What --help prints. */
void options_help(FILE *to);

/** The list of options as it stands in docs/man/viaload.8 (mdoc). */
void options_mdoc(FILE *to);

/** Names as the command line has them. */
const char *options_scenario(enum load_scenario s);
const char *options_pace(enum load_pace p);
