/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * viaload: plays callers and servers around a SIP proxy, checks what it makes of their messages,
 * and says how fast and how late.
 *
 * Exit status: 0 = all is well; 1 = the proxy did something wrong, or lost more than --loss allows;
 * 2 = wrong usage; 3 = could not start, or could not write what was asked for.
 */
#include "bench/load/engine/engine.h"
#include "bench/load/front/json.h"
#include "bench/load/front/limit.h"
#include "bench/load/front/options.h"
#include "bench/load/front/record.h"
#include "bench/load/front/report.h"
#include "bench/load/front/run.h"
#include "bench/load/front/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_USAGE = 2, EXIT_START = 3 };

/* What the machine decides where the command line does not. */
static void complete(struct options *o, const struct machine *m)
{
	struct load_plan *p = &o->plan;

	p->hugepages = !o->no_huge && m->huge_free > 0;
	if (!p->n_lcores)
		p->lcores[p->n_lcores++] = machine_first_cpu();
}

/* Returns 0, or EXIT_START if a file could not be written. */
static int write_files(const struct record *r)
{
	const struct options *o = r->options;
	int status = 0, rc = o->json ? json_write(r, o->json) : 0;

	if (rc) {
		fprintf(stderr, "viaload: %s: %s\n", o->json, strerror(-rc));
		status = EXIT_START;
	}
	rc = o->report ? report_write(r, o->report) : 0;
	if (rc) {
		fprintf(stderr, "viaload: %s: %s\n", o->report, strerror(-rc));
		status = EXIT_START;
	}
	return status;
}

static int measure(struct engine *e, struct record *r)
{
	const struct load_plan *p = &r->options->plan;
	double rate = p->pace == LOAD_OPEN ? p->rate : 0;

	if (r->options->find_limit)
		return limit_find(e, r);
	return run_once(e, r, options_scenario(p->scenario), rate, p->warm_up, p->seconds);
}

static int run(struct record *r)
{
	const struct options *o = r->options;
	char error[256] = "";
	struct engine *e = engine_open(&o->plan, error);
	int rc, status;

	if (!e) {
		fprintf(stderr, "viaload: %s\n", error);
		return EXIT_START;
	}
	run_signals();
	rc = measure(e, r);
	engine_close(e);
	if (rc) {
		fprintf(stderr, "viaload: the run did not start: %s\n", strerror(-rc));
		return EXIT_START;
	}
	record_judge(r);
	if (!o->quiet)
		summary_print(r, o->json && strcmp(o->json, "-") == 0 ? stderr : stdout);
	else if (!r->verdict.passed)
		fprintf(stderr, "viaload: %s\n", r->verdict.reason);
	status = write_files(r);
	return status ? status : r->verdict.passed ? EXIT_GOOD : EXIT_BAD;
}

/* Everything behind the command line. Returns the exit status. */
static int start(struct options *options, int argc, char *const *argv)
{
	static struct record record;
	int status;

	record.options = options;
	record.argc = argc;
	record.argv = argv;
	machine_read(&record.machine);
	complete(options, &record.machine);
	status = run(&record);
	record_free(&record);
	return status;
}

int main(int argc, char **argv)
{
	static struct options options;
	char error[OPTIONS_ERROR], **said = calloc((size_t)argc + 1, sizeof(*said));
	int status = EXIT_GOOD;

	/* As it was typed: getopt_long() sorts argv. */
	for (int i = 0; said && i < argc; i++)
		said[i] = argv[i];
	if (options_read(&options, argc, argv, error)) {
		fprintf(stderr, "viaload: %s\n", error);
		status = EXIT_USAGE;
	} else if (options.help) {
		options_help(stdout);
	} else if (options.version) {
		printf("viaload %s\n", VIADUCT_VERSION);
	} else {
		status = start(&options, said ? argc : 0, said);
	}
	free(said);
	return status;
}
