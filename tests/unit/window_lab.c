/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of control in short (control/world/world_past.h). Nothing is given back before the
 * program ends.
 */
#include "tests/unit/window_lab.h"

#include "dataplane/proxy/began.h"

#include <stdio.h>
#include <stdlib.h>

#define FILTER_LOG2 18

struct lab_epoch {
	const struct lab_epoch *before; /* the world that was published before it */
	uint64_t began_ms;
	uint64_t ended_ms; /* 0 = in force */
	uint8_t rules;
	struct world world;
	struct backend backends[LAB_SERVERS];
	struct pool pools[2];
	uint16_t table[2][LAB_TABLE];
	uint16_t members[LAB_SERVERS];
	struct world_past past[WORLD_PAST_MAX];
};

static const struct {
	uint16_t first, n;
} parts[2] = { { 0, LAB_CALLS }, { LAB_CALLS, LAB_USERS } };

static const struct lab lab = {
	.secret = "the secret of the windows",
	.listeners = { { "203.0.113.1:5060", NULL, 0 }, { "10.0.0.1:5060", NULL, 1 } },
	.domains = { "c.example", "m.example", "n.example", "u.example" },
	.pools = { { .name = "calls",
		     .backends = { LAB_SERVER("c0", "10.0.0.10:5060"),
				   LAB_SERVER("c1", "10.0.0.11:5060"),
				   LAB_SERVER("c2", "10.0.0.12:5060"),
				   LAB_SERVER("c3", "10.0.0.13:5060"),
				   LAB_SERVER("c4", "10.0.0.14:5060"),
				   LAB_SERVER("c5", "10.0.0.15:5060"),
				   LAB_SERVER("c6", "10.0.0.16:5060"),
				   LAB_SERVER("c7", "10.0.0.17:5060") } },
		   { .name = "users",
		     .key = KEY_USER,
		     .backends = { LAB_SERVER("u0", "10.0.1.10:5060"),
				   LAB_SERVER("u1", "10.0.1.11:5060"),
				   LAB_SERVER("u2", "10.0.1.12:5060"),
				   LAB_SERVER("u3", "10.0.1.13:5060") } } },
	.rules = { { .pool = "users", .domain = "u.example" }, { .pool = "calls" } },
	.routes = { { "0.0.0.0/0", 0, FIB_UNICAST, "203.0.113.254" },
		    { "10.0.0.0/8", 1, FIB_UNICAST, NULL } },
};

/* A block that stays; all hang on one chain, so that no leak checker takes them for lost. */
static void *lab_new(size_t size)
{
	static uint8_t *chain;
	size_t room = 64 + ((size + 63) & ~(size_t)63);
	uint8_t *block = aligned_alloc(64, room);

	if (!block)
		abort();
	memset(block, 0, room);
	memcpy(block, &chain, sizeof(chain));
	chain = block;
	return block + 64;
}

static bool in_window(const struct window_lab *l, uint64_t ended_ms)
{
	return l->now_ms - ended_ms < LAB_WINDOW_MS;
}

/* The table of pool @i, or that of the epoch before if its servers are what they were. */
static void fill_table(const struct window_lab *l, struct lab_epoch *e, unsigned int i)
{
	struct maglev_server servers[LAB_SERVERS];
	struct pool *p = &e->pools[i];
	static uint64_t scratch[4096];

	p->members = e->members + parts[i].first;
	for (uint16_t s = parts[i].first; s < parts[i].first + parts[i].n; s++) {
		const struct backend *b = &e->backends[s];

		if (l->state[s] != BACKEND_NONE)
			e->members[parts[i].first + p->n_members++] = s;
		if (b->state == BACKEND_UP)
			servers[p->n_live++] = (struct maglev_server){
				maglev_id(&e->world.keys, b->name, strlen(b->name)), b->weight, s
			};
	}
	maglev_build(e->table[i], LAB_TABLE, servers, p->n_live, scratch);
	p->table = e->table[i];
	p->table_size = LAB_TABLE;
	if (e->before && memcmp(e->before->table[i], e->table[i], sizeof(e->table[i])) == 0)
		p->table = e->before->pools[i].table;
}

