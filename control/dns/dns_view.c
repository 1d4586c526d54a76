/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names as the control socket shows them.
 */
#include "control/dns/dns_state.h"

#include <errno.h>

void dns_counts(const struct dns *d, struct dns_counts *out)
{
	const struct resolver_counts *r = resolvers_counts(d->resolvers);

	*out = d->counts;
	out->queries = r->queries;
	out->answers = r->answers;
	out->timeouts = r->timeouts;
	out->errors = r->errors;
	out->evicted = d->cache.evicted;
	out->entries = d->cache.n;
	out->bytes = d->cache.bytes;
	out->waiting = d->n_waiting;
	out->busy = resolvers_busy(d->resolvers);
	out->watches = d->n_watches;
}

bool dns_down(const struct dns *d)
{
	return resolvers_down(d->resolvers);
}

static json_t *counts_json(const struct dns *d)
{
	struct dns_counts c;

	dns_counts(d, &c);
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"questions", (json_int_t)c.questions, "at_hand", (json_int_t)c.at_hand, "found",
		(json_int_t)c.found, "not_found", (json_int_t)c.not_found, "failed",
		(json_int_t)c.failed, "refused", (json_int_t)c.refused, "stale",
		(json_int_t)c.stale, "before", (json_int_t)c.before, "changes",
		(json_int_t)c.changes, "evicted", (json_int_t)c.evicted, "entries",
		(json_int_t)c.entries, "bytes", (json_int_t)c.bytes, "waiting",
		(json_int_t)c.waiting, "busy", (json_int_t)c.busy, "watches",
		(json_int_t)c.watches);
}

static const char *state_of(const struct dns_entry *e, uint64_t now)
{
	if (e->now && now < e->expires_ms)
		return e->now->rc ? "denied" : "valid";
	if (e->now && now < e->stale_until_ms)
		return "stale";
	return e->failure ? "failed" : "unknown";
}

static json_t *row_json(enum dns_type type, const struct dns_row *row)
{
	static const char *const services[] = {
		[SIP_UDP] = "SIP+D2U", [SIP_TCP] = "SIP+D2T", [SIP_TLS] = "SIPS+D2T"
	};
	const char *name = row->name[0] ? row->name : ".";
	char text[IP_TEXT_MAX];

	switch (type) {
	case DNS_SRV:
		return json_sprintf("%u %u %u %s", row->priority, row->weight, row->port, name);
	case DNS_NAPTR:
		return json_sprintf("%u %u %s %s", row->priority, row->weight,
				    services[row->transport], name);
	default:
		return json_stringn(text, ip_format(&row->ip, text));
	}
}

static json_t *rows_json(const struct dns_entry *e)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; e->now && i < e->now->n; i++)
		json_array_append_new(rows, row_json(e->type, &e->now->v[i]));
	if (e->now && e->now->alias)
		json_array_append_new(rows, json_sprintf("CNAME %s", e->now->alias));
	return rows;
}

static json_t *entry_json(const struct dns_entry *e, uint64_t now)
{
	bool valid = e->now && now < e->expires_ms;

	return json_pack("{s:s, s:s, s:s, s:f, s:b, s:i, s:o, s:o}", "name", e->name, "type",
			 dns_type_name(e->type), "state", state_of(e, now), "ttl_s",
			 valid ? (double)(e->expires_ms - now) / 1000 : 0.0, "asking",
			 (int)e->fetching, "before", (int)e->n_old, "failure",
			 e->failure ? json_string(e->failure == -ETIMEDOUT ? "no answer"
									   : "no usable answer")
				    : json_null(),
			 "records", rows_json(e));
}

json_t *dns_json(const struct dns *d, const char *pattern, uint32_t most)
{
	json_t *list = json_array();
	uint64_t now = d->clock();
	const struct dns_entry *e;
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->cache.n_buckets; i++) {
		LIST_FOREACH(e, &d->cache.buckets[i], hashed) {
			if (pattern && !strstr(e->name, pattern))
				continue;
			if (n++ < most)
				json_array_append_new(list, entry_json(e, now));
		}
	}
	return json_pack("{s:o, s:o, s:I, s:o}", "resolvers", resolvers_json(d->resolvers),
			 "counts", counts_json(d), "matching", (json_int_t)n, "entries", list);
}
