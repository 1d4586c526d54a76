/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a message costs against the size of everything that can grow: backends, pools, rules, Via
 * headers, the message, the number of flows. All through the pure core, parse to edit, warm; all
 * points take turns, so that a bad moment of the machine hits all of them.
 *
 * Flat is what the design says, but for bytes of the header section, which have to be read. Then
 * the tables by themselves: time and memory to build them, time to ask them.
 */
#include "bench/scale.h"

#include <getopt.h>
#include <stdlib.h>

/* Kinds that a rule and a table decide about, not a Route or a Via. */
#define NEW_KINDS                                                                \
	(1u << MESSAGE_INVITE | 1u << MESSAGE_REGISTER | 1u << MESSAGE_OPTIONS | \
	 1u << MESSAGE_CANCEL)
#define PLAIN_MESSAGES 1024u
#define PLAIN_BYTES (8u << 20) /* of a set of long messages, about */
#define FLOW_MESSAGES 500000u  /* in one turn, about */
#define FLOWS_OF_OTHERS 1000000u
#define PASSES 3 /* in one turn */
#define CHUNKS SAMPLES_MAX

static struct message_set mix;
static uint8_t *mix_pristine;

static void *must_alloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p) {
		fprintf(stderr, "scale: no memory\n");
		exit(2);
	}
	return p;
}

static struct scale_curve curve(const char *name, unsigned int n)
{
	return (struct scale_curve){ name, n, must_alloc(n * sizeof(struct scale_point)) };
}

/* New requests of the mix, each with the Call-ID of another one of @flows. */
static void new_requests(struct scale_point *p, const struct message_set *set, uint32_t n_flows)
{
	struct scale_flows *flows = must_alloc(sizeof(*flows));

	passes_make(&p->passes, set, mix_pristine, NEW_KINDS);
	scale_flows_make(flows, set, n_flows);
	p->passes.change = scale_flows_next;
	p->passes.arg = flows;
}

/* --- the sweeps -------------------------------------------------------------------------- */

static void over_backends(struct scale_sweep *s)
{
	static const uint32_t sizes[] = { 2, 8, 32, 128, 512, 2048, 10000 };

	*s = (struct scale_sweep){ .name = "backends",
				   .label = "Cost against backends of a pool",
				   .x_name = "backends",
				   .x_log = true,
				   .n_curves = 2 };
	s->curves[0] = curve("new requests", 7);
	s->curves[1] = curve("whole mix", 7);
	for (unsigned int i = 0; i < 7; i++) {
		for (unsigned int k = 0; k < 2; k++) {
			struct scale_point *p = &s->curves[k].points[i];

			p->x = sizes[i];
			p->world =
				k ? s->curves[0].points[i].world : scale_world_backends(sizes[i]);
			passes_make(&p->passes, &mix, mix_pristine, k ? PASS_ALL_KINDS : NEW_KINDS);
		}
	}
}

static void over_pools(struct scale_sweep *s)
{
	static const uint32_t sizes[] = { 1, 4, 16, 64, 256 };

	*s = (struct scale_sweep){ .name = "pools",
				   .label = "Cost against pools, each with a rule of its own",
				   .x_name = "pools",
				   .x_log = true,
				   .n_curves = 1 };
	s->curves[0] = curve("new requests", 5);
	for (unsigned int i = 0; i < 5; i++) {
		struct scale_point *p = &s->curves[0].points[i];
		struct message_set *set = must_alloc(sizeof(*set));

		p->x = sizes[i];
		p->world = scale_world_pools(sizes[i]);
		scale_from_pools(&mix, sizes[i], set);
		new_requests(p, set, FLOWS_OF_OTHERS);
	}
}

static void over_rules(struct scale_sweep *s)
{
	static const uint32_t sizes[] = { 1, 3, 10, 30, 100, 300, 1000 };

	*s = (struct scale_sweep){ .name = "routes",
				   .label = "Cost against routes of the file, the last one matches",
				   .x_name = "routes",
				   .x_log = true,
				   .n_curves = 2 };
	s->curves[0] = curve("routes by domain", 7);
	s->curves[1] = curve("routes by source", 7);
	for (unsigned int i = 0; i < 7; i++) {
		for (unsigned int k = 0; k < 2; k++) {
			struct scale_point *p = &s->curves[k].points[i];

			p->x = sizes[i];
			p->world =
				scale_world_rules(sizes[i], k ? SCALE_BY_SOURCE : SCALE_BY_DOMAIN);
			new_requests(p, &mix, FLOWS_OF_OTHERS);
		}
	}
}

