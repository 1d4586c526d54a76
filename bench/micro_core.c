/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nanoseconds for one message through the pure core: parse, decide, edit in place, over 4,096
 * distinct messages, next to reference work on the same bytes in the same run.
 *
 *   warm     a batch of 32 messages was touched just before, as by a receiving device: L1 and L2
 *   L3       all messages one after the other, 9.7 MB: out of L2
 *   DRAM     each batch taken out of all caches before, prefetched four messages ahead
 *   bare     the same, nothing prefetched
 *   32 only  the same 32 messages again and again: what a bench must not do, for comparison
 *
 * Edits are in place, so each batch is restored before it is measured. --count runs the mix a
 * number of times and nothing else, --sections each piece of work once between two calls of
 * count_section(): for callgrind (bench/count.sh). --warm times one piece of work, for a profiler
 * or to compare two builds in turns.
 */
#include "bench/passes.h"
#include "bench/report.h"

#include <getopt.h>
#include <stdlib.h>

static const char *const mode_names[N_MODES] = { "warm", "L3", "DRAM", "DRAM, bare", "32 only" };
static const char *const mode_ids[N_MODES] = { "warm", "l3", "cold", "cold_bare", "few" };
static const char *const scanners[] = { "sse4.2", "avx2", "avx512" };

#define N_SCANNERS (sizeof(scanners) / sizeof(scanners[0]))

static struct passes mix, kinds[MESSAGE_KINDS];
static struct samples mixed[N_WORKS][N_MODES], by_kind[MESSAGE_KINDS], by_scanner[N_SCANNERS];
static const char *chosen; /* the scanner of all that is not about scanners */

static void measure(unsigned int repetitions)
{
	for (unsigned int r = 0; r < repetitions; r++) {
		for (unsigned int i = 0; i < N_WORKS; i++) {
			for (unsigned int k = 0; k < N_MODES; k++)
				samples_add(&mixed[i][k],
					    pass_run(&mix, &works[i], (enum pass_mode)k));
		}
		for (unsigned int k = 0; k < MESSAGE_KINDS; k++)
			samples_add(&by_kind[k], pass_run(&kinds[k], &works[WORK_ALL], PASS_WARM));
		for (unsigned int k = 0; k < N_SCANNERS; k++) {
			if (sip_scan_select(scanners[k]))
				samples_add(&by_scanner[k],
					    pass_run(&mix, &works[WORK_ALL], PASS_WARM));
		}
		sip_scan_select(chosen);
	}
}

/* --- tables for people ------------------------------------------------------------------- */

static void print_sample(const struct samples *s)
{
	struct summary u = samples_summary(s);

	printf(" %7.1f (%5.1f)", u.min, u.median);
}

static double least(const struct samples *s)
{
	return samples_summary(s).min;
}

static void print_ratio(const char *what, const struct samples *a, const struct samples *b)
{
	struct samples turns = samples_ratio(a, b);
	struct summary u = samples_summary(&turns);

	printf("%-52s %6.2f x  (turn by turn: median %.2f, quartiles %.2f to %.2f)\n", what,
	       least(a) / least(b), u.median, u.q1, u.q3);
}

static void print_tables(void)
{
	printf("%u messages, %.0f bytes on average, scanner %s; ns for one message, minimum "
	       "(median)\n\n%-52s",
	       mix.n, passes_mean_length(&mix), chosen, "");
	for (unsigned int k = 0; k < N_MODES; k++)
		printf(" %15s", mode_names[k]);
	for (unsigned int i = 0; i < N_WORKS; i++) {
		printf("\n%-52s", works[i].what);
		for (unsigned int k = 0; k < N_MODES; k++)
			print_sample(&mixed[i][k]);
	}
	printf("\n\n%-52s %15s %15s\n", "the core, by kind and by scanner", "warm", "GB/s");
	for (unsigned int k = 0; k < MESSAGE_KINDS; k++) {
		printf("  %-50s", message_kind_names[k]);
		print_sample(&by_kind[k]);
		printf(" %15.2f\n", passes_mean_length(&kinds[k]) / least(&by_kind[k]));
	}
	for (unsigned int k = 0; k < N_SCANNERS; k++) {
		if (by_scanner[k].n == 0)
			continue;
		printf("  %-50s", scanners[k]);
		print_sample(&by_scanner[k]);
		printf("\n");
	}
	printf("\n");
	print_ratio("THE CORE OVER THE HEADER SPLIT, warm", &mixed[WORK_ALL][PASS_WARM],
		    &mixed[WORK_HEADERS][PASS_WARM]);
	print_ratio("THE CORE FROM DRAM OVER WARM", &mixed[WORK_ALL][PASS_DRAM],
		    &mixed[WORK_ALL][PASS_WARM]);
}

