/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lab of load_lab.h. Datagrams wait in one queue, in the order in which they left the proxy;
 * each is a block of its own on the heap, so that a sanitizer sees reading too far.
 */
#include "tests/unit/load_lab.h"

#include "dataplane/sip/msg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE 65536
#define SPARE 320 /* bytes after a packet: for harm, and for reading on */
#define CALLERS 3
#define SERVERS 8

#define LAB_V4(record)                                                               \
	{                                                                            \
		.secret = "the secret of all tests",                                 \
		.listeners = { { .address = "203.0.113.1:5060", .iface = 0 },        \
			       { .address = "10.20.0.1:5060", .iface = 1 } },        \
		.trusted = { "198.51.100.0/24" },                                    \
		.pools = { { .name = "core",                                         \
			     .backends = { LAB_SERVER("1", "10.20.0.11:5060"),       \
					   LAB_SERVER("2", "10.20.0.112:5060"),      \
					   LAB_SERVER("3", "10.20.0.13:5060"),       \
					   LAB_SERVER("4", "10.20.0.14:5064"),       \
					   LAB_SERVER("5", "10.20.0.5:5060"),        \
					   LAB_SERVER("6", "10.20.0.16:5060"),       \
					   LAB_SERVER("7", "10.20.0.17:15060"),      \
					   LAB_SERVER("8", "10.20.0.18:5060") } } }, \
		.rules = { { .pool = "core" } },                                     \
		.routes = { { "198.51.100.0/24", 0, FIB_UNICAST, NULL },             \
			    { "10.20.0.0/16", 1, FIB_UNICAST, NULL } },              \
		.record_route = (record),                                            \
	}

#define LAB_V6(record)                                                                     \
	{                                                                                  \
		.secret = "the secret of all tests",                                       \
		.listeners = { { .address = "[2001:db8:1::1]:5060", .iface = 0 },          \
			       { .address = "[2001:db8:2::1]:5060", .iface = 1 } },        \
		.trusted = { "2001:db8:3::/64" },                                          \
		.pools = { { .name = "core",                                               \
			     .backends = { LAB_SERVER("1", "[2001:db8:2::11]:5060"),       \
					   LAB_SERVER("2", "[2001:db8:2::1234:12]:5060"),  \
					   LAB_SERVER("3", "[2001:db8:2::13]:5060"),       \
					   LAB_SERVER("4", "[2001:db8:2::14]:5064"),       \
					   LAB_SERVER("5", "[2001:db8:2::5]:5060"),        \
					   LAB_SERVER("6", "[2001:db8:2::16]:5060"),       \
					   LAB_SERVER("7", "[2001:db8:2::17]:15060"),      \
					   LAB_SERVER("8", "[2001:db8:2::18]:5060") } } }, \
		.rules = { { .pool = "core" } },                                           \
		.routes = { { "2001:db8:3::/64", 0, FIB_UNICAST, NULL },                   \
			    { "2001:db8:2::/64", 1, FIB_UNICAST, NULL } },                 \
		.record_route = (record),                                                  \
	}

static const struct lab worlds_of[4] = {
	[0] = LAB_V4(true),
	[LOAD_LAB_V6] = LAB_V6(true),
	[LOAD_LAB_NO_RECORD_ROUTE] = LAB_V4(false),
	[LOAD_LAB_V6 | LOAD_LAB_NO_RECORD_ROUTE] = LAB_V6(false),
};

static const char *const callers[2][CALLERS] = {
	{ "198.51.100.7:5060", "198.51.100.7:5070", "198.51.100.207:5060" },
	{ "[2001:db8:3::7]:5060", "[2001:db8:3::7]:5070", "[2001:db8:3::aaaa:207]:5060" },
};

static struct lab_world worlds[4];
static struct sip_msg msg;
static struct proxy_out decision;

