/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Metrics of names: what was asked, what resolvers did, what is remembered.
 */
#include "control/app.h"
#include "control/dns/dns.h"
#include "control/watch/metrics.h"

enum {
	QUESTIONS,
	AT_HAND,
	FOUND,
	NOT_FOUND,
	FAILED,
	REFUSED,
	STALE,
	BEFORE,
	CUT,
	CHANGES,
	EVICTED,
	QUERIES,
	ANSWERS,
	TIMEOUTS,
	ERRORS,
	ENTRIES,
	BYTES,
	WAITING,
	BUSY,
	WATCHES,
	DOWN,
	N_VALUES
};

static void emit(struct metrics_out *o, const struct app *app, const struct metric *m, uint32_t i)
{
	struct dns_counts c;

	(void)i;
	dns_counts(app->dns, &c);

	const uint64_t values[N_VALUES] = {
		[QUESTIONS] = c.questions, [AT_HAND] = c.at_hand,   [FOUND] = c.found,
		[NOT_FOUND] = c.not_found, [FAILED] = c.failed,     [REFUSED] = c.refused,
		[STALE] = c.stale,         [BEFORE] = c.before,     [CUT] = c.cut,
		[CHANGES] = c.changes,     [EVICTED] = c.evicted,   [QUERIES] = c.queries,
		[ANSWERS] = c.answers,     [TIMEOUTS] = c.timeouts, [ERRORS] = c.errors,
		[ENTRIES] = c.entries,     [BYTES] = c.bytes,       [WAITING] = c.waiting,
		[BUSY] = c.busy,           [WATCHES] = c.watches,   [DOWN] = dns_down(app->dns),
	};

	metrics_sample(o, "");
	metrics_u64(o, values[m->which]);
}

const struct metric metrics_of_dns[] = {
	{ "viaduct_dns_questions_total", METRIC_COUNTER,
	  "names that messages needed, each with its transport and port", NULL, emit, QUESTIONS },
	{ "viaduct_dns_at_hand_total", METRIC_COUNTER, "of these, answered from what was known",
	  NULL, emit, AT_HAND },
	{ "viaduct_dns_found_total", METRIC_COUNTER, "of these, with an address in the end", NULL,
	  emit, FOUND },
	{ "viaduct_dns_not_found_total", METRIC_COUNTER,
	  "of these, without: no such name or records", NULL, emit, NOT_FOUND },
	{ "viaduct_dns_failed_total", METRIC_COUNTER,
	  "of these, without: no resolver could say, or not in time", NULL, emit, FAILED },
	{ "viaduct_dns_refused_total", METRIC_COUNTER, "of these, without: too many at one time",
	  NULL, emit, REFUSED },
	{ "viaduct_dns_stale_total", METRIC_COUNTER,
	  "answers with records that had expired, for resolvers gave none", NULL, emit, STALE },
	{ "viaduct_dns_before_total", METRIC_COUNTER,
	  "answers with records of before a change, for transactions that began then", NULL, emit,
	  BEFORE },
	{ "viaduct_dns_cut_total", METRIC_COUNTER, "names with more records than are kept", NULL,
	  emit, CUT },
	{ "viaduct_dns_changes_total", METRIC_COUNTER, "changes of records that were known", NULL,
	  emit, CHANGES },
	{ "viaduct_dns_evicted_total", METRIC_COUNTER, "records that made room for others", NULL,
	  emit, EVICTED },
	{ "viaduct_dns_queries_total", METRIC_COUNTER, "questions sent to resolvers", NULL, emit,
	  QUERIES },
	{ "viaduct_dns_answers_total", METRIC_COUNTER, "answers of resolvers, also negative ones",
	  NULL, emit, ANSWERS },
	{ "viaduct_dns_timeouts_total", METRIC_COUNTER, "of these questions, not answered in time",
	  NULL, emit, TIMEOUTS },
	{ "viaduct_dns_errors_total", METRIC_COUNTER,
	  "answers that say nothing: SERVFAIL, REFUSED, nonsense", NULL, emit, ERRORS },
	{ "viaduct_dns_entries", METRIC_GAUGE, "names and types that are remembered", NULL, emit,
	  ENTRIES },
	{ "viaduct_dns_bytes", METRIC_GAUGE, "memory that they take", NULL, emit, BYTES },
	{ "viaduct_dns_waiting", METRIC_GAUGE, "messages that wait for a name", NULL, emit,
	  WAITING },
	{ "viaduct_dns_busy", METRIC_GAUGE, "questions that wait for a resolver", NULL, emit,
	  BUSY },
	{ "viaduct_dns_watches", METRIC_GAUGE, "names that are followed, for backends", NULL, emit,
	  WATCHES },
	{ "viaduct_dns_down", METRIC_GAUGE, "1 while no resolver answers", NULL, emit, DOWN },
	{ 0 },
};