/* --- JSON -------------------------------------------------------------------------------- */

static void report_mix(struct report *r)
{
	for (unsigned int i = 0; i < N_WORKS; i++) {
		char name[64];
		struct report_row row = { name, works[i].what, "mix", NULL, "ns" };

		for (unsigned int k = 0; k < N_MODES; k++) {
			struct summary u = samples_summary(&mixed[i][k]);

			snprintf(name, sizeof(name), "%s.%s", works[i].name, mode_ids[k]);
			row.column = mode_names[k];
			report_samples(r, &row, &u);
		}
		if (i == WORK_EMPTY)
			continue;
		snprintf(name, sizeof(name), "%s.gbps", works[i].name);
		row.column = row.unit = "GB/s";
		report_value(r, &row, passes_mean_length(&mix) / least(&mixed[i][PASS_WARM]));
	}
}

static void report_kinds(struct report *r)
{
	for (unsigned int k = 0; k < MESSAGE_KINDS; k++) {
		struct summary u = samples_summary(&by_kind[k]);
		double bytes = passes_mean_length(&kinds[k]);
		char name[64];
		struct report_row row = { name, message_kind_names[k], "kinds", "bytes", "bytes" };

		snprintf(name, sizeof(name), "kind.%u.bytes", k);
		report_value(r, &row, bytes);
		snprintf(name, sizeof(name), "kind.%u.warm", k);
		row.column = "warm";
		row.unit = "ns";
		report_samples(r, &row, &u);
		snprintf(name, sizeof(name), "kind.%u.gbps", k);
		row.column = row.unit = "GB/s";
		report_value(r, &row, bytes / u.min);
	}
	for (unsigned int k = 0; k < N_SCANNERS; k++) {
		struct summary u = samples_summary(&by_scanner[k]);
		char name[64];
		struct report_row row = { name, scanners[k], "scanners", "warm", "ns" };

		snprintf(name, sizeof(name), "scanner.%s.warm", scanners[k]);
		if (u.n)
			report_samples(r, &row, &u);
	}
}

/* Stages warm and from DRAM; kinds. */
static void report_plots(struct report *r)
{
	const char *names[N_WORKS];
	double warm[N_WORKS], dram[N_WORKS], by[MESSAGE_KINDS];
	const struct report_curve stages[] = { { "warm", warm }, { "from DRAM", dram } };
	const struct report_curve kind = { "warm", by };
	struct report_plot plot = { .name = "stages",
				    .label = "One message of the mix, by stage",
				    .x_name = "",
				    .x_unit = "",
				    .y_unit = "ns per message",
				    .n = N_WORKS - 1,
				    .x_texts = names,
				    .n_curves = 2,
				    .curves = stages };

	for (unsigned int i = 1; i < N_WORKS; i++) {
		names[i - 1] = works[i].name;
		warm[i - 1] = least(&mixed[i][PASS_WARM]);
		dram[i - 1] = least(&mixed[i][PASS_DRAM]);
	}
	report_plot(r, &plot);
	for (unsigned int k = 0; k < MESSAGE_KINDS; k++)
		by[k] = least(&by_kind[k]);
	plot.name = "kinds";
	plot.label = "The core by kind of message";
	plot.n = MESSAGE_KINDS;
	plot.x_texts = message_kind_names;
	plot.n_curves = 1;
	plot.curves = &kind;
	report_plot(r, &plot);
}

static void ratio(struct report *r, const char *name, const char *label, const struct samples *a,
		  const struct samples *b)
{
	struct samples turns = samples_ratio(a, b);
	struct summary u = samples_summary(&turns);

	report_ratio(r, name, label, least(a) / least(b), &u);
}