void load_lab_plan(struct load_lab *lab, unsigned int flags)
{
	struct load_plan *p = &lab->plan;
	const struct lab *l = &worlds_of[flags];

	memset(lab, 0, sizeof(*lab));
	if (!worlds[flags].fib)
		lab_build(l, &worlds[flags]);
	lab->world = &worlds[flags];
	p->scenario = LOAD_CALL;
	p->pace = LOAD_CLOSED;
	p->calls = 256;
	p->distinct = 240;
	p->seed = 7;
	p->timeout_ms = 1000;
	p->caller.n_devices = p->server.n_devices = 1;
	p->caller.n_local = CALLERS;
	for (unsigned int i = 0; i < CALLERS; i++)
		p->caller.local[i] = lab_endpoint(callers[flags & LOAD_LAB_V6][i]);
	p->server.n_local = SERVERS;
	for (unsigned int i = 0; i < SERVERS; i++)
		p->server.local[i] = lab_endpoint(l->pools[0].backends[i].address);
	p->caller.proxy = lab->world->world.listeners[0].addr;
	lab->now = 1000000;
	lab->delay = 10;
}

static struct peer *open_peer(struct load_lab *lab, const struct load_plan *plan,
			      struct load_counts **counts)
{
	char error[256];
	struct peer_templates *t = peer_templates_new(plan, error);
	struct peer *p;

	*counts = calloc(1, sizeof(**counts));
	p = t && *counts ? peer_new(t, 0, 1, LOAD_LAB_HZ, *counts) : NULL;
	if (!p) {
		fprintf(stderr, "load_lab: %s\n", error);
		exit(2);
	}
	histogram_clear(&(*counts)->latency);
	if (plan->caller.n_devices)
		lab->t = t;
	else
		lab->other_t = t;
	return p;
}

void load_lab_open(struct load_lab *lab, bool apart)
{
	static struct load_plan server_plan;

	lab->queue = calloc(QUEUE, sizeof(*lab->queue));
	if (apart) {
		server_plan = lab->plan;
		server_plan.caller.n_devices = 0;
		lab->other = open_peer(lab, &server_plan, &lab->other_counts);
		lab->plan.server.n_devices = 0;
		lab->plan.server.n_local = 0;
	}
	lab->peer = open_peer(lab, &lab->plan, &lab->counts);
}

static void enqueue(struct load_lab *lab, const struct load_packet *packet)
{
	if (lab->n_queue == QUEUE) {
		fprintf(stderr, "load_lab: the wire is full\n");
		exit(2);
	}
	lab->queue[lab->n_queue++] = *packet;
}

static struct load_packet copy_packet(const struct load_packet *from)
{
	struct load_packet packet = *from;

	packet.p = malloc(from->in.len + SPARE);
	memcpy(packet.p, from->p, from->in.len);
	packet.in.p = packet.p;
	return packet;
}

/* Out of the proxy, through the hands of the test, onto the wire. */
static void leave(struct load_lab *lab, struct load_packet *packet)
{
	enum tamper todo = lab->tamper ? lab->tamper(lab, packet) : TAMPER_NOTHING;

	if (todo == TAMPER_DROP) {
		free(packet->p);
		return;
	}
	if (todo == TAMPER_TWICE) {
		struct load_packet copy = copy_packet(packet);

		enqueue(lab, &copy);
	}
	enqueue(lab, packet);
}

void load_lab_send(struct load_lab *lab, const struct peer_out *m)
{
	const struct world *w = &lab->world->world;
	struct proxy_in in = { .src = m->from, .listener = m->side == PEER_SERVER };
	struct load_packet packet = { .at = lab->now + lab->delay };
	static uint8_t buffer[PEER_ROOM];
	int len;

	lab->n_proxied++;
	if (!endpoint_equal(&m->to, &w->listeners[in.listener].addr)) {
		lab->n_not_forwarded++;
		return;
	}
	sip_parse(m->p, m->len, SIP_EXACT, &msg);
	proxy_message(w, lab->world->fib, &in, &msg, &decision);
	packet.in.p = buffer;
	if (decision.verdict == PROXY_FORWARD) {
		len = edit_copy(&decision.edits, m->p, msg.len, buffer, sizeof(buffer));
	} else {
		lab->n_not_forwarded++;
		len = decision.verdict == PROXY_ANSWER ? (int)decision.answer_len : 0;
		packet.in.p = decision.answer;
	}
	if (len <= 0)
		return;
	packet.in.len = (uint32_t)len;
	packet.p = (uint8_t *)packet.in.p;
	packet = copy_packet(&packet);
	packet.in.side = decision.listener == 1 ? PEER_SERVER : PEER_CALLER;
	packet.in.from = w->listeners[decision.listener].addr;
	packet.in.to = decision.dst;
	leave(lab, &packet);
}

static struct peer_out *outs(void)
{
	static struct peer_out out[PEER_OUT];
	static uint8_t room[PEER_OUT][PEER_ROOM];