static void fill_backends(const struct window_lab *l, struct lab_epoch *e)
{
	memcpy(e->backends, e->world.backends, sizeof(e->backends));
	for (uint16_t s = 0; s < LAB_SERVERS; s++) {
		uint8_t was = e->before ? e->before->backends[s].state : BACKEND_NONE;

		e->backends[s].state = l->state[s];
		e->backends[s].weight = l->weight[s];
		/* Removed: it stays while what it began may live. */
		if (l->state[s] == BACKEND_NONE && e->world.n_past &&
		    (was == BACKEND_UP || was == BACKEND_DRAIN))
			e->backends[s].state = BACKEND_DRAIN;
	}
}

static const struct lab_epoch *epoch_of(const struct world *w)
{
	return (const struct lab_epoch *)((const char *)w - offsetof(struct lab_epoch, world));
}

static uint64_t lasted(const struct world *w)
{
	return epoch_of(w)->ended_ms - epoch_of(w)->began_ms;
}

/* The shortest epoch goes if there are too many: @n of @list. */
static uint32_t make_room(struct window_lab *l, const struct world **list, uint32_t n)
{
	uint32_t least = 0;

	if (n <= WORLD_PAST_MAX)
		return n;
	for (uint32_t i = 1; i < n; i++)
		if (lasted(list[i]) < lasted(list[least]))
			least = i;
	if (least + 1 < n)
		began_merge(list[least + 1]->began, list[least]->began);
	if (epoch_of(list[least])->ended_ms > l->gap_ms)
		l->gap_ms = epoch_of(list[least])->ended_ms;
	memmove(&list[least], &list[least + 1], (n - 1 - least) * sizeof(list[0]));
	return n - 1;
}

static void fill_past(struct window_lab *l, struct lab_epoch *e)
{
	const struct world *list[WORLD_PAST_MAX + 1];
	uint32_t n = 0;

	if (!e->before)
		return;
	if (e->before->ended_ms)
		list[n++] = &e->before->world;
	for (uint32_t i = 0; i < e->before->world.n_past; i++)
		if (in_window(l, epoch_of(e->before->past[i].world)->ended_ms))
			list[n++] = e->before->past[i].world;
	n = make_room(l, list, n);
	for (uint32_t i = 0; i < n; i++)
		e->past[i] = (struct world_past){ list[i], epoch_of(list[i])->rules == e->rules };
	e->world.past = e->past;
	e->world.n_past = n;
	e->world.past_gaps = l->gap_ms && in_window(l, l->gap_ms);
}

static void publish(struct window_lab *l, uint32_t epoch, struct began *began)
{
	struct lab_epoch *e = lab_new(sizeof(*e));

	e->before = l->newest;
	e->began_ms = l->now_ms;
	e->rules = l->rules;
	e->world = l->base[l->rules].world;
	e->world.epoch = epoch;
	e->world.generation = l->world ? l->world->generation + 1 : 1;
	memcpy(e->pools, e->world.pools, sizeof(e->pools));
	fill_past(l, e);
	fill_backends(l, e);
	for (unsigned int i = 0; i < 2; i++) {
		e->pools[i].n_members = e->pools[i].n_live = 0;
		fill_table(l, e, i);
	}
	e->world.backends = e->backends;
	e->world.pools = e->pools;
	if (e->world.n_past && !l->no_filters)
		e->world.began =
			began ? began : began_init(lab_new(began_size(FILTER_LOG2)), FILTER_LOG2);
	l->newest = e;
	l->world = &e->world;
}

void window_lab_publish(struct window_lab *l)
{
	l->newest->ended_ms = l->now_ms;
	publish(l, l->world->epoch + 1, NULL);
}

void window_lab_refresh(struct window_lab *l)
{
	struct lab_epoch *old = l->newest;

	publish(l, l->world->epoch, l->world->began);
	l->newest->began_ms = old->began_ms;
}

