/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How fast one worker is when nothing outside slows it down: the real worker_turn() in one process,
 * over 4,096 distinct messages, with devices that are memory. Nothing is switched off.
 *
 * "net_pcap: receive, worker, send" is the figure to quote: a device copies each frame into a fresh
 * buffer, the worker takes it from Ethernet to Ethernet, another device frees it. The rows beside
 * it say what the parts cost. Every row with a worker first sends each message once and compares
 * what leaves, byte for byte; afterwards all frames received must be counted as forwarded.
 *
 * Each row runs in processes of its own, rows in turns, so that a change of the clock or a loud
 * neighbour meets them all.
 */
#include "bench/plane/runs.h"
#include "bench/report.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct message_set set;
static struct frames frames;
static struct run_result *result;
static char folder[] = "/tmp/viaduct-bench-XXXXXX";

/* --- output -------------------------------------------------------------------------------- */

static double mean_ns(enum row r)
{
	return (double)result->ticks[r] * timing_tick_ns() / (double)result->messages[r];
}

static void print_table(void)
{
	printf("%u messages, %.0f bytes on average in frames of %.0f, scanner %s, %s\n"
	       "ns for one message on one core; M/s from the mean\n\n",
	       set.n, frames.mean_message, frames.mean_frame, sip_scan_name(),
	       result->huge ? "hugepages" : "no hugepages");
	printf("%-52s %8s %8s %8s %8s\n", "", "minimum", "median", "mean", "M/s");
	for (int r = 0; r < N_ROWS; r++) {
		if (result->messages[r])
			printf("%-52s %8.1f %8.1f %8.1f %8.2f\n", rows[r].what,
			       samples_summary(&result->row[r]).min,
			       samples_summary(&result->row[r]).median, mean_ns(r),
			       1e3 / mean_ns(r));
	}
	if (!result->messages[ROW_PCAP])
		return;
	printf("\nstages of the worker over net_pcap, ns for one message:\n");
	for (int s = 0; s < N_STAGES; s++)
		printf("  %s %.1f", stage_names[s], result->stage[s]);
	printf("\n");
}

/* Names as in a bench result: what is a blank in a row's name is a "_" there. */
static void json_name(char *out, size_t n, const char *name, const char *end)
{
	snprintf(out, n, "plane.%s%s", name, end);
	for (char *c = out; *c; c++)
		*c = *c == ' ' ? '_' : *c;
}

static double rate_of(double ns)
{
	return 1e3 / ns;
}

/* pcap_rate is the figure to quote. */
static void json_row(struct report *r, enum row n)
{
	struct summary s = samples_summary(&result->row[n]);
	const struct summary rates = { s.n,           rate_of(s.max),
				       rate_of(s.q3), rate_of(s.median),
				       rate_of(s.q1), rate_of(s.min) };
	char name[64];
	struct report_row row = { name, rows[n].what, "plane", "for one message", "ns" };

	json_name(name, sizeof(name), rows[n].name, "");
	report_samples(r, &row, &s);
	json_name(name, sizeof(name), rows[n].name, ".rate");
	row.name = n == ROW_PCAP ? "pcap_rate" : name;
	row.column = row.unit = "M/s";
	report_figure(r, &row, rate_of(mean_ns(n)), "mean", &rates);
}

static void json_stages(struct report *r)
{
	for (int s = 0; s < N_STAGES; s++) {
		char name[64];
		struct report_row row = { name, stage_names[s], "stages", "for one message", "ns" };

		json_name(name, sizeof(name), "stage.", stage_names[s]);
		report_value(r, &row, result->stage[s]);
	}
}

static void json_settings(struct report *r)
{
	char frame[32], sent[32];
	const char *const pairs[][2] = {
		{ "one process: mean frame", frame },
		{ "sent", sent },
		{ "scanner", sip_scan_name() },
		{ "hugepages", result->huge ? "yes" : "no" },
		{ NULL, NULL },
	};

	snprintf(frame, sizeof(frame), "%.0f bytes", frames.mean_frame);
	snprintf(sent, sizeof(sent), "%.0f bytes", frames.mean_out);
	report_texts(r, "settings", pairs);
}

