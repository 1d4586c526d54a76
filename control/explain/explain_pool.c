/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a request to its server: the rule that matched and why none before it did, the key, the
 * slot, the backend, and who would get the request if that one were down.
 */
#include "control/explain/explain_parts.h"
#include "control/world/table.h"
#include "dataplane/proxy/rules.h"

#include <stdio.h>

#define RULE_POOL "routes, RFC 3261 16.5"
#define RULE_TABLE "table, RFC 3261 16.11"
#define MISSES_SHOWN 5
#define CONDITIONS 200 /* bytes that the conditions of one rule are told in */

/* --- the rule ---------------------------------------------------------------------------- */

/* A text that is cut where it gets long. */
struct line {
	char s[CONDITIONS];
	size_t n;
};

static __attribute__((format(printf, 2, 3))) void put(struct line *l, const char *fmt, ...)
{
	size_t room = sizeof(l->s) - l->n;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->s + l->n, room, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < room) {
		l->n += (size_t)n;
		return;
	}
	l->n = sizeof(l->s) - 1;
	memcpy(l->s + l->n - 3, "...", 4);
}

static void put_methods(struct line *l, const struct rule *r)
{
	const char *comma = "method ";

	for (unsigned int i = 1; i < SIP_N_METHODS; i++) {
		if (!(r->methods >> i & 1))
			continue;
		put(l, "%s%s", comma, sip_method_name(i));
		comma = ", ";
	}
	for (uint16_t i = 0; i < r->n_method_names; i++) {
		put(l, "%s%.*s", comma, (int)r->method_names[i].len, r->method_names[i].name);
		comma = ", ";
	}
}

static void put_domains(struct line *l, const struct rule *r)
{
	for (uint16_t i = 0; i < r->n_domains; i++) {
		const struct domain_match *d = &r->domains[i];

		put(l, "%s%s%.*s", i ? ", " : "domain ", d->suffix ? "*" : "", (int)d->len,
		    (const char *)d->text);
	}
}

static void put_sources(struct line *l, const struct rule *r)
{
	for (uint16_t i = 0; i < r->n_sources; i++) {
		const struct prefix *p = &r->sources[i];
		char ip[IP_TEXT_MAX];

		put(l, "%s%.*s/%u", i ? ", " : "source ", (int)ip_format(&p->ip, ip), ip,
		    ip_is_v4(&p->ip) && p->len >= 96 ? p->len - 96u : p->len);
	}
}

/* Conditions of @r: "method REGISTER; domain *.example.com". */
static const char *conditions(struct explain *x, const struct rule *r)
{
	static void (*const puts[])(
		struct line * l, const struct rule *r) = { put_methods, put_domains, put_sources };
	struct line l = { .n = 0 };

	for (size_t i = 0; i < sizeof(puts) / sizeof(puts[0]); i++) {
		size_t before = l.n;

		if (before)
			put(&l, "; ");
		puts[i](&l, r);
		if (before && l.n == before + 2)
			l.s[l.n = before] = '\0';
	}
	return l.n ? explain_text(x, "%s", l.s) : "everything";
}

/* " (viaduct.yaml:41)". */
static const char *place(struct explain *x, uint16_t rule)
{
	const struct config *c = x->in->config;

	if (!c || rule >= c->n_routes || c->routes[rule].mark.line == 0)
		return "";
	return explain_text(x, " (line %u of the file)", c->routes[rule].mark.line);
}

static void tell_misses(struct explain *x, uint32_t n)
{
	static const char *const misses[] = { [RULE_NOT_METHOD] = "method",
					      [RULE_NOT_SOURCE] = "source",
					      [RULE_NOT_DOMAIN] = "domain" };
	const struct world *w = x->in->world;

	for (uint32_t i = 0; i < n && i < MISSES_SHOWN; i++) {
		enum rule_miss miss = rule_try(&w->rules[i], &x->m, &x->at.src.ip);

		explain_step(x, RULE_POOL, "route %u%s takes %s: not this %s", i + 1,
			     place(x, (uint16_t)i), conditions(x, &w->rules[i]), misses[miss]);
	}
	if (n > MISSES_SHOWN)
		explain_step(x, RULE_POOL, "nor do %u more routes before it", n - MISSES_SHOWN);
}

static void tell_rule(struct explain *x)
{
	const struct world *w = x->in->world;
	uint16_t i = rules_find(w, &x->m, &x->at.src.ip);
	const struct config *c = x->in->config;
	json_t *route;

	tell_misses(x, i == WORLD_NONE ? w->n_rules : i);
	if (i == WORLD_NONE)
		return;
	explain_step(x, RULE_POOL, "route %u%s takes %s: pool %s", i + 1u, place(x, i),
		     conditions(x, &w->rules[i]), w->pools[w->rules[i].pool].name);
	route = json_pack("{s:i, s:i}", "number", i + 1, "line",
			  c && i < c->n_routes ? (int)c->routes[i].mark.line : 0);
	explain_set(x, x->result, "route", route);
}

/* --- the key ----------------------------------------------------------------------------- */

