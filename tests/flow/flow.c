/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/flow/flow.h"

#include "dataplane/eal.h"
#include "dataplane/ports.h"

#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define QUEUES_MAX 8

struct flow flow;

static struct rte_ring *rx[FLOW_PORTS][QUEUES_MAX], *tx[FLOW_PORTS][QUEUES_MAX];
static unsigned int free_mbufs[FLOW_PORTS];

static const struct lab network = {
	.secret = "a secret of the flow tests",
	.listeners = { { OUT4, NULL, 0 }, { IN4, NULL, 1 }, { OUT6, NULL, 0 }, { IN6, NULL, 1 } },
	.domains = { "example.com", "six.example.com", "far.example.com", "kernel.example.com",
		     "gone.example.com", "tcp.example.com" },
	.pools = { { .name = "one", .backends = { { "one", SERVER4, 1 } } },
		   { .name = "six", .backends = { { "six", SERVER6, 1 } } },
		   { .name = "far", .backends = { { "far", "10.0.0.12:5060", 1 } } },
		   { .name = "kernel", .backends = { { "kernel", "192.0.2.9:5060", 1 } } },
		   { .name = "gone", .backends = { { "gone", "198.18.0.9:5060", 1 } } },
		   { .name = "tcp",
		     .backends = { { "tcp", SERVER4, 1, .transports = WORLD_TCP } } } },
	.rules = { { .pool = "one", .domain = "example.com" },
		   { .pool = "six", .domain = "six.example.com" },
		   { .pool = "far", .domain = "far.example.com" },
		   { .pool = "kernel", .domain = "kernel.example.com" },
		   { .pool = "gone", .domain = "gone.example.com" },
		   { .pool = "tcp", .domain = "tcp.example.com" } },
	.routes = { { "203.0.113.0/24", 0, FIB_UNICAST, NULL },
		    { "10.0.0.0/8", 1, FIB_UNICAST, NULL },
		    { "2001:db8:1::/64", 0, FIB_UNICAST, NULL },
		    { "2001:db8:2::/64", 1, FIB_UNICAST, NULL },
		    { "192.0.2.0/24", FIB_NO_IFACE, FIB_UNICAST, NULL },
		    { "198.18.0.0/15", FIB_NO_IFACE, FIB_REJECT, NULL } },
	.neighbors = { { "10.0.0.11", 1 },
		       { "2001:db8:2::11", 1 },
		       { "203.0.113.40", 0 },
		       { "2001:db8:1::40", 0 } },
	.record_route = true,
};

static void keep_world(const struct world *w)
{
	(void)w;
}

static void keep_fib(const struct fib *f)
{
	(void)f;
}

static void make_rings(const struct flow_options *o, int p)
{
	static const char *const names[FLOW_PORTS] = { "out", "in" };
	char name[32];

	for (int q = 0; q < flow.queues; q++) {
		snprintf(name, sizeof(name), "rx%d.%d", p, q);
		rx[p][q] = rte_ring_create(name, 4096, SOCKET_ID_ANY, 0);
		snprintf(name, sizeof(name), "out%d.%d", p, q);
		tx[p][q] = rte_ring_create(name, o->tx_ring ? o->tx_ring : 4096, SOCKET_ID_ANY,
					   RING_F_EXACT_SZ);
		cr_assert(rx[p][q] && tx[p][q], "no rings");
	}
	cr_assert_geq(rte_eth_from_rings(names[p], rx[p], flow.queues, tx[p], flow.queues, 0), 0,
		      "no ring port");
}

