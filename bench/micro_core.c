/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nanoseconds for one message through the pure core: parse, decide, edit in place, over 4,096
 * distinct messages, next to reference work on the same bytes in the same run.
 *
 *   warm   a batch of 32 messages was written just before, as by a receiving device: L1 and L2
 *   L3     all messages one after the other, 9.7 MB: out of L2
 *   DRAM   each batch taken out of all caches before, nothing prefetched
 *
 * Edits are in place, so each batch is restored before it is measured. --count runs the mix a
 * number of times and nothing else: under callgrind, the difference of two such runs is
 * instructions per message (bench/count.sh).
 */
#include "bench/messages.h"
#include "bench/reference.h"
#include "bench/timing.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#define BATCH 32u
#define SET_BYTES ((size_t)MESSAGES * MESSAGE_STRIDE)

static struct message_set set;
static const struct lab_world *world;
static uint8_t *pristine; /* the slots as they were made */
static uint8_t sink[2048] __attribute__((aligned(64)));
static uint16_t lines[MESSAGE_STRIDE];
static struct reference_header headers[REFERENCE_HEADERS];
static struct sip_msg msg;
static struct proxy_out out;

/* --- what is measured: one message each, a number that depends on the work ------------------- */

static uint64_t do_nothing(const struct message *m)
{
	return m->len;
}

static uint64_t do_copy(const struct message *m)
{
	memcpy(sink, m->p, m->len);
	return sink[0];
}

static uint64_t do_lines(const struct message *m)
{
	return reference_lines(m->p, m->len, lines);
}

static uint64_t do_headers(const struct message *m)
{
	return (uint64_t)reference_headers(m->p, m->len, headers);
}

static uint64_t do_parse(const struct message *m)
{
	return (uint64_t)sip_parse(m->p, m->len, SIP_PADDED, &msg);
}

static uint64_t do_decide(const struct message *m)
{
	sip_parse(m->p, m->len, SIP_PADDED, &msg);
	proxy_message(&world->world, world->fib, &m->in, &msg, &out);
	return (uint64_t)out.verdict;
}

static uint64_t do_all(const struct message *m)
{
	struct edit_room room = { MESSAGE_HEADROOM,
				  MESSAGE_STRIDE - MESSAGE_HEADROOM - MESSAGE_MAX };
	struct edit_result res;

	sip_parse(m->p, m->len, SIP_PADDED, &msg);
	proxy_message(&world->world, world->fib, &m->in, &msg, &out);
	return (uint64_t)edit_apply(&out.edits, m->p, msg.len, room, &res) + res.len;
}

static const struct work {
	const char *name, *what;
	uint64_t (*run)(const struct message *m);
	bool edits;
} works[] = {
	{ "empty", "empty call and loop", do_nothing, false },
	{ "memcpy", "memcpy of the message", do_copy, false },
	{ "lines", "positions of all LF, SSE2", do_lines, false },
	{ "headers", "names and values split, SSE4.2 (picohttpparser class)", do_headers, false },
	{ "parse", "sip_parse", do_parse, false },
	{ "decide", "sip_parse, proxy_message", do_decide, false },
	{ "all", "sip_parse, proxy_message, edit_apply", do_all, true },
};

#define N_WORKS (sizeof(works) / sizeof(works[0]))

enum mode { WARM, L3, DRAM, N_MODES };

static const char *const mode_names[N_MODES] = { "warm", "L3", "DRAM" };

/* --- the runs -------------------------------------------------------------------------------- */

static void restore(uint32_t first, uint32_t n)
{
	size_t at = (size_t)first * MESSAGE_STRIDE;

	memcpy(set.slots + at, pristine + at, (size_t)n * MESSAGE_STRIDE);
}

static uint64_t run_batch(const struct work *w, uint32_t first, uint32_t n)
{
	uint64_t from = timing_now(), sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += w->run(&set.m[first + i]);
	timing_keep(sum);
	return timing_now() - from;
}

/* Touches what a receiving device would have written: the message with its L2 to L4 headers before
 * it. */
static void touch(uint32_t first, uint32_t n)
{
	uint64_t sum = 0;

	for (uint32_t i = first; i < first + n; i++) {
		for (uint32_t at = 0; at < set.m[i].len + 64; at += 64)
			sum += set.m[i].p[at];
	}
	timing_keep(sum);
}

