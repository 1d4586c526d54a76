/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of options. Private to the command line: options.c reads by it, options_help.c prints
 * it.
 */
#pragma once

#include "bench/load/front/options.h"

#include <stddef.h>

enum option_kind {
	OPTION_FLAG, /* bool, set to true */
	OPTION_TEXT, /* const char *, borrowed */
	OPTION_REAL, /* double */
	OPTION_U8,   /* whole numbers */
	OPTION_U16,
	OPTION_U32,
	OPTION_U64,
	OPTION_RATE,   /* plan.rate and plan.pace: a number, or "max" */
	OPTION_DEVICE, /* the rest: fields of a struct load_side, or of the plan */
	OPTION_ADDRESSES,
	OPTION_ADDRESS,
	OPTION_MAC,
	OPTION_CPUS
};

struct option_row {
	const char *name;
	char letter;     /* 0 = long form only */
	const char *arg; /* as --help shows it; NULL = takes none */
	enum option_kind kind;
	size_t field;         /* offset in struct options */
	size_t given;         /* offset of a bool that is set along; 0 = none */
	double min, max;      /* of numbers */
	const char *fallback; /* read before the command line; NULL = all zero */
	const char *help;     /* a sentence without its full stop */
};

/* Options of one topic; rows end with a name of NULL. */
struct option_group {
	const char *title;
	const struct option_row *rows;
};

#define OPTION_GROUPS 5
#define OPTION_ROWS_MAX 64

extern const struct option_group option_groups[OPTION_GROUPS];

/* What a scenario is called, and does. */
struct option_scenario {
	const char *name, *help;
};

extern const struct option_scenario option_scenarios[LOAD_FILE + 1];