void flow_open(const struct flow_options *o)
{
	struct plane_port ports[FLOW_PORTS] = {
		{ .name = "out", .devargs = "net_ring_out" },
		{ .name = "in", .devargs = "net_ring_in" },
	};
	struct plane_conf conf = {
		.ports = ports,
		.n_ports = FLOW_PORTS,
		.n_workers = o->workers ? o->workers : 1,
		.hugepages = PLANE_HUGE_OFF,
		.answer_limit = o->answer_limit ? o->answer_limit : 1000000,
		.frag_memory = o->frag_memory ? o->frag_memory : 4 << 20,
		.frag_timeout_ms = o->frag_timeout_ms ? o->frag_timeout_ms : 5000,
	};
	struct plane_error err;

	flow.queues = o->queues ? o->queues : conf.n_workers;
	for (int p = 0; p < FLOW_PORTS; p++) {
		ports[p].mtu = o->mtu ? o->mtu : 1500;
		ports[p].queues = flow.queues;
		ports[p].kernel_shared = o->shared;
		ports[p].kernel_tap = o->tap;
		ports[p].partial_checksums = o->partial;
	}
	cr_assert_eq(eal_start(&conf, &err), 0, "%s", err.text);
	for (int p = 0; p < FLOW_PORTS; p++)
		make_rings(o, p);
	flow.plane = plane_open(&conf, &err);
	cr_assert(flow.plane, "%s", err.text);
	for (int p = 0; p < FLOW_PORTS; p++) {
		struct port *port = &plane_worker(flow.plane, 0)->sh->ports[p];

		memcpy(flow.mac[p], (uint8_t[6]){ 2, 0xaa, 0, 0, 0, (uint8_t)p }, 6);
		memcpy(port->mac, flow.mac[p], 6); /* a ring has none of its own */
		free_mbufs[p] = rte_mempool_avail_count(port->pool);
	}
	lab_build(&network, &flow.lab);
	flow.lab.world.generation = 1;
	plane_publish_world(flow.plane, &flow.lab.world, keep_world);
	plane_publish_fib(flow.plane, flow.lab.fib, keep_fib);
	flow.now = plane_worker(flow.plane, 0)->now;
}

void flow_close(void)
{
	struct frame f;

	for (int p = 0; p < FLOW_PORTS; p++) {
		while (flow_take(p, &f))
			;
	}
	flow_balance();
	for (int p = 0; p < FLOW_PORTS; p++)
		cr_expect_eq(
			rte_mempool_avail_count(plane_worker(flow.plane, 0)->sh->ports[p].pool),
			free_mbufs[p], "port %d has lost packet buffers", p);
	plane_close(flow.plane);
}

void flow_put_queue(int p, int q, const struct frame *f, uint32_t seg)
{
	struct port *port = &plane_worker(flow.plane, 0)->sh->ports[p];
	struct rte_mbuf *head = NULL;
	uint32_t done = 0;

	do {
		struct rte_mbuf *m = rte_pktmbuf_alloc(port->pool);
		uint32_t n = f->len - done;

		cr_assert(m, "no mbuf for the test itself");
		if (n > rte_pktmbuf_tailroom(m))
			n = rte_pktmbuf_tailroom(m);
		if (seg && n > seg)
			n = seg;
		memcpy(rte_pktmbuf_append(m, (uint16_t)n), f->b + done, n);
		done += n;
		m->port = port->dev;
		if (!head)
			head = m;
		else
			cr_assert_eq(rte_pktmbuf_chain(head, m), 0);
	} while (done < f->len);
	cr_assert_eq(rte_ring_enqueue(rx[p][q], head), 0, "rx ring full");
}

void flow_put(int p, const struct frame *f)
{
	flow_put_queue(p, 0, f, 0);
}

void flow_put_mbuf(int p, struct rte_mbuf *m)
{
	cr_assert_eq(rte_ring_enqueue(rx[p][0], m), 0, "rx ring full");
}

void flow_run(void)
{
	unsigned int found, workers = plane_n_stats(flow.plane) - 1;

	do {
		found = 0;
		for (unsigned int i = 0; i < workers; i++)
			found += worker_turn(plane_worker(flow.plane, (uint16_t)i), flow.now);
	} while (found);
}

bool flow_take(int p, struct frame *f)
{
	struct rte_mbuf *m;

	for (int q = 0; q < flow.queues; q++) {
		if (rte_ring_dequeue(tx[p][q], (void **)&m) != 0)
			continue;
		f->len = m->pkt_len;
		memcpy(f->b, rte_pktmbuf_read(m, 0, m->pkt_len, f->b), m->pkt_len);
		rte_pktmbuf_free(m);
		return true;
	}
	return false;
}

int flow_take_all(int p, struct frame *f, int max)
{
	int n = 0;

	while (n < max && flow_take(p, &f[n]))
		n++;
	return n;
}