static void plain_point(struct scale_point *p, double x, const struct scale_shape *shape)
{
	struct message_set *set = must_alloc(sizeof(*set));
	uint32_t most = PLAIN_BYTES / (shape->total + 1);

	p->x = x;
	p->world = messages_world();
	scale_plain(most < PLAIN_MESSAGES ? most : PLAIN_MESSAGES, shape, set);
	passes_make(&p->passes, set, passes_copy(set), PASS_ALL_KINDS);
}

static void over_vias(struct scale_sweep *s)
{
	static const unsigned int depths[] = { 1, 2, 4, 8, 12, 16, 20 };

	*s = (struct scale_sweep){ .name = "vias",
				   .label = "Cost against Vias of a request",
				   .x_name = "Via headers",
				   .n_curves = 2 };
	s->curves[0] = curve("Vias", 7);
	s->curves[1] = curve("other headers of as many bytes", 7);
	for (unsigned int i = 0; i < 7; i++) {
		struct scale_shape vias = { .n_vias = depths[i] };
		struct scale_shape others = { .n_vias = 1, .more_headers = 80 * (depths[i] - 1) };

		plain_point(&s->curves[0].points[i], depths[i], &vias);
		plain_point(&s->curves[1].points[i], depths[i], &others);
	}
}

static void over_sizes(struct scale_sweep *s)
{
	static const unsigned int sizes[] = { 300, 700, 1400, 4000, 10000, 25000, 65000 };

	*s = (struct scale_sweep){ .name = "sizes",
				   .label = "Cost against length of a message",
				   .x_name = "length",
				   .x_unit = "bytes",
				   .x_log = true,
				   .n_curves = 1 };
	s->curves[0] = curve("body grows", 7);
	for (unsigned int i = 0; i < 7; i++) {
		struct scale_shape body = { .n_vias = 1, .total = sizes[i] };

		plain_point(&s->curves[0].points[i], sizes[i], &body);
	}
}

static void over_headers(struct scale_sweep *s)
{
	static const unsigned int sizes[] = { 0, 400, 1000, 2000, 4000, 7000, 10000 };

	*s = (struct scale_sweep){ .name = "headers",
				   .label = "Cost against bytes of header lines without meaning to "
					    "a proxy",
				   .x_name = "bytes more",
				   .x_unit = "bytes",
				   .n_curves = 1 };
	s->curves[0] = curve("headers grow", 7);
	for (unsigned int i = 0; i < 7; i++) {
		struct scale_shape shape = { .n_vias = 1, .more_headers = sizes[i] };

		plain_point(&s->curves[0].points[i], sizes[i], &shape);
	}
}

static void over_flows(struct scale_sweep *s)
{
	static const uint32_t sizes[] = { 1, 100, 10000, 100000, 1000000, 10000000 };

	*s = (struct scale_sweep){ .name = "flows",
				   .label = "Cost against distinct Call-IDs",
				   .x_name = "Call-IDs",
				   .x_log = true,
				   .n_curves = 1 };
	s->curves[0] = curve("new requests", 6);
	for (unsigned int i = 0; i < 6; i++) {
		struct scale_point *p = &s->curves[0].points[i];

		p->x = sizes[i];
		p->world = scale_world_backends(SCALE_CORE_BACKENDS);
		new_requests(p, &mix, sizes[i]);
	}
}

enum { BACKENDS, POOLS, RULES, VIAS, SIZES, HEADERS, FLOWS, N_SWEEPS };

static void (*const makers[N_SWEEPS])(struct scale_sweep *s) = {
	[BACKENDS] = over_backends, [POOLS] = over_pools, [RULES] = over_rules,
	[VIAS] = over_vias,         [SIZES] = over_sizes, [HEADERS] = over_headers,
	[FLOWS] = over_flows,
};

static struct scale_sweep sweeps[N_SWEEPS];

/* --- measuring --------------------------------------------------------------------------- */

/* Once, so that no point measures refusals. */
static void check(const struct scale_point *p)
{
	work_world(p->world);
	passes_restore(&p->passes);
	for (uint32_t i = 0; i < p->passes.n; i++)
		work_check(p->passes.m[i]);
}