static const char *kind_name(struct explain *x, const struct key_spec *key)
{
	static const char *const names[] = {
		[KEY_CALL_ID] = "call-id",         [KEY_FROM] = "from",     [KEY_TO] = "to",
		[KEY_REQUEST_URI] = "request-uri", [KEY_SOURCE] = "source", [KEY_USER] = "user",
	};

	if (key->kind != KEY_HEADER)
		return names[key->kind];
	return explain_text(x, "header:%.*s", (int)key->header_len, key->header);
}

/* The first row that a KEY_HEADER means, in either form, as key_hash() finds it. */
static struct span header_value(const struct key_spec *key, const struct sip_msg *m)
{
	int row = key->header_id != SIP_H_OTHER ? sip_find(m, key->header_id, 0)
						: sip_find_name(m, key->header, key->header_len, 0);
	int other = key->header_id == SIP_H_OTHER && key->compact
			    ? sip_find_name(m, &key->compact, 1, 0)
			    : -1;

	if (row < 0 || (other >= 0 && other < row))
		row = other;
	return row < 0 ? span_of(0, 0) : sip_row_value(m, (unsigned int)row);
}

static const char *key_value(struct explain *x, const struct key_spec *key)
{
	const struct sip_msg *m = &x->m;

	switch (key->kind) {
	case KEY_FROM:
		return explain_span(x, m->from_uri);
	case KEY_TO:
		return explain_span(x, m->to_uri);
	case KEY_REQUEST_URI:
		return explain_span(x, m->uri_text);
	case KEY_SOURCE:
		return explain_ip(x, &x->at.src.ip);
	case KEY_HEADER:
		return explain_span(x, header_value(key, m));
	case KEY_USER:
		return explain_span(x, m->method == SIP_M_REGISTER ? m->to_uri : m->from_uri);
	case KEY_CALL_ID:
		break;
	}
	return explain_span(x, m->call_id);
}

static void tell_key(struct explain *x, const struct pool *p)
{
	static const struct key_spec by_call_id = { .kind = KEY_CALL_ID };
	uint64_t key = x->out.key;
	uint32_t slot = maglev_slot(key, p->table_size);
	bool fell_back = p->key.kind != KEY_CALL_ID &&
			 key == key_hash(&x->in->world->keys, &by_call_id, &x->m, &x->at.src.ip);
	const char *kind = kind_name(x, &p->key);
	const char *value = fell_back ? explain_span(x, x->m.call_id) : key_value(x, &p->key);
	const char *hash = explain_text(x, "%016llx", (unsigned long long)key);
	json_t *object =
		json_pack("{s:s, s:s, s:s, s:i, s:i}", "kind", kind, "value", value, "hash", hash,
			  "slot", (int)slot, "table_size", (int)p->table_size);

	explain_set(x, x->result, "key", object);
	explain_step(x, "key, RFC 3261 16.11", "key %s%s: \"%s\", hash %s, slot %u of %u", kind,
		     fell_back ? " is not there, so the Call-ID" : "", value, hash, slot,
		     p->table_size);
}

/* --- the backend ------------------------------------------------------------------------- */

static const char *state_text(struct explain *x, uint16_t number)
{
	static const char *const names[] = { [BACKEND_UP] = "up",
					     [BACKEND_DRAIN] = "drain",
					     [BACKEND_DOWN] = "down",
					     [BACKEND_NONE] = "gone" };
	const struct backend *b = &x->in->world->backends[number];
	char why[160] = "";

	if (x->in->why)
		x->in->why(x->in->arg, number, why, sizeof(why));
	return explain_text(x, "%s%s%s%s", names[b->state], why[0] ? " (" : "", why,
			    why[0] ? ")" : "");
}

static bool takes_calls(const struct backend *b)
{
	return b->state == BACKEND_UP && b->weight > 0;
}

/* The servers of the table of @p if backend @gone were down: the live ones of the lowest live tier.
 */
static uint32_t servers_without(const struct world *w, const struct pool *p, uint16_t gone,
				struct maglev_server *servers)
{
	uint32_t tier = UINT32_MAX, n = 0;

	for (uint16_t i = 0; i < p->n_members; i++) {
		const struct backend *b = &w->backends[p->members[i]];

		if (takes_calls(b) && p->members[i] != gone && b->tier < tier)
			tier = b->tier;
	}
	for (uint16_t i = 0; i < p->n_members; i++) {
		const struct backend *b = &w->backends[p->members[i]];

		if (takes_calls(b) && p->members[i] != gone && b->tier == tier)
			servers[n++] = (struct maglev_server){ maglev_id(&w->keys, b->name,
									 strlen(b->name)),
							       b->weight, p->members[i] };
	}
	return n;
}

/* A table for @p without @gone (WORLD_NONE = with all). */
static void build_without(const struct world *w, const struct pool *p, uint16_t gone,
			  uint16_t *table, struct maglev_server *servers, void *scratch)
{
	uint32_t n = servers_without(w, p, gone, servers);

	table_identify(servers, n, p->table_size);
	maglev_build(table, p->table_size, servers, n, scratch);
}