struct window_lab *window_lab_new(uint32_t epoch)
{
	struct lab changed = lab;
	struct window_lab *l = lab_new(sizeof(*l));

	lab_build(&lab, &l->base[0]);
	changed.rules[1] = (struct lab_rule){ .pool = "users", .domain = "m.example" };
	changed.rules[2] = (struct lab_rule){ .pool = "calls", .domain = "c.example" };
	lab_build(&changed, &l->base[1]);
	for (unsigned int s = 0; s < LAB_SERVERS; s++) {
		bool last = s == LAB_CALLS - 1 || s == LAB_SERVERS - 1;

		l->state[s] = last ? BACKEND_NONE : BACKEND_UP;
		l->weight[s] = 1;
	}
	for (unsigned int i = 0; i < LAB_WORKERS; i++)
		recent_init(&l->recent[i], lab_new(recent_size(RECENT_LOG2)), RECENT_LOG2);
	recent_join(l->recent, LAB_WORKERS);
	l->now_ms = 1000;
	publish(l, epoch, NULL);
	return l;
}

uint64_t window_lab_ended(const struct window_lab *l, uint32_t epoch)
{
	for (unsigned int i = 0; i < l->world->n_past; i++) {
		const struct world *w = l->world->past[i].world;

		if (w->epoch == epoch)
			return epoch_of(w)->ended_ms;
	}
	return 0;
}

static uint32_t write_request(struct window_lab *l, const struct lab_request *r)
{
	bool registers = strcmp(r->method, "REGISTER") == 0;
	char branch[32] = "";
	int n;

	if (r->branch)
		snprintf(branch, sizeof(branch), ";branch=z9hG4bK-%u", r->branch);
	n = snprintf((char *)l->text, sizeof(l->text),
		     "%s sip:%s%s SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.40:5060%s\r\n"
		     "Max-Forwards: 70\r\nFrom: <sip:u%u@x.example>;tag=f%u\r\n"
		     "To: <sip:u%u@x.example>%s\r\nCall-ID: call-%u@x.example\r\n"
		     "CSeq: %d %s\r\nContent-Length: 0\r\n\r\n",
		     r->method, registers ? "" : "bob@", r->domain, branch, r->user, r->call,
		     r->user, r->to_tag ? ";tag=t1" : "", r->call,
		     1 + (strcmp(r->method, "BYE") == 0), r->method);
	if (n < 0 || (size_t)n >= sizeof(l->text))
		abort();
	return (uint32_t)n;
}

static uint16_t decide(struct window_lab *l, const struct world *w, struct recent *recent,
		       const struct lab_request *r)
{
	struct proxy_in in = { .src = lab_endpoint("203.0.113.40:5060"), .recent = recent };

	sip_parse(l->text, write_request(l, r), SIP_EXACT, &l->m);
	proxy_message(w, l->base[0].fib, &in, &l->m, &l->out);
	return l->out.verdict == PROXY_FORWARD ? l->out.backend : WORLD_NONE;
}

uint16_t window_lab_send(struct window_lab *l, int worker, const struct lab_request *r)
{
	uint16_t server = decide(l, l->world, worker < 0 ? NULL : &l->recent[worker], r);

	if (worker >= 0)
		recent_settle(&l->recent[worker]);
	return server;
}

uint16_t window_lab_table(struct window_lab *l, const struct lab_request *r)
{
	struct world alone = *l->world;

	alone.n_past = 0;
	return decide(l, &alone, NULL, r);
}

bool window_lab_alive(const struct window_lab *l, uint16_t server)
{
	uint8_t state = server < LAB_SERVERS ? l->world->backends[server].state : BACKEND_NONE;

	return state == BACKEND_UP || state == BACKEND_DRAIN;
}

uint64_t window_lab_filter_sum(const struct window_lab *l)
{
	const uint8_t *bytes = (const uint8_t *)l->world->began;
	uint64_t sum = 0;

	for (size_t i = 0; bytes && i < began_size(FILTER_LOG2); i++)
		sum = (sum ^ bytes[i]) * 1099511628211u;
	return sum;
}