/* As many passes as it takes for all flows of the largest number to come, over all repetitions. */
static unsigned int passes_of(const struct scale_point *p, unsigned int repetitions, bool flows)
{
	unsigned int n = (unsigned int)(p->x / repetitions);

	return flows ? 1 + (n > FLOW_MESSAGES ? n : FLOW_MESSAGES) / p->passes.n : PASSES;
}

/*
 * The first pass finds the tables of this world in no cache and does not count. Of many passes the
 * median of CHUNKS parts is taken: what else the machine did meanwhile hits some of them.
 */
static void run_point(struct scale_point *p, unsigned int n_passes)
{
	unsigned int chunk = (n_passes + CHUNKS - 1) / CHUNKS;
	struct samples parts = { 0 };

	work_world(p->world);
	pass_run(&p->passes, &works[WORK_ALL], PASS_WARM);
	for (unsigned int i = 0; i < n_passes; i += chunk) {
		double sum = 0;

		for (unsigned int k = 0; k < chunk; k++)
			sum += pass_run(&p->passes, &works[WORK_ALL], PASS_WARM);
		samples_add(&parts, sum / chunk);
	}
	samples_add(&p->ns, samples_summary(&parts).median);
}

static void for_each_point(void (*run)(struct scale_point *p, unsigned int n), unsigned int n)
{
	for (unsigned int i = 0; i < N_SWEEPS; i++) {
		for (unsigned int c = 0; c < sweeps[i].n_curves; c++) {
			for (unsigned int k = 0; k < sweeps[i].curves[c].n; k++)
				run(&sweeps[i].curves[c].points[k], n);
		}
	}
}

static void check_point(struct scale_point *p, unsigned int n)
{
	(void)n;
	check(p);
}

static void measure(unsigned int repetitions)
{
	for_each_point(check_point, 0);
	/* Flows take half a million messages a turn: fewer turns of them. */
	for (unsigned int r = 0; r < repetitions; r++) {
		for (unsigned int i = 0; i < N_SWEEPS; i++) {
			unsigned int turns = i == FLOWS ? 5 : repetitions;

			for (unsigned int c = 0; c < sweeps[i].n_curves && r < turns; c++) {
				for (unsigned int k = 0; k < sweeps[i].curves[c].n; k++) {
					struct scale_point *p = &sweeps[i].curves[c].points[k];

					run_point(p, passes_of(p, turns, i == FLOWS));
				}
			}
		}
	}
}

/* --- output ------------------------------------------------------------------------------ */

static double ns_of(const struct scale_point *p)
{
	return samples_summary(&p->ns).min;
}

static void report_sweep_rows(struct report *r, const struct scale_sweep *s)
{
	for (unsigned int c = 0; c < s->n_curves; c++) {
		const struct scale_curve *curve = &s->curves[c];

		for (unsigned int k = 0; k < curve->n; k++) {
			struct summary u = samples_summary(&curve->points[k].ns);
			char name[64], column[32];
			struct report_row row = { name, curve->name, s->name, column, "ns" };

			snprintf(name, sizeof(name), "%s.%u.%.0f", s->name, c, curve->points[k].x);
			snprintf(column, sizeof(column), "%.0f", curve->points[k].x);
			report_samples(r, &row, &u);
		}
	}
}

static void report_flatness(struct report *r, const struct scale_sweep *s)
{
	for (unsigned int c = 0; c < s->n_curves; c++) {
		const struct scale_curve *curve = &s->curves[c];
		const struct scale_point *first = curve->points, *last = &first[curve->n - 1];
		struct samples turns = samples_ratio(&last->ns, &first->ns);
		struct summary u = samples_summary(&turns);
		char name[64], label[128];

		snprintf(name, sizeof(name), "flat.%s.%u", s->name, c);
		snprintf(label, sizeof(label), "%s (%s), %.0f over %.0f", s->x_name, curve->name,
			 last->x, first->x);
		report_ratio(r, name, label, ns_of(last) / ns_of(first), &u);
	}
}