/* One pass over all messages; nanoseconds for one. */
static double run_pass(const struct work *w, enum mode mode)
{
	uint64_t ticks = 0;

	if (mode == L3) {
		restore(0, set.n);
		ticks = run_batch(w, 0, set.n);
		return (double)ticks * timing_tick_ns() / set.n;
	}
	for (uint32_t i = 0; i < set.n; i += BATCH) {
		if (w->edits)
			restore(i, BATCH);
		if (mode == DRAM) {
			timing_flush(set.slots + (size_t)i * MESSAGE_STRIDE,
				     (uint64_t)BATCH * MESSAGE_STRIDE);
			_mm_mfence();
		} else {
			touch(i, BATCH);
		}
		ticks += run_batch(w, i, BATCH);
	}
	return (double)ticks * timing_tick_ns() / set.n;
}

/* Only messages of one kind, in batches of as many as there are. */
static double run_kind(const struct work *w, enum message_kind kind)
{
	uint64_t ticks = 0, n = 0;

	for (uint32_t i = 0; i < set.n; i += 12 * BATCH) {
		uint64_t sum = 0, from;
		uint32_t end = i + 12 * BATCH < set.n ? i + 12 * BATCH : set.n;

		for (uint32_t k = i; k < end; k++) {
			if (set.m[k].kind != kind)
				continue;
			restore(k, 1);
			n++;
		}
		from = timing_now();
		for (uint32_t k = i; k < end; k++) {
			if (set.m[k].kind == kind)
				sum += w->run(&set.m[k]);
		}
		timing_keep(sum);
		ticks += timing_now() - from;
	}
	return (double)ticks * timing_tick_ns() / (double)n;
}

static struct samples mixed[N_WORKS][N_MODES], by_kind[MESSAGE_KINDS];

static void measure(unsigned int repetitions)
{
	for (unsigned int r = 0; r < repetitions; r++) {
		for (unsigned int i = 0; i < N_WORKS; i++) {
			for (unsigned int k = 0; k < N_MODES; k++)
				samples_add(&mixed[i][k], run_pass(&works[i], (enum mode)k));
		}
		for (unsigned int k = 0; k < MESSAGE_KINDS; k++)
			samples_add(&by_kind[k],
				    run_kind(&works[N_WORKS - 1], (enum message_kind)k));
	}
}

/* --- output ---------------------------------------------------------------------------------- */

static double mean_length(void)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < set.n; i++)
		total += set.m[i].len;
	return (double)total / set.n;
}

static void print_table(void)
{
	double copy = samples_min(&mixed[1][WARM]);

	printf("%u messages, %.0f bytes on average, scanner %s; ns for one message, minimum "
	       "(median)\n\n",
	       set.n, mean_length(), sip_scan_name());
	printf("%-56s %15s %15s %15s %9s\n", "", "warm", "L3", "DRAM", "x memcpy");
	for (unsigned int i = 0; i < N_WORKS; i++) {
		printf("%-56s", works[i].what);
		for (unsigned int k = 0; k < N_MODES; k++)
			printf(" %7.1f (%5.1f)", samples_min(&mixed[i][k]),
			       samples_median(&mixed[i][k]));
		printf(" %9.1f\n", samples_min(&mixed[i][WARM]) / copy);
	}
	printf("\n%-56s %15s\n", works[N_WORKS - 1].what, "warm");
	for (unsigned int k = 0; k < MESSAGE_KINDS; k++)
		printf("  %-54s %7.1f (%5.1f)\n", message_kind_names[k], samples_min(&by_kind[k]),
		       samples_median(&by_kind[k]));
}

static void print_samples(const char *name, struct samples *s, const char *end)
{
	printf("\"%s\": {\"min\": %.2f, \"median\": %.2f}%s", name, samples_min(s),
	       samples_median(s), end);
}

