/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/relay_lab.h"

#include "control/config/block.h"
#include "control/dns/dns.h"
#include "control/network/net_addr.h"
#include "control/world/world_build.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SECRET "secret of the test"

/* The streams' functions have no argument that leads to the lab: a test has one at a time. */
static struct relay_lab *lab;
static struct {
	dns_answer fn;
	void *arg;
} asker[LAB_NAMES]; /* those who wait */

char lab_text[SIP_MAX_LEN + 1];

/* --- streams, played ---------------------------------------------------------------------- */

static struct lab_sent *remember(const void *p, size_t n)
{
	struct lab_sent *s;

	cr_assert_lt(lab->n_sent, LAB_SENT);
	s = &lab->sent[lab->n_sent++];
	memcpy(s->text, p, n);
	s->text[n] = '\0';
	return s;
}

int streams_send(struct streams *s, uint64_t connection, const void *p, size_t n)
{
	(void)s;
	if (lab->send_rc)
		return lab->send_rc;
	remember(p, n)->connection = connection;
	return 0;
}

uint64_t streams_find(struct streams *s, const struct stream_target *to)
{
	(void)s;
	(void)to;
	return lab->stands;
}

int streams_send_to(struct streams *s, const struct stream_target *to, const void *p, size_t n,
		    uint64_t *connection, stream_sent fn, void *arg)
{
	struct lab_sent *sent;

	(void)s;
	(void)connection;
	if (lab->send_to_rc)
		return lab->send_to_rc;
	sent = remember(p, n);
	sent->to = *to;
	snprintf(sent->name, sizeof(sent->name), "%s", to->name ? to->name : "");
	sent->fn = fn;
	sent->arg = arg;
	return 0;
}

bool streams_alias(struct streams *s, uint64_t connection, const char *name,
		   const struct endpoint *sent_by)
{
	(void)s;
	(void)connection;
	snprintf(lab->alias, sizeof(lab->alias), "%s:%u", name, sent_by->port);
	lab->alias_at = *sent_by;
	return true;
}

void streams_close(struct streams *s, uint64_t connection)
{
	(void)s;
	lab->closed = connection;
}

void streams_keep(struct streams *s, uint64_t connection, uint64_t ms)
{
	(void)s;
	lab->kept = connection;
	lab->kept_ms = ms;
}

void lab_connections(struct relay_lab *f, int rc)
{
	for (; f->n_told < f->n_sent; f->n_told++) {
		struct lab_sent *s = &f->sent[f->n_told];

		if (s->fn)
			s->fn(s->arg, rc);
	}
	lab_turn(f);
}

const struct lab_sent *lab_last(const struct relay_lab *f)
{
	return f->n_sent ? &f->sent[f->n_sent - 1] : NULL;
}

/* --- names, played ------------------------------------------------------------------------ */

static void answer(struct relay_lab *f, dns_answer fn, void *arg)
{
	struct dns_target target = { .at = f->name_at, .transport = f->name_transport };

	fn(arg, f->name_rc, &target, f->name_rc ? 0 : 1);
}

struct dns_ticket *dns_ask(struct dns *d, const struct dns_question *q, uint64_t key,
			   uint64_t sent_ms, dns_answer fn, void *arg)
{
	(void)d;
	(void)key;
	(void)sent_ms;
	lab->n_asked++;
	snprintf(lab->asked, sizeof(lab->asked), "%s:%u", q->host, q->port);
	lab->asked_response = q->response;
	if (lab->at_once) {
		answer(lab, fn, arg);
		return NULL;
	}
	cr_assert_lt(lab->n_waiting, LAB_NAMES);
	asker[lab->n_waiting].fn = fn;
	asker[lab->n_waiting++].arg = arg;
	return (struct dns_ticket *)lab;
}

void lab_names_found(struct relay_lab *f)
{
	while (f->n_waiting) {
		f->n_waiting--;
		answer(f, asker[f->n_waiting].fn, asker[f->n_waiting].arg);
	}
	while (relay_counts(f->relay)->names)
		lab_turn(f);
}

/* --- the lab ------------------------------------------------------------------------------ */

static int open_peer(struct endpoint *at)
{
	struct endpoint any = { ip_from_v4((uint8_t[]){ 127, 0, 0, 1 }), 0 };
	struct sockaddr_storage name;
	socklen_t len = net_addr_put(&name, &any);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&name, len), 0);
	len = sizeof(name);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	cr_assert(net_addr_get(&name, at));
	return fd;
}

struct world *lab_world(const struct relay_lab *f, uint16_t listener_port)
{
	static const char text[] =
		"interfaces:\n"
		"  - {name: lo, device: \"packet:lo\", addresses: [\"127.0.0.1/8\"]}\n"
		"listeners:\n"
		"  - {name: main, address: \"127.0.0.1:%u\", transports: [udp, tcp]}\n"
		"domains: [example.com, tcp.example.com, both.example.com]\n"
		"trusted: [\"127.0.0.0/8\"]\n"
		"pools:\n"
		"  - {name: udp, backends: [{name: b, address: \"127.0.0.1:%u\"}]}\n"
		"  - {name: tcp, backends: [{name: c, address: \"127.0.0.1:%u\", transports: "
		"[tcp]}]}\n"
		"  - {name: both, backends: [{name: d, address: \"127.0.0.1:%u\", transports: "
		"[udp, tcp]}]}\n"
		"routes:\n"
		"  - {match: {domain: tcp.example.com}, pool: tcp}\n"
		"  - {match: {domain: both.example.com}, pool: both}\n"
		"  - {pool: udp}\n";
	struct world_facts facts = { .secret = SECRET, .secret_len = sizeof(SECRET) - 1 };
	struct config_errors errs = { 0 };
	struct world *world = NULL;
	struct config c = { 0 };
	char yaml[2048];
	int n = snprintf(yaml, sizeof(yaml), text, listener_port, f->server.port, f->server.port,
			 f->server.port);