static void write_json(const char *path)
{
	static const char *const titles[][2] = {
		{ "plane", "One process, one core, devices that are memory" },
		{ "stages", "Stages of the worker over net_pcap" },
		{ NULL, NULL },
	};
	FILE *f = fopen(path, "we");
	struct report r;

	if (!f) {
		fprintf(stderr, "plane_bench: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	report_open(&r, f);
	json_settings(&r);
	report_texts(&r, "tables", titles);
	report_list(&r, "rows");
	for (int n = 0; n < N_ROWS; n++) {
		if (result->messages[n])
			json_row(&r, (enum row)n);
	}
	if (result->messages[ROW_PCAP])
		json_stages(&r);
	report_close(&r);
	fclose(f);
}

/* --- running ------------------------------------------------------------------------------- */

static void make_captures(void)
{
	char path[64];

	if (!mkdtemp(folder)) {
		fprintf(stderr, "plane_bench: %s: %s\n", folder, strerror(errno));
		exit(2);
	}
	for (unsigned int p = 0; p < FRAME_PORTS; p++) {
		snprintf(path, sizeof(path), "%s/port%u.pcap", folder, p);
		frames_pcap(&frames, p, path);
	}
}

static void remove_captures(void)
{
	char path[64];

	for (unsigned int p = 0; p < FRAME_PORTS; p++) {
		snprintf(path, sizeof(path), "%s/port%u.pcap", folder, p);
		unlink(path);
	}
	rmdir(folder);
}

/* Runs @row for one round in a process of its own. False if that failed. */
static bool run_apart(const struct run_conf *conf, enum row row)
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		run_row(conf, row, conf->seconds / RUN_ROUNDS, result);
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* All rows, or @only, in turns. */
static bool run_all(const struct run_conf *conf, int only)
{
	bool ok = true;

	for (int round = 0; ok && round < RUN_ROUNDS; round++) {
		for (int r = 0; ok && r < N_ROWS; r++) {
			if (only < 0 || only == r)
				ok = run_apart(conf, (enum row)r);
		}
	}
	return ok;
}

static int row_of(const char *name)
{
	for (int r = 0; r < N_ROWS; r++) {
		if (strcmp(rows[r].name, name) == 0)
			return r;
	}
	fprintf(stderr, "plane_bench: no row called %s\n", name);
	exit(2);
}

static void usage(void)
{
	puts("usage: plane_bench [--seconds S] [--cpu N] [--huge yes|no] [--row NAME] [--here]\n"
	     "                   [--scanner NAME] [--json FILE] [--pcap FILE]\n"
	     "  --seconds  time for each row (3)\n"
	     "  --row      this row only: core, net_null, net_pcap, \"net_pcap copy\", net_ring,\n"
	     "             \"net_ring cold\"\n"
	     "  --here     in one go in this process, for a profiler; needs --row\n"
	     "  --pcap     writes the frames to FILE and ends\n"
	     "exit status 77: this CPU lacks the scanner");
}

static const struct option options[] = {
	{ "seconds", required_argument, NULL, 's' }, { "cpu", required_argument, NULL, 'c' },
	{ "huge", required_argument, NULL, 'H' },    { "row", required_argument, NULL, 'r' },
	{ "here", no_argument, NULL, 'e' },          { "scanner", required_argument, NULL, 'S' },
	{ "json", required_argument, NULL, 'j' },    { "pcap", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },          { NULL, 0, NULL, 0 },
};

/* What main() was asked for beside struct run_conf. */
struct wish {
	const char *json, *pcap;
	int only; /* row, negative: all */
	bool here;
};

static void read_options(int argc, char **argv, struct run_conf *conf, struct wish *w)
{
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 's')
			conf->seconds = strtod(optarg, NULL);
		else if (o == 'c')
			conf->cpu = (int)strtol(optarg, NULL, 10);
		else if (o == 'H')
			conf->hugepages = optarg[0] == 'y' ? PLANE_HUGE_ON : PLANE_HUGE_OFF;
		else if (o == 'r')
			w->only = row_of(optarg);
		else if (o == 'e')
			w->here = true;
		else if (o == 'S' && !sip_scan_select(optarg))
			exit(77);
		else if (o == 'j')
			w->json = optarg;
		else if (o == 'p')
			w->pcap = optarg;
		else if (o != 'S') {
			usage();
			exit(o == 'h' ? 0 : 2);
		}
	}
}

static bool run(const struct run_conf *conf, const struct wish *w)
{
	if (!w->here)
		return run_all(conf, w->only);
	if (w->only >= 0)
		run_row(conf, (enum row)w->only, conf->seconds, result);
	return w->only >= 0;
}

int main(int argc, char **argv)
{
	struct run_conf conf = { .set = &set,
				 .frames = &frames,
				 .folder = folder,
				 .seconds = 3,
				 .cpu = -1,
				 .hugepages = PLANE_HUGE_AUTO };
	struct wish wish = { .only = -1 };
	bool ok;

	sip_scan_select("auto");
	read_options(argc, argv, &conf, &wish);
	messages_make(MESSAGES, MESSAGES_SEED, &set);
	frames_make(&set, &frames);
	if (wish.pcap) {
		frames_pcap(&frames, FRAME_PORTS, wish.pcap);
		return 0;
	}
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (result == MAP_FAILED)
		return 2;
	make_captures();
	ok = run(&conf, &wish);
	remove_captures();
	if (!ok)
		return 1;
	print_table();
	if (wish.json)
		write_json(wish.json);
	return 0;
}
