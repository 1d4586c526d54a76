/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What probes and traffic found out, turned into assertions: for this cause, this backend is down.
 */
#include "control/app.h"
#include "control/health/health_state.h"
#include "control/health/probe_stream.h"
#include "control/wall_time.h"
#include "dataplane/proxy/servers.h"

#include <rte_cycles.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void health_assert(struct health *h, struct health_backend *b, enum fleet_cause cause, bool holds,
		   const char *fmt, ...)
{
	uint32_t bit = HEALTH_BIT(cause);
	va_list ap;

	if (holds) {
		va_start(ap, fmt);
		vsnprintf(b->why[cause], FLEET_WHY_MAX, fmt, ap);
		va_end(ap);
	}
	if (!!(b->asserted & bit) == holds)
		return;
	if (b->asserted == 0)
		b->serial = ++h->serial;
	b->asserted ^= bit;
	h->pools[b->pool].dirty = true;
	health_judge_soon(h);
}

/* --- probes ------------------------------------------------------------------------------ */

/* What was wrong with a handshake. */
static const char *tls_error(const struct health *h, uint32_t target)
{
	const char *why = probe_stream_why(h->app, target);

	return why[0] ? why : "TLS handshake failed";
}

static const char *error_name(const struct health *h, const struct probe_result *r)
{
	switch (r->error) {
	case ECONNREFUSED:
		return r->stream ? "connection refused" : "port unreachable (ICMP)";
	case EPROTO:
		return r->stream ? tls_error(h, r->target) : strerror(EPROTO);
	case EPROTONOSUPPORT:
		return "no listener for its transport";
	case EHOSTUNREACH:
		return "host unreachable";
	case ENETUNREACH:
		return "network unreachable";
	default:
		return strerror(r->error);
	}
}

static bool is_good(const struct health_pool *p, const struct probe_result *r)
{
	unsigned int i = r->code - 100u;

	return r->end == PROBE_ANSWERED && i < HEALTH_CODES && (p->accept[i / 8] >> i % 8 & 1);
}

/* Why a probe failed, for people. */
static void say_reason(const struct health *h, char out[HEALTH_REASON_MAX],
		       const struct probe_result *r)
{
	if (r->end == PROBE_ANSWERED)
		snprintf(out, HEALTH_REASON_MAX, "answered %u", r->code);
	else if (r->end == PROBE_REFUSED)
		snprintf(out, HEALTH_REASON_MAX, "%s", error_name(h, r));
	else if (r->end == PROBE_UNSENT)
		snprintf(out, HEALTH_REASON_MAX, "not sent: %s", error_name(h, r));
	else if (r->hint[0])
		snprintf(out, HEALTH_REASON_MAX, "timeout (answer with %s)", r->hint);
	else
		snprintf(out, HEALTH_REASON_MAX, "timeout");
}

/* No sign of life at all: an answer of any kind, a closed port, and a handshake that failed, are
 * one. */
static bool is_silent(const struct probe_result *r)
{
	if (r->end == PROBE_REFUSED)
		return !(r->error == ECONNREFUSED ||
			 (r->stream && (r->error == ECONNRESET || r->error == EPROTO)));
	return !(r->end == PROBE_ANSWERED || (r->end == PROBE_TIMEOUT && r->hint[0]));
}

static void count_silence(struct health *h, struct health_backend *b, bool silent)
{
	h->n_known += !b->verdict.known;
	h->n_silent += silent;
	h->n_silent -= b->silent;
	b->silent = silent;
}

static void assert_probe(struct health *h, struct health_backend *b)
{
	const struct verdict_rule *rule = &h->pools[b->pool].rule;
	const struct verdict *v = &b->verdict;

	if (v->up)
		health_assert(h, b, FLEET_BY_PROBE, false, "%s", "");
	else if (v->flaps)
		health_assert(h, b, FLEET_BY_PROBE, true,
			      "%u probes in a row failed: %.40s; flaps: %u good ones needed",
			      rule->fall, b->reason, verdict_wanted(v, rule));
	else
		health_assert(h, b, FLEET_BY_PROBE, true, "%u probes in a row failed: %s",
			      rule->fall, b->reason);
}

void health_found_probe(void *arg, const struct probe_result *r)
{
	struct health *h = arg;
	struct health_backend *b = h->v[r->target];
	struct health_pool *p = &h->pools[b->pool];
	bool ok = is_good(p, r);

	count_silence(h, b, is_silent(r));
	b->ended++;
	b->failed += !ok;
	b->code = r->end == PROBE_ANSWERED ? r->code : 0;
	b->last_ms = wall_time_ms();
	b->reason[0] = '\0';
	if (!ok)
		say_reason(h, b->reason, r);
	if (r->end == PROBE_ANSWERED)
		figures_add(&b->figures, r->latency_us);
	b->well = ok ? b->well + 1 : 0;
	if (b->well == p->rule.rise)
		passive_is_well(&b->passive, log_clock_ms());
	if (verdict_take(&b->verdict, &p->rule, ok, log_clock_ms())) {
		b->changed_ms = b->last_ms;
		assert_probe(h, b);
	}
	if (h->cut_off && !health_all_silent(h))
		health_judge_soon(h);
}

void health_forget_probes(struct health *h, struct health_backend *b)
{
	h->n_known -= b->verdict.known;
	h->n_silent -= b->silent;
	b->silent = false;
	verdict_init(&b->verdict);
	b->reason[0] = '\0';
	b->code = 0;
	b->well = 0;
	health_assert(h, b, FLEET_BY_PROBE, false, "%s", "");
}