static void report_sweep_plot(struct report *r, const struct scale_sweep *s)
{
	double x[SCALE_POINTS], y[2][SCALE_POINTS];
	struct report_curve curves[2];
	struct report_plot plot = {
		.name = s->name,
		.label = s->label,
		.x_name = s->x_name,
		.x_unit = s->x_unit ? s->x_unit : "",
		.y_unit = "ns per message",
		.x_log = s->x_log,
		.n = s->curves[0].n,
		.x = x,
		.n_curves = s->n_curves,
		.curves = curves,
	};

	for (unsigned int c = 0; c < s->n_curves; c++) {
		curves[c] = (struct report_curve){ s->curves[c].name, y[c] };
		for (unsigned int k = 0; k < s->curves[c].n; k++) {
			x[k] = s->curves[c].points[k].x;
			y[c][k] = ns_of(&s->curves[c].points[k]);
		}
	}
	report_plot(r, &plot);
}

static int write_json(const char *path, unsigned int repetitions)
{
	static const char *const titles[][2] = {
		{ "backends", "Backends of a pool" },
		{ "pools", "Pools, each with a rule by source" },
		{ "routes", "Routes of the file; messages match the last one" },
		{ "vias", "Vias of a request" },
		{ "sizes", "Bytes of a message" },
		{ "headers", "Bytes of more header lines" },
		{ "flows", "Distinct Call-IDs" },
		{ "tables", "Tables of a snapshot" },
		{ "maglev", "How even Maglev spreads, and what moves" },
		{ NULL, NULL }
	};
	static const char *const notes[] = {
		"Bytes of the header section have to be read, so cost grows with them; bytes of a "
		"body are not touched.",
		"Up to 8 routes of the file are asked one by one, more are looked up by an index "
		"of bit vectors. Pools have a table of 128 KiB each: many outgrow the caches.",
		"A look-up is at a random key: what grows with the table are cache misses.",
		"Maglev: 65,537 slots up to 655 servers, 655,373 above, as --check advises.", NULL
	};
	char turns[16];
	const char *const settings[][2] = { { "repetitions", turns },
					    { "scanner", sip_scan_name() },
					    { NULL, NULL } };
	FILE *f = path[0] ? fopen(path, "w") : stdout;
	struct report r;

	if (!f) {
		perror(path);
		return 1;
	}
	snprintf(turns, sizeof(turns), "%u", repetitions);
	report_open(&r, f);
	report_texts(&r, "settings", settings);
	report_texts(&r, "tables", titles);
	report_list(&r, "rows");
	for (unsigned int i = 0; i < N_SWEEPS; i++)
		report_sweep_rows(&r, &sweeps[i]);
	scale_tables_rows(&r);
	report_list(&r, "ratios");
	for (unsigned int i = 0; i < N_SWEEPS; i++)
		report_flatness(&r, &sweeps[i]);
	report_list(&r, "series");
	for (unsigned int i = 0; i < N_SWEEPS; i++)
		report_sweep_plot(&r, &sweeps[i]);
	report_notes(&r, notes);
	report_close(&r);
	return fclose(f) == 0 ? 0 : 1;
}

static void print_sweeps(void)
{
	for (unsigned int i = 0; i < N_SWEEPS; i++) {
		const struct scale_sweep *s = &sweeps[i];

		printf("%s, ns: minimum (median)\n  %-32s", s->label, s->x_name);
		for (unsigned int k = 0; k < s->curves[0].n; k++)
			printf(" %13.0f", s->curves[0].points[k].x);
		for (unsigned int c = 0; c < s->n_curves; c++) {
			printf("\n  %-32s", s->curves[c].name);
			for (unsigned int k = 0; k < s->curves[c].n; k++) {
				struct summary u = samples_summary(&s->curves[c].points[k].ns);

				printf(" %5.0f (%5.0f)", u.min, u.median);
			}
		}
		printf("\n");
	}
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "json", optional_argument, NULL, 'j' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "repetitions", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int repetitions = 25;
	const char *json = NULL;
	int cpu = -1, c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (c == 'j') {
			json = optarg ? optarg : "";
		} else if (c == 'c') {
			cpu = (int)strtol(optarg, NULL, 10);
		} else if (c == 'r') {
			repetitions = (unsigned int)strtoul(optarg, NULL, 10);
		} else {
			puts("usage: scale [--json[=FILE]] [--cpu N] [--repetitions N]");
			return 2;
		}
	}
	sip_scan_select("auto");
	timing_pin(cpu);
	messages_make(MESSAGES, MESSAGES_SEED, &mix);
	mix_pristine = passes_copy(&mix);
	for (unsigned int i = 0; i < N_SWEEPS; i++)
		makers[i](&sweeps[i]);
	measure(repetitions);
	print_sweeps();
	return json ? write_json(json, repetitions) : 0;
}