	cr_assert_eq(config_load_memory("t", yaml, (size_t)n, &c, &errs), 0, "%s",
		     errs.n ? errs.v[0].text : "");
	cr_assert_eq(world_build(&c, &facts, &world, &errs), 0);
	config_free(&c);
	config_errors_free(&errs);
	return world;
}

static void make_snapshots(struct relay_lab *f)
{
	struct fib_route route = { .prefix = ip_from_v4((uint8_t[]){ 127, 0, 0, 0 }), .len = 104 };

	f->world = lab_world(f, f->listener.port);
	f->fib = fib_build(block_new(fib_size(1, 0, 0)), 1, &route, 1, NULL, 0, NULL, 0);
}

static uint64_t clock_ms(void)
{
	return lab->now_ms;
}

struct relay_lab *relay_lab(void)
{
	static const struct kernel_port port = { .shared = true };
	struct relay_lab *f = calloc(1, sizeof(*f));
	struct relay_env *e = &f->env;
	char why[256];

	lab = f;
	f->now_ms = 1000;
	f->caller_fd = open_peer(&f->caller);
	f->server_fd = open_peer(&f->server);
	close(open_peer(&f->listener));
	make_snapshots(f);
	e->base = event_base_new();
	e->world = f->world;
	e->fib = f->fib;
	e->answer_limit = 3;
	e->stats = stats_new();
	e->held = &f->held;
	e->clock_ms = clock_ms;
	e->sockets = kernel_sockets_new(NULL, NULL, NULL);
	cr_assert_eq(kernel_sockets_prepare(e->sockets, f->world, &port, why, sizeof(why)), 0, "%s",
		     why);
	f->relay = relay_new(e);
	cr_assert(f->relay);
	return f;
}

void relay_lab_end(struct relay_lab *f)
{
	lab_connections(f, -ECANCELED);
	cr_expect_eq(relay_counts(f->relay)->bytes, 0, "all that was kept is gone");
	cr_expect_eq(relay_counts(f->relay)->connections, 0);
	cr_expect_eq(relay_counts(f->relay)->names, 0);
	stats_sum(&f->total, f->env.stats);
	cr_expect_eq(stats_imbalance(&f->total), 0, "every message has one verdict");
	cr_expect_eq(stats_tx_imbalance(&f->total), 0);
	relay_free(f->relay);
	kernel_sockets_free(f->env.sockets);
	stats_free(f->env.stats);
	event_base_free(f->env.base);
	world_free(f->world);
	block_free(f->fib);
	close(f->caller_fd);
	close(f->server_fd);
	free(f);
}

void lab_turn(struct relay_lab *f)
{
	cr_assert_geq(event_base_loop(f->env.base, EVLOOP_NONBLOCK), 0);
}

size_t lab_request(struct relay_lab *f, const char *method, const char *uri, const char *transport,
		   const char *extra, size_t body)
{
	int n = snprintf(lab_text, sizeof(lab_text),
			 "%s %s SIP/2.0\r\n"
			 "Via: SIP/2.0/%s 127.0.0.1:%u;branch=z9hG4bK1\r\n"
			 "%sFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n"
			 "Call-ID: 1\r\nCSeq: 1 %s\r\nContent-Length: %zu\r\n\r\n",
			 method, uri, transport, f->caller.port, extra, method, body);

	memset(lab_text + n, 'b', body);
	return (size_t)n + body;
}

size_t lab_response(const char *sent, unsigned int status, char *out, size_t n)
{
	const char *rows = strstr(sent, "\r\n"), *end = strstr(sent, "Content-Length:");

	return (size_t)snprintf(out, n, "SIP/2.0 %u Test%.*sContent-Length: 0\r\n\r\n", status,
				(int)(end - rows), rows);
}

static void take(struct relay_lab *f, struct relay_message *m, const char *bytes, size_t n)
{
	memcpy(f->in, bytes, n);
	m->p = f->in;
	m->len = (uint32_t)n;
	m->listener = f->listener;
	relay_take(f->relay, m);
}

void lab_datagram(struct relay_lab *f, const struct endpoint *src, const char *bytes, size_t n)
{
	struct relay_message m = { .src = *src, .transport = SIP_UDP };

	take(f, &m, bytes, n);
}

void lab_stream(struct relay_lab *f, uint64_t connection, const char *bytes, size_t n)
{
	struct relay_message m = { .src = f->caller,
				   .transport = SIP_TCP,
				   .connection = connection };

	take(f, &m, bytes, n);
}

const char *lab_at(struct relay_lab *f, int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	ssize_t n = poll(&p, 1, 0) > 0 ? recv(fd, f->back, SIP_MAX_LEN, 0) : 0;

	f->back[n > 0 ? n : 0] = '\0';
	return f->back;
}

uint64_t lab_count(const struct relay_lab *f, enum counter c)
{
	return stat_get(&f->env.stats->c[c]);
}

uint64_t lab_dropped(const struct relay_lab *f, enum sip_reason reason)
{
	return stat_get(&f->env.stats->dropped[reason]);
}
