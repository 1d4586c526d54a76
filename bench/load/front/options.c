/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads the command line by the table in options_table.c. Defaults are texts of that table and go
 * through the same readers, so help cannot say anything else than what happens.
 */
#include "bench/load/front/options.h"

#include "bench/load/front/option_values.h"
#include "bench/load/front/options_check.h"
#include "bench/load/front/options_table.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#define LONG_ONLY 256 /* value of the first row; letters are below */

static const struct option_row *rows[OPTION_ROWS_MAX];
static struct option longs[OPTION_ROWS_MAX + 1];
static char letters[2 * OPTION_ROWS_MAX + 2];

/* Fills the three tables above; returns the number of rows. */
static unsigned int make_tables(void)
{
	unsigned int n = 0, at = 0;

	letters[at++] = ':'; /* getopt: say ':' for a missing argument */
	for (unsigned int g = 0; g < OPTION_GROUPS; g++) {
		for (const struct option_row *r = option_groups[g].rows; r->name; r++) {
			rows[n] = r;
			longs[n] =
				(struct option){ r->name, r->arg ? required_argument : no_argument,
						 NULL, LONG_ONLY + (int)n };
			if (r->letter) {
				letters[at++] = r->letter;
				if (r->arg)
					letters[at++] = ':';
			}
			n++;
		}
	}
	longs[n] = (struct option){ NULL, 0, NULL, 0 };
	letters[at] = '\0';
	return n;
}

static const struct option_row *row_of(int c, unsigned int n)
{
	if (c >= LONG_ONLY)
		return rows[c - LONG_ONLY];
	for (unsigned int i = 0; i < n; i++) {
		if (rows[i]->letter == c)
			return rows[i];
	}
	return NULL;
}

static void store(void *field, enum option_kind kind, double value)
{
	switch (kind) {
	case OPTION_U8:
		*(uint8_t *)field = (uint8_t)value;
		break;
	case OPTION_U16:
		*(uint16_t *)field = (uint16_t)value;
		break;
	case OPTION_U32:
		*(uint32_t *)field = (uint32_t)value;
		break;
	case OPTION_U64:
		*(uint64_t *)field = (uint64_t)value;
		break;
	default:
		*(double *)field = value;
	}
}

static bool read_number(const struct option_row *r, const char *text, void *field, char *why)
{
	double value;

	if (!value_number(text, r->min, r->max, &value, why))
		return false;
	if (r->kind != OPTION_REAL && value != (double)(uint64_t)value) {
		snprintf(why, OPTIONS_ERROR, "%s is not a whole number", text);
		return false;
	}
	store(field, r->kind, value);
	return true;
}

static bool read_rate(const struct option_row *r, const char *text, struct load_plan *plan,
		      char *why)
{
	if (strcmp(text, "max") == 0) {
		plan->pace = LOAD_MAX;
		plan->rate = 0;
		return true;
	}
	if (!value_number(text, r->min, r->max, &plan->rate, why))
		return false;
	plan->pace = LOAD_OPEN;
	return true;
}

/* Reads @text as row @r has it. */
static bool read_value(struct options *o, const struct option_row *r, const char *text, char *why)
{
	void *field = (char *)o + r->field;

	switch (r->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return true;
	case OPTION_TEXT:
		*(const char **)field = text;
		return true;
	case OPTION_RATE:
		return read_rate(r, text, field, why);
	case OPTION_DEVICE:
		return value_device(text, field, why);
	case OPTION_ADDRESSES:
		return value_endpoints(text, field, why);
	case OPTION_ADDRESS:
		return value_endpoint(text, field, why);
	case OPTION_MAC:
		return value_mac(text, field, why);
	case OPTION_CPUS:
		return value_cpus(text, field, why);
	default:
		return read_number(r, text, field, why);
	}
}

static int take(struct options *o, const struct option_row *r, const char *text, char *error)
{
	char why[OPTIONS_ERROR];

	if (!read_value(o, r, text, why)) {
		snprintf(error, OPTIONS_ERROR, "--%s: %.*s", r->name, OPTIONS_ERROR - 32, why);
		return -EINVAL;
	}
	if (r->given)
		*(bool *)((char *)o + r->given) = true;
	return 0;
}

static int defaults(struct options *o, unsigned int n, char *error)
{
	*o = (struct options){ .plan.pace = LOAD_CLOSED };
	for (unsigned int i = 0; i < n; i++) {
		int rc = rows[i]->fallback ? take(o, rows[i], rows[i]->fallback, error) : 0;

		if (rc)
			return rc;
	}
	o->rate_given = o->calls_given = o->loss_given = false;
	o->time_given = o->warm_up_given = false;
	return 0;
}

/* What getopt did not understand. */
static int unknown(int c, char **argv, char *error)
{
	const char *said = argv[optind - 1];

	if (c == ':')
		snprintf(error, OPTIONS_ERROR, "%s needs a value; viaload --help lists all", said);
	else
		snprintf(error, OPTIONS_ERROR,
			 "\"%s\" is no option, or not a clear one; "
			 "viaload --help lists all",
			 said);
	return -EINVAL;
}

/* [find-limit] SCENARIO [FILE...] */
static int read_words(struct options *o, int n, char **words, char *error)
{
	if (n > 0 && strcmp(words[0], "find-limit") == 0) {
		o->find_limit = true;
		words++;
		n--;
	}
	if (n < 1) {
		snprintf(error, OPTIONS_ERROR,
			 "no scenario; it is call, options, register, mix or file FILE...");
		return -EINVAL;
	}
	for (unsigned int i = 0; i <= LOAD_FILE; i++) {
		if (strcmp(words[0], option_scenarios[i].name) != 0)
			continue;
		o->plan.scenario = (enum load_scenario)i;
		o->plan.files = (const char *const *)(words + 1);
		o->plan.n_files = (unsigned int)n - 1;
		return 0;
	}
	snprintf(error, OPTIONS_ERROR,
		 "\"%s\" is no scenario; it is call, options, register, mix or file FILE...",
		 words[0]);
	return -EINVAL;
}

int options_read(struct options *out, int argc, char **argv, char *error)
{
	unsigned int n = make_tables();
	int rc = defaults(out, n, error), c;

	optind = 0; /* glibc: begin anew */
	opterr = 0;
	while (rc == 0 && (c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct option_row *r = row_of(c, n);

		rc = r ? take(out, r, optarg, error) : unknown(c, argv, error);
	}
	if (rc || out->help || out->version)
		return rc;
	rc = read_words(out, argc - optind, argv + optind, error);
	return rc ? rc : options_check(out, error);
}

const char *options_scenario(enum load_scenario s)
{
	return option_scenarios[s].name;
}

const char *options_pace(enum load_pace p)
{
	static const char *const names[] = {
		[LOAD_OPEN] = "open", [LOAD_CLOSED] = "closed", [LOAD_MAX] = "max"
	};

	return names[p];
}