static void report_settings(struct report *r)
{
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
	static const char build[] = "debug";
#else
	static const char build[] = "release";
#endif
	char messages[32], bytes[32];
	const char *const pairs[][2] = { { "build", build },      { "compiler", __VERSION__ },
					 { "scanner", chosen },   { "messages", messages },
					 { "mean_bytes", bytes }, { NULL, NULL } };

	snprintf(messages, sizeof(messages), "%u", mix.n);
	snprintf(bytes, sizeof(bytes), "%.1f", passes_mean_length(&mix));
	report_texts(r, "settings", pairs);
}

/* Returns the exit status. */
static int write_json(const char *path)
{
	static const char *const titles[][2] = {
		{ "mix", "One message of the mix, by stage and state of the caches" },
		{ "kinds", "The core by kind of message, warm" },
		{ "scanners", "The core by scanner, warm" },
		{ NULL, NULL }
	};
	FILE *f = path[0] ? fopen(path, "w") : stdout;
	struct report r;

	if (!f) {
		perror(path);
		return 1;
	}
	report_open(&r, f);
	report_settings(&r);
	report_texts(&r, "tables", titles);
	report_list(&r, "rows");
	report_mix(&r);
	report_kinds(&r);
	report_list(&r, "ratios");
	if (mixed[WORK_ALL][PASS_WARM].n > 0) {
		ratio(&r, "core_vs_headers", "the core over the header split, warm",
		      &mixed[WORK_ALL][PASS_WARM], &mixed[WORK_HEADERS][PASS_WARM]);
		ratio(&r, "core_vs_memcpy", "the core over memcpy, warm",
		      &mixed[WORK_ALL][PASS_WARM], &mixed[WORK_MEMCPY][PASS_WARM]);
		ratio(&r, "cold_vs_warm", "the core from DRAM with sip_prefetch() over warm",
		      &mixed[WORK_ALL][PASS_DRAM], &mixed[WORK_ALL][PASS_WARM]);
		ratio(&r, "bare_vs_warm", "the core from DRAM without prefetch over warm",
		      &mixed[WORK_ALL][PASS_DRAM_BARE], &mixed[WORK_ALL][PASS_WARM]);
		ratio(&r, "mix_vs_few", "4,096 distinct messages over 32 repeated ones",
		      &mixed[WORK_ALL][PASS_WARM], &mixed[WORK_ALL][PASS_FEW]);
	}
	report_list(&r, "series");
	report_plots(&r);
	report_close(&r);
	return fclose(f) == 0 ? 0 : 1;
}

/* --- for callgrind ----------------------------------------------------------------------- */

/* Where callgrind ends one account and begins the next (--dump-before). Kept whole and by name. */
__attribute__((noipa)) void count_section(void);

void count_section(void)
{
	__asm__ __volatile__("");
}

static const struct work *find_work(const char *what)
{
	for (unsigned int i = 0; i < N_WORKS; i++) {
		if (strcmp(works[i].name, what) == 0)
			return &works[i];
	}
	fprintf(stderr, "micro_core: no work called %s\n", what);
	exit(2);
}

/* Runs the work @what over the messages of @kind (MESSAGE_KINDS = all) @rounds times. */
static void count(const char *what, unsigned int kind, unsigned int rounds)
{
	const struct passes *p = kind < MESSAGE_KINDS ? &kinds[kind] : &mix;
	const struct work *w = find_work(what);

	/* Restored in every round, so that rounds cost the same; count.sh takes that off with
	 * --work empty. */
	for (unsigned int r = 0; r < rounds; r++) {
		passes_restore(&mix);
		for (uint32_t i = 0; i < p->n; i++)
			timing_keep(w->run(p->m[i]));
	}
}

/* Prints the least and the median time of the work @what, warm, of the first SAMPLES_MAX rounds. */
static void warm(const char *what, unsigned int kind, unsigned int rounds)
{
	const struct passes *p = kind < MESSAGE_KINDS ? &kinds[kind] : &mix;
	const struct work *w = find_work(what);
	struct samples times = { .n = 0 };
	struct summary u;

	for (unsigned int r = 0; r < rounds; r++)
		samples_add(&times, pass_run(p, w, PASS_WARM));
	u = samples_summary(&times);
	printf("%.1f %.1f\n", u.min, u.median);
}