/* --- traffic ----------------------------------------------------------------------------- */

/* What all threads counted for server @number. @rest: TSC at which its latest Retry-After ends. */
static void read_counts(struct app *app, uint16_t number, struct passive_counts *c, uint64_t *rest)
{
	*rest = 0;
	for (unsigned int i = 0; i < plane_n_stats(app->plane); i++) {
		const struct stats_server *s = &plane_stats_of(app->plane, i)->server[number];
		uint64_t until = stat_get(&s->rest_until);

		c->requests += stat_get(&s->requests);
		c->responses += stat_get(&s->responses);
		c->finals += stat_get(&s->finals);
		c->errors += stat_get(&s->errors);
		c->retry_after += stat_get(&s->retry_after);
		*rest = until > *rest ? until : *rest;
	}
}

static void assert_traffic(struct health *h, struct health_backend *b, uint64_t now_ms)
{
	static const enum fleet_cause causes[PASSIVE_N] = { [PASSIVE_ICMP] = FLEET_BY_ICMP,
							    [PASSIVE_SILENCE] = FLEET_BY_SILENCE,
							    [PASSIVE_ERRORS] = FLEET_BY_ERRORS };
	const struct passive_rule *rule = &h->pools[b->pool].passive;
	uint32_t out = passive_judge(&b->passive, rule, now_ms);

	for (unsigned int i = 0; i < PASSIVE_N; i++) {
		const struct ejection *e = &b->passive.ejection[i];
		bool holds = out >> i & 1;

		if (holds && !(b->asserted & HEALTH_BIT(causes[i])))
			b->well = 0;
		health_assert(h, b, causes[i], holds, "%s; out for %" PRIu64 " s",
			      b->passive.why[i], ((uint64_t)rule->eject_ms << e->doublings) / 1000);
	}
}

static void assert_rest(struct health *h, struct health_backend *b, uint64_t rest_tsc,
			uint64_t now_ms)
{
	const struct passive_rule *rule = &h->pools[b->pool].passive;
	uint64_t tsc = rte_get_tsc_cycles(), hz = rte_get_tsc_hz();
	uint64_t left_ms = rest_tsc > tsc ? (rest_tsc - tsc) / (hz / 1000) : 0;
	bool rests = passive_rest(&b->passive, rule, rest_tsc, left_ms, now_ms);

	health_assert(h, b, FLEET_BY_RETRY_AFTER, rests,
		      "it answered 503 with Retry-After: nothing new for %" PRIu64 " s",
		      rests ? (b->passive.rest_until_ms - now_ms + 999) / 1000 : 0);
}

/* One line when a suspicion comes and one when it goes, where nothing else would tell. */
static void tell_suspicion(struct health *h, struct health_backend *b, const char *name)
{
	struct health_pool *p = &h->pools[b->pool];
	uint32_t news = b->passive.suspect & ~b->told;

	if (p->passive.eject || b->told == b->passive.suspect)
		return;
	for (unsigned int i = 0; i < PASSIVE_N; i++) {
		if (news >> i & 1)
			log_limited(&p->log, LOG_AT_WARNING,
				    "pool %s: backend %s is suspect, but stays: %s", p->name, name,
				    b->passive.why[i]);
	}
	if (b->passive.suspect == 0)
		log_limited(&p->log, LOG_AT_INFO, "pool %s: backend %s is no longer suspect",
			    p->name, name);
	b->told = b->passive.suspect;
}

static void look_at(struct health *h, uint16_t number, uint64_t now_ms)
{
	struct fleet_backend *fb = fleet_at(h->app->fleet, number);
	struct health_backend *b = h->v[number];
	struct passive_counts c = { .unreachable = b->unreachable };
	uint16_t server = servers_find(h->app->now.world, &b->addr);
	uint64_t rest;

	server = server == WORLD_NONE ? number : server;
	if (server != b->server)
		passive_rebase(&b->passive);
	b->server = server;
	read_counts(h->app, server, &c, &rest);
	passive_count(&b->passive, &h->pools[b->pool].passive, &c, now_ms);
	assert_traffic(h, b, now_ms);
	assert_rest(h, b, rest, now_ms);
	tell_suspicion(h, b, fb ? fb->name : "");
}

/* A node that has not the address to probe from, a VRRP peer without the virtual one, does not
 * probe. */
static void look_for_source(struct health_pool *p)
{
	static const struct ip none;
	char text[IP_TEXT_MAX];
	bool away =
		p->probed && !ip_equal(&p->plan.source, &none) && !probe_net_has(&p->plan.source);

	if (away == p->plan.away)
		return;
	p->plan.away = away;
	text[ip_format(&p->plan.source, text)] = '\0';
	if (away)
		log_warning("pool %s: no probes: this node does not have their source %s", p->name,
			    text);
	else
		log_info("pool %s: probes go out from %s", p->name, text);
}

void health_found_traffic(struct health *h)
{
	uint64_t now_ms = log_clock_ms();

	for (uint32_t i = 0; i < h->n_pools; i++)
		look_for_source(&h->pools[i]);
	for (uint32_t i = 0; i < h->n_v; i++) {
		if (h->v[i])
			look_at(h, (uint16_t)i, now_ms);
	}
}