void flow_send(int p, const struct datagram *d)
{
	static struct frame f;

	wire_build(d, flow.mac[p], &f);
	flow_put(p, &f);
	flow_run();
}

uint64_t flow_count(enum counter c)
{
	struct stats_total t;

	plane_stats(flow.plane, &t);
	return t.c[c];
}

void flow_await(enum counter c, uint64_t n)
{
	for (int i = 0; i < 20000 && flow_count(c) < n; i++)
		usleep(1000);
	cr_assert_geq(flow_count(c), n, "a worker does nothing");
}

uint64_t flow_dropped(enum sip_reason r)
{
	struct stats_total t;

	plane_stats(flow.plane, &t);
	return t.dropped[r];
}

uint64_t flow_answered(enum sip_reason r)
{
	struct stats_total t;

	plane_stats(flow.plane, &t);
	return t.answered[r];
}

void flow_balance(void)
{
	struct stats_total t;

	plane_stats(flow.plane, &t);
	cr_expect_eq(stats_imbalance(&t), 0, "received frames are not conserved: %lld",
		     (long long)stats_imbalance(&t));
	cr_expect_eq(stats_tx_imbalance(&t), 0, "sent frames are not conserved: %lld",
		     (long long)stats_tx_imbalance(&t));
}

const struct seen *flow_expect(int p, const char *from, const char *to, const char *name)
{
	static const uint8_t zero[6];
	static struct frame f;
	static struct seen s;
	struct endpoint src = lab_endpoint(from), dst = lab_endpoint(to);
	const char *wrong;

	cr_assert(flow_take(p, &f), "%s: nothing was sent", name);
	wrong = wire_read(&f, &s);
	cr_assert_null(wrong, "%s: %s", name, wrong);
	cr_expect_arr_eq(s.src_mac, flow.mac[p], 6, "%s: source MAC", name);
	cr_expect_arr_neq(s.dst_mac, zero, 6, "%s: destination MAC", name);
	cr_expect(endpoint_equal(&s.src, &src), "%s: source", name);
	cr_expect(endpoint_equal(&s.dst, &dst), "%s: destination", name);
	cr_expect_eq(s.ttl, 64, "%s: TTL", name);
	return &s;
}

uint32_t flow_invite(char *out, const char *host, uint32_t body, unsigned int n)
{
	int len = snprintf(out, FRAME_MAX,
			   "INVITE sip:bob@%s SIP/2.0\r\n"
			   "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKcall%u;rport\r\n"
			   "Max-Forwards: 70\r\n"
			   "From: <sip:alice@caller.example>;tag=a%u\r\n"
			   "To: <sip:bob@%s>\r\n"
			   "Call-ID: %u@caller.example\r\n"
			   "CSeq: 1 INVITE\r\n"
			   "Contact: <sip:alice@203.0.113.40>\r\n"
			   "Content-Type: application/octet-stream\r\n"
			   "Content-Length: %u\r\n\r\n",
			   host, n, n, host, n, body);

	for (uint32_t i = 0; i < body; i++)
		out[len + (int)i] = (char)(i * 7 + n + i / 251);
	return (uint32_t)len + body;
}

uint32_t flow_invite_of(char *out, const char *host, uint32_t len, unsigned int n)
{
	uint32_t head = flow_invite(out, host, 0, n);
	uint32_t got;

	/* The digits of Content-Length count too. */
	for (uint32_t body = len - head - 5; body <= len - head; body++) {
		got = flow_invite(out, host, body, n);
		if (got == len)
			return got;
	}
	cr_assert_fail("no INVITE of %u bytes", len);
	return 0;
}

uint32_t flow_request(char *out, const char *method, const char *uri, unsigned int n)
{
	return (uint32_t)snprintf(out, FRAME_MAX,
				  "%s %s SIP/2.0\r\n"
				  "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKreq%u\r\n"
				  "Max-Forwards: 70\r\n"
				  "From: <sip:alice@caller.example>;tag=a%u\r\n"
				  "To: <%s>\r\n"
				  "Call-ID: r%u@caller.example\r\n"
				  "CSeq: 1 %s\r\n"
				  "Content-Length: 0\r\n\r\n",
				  method, uri, n, n, uri, n, method);
}
