/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What others are shown of health: as numbers, and as the JSON of the control socket.
 */
#include "control/app.h"
#include "control/health/health_state.h"
#include "control/wall_time.h"
#include "dataplane/account.h"

#include <stdio.h>

static const struct health_backend *backend(const struct app *app, uint16_t number)
{
	const struct health *h = app->health;

	return h && number < h->n_v ? h->v[number] : NULL;
}

bool health_probe_of(const struct app *app, uint16_t number, struct health_probe *out)
{
	const struct health_backend *b = backend(app, number);

	if (!b || !b->probed)
		return false;
	*out = (struct health_probe){
		.known = b->verdict.known,
		.ok = b->verdict.known && b->verdict.last_ok,
		.up = b->verdict.up,
		.code = b->code,
		.latency_mean_ms = figures_mean_ms(&b->figures),
		.latency_p99_ms = figures_p99_ms(&b->figures),
		.last_ms = b->last_ms,
		.changed_ms = b->changed_ms,
		.sent = b->ended,
		.failed = b->failed,
		.in_a_row = b->verdict.in_a_row,
		.wanted = verdict_wanted(&b->verdict, &app->health->pools[b->pool].rule),
	};
	snprintf(out->reason, sizeof(out->reason), "%s", b->reason);
	return true;
}

static const char *suspicion(const struct passive *p)
{
	for (unsigned int i = 0; i < PASSIVE_N; i++) {
		if (p->suspect >> i & 1)
			return p->why[i];
	}
	return "";
}

void health_passive_of(const struct app *app, uint16_t number, struct health_passive *out)
{
	const struct health_backend *b = backend(app, number);
	uint64_t now_ms = log_clock_ms();

	*out = (struct health_passive){ .suspect = "" };
	if (!b)
		return;
	out->requests = b->passive.total.requests * ACCOUNT_ONE_IN;
	out->responses = b->passive.total.responses * ACCOUNT_ONE_IN;
	out->errors = b->passive.total.errors;
	out->retry_after = b->passive.total.retry_after;
	out->unreachable = b->unreachable;
	out->suspect = suspicion(&b->passive);
	if (b->passive.rest_until_ms > now_ms)
		out->resting_until_ms = wall_time_ms() + (b->passive.rest_until_ms - now_ms);
}

json_t *health_probe_json(const struct app *app, uint16_t number)
{
	struct health_probe p;

	if (!health_probe_of(app, number, &p))
		return json_null();
	return json_pack("{s:i, s:b, s:b, s:s, s:f, s:f, s:o, s:o, s:I, s:I, s:I, s:I}", "code",
			 p.code, "ok", p.ok, "up", p.up, "reason", p.reason, "latency_mean_ms",
			 p.latency_mean_ms, "latency_p99_ms", p.latency_p99_ms, "last",
			 wall_time_json(p.last_ms), "changed", wall_time_json(p.changed_ms), "sent",
			 (json_int_t)p.sent, "failed", (json_int_t)p.failed, "in_a_row",
			 (json_int_t)p.in_a_row, "wanted", (json_int_t)p.wanted);
}

json_t *health_passive_json(const struct app *app, uint16_t number)
{
	struct health_passive p;

	health_passive_of(app, number, &p);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:s}", "requests", (json_int_t)p.requests,
			 "responses", (json_int_t)p.responses, "errors", (json_int_t)p.errors,
			 "retry_after", (json_int_t)p.retry_after, "unreachable",
			 (json_int_t)p.unreachable, "resting_until",
			 wall_time_json(p.resting_until_ms), "suspect", p.suspect);
}

bool health_in_panic(const struct app *app, uint16_t pool)
{
	const struct health *h = app->health;

	return h && pool < h->n_pools && h->pools[pool].in_panic;
}

bool health_is_cut_off(const struct app *app)
{
	return app->health && app->health->cut_off;
}