	for (unsigned int i = 0; i < PEER_OUT; i++)
		out[i] = (struct peer_out){ .p = room[i], .room = PEER_ROOM };
	return out;
}

static void send_all(struct load_lab *lab, const struct peer_out *out, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		load_lab_send(lab, &out[i]);
}

static void deliver(struct load_lab *lab, struct load_packet *packet)
{
	struct peer *to = lab->other && packet->in.side == PEER_SERVER ? lab->other : lab->peer;
	struct peer_out *out = outs();

	memset(packet->p + packet->in.len, 0xee, 64);
	send_all(lab, out, peer_receive(to, &packet->in, lab->now, out));
	free(packet->p);
}

/* Delivers what is due, in order; returns how many. */
static unsigned int deliver_due(struct load_lab *lab)
{
	unsigned int n = 0, kept = 0, done = 0;

	for (; n < lab->n_queue; n++) {
		struct load_packet packet = lab->queue[n];

		if (packet.at > lab->now)
			lab->queue[kept++] = packet;
		else {
			deliver(lab, &packet);
			done++;
		}
	}
	lab->n_queue = kept;
	return done;
}

static void timers(struct load_lab *lab)
{
	struct peer *both[] = { lab->peer, lab->other };

	for (unsigned int i = 0; i < 2; i++) {
		unsigned int n = PEER_OUT;

		while (both[i] && n == PEER_OUT) {
			struct peer_out *out = outs();

			n = peer_timers(both[i], lab->now, out, PEER_OUT);
			send_all(lab, out, n);
		}
	}
}

void load_lab_run(struct load_lab *lab, uint64_t calls, unsigned int at_once, uint64_t ticks)
{
	uint64_t end = lab->now + ticks, started = 0;

	while (lab->now < end) {
		while (started < calls && peer_in_progress(lab->peer) < at_once) {
			struct peer_out *out = outs();

			started++;
			send_all(lab, out, peer_start(lab->peer, lab->now, out));
		}
		deliver_due(lab);
		timers(lab);
		lab->now += 10;
		if (started == calls && !lab->n_queue && !peer_in_progress(lab->peer) &&
		    !(lab->other && peer_in_progress(lab->other)))
			return;
	}
}

void load_lab_finish(struct load_lab *lab)
{
	peer_finish(lab->peer, lab->now);
	if (lab->other)
		peer_finish(lab->other, lab->now);
}

void load_lab_close(struct load_lab *lab)
{
	while (lab->n_queue)
		free(lab->queue[--lab->n_queue].p);
	peer_free(lab->peer);
	peer_free(lab->other);
	peer_templates_free(lab->t);
	peer_templates_free(lab->other_t);
	free(lab->queue);
	free(lab->counts);
	free(lab->other_counts);
}

uint64_t load_lab_count(const struct load_lab *lab, enum load_counter what)
{
	return lab->counts->c[what] + (lab->other ? lab->other_counts->c[what] : 0);
}

uint64_t load_lab_wrong(const struct load_lab *lab)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < LOAD_N_COUNTERS; i++)
		n += load_counter_wrong[i] ? load_lab_count(lab, (enum load_counter)i) : 0;
	return n;
}

const char *load_lab_text(const struct load_lab *lab)
{
	static char text[8192];
	const struct load_counts *c =
		lab->counts->n_faults || !lab->other ? lab->counts : lab->other_counts;
	int n = 0;

	for (unsigned int i = 0; i < LOAD_N_COUNTERS; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s %lu ", load_counter_names[i],
			      (unsigned long)load_lab_count(lab, (enum load_counter)i));
	if (c->n_faults)
		snprintf(text + n, sizeof(text) - (size_t)n, "\n%s: %s\n%.*s",
			 load_counter_names[c->fault[0].what], c->fault[0].why,
			 (int)(c->fault[0].len < 2048 ? c->fault[0].len : 2048),
			 (const char *)c->fault[0].message);
	return text;
}

bool load_packet_is(const struct load_packet *packet, const char *method, bool request)
{
	const char *text = (const char *)packet->p;
	size_t n = strlen(method);

	if (request)
		return memcmp(text, method, n) == 0 && text[n] == ' ';
	return memcmp(text, "SIP/2.0 ", 8) == 0 && memcmp(text + 8, method, n) == 0;
}