/*
 * Who would get the request if @gone were down. False if that cannot be told: weights are on their
 * way (slow start), so the table in force is not the one that the weights make.
 */
static bool next_choice(struct explain *x, const struct pool *p, uint16_t gone, uint16_t *choice)
{
	const struct world *w = x->in->world;
	size_t size = p->table_size * sizeof(uint16_t);
	struct maglev_server *servers = mem_alloc((p->n_members + 1u) * sizeof(*servers));
	void *scratch = mem_alloc(maglev_scratch(p->n_members));
	uint16_t *table = mem_alloc(size);
	bool settled = false;

	if (servers && table && scratch) {
		build_without(w, p, WORLD_NONE, table, servers, scratch);
		settled = memcmp(table, p->table, size) == 0;
		build_without(w, p, gone, table, servers, scratch);
		*choice = table[maglev_slot(x->out.key, p->table_size)];
	} else {
		x->no_memory = true;
	}
	mem_free(servers);
	mem_free(table);
	mem_free(scratch);
	return settled;
}

static uint32_t tier_weight(const struct world *w, const struct pool *p, uint8_t tier)
{
	uint32_t sum = 0;

	for (uint16_t i = 0; i < p->n_members; i++) {
		const struct backend *m = &w->backends[p->members[i]];

		sum += takes_calls(m) && m->tier == tier ? m->weight : 0;
	}
	return sum;
}

/* The slot of the key, and who is next in line for it. */
static void tell_slot(struct explain *x, const struct pool *p)
{
	const struct world *w = x->in->world;
	uint16_t number = p->table[maglev_slot(x->out.key, p->table_size)], other;
	const struct backend *b = &w->backends[number];

	explain_step(x, RULE_TABLE,
		     "the slot holds backend %s at %s: %s, tier %u, weight %u of %u in its tier",
		     b->name, explain_at(x, &b->addr), state_text(x, number), b->tier, b->weight,
		     tier_weight(w, p, b->tier));
	if (!next_choice(x, p, number, &other))
		return;
	if (other == MAGLEV_NONE)
		explain_step(x, RULE_TABLE, "were it down, nobody would be left: 503");
	else
		explain_step(x, RULE_TABLE, "were it down, backend %s at %s would get this request",
			     w->backends[other].name, explain_at(x, &w->backends[other].addr));
}

/* Why the pool has nobody. */
static void tell_nobody(struct explain *x, const struct pool *p)
{
	for (uint16_t i = 0; i < p->n_members && i < MISSES_SHOWN; i++)
		explain_step(x, RULE_TABLE, "backend %s: %s, weight %u",
			     x->in->world->backends[p->members[i]].name,
			     state_text(x, p->members[i]),
			     x->in->world->backends[p->members[i]].weight);
	explain_step(x, RULE_TABLE, "none of the pool's backends (%u) takes new calls",
		     p->n_members);
}

/* --- the window -------------------------------------------------------------------------- */

/* What a change of the pools a while ago means for the request. */
static void tell_window(struct explain *x)
{
	const struct proxy_out *out = &x->out;
	const struct world *w = x->in->world;
	const char *text;

	if (out->window == WINDOW_NONE)
		return;
	if (out->window == WINDOW_OLD)
		text = explain_text(x, "begun in epoch %u of %u: the server of then has it",
				    out->epoch, w->epoch);
	else if (out->window == WINDOW_DEAD)
		text = "its server of before the last changes is dead: by the present table";
	else
		text = explain_text(x,
				    "new in epoch %u: by the present table; one that a worker has "
				    "seen before the change stays where it was",
				    out->epoch);
	explain_set(x, x->result, "window", json_string(text));
	explain_step(x, "transaction window, RFC 3261 16.11", "%s", text);
}

static void tell_choice(struct explain *x)
{
	const struct backend *b = &x->in->world->backends[x->out.backend];

	explain_set(x, x->result, "backend", json_string(b->name));
	if (x->out.window != WINDOW_NONE)
		explain_step(x, RULE_TABLE, "so it goes to backend %s at %s: %s", b->name,
			     explain_at(x, &b->addr), state_text(x, x->out.backend));
	if (x->facts.refused == SIP_R_NO_SIPS)
		explain_stop(x, "RFC 5630", x->facts.refused,
			     "sips asks for TLS, by which the backend cannot be reached");
}

void explain_pool(struct explain *x)
{
	const struct world *w = x->in->world;
	const struct pool *p = NULL;

	tell_rule(x);
	if (x->out.pool != WORLD_NONE) {
		p = &w->pools[x->out.pool];
		explain_set(x, x->result, "pool", json_string(p->name));
		tell_key(x, p);
		if (p->n_live)
			tell_slot(x, p);
		else
			tell_nobody(x, p);
	}
	tell_window(x);
	if (x->out.backend != WORLD_NONE)
		tell_choice(x);
	else if (x->facts.refused == SIP_R_NO_ROUTE_RULE)
		explain_stop(x, RULE_POOL, x->facts.refused, "%u routes asked", w->n_rules);
	else
		explain_stop(x, RULE_TABLE, x->facts.refused, "%s", "");
}