static void section(const struct passes *p, const struct work *w, const char *name,
		    const char *label, const char *table)
{
	passes_restore(p);
	count_section();
	for (uint32_t i = 0; i < p->n; i++)
		timing_keep(w->run(p->m[i]));
	count_section();
	printf("%s|%s|%s|%u\n", name, label, table, p->n);
}

/* Each work over the mix and the core over each kind, once, and their names in order. */
static void sections(void)
{
	for (unsigned int i = 0; i < N_WORKS; i++) {
		/* Valgrind does not know the PCMPESTRI of the header split. */
		if (i != WORK_HEADERS)
			section(&mix, &works[i], works[i].name, works[i].what, "mix");
	}
	for (unsigned int k = 0; k < MESSAGE_KINDS; k++) {
		char name[64];

		snprintf(name, sizeof(name), "kind.%u", k);
		section(&kinds[k], &works[WORK_ALL], name, message_kind_names[k], "kinds");
	}
}

/* --- the program ------------------------------------------------------------------------- */

static void setup(void)
{
	static struct message_set set;
	static uint8_t *pristine;

	messages_make(MESSAGES, MESSAGES_SEED, &set);
	pristine = passes_copy(&set);
	work_world(messages_world());
	passes_make(&mix, &set, pristine, PASS_ALL_KINDS);
	for (unsigned int k = 0; k < MESSAGE_KINDS; k++)
		passes_make(&kinds[k], &set, pristine, 1u << k);
}

static void usage(void)
{
	puts("usage: micro_core [--json[=FILE]] [--cpu N] [--repetitions N] [--scanner NAME]\n"
	     "       micro_core --count|--warm ROUNDS [--work NAME] [--kind NUMBER]\n"
	     "                  [--scanner NAME]\n"
	     "       micro_core --sections [--scanner NAME]\n"
	     "exit status 77: this CPU lacks the scanner");
}

struct options {
	const char *work;
	const char *json; /* file, "" = standard output and no tables, NULL = tables only */
	unsigned int repetitions, rounds, kind;
	bool counting, warm, sections;
	int cpu;
};

/* Returns -1 to go on, else the exit status. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{ "json", optional_argument, NULL, 'j' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "repetitions", required_argument, NULL, 'r' },
		{ "scanner", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'n' },
		{ "warm", required_argument, NULL, 't' },
		{ "sections", no_argument, NULL, 'e' },
		{ "work", required_argument, NULL, 'w' },
		{ "kind", required_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'j':
			o->json = optarg ? optarg : "";
			break;
		case 'c':
			o->cpu = (int)strtol(optarg, NULL, 10);
			break;
		case 'r':
			o->repetitions = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 's':
			if (!sip_scan_select(optarg))
				return 77;
			break;
		case 'n':
		case 't':
			o->counting = c == 'n';
			o->warm = c == 't';
			o->rounds = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'e':
			o->sections = true;
			break;
		case 'w':
			o->work = optarg;
			break;
		case 'k':
			o->kind = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		default:
			usage();
			return c == 'h' ? 0 : 2;
		}
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct options o = { .work = "all", .repetitions = 61, .kind = MESSAGE_KINDS, .cpu = -1 };
	int status;

	sip_scan_select("auto");
	status = read_options(argc, argv, &o);
	if (status >= 0)
		return status;
	chosen = sip_scan_name();
	setup();
	if (o.counting) {
		count(o.work, o.kind, o.rounds);
		return 0;
	}
	if (o.warm) {
		timing_pin(o.cpu);
		warm(o.work, o.kind, o.rounds);
		return 0;
	}
	if (o.sections) {
		sections();
		return 0;
	}
	for (uint32_t i = 0; i < mix.n; i++)
		work_check(mix.m[i]);
	timing_pin(o.cpu);
	measure(o.repetitions);
	if (!o.json || o.json[0])
		print_tables();
	return o.json ? write_json(o.json) : 0;
}
