/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Metrics of what the control thread carries itself: connections, transactions between UDP and
 * streams, messages that wait. What it forwards is in the counters.
 */
#include "control/app.h"
#include "control/stream/stream.h"
#include "control/transaction/transaction.h"
#include "control/watch/metrics.h"

enum {
	CONNECTIONS,
	TRANSACTIONS,
	TRANSACTION_BYTES,
	BEGUN,
	RETRANSMITTED,
	TAKEN_IN,
	TIMEOUTS,
	FAILURES,
	REFUSED,
	NAMES,
	CONNECTING,
	KEPT_BYTES,
	NAMES_REFUSED,
	UNKEPT,
};

static void emit_fact(struct metrics_out *o, const struct app *app, const struct metric *m,
		      uint32_t i)
{
	const struct txn_counts *t = txns_counts(relay_transactions(app->relay));
	const struct relay_counts *r = relay_counts(app->relay);
	const uint64_t facts[] = {
		[CONNECTIONS] = streams_count(app->streams),
		[TRANSACTIONS] = t->present,
		[TRANSACTION_BYTES] = t->bytes,
		[BEGUN] = t->begun,
		[RETRANSMITTED] = t->retransmitted,
		[TAKEN_IN] = t->absorbed,
		[TIMEOUTS] = t->timeouts,
		[FAILURES] = t->failures,
		[REFUSED] = t->refused,
		[NAMES] = r->names,
		[CONNECTING] = r->connections,
		[KEPT_BYTES] = r->bytes,
		[NAMES_REFUSED] = r->refused,
		[UNKEPT] = r->unkept,
	};

	(void)i;
	metrics_sample(o, "");
	metrics_u64(o, facts[m->which]);
}

#define GAUGE(name, help, which)                                            \
	{                                                                   \
		"viaduct_" name, METRIC_GAUGE, help, NULL, emit_fact, which \
	}
#define COUNT(name, help, which)                                                       \
	{                                                                              \
		"viaduct_" name "_total", METRIC_COUNTER, help, NULL, emit_fact, which \
	}

const struct metric metrics_of_relay[] = {
	GAUGE("connections", "TCP and TLS connections", CONNECTIONS),
	GAUGE("transactions", "transactions between UDP and streams", TRANSACTIONS),
	GAUGE("transaction_bytes", "memory of these transactions", TRANSACTION_BYTES),
	COUNT("transactions_begun", "transactions between UDP and streams so far", BEGUN),
	COUNT("transactions_retransmitted", "messages that they sent again", RETRANSMITTED),
	COUNT("transactions_absorbed",
	      "messages that they took in: retransmissions, 100s, ACKs to non-2xx, CANCELs and "
	      "their responses",
	      TAKEN_IN),
	COUNT("transactions_timeouts", "ends of their timers B, C, F and H", TIMEOUTS),
	COUNT("transactions_failures", "messages of theirs that could not be sent", FAILURES),
	COUNT("transactions_refused", "requests refused with 503: as many as may be", REFUSED),
	GAUGE("messages_waiting_for_names", "messages that wait for a name", NAMES),
	GAUGE("messages_waiting_for_connections", "messages whose connection may yet fail",
	      CONNECTING),
	GAUGE("messages_waiting_bytes", "memory of what waits", KEPT_BYTES),
	COUNT("names_not_asked", "messages refused since too much waits for names", NAMES_REFUSED),
	COUNT("messages_not_kept",
	      "requests sent without a copy since too much waits: should their connection fail, "
	      "their callers hear nothing",
	      UNKEPT),
	{ 0 },
};