static void print_json(void)
{
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
	static const char build[] = "debug";
#else
	static const char build[] = "release";
#endif
	struct utsname u;

	uname(&u);
	printf("{\n  \"bench\": \"micro_core\",\n  \"build\": \"%s\",\n  \"compiler\": \"%s\",\n"
	       "  \"kernel\": \"%s\",\n  \"scanner\": \"%s\",\n",
	       build, __VERSION__, u.release, sip_scan_name());
	printf("  \"messages\": %u,\n  \"mean_bytes\": %.1f,\n  \"ns\": {\n", set.n, mean_length());
	for (unsigned int i = 0; i < N_WORKS; i++) {
		printf("    \"%s\": {", works[i].name);
		for (unsigned int k = 0; k < N_MODES; k++)
			print_samples(mode_names[k], &mixed[i][k], k + 1 < N_MODES ? ", " : "");
		printf("}%s\n", i + 1 < N_WORKS ? "," : "");
	}
	printf("  },\n  \"kinds_ns\": {\n");
	for (unsigned int k = 0; k < MESSAGE_KINDS; k++) {
		printf("    ");
		print_samples(message_kind_names[k], &by_kind[k],
			      k + 1 < MESSAGE_KINDS ? ",\n" : "\n");
	}
	printf("  }\n}\n");
}

/* --- setup ----------------------------------------------------------------------------------- */

/* A bench of messages that are refused would be a fast one. */
static void check_all_forwarded(void)
{
	for (uint32_t i = 0; i < set.n; i++) {
		do_decide(&set.m[i]);
		if (out.verdict == PROXY_FORWARD &&
		    reference_headers(set.m[i].p, set.m[i].len, headers) > 0)
			continue;
		fprintf(stderr, "message %u is not forwarded: %s\n%.*s\n", i,
			sip_reason_info(out.reason)->name, (int)set.m[i].len,
			(const char *)set.m[i].p);
		exit(1);
	}
}

static void setup(void)
{
	messages_make(MESSAGES, MESSAGES_SEED, &set);
	world = messages_world();
	pristine = aligned_alloc(4096, (SET_BYTES + 4095) & ~(size_t)4095);
	if (!pristine)
		exit(1);
	memcpy(pristine, set.slots, SET_BYTES);
}

/* Runs the works @what over the messages of @kind (MESSAGE_KINDS = all) @rounds times, for
 * callgrind. */
static void count(const char *what, unsigned int kind, unsigned int rounds)
{
	const struct work *w = NULL;

	for (unsigned int i = 0; i < N_WORKS; i++) {
		if (strcmp(works[i].name, what) == 0)
			w = &works[i];
	}
	if (!w) {
		fprintf(stderr, "micro_core: no work called %s\n", what);
		exit(2);
	}
	for (unsigned int r = 0; r < rounds; r++) {
		/* Restored in every round, so that rounds cost the same; count.sh takes that off
		 * with --work empty. */
		restore(0, set.n);
		for (uint32_t i = 0; i < set.n; i++) {
			if (kind == MESSAGE_KINDS || set.m[i].kind == kind)
				timing_keep(w->run(&set.m[i]));
		}
	}
}

static void usage(void)
{
	puts("usage: micro_core [--json] [--cpu N] [--repetitions N] [--scanner NAME]\n"
	     "       micro_core --count ROUNDS [--work NAME] [--kind NUMBER] [--scanner NAME]\n"
	     "exit status 77: this CPU lacks the scanner");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "repetitions", required_argument, NULL, 'r' },
		{ "scanner", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'n' },
		{ "work", required_argument, NULL, 'w' },
		{ "kind", required_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int repetitions = 25, rounds = 0, kind = MESSAGE_KINDS;
	const char *work = "all";
	bool json = false, counting = false;
	int cpu = -1, o;

	sip_scan_select("auto");
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case 'j':
			json = true;
			break;
		case 'c':
			cpu = (int)strtol(optarg, NULL, 10);
			break;
		case 'r':
			repetitions = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 's':
			if (!sip_scan_select(optarg))
				return 77;
			break;
		case 'n':
			counting = true;
			rounds = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'w':
			work = optarg;
			break;
		case 'k':
			kind = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		default:
			usage();
			return o == 'h' ? 0 : 2;
		}
	}
	setup();
	if (counting) {
		count(work, kind, rounds);
		return 0;
	}
	check_all_forwarded();
	timing_pin(cpu);
	measure(repetitions);
	if (json)
		print_json();
	else
		print_table();
	return 0;
}
