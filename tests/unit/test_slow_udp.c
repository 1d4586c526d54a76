/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slow path on loopback: datagrams in by function call, out by the listener's socket, verdicts in
 * the counters.
 */
#include "control/config/block.h"
#include "control/network/net_addr.h"
#include "control/network/slow_udp.h"
#include "control/world/world_build.h"
#include "dataplane/example.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET "secret of the test"

struct fixture {
	struct slow_udp s;
	struct world *world;
	struct fib *fib;
	struct endpoint listener, caller;
	int caller_fd, server_fd;
	uint8_t in[SIP_MAX_LEN + SIP_PAD];
	char back[SIP_MAX_LEN + 1];
};

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

static void make_world(struct fixture *f, uint16_t listener_port, uint16_t server_port)
{
	static const char text[] =
		"interfaces:\n"
		"  - {name: lo, device: \"packet:lo\", addresses: [\"127.0.0.1/8\"]}\n"
		"listeners:\n"
		"  - {name: main, address: \"127.0.0.1:%u\", transports: [udp]}\n"
		"domains: [example.com]\n"
		"pools:\n"
		"  - {name: core, backends: [{name: b, address: \"127.0.0.1:%u\"}]}\n"
		"routes:\n"
		"  - {pool: core}\n";
	struct fib_route route = { .prefix = ip_from_v4((uint8_t[]){ 127, 0, 0, 0 }), .len = 104 };
	struct world_facts facts = { .secret = SECRET, .secret_len = sizeof(SECRET) - 1 };
	struct config_errors errs = { 0 };
	struct config c = { 0 };
	char yaml[1024];
	int n = snprintf(yaml, sizeof(yaml), text, listener_port, server_port);

	cr_assert_eq(config_load_memory("t", yaml, (size_t)n, &c, &errs), 0);
	cr_assert_eq(world_build(&c, &facts, &f->world, &errs), 0);
	config_free(&c);
	config_errors_free(&errs);
	f->fib = fib_build(block_new(fib_size(1, 0, 0)), 1, &route, 1, NULL, 0, NULL, 0);
}

static struct fixture *setup(void)
{
	static const struct kernel_port port = { true, 0 };
	struct fixture *f = calloc(1, sizeof(*f));
	struct endpoint server;
	char why[256];

	f->caller_fd = open_peer(&f->caller);
	f->server_fd = open_peer(&server);
	close(open_peer(&f->listener));
	make_world(f, f->listener.port, server.port);
	f->s.world = f->world;
	f->s.fib = f->fib;
	f->s.answer_limit = 3;
	f->s.stats = stats_new();
	f->s.sockets = kernel_sockets_new(NULL, NULL, NULL);
	cr_assert_eq(kernel_sockets_prepare(f->s.sockets, f->world, &port, why, sizeof(why)), 0,
		     "%s", why);
	return f;
}

static void teardown(struct fixture *f)
{
	struct stats_total t = { 0 };

	stats_sum(&t, f->s.stats);
	cr_expect_eq(stats_imbalance(&t), 0, "every datagram has one verdict");
	cr_expect_eq(stats_tx_imbalance(&t), 0);
	kernel_sockets_free(f->s.sockets);
	stats_free(f->s.stats);
	world_free(f->world);
	block_free(f->fib);
	close(f->caller_fd);
	close(f->server_fd);
	free(f);
}

static void take(struct fixture *f, const char *bytes, size_t n, uint64_t now_ms)
{
	memcpy(f->in, bytes, n);
	slow_udp_take(&f->s, &f->caller, &f->listener, f->in, n, now_ms);
}

/* What came to a peer's socket; "" = nothing. */
static const char *at(struct fixture *f, int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	ssize_t n = poll(&p, 1, 0) > 0 ? recv(fd, f->back, SIP_MAX_LEN, 0) : 0;

	f->back[n > 0 ? n : 0] = '\0';
	return f->back;
}

static char text[SIP_MAX_LEN + 1];

static size_t request(const struct fixture *f, const char *method, unsigned int hops, size_t body)
{
	int n = snprintf(text, sizeof(text),
			 "%s sip:bob@example.com SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK1\r\n"
			 "Max-Forwards: %u\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: "
			 "<sip:bob@example.com>\r\n"
			 "Call-ID: 1\r\nCSeq: 1 %s\r\nContent-Length: %zu\r\n\r\n",
			 method, f->caller.port, hops, method, body);

	memset(text + n, 'b', body);
	return (size_t)n + body;
}

static uint64_t count(const struct fixture *f, enum counter c)
{
	return stat_get(&f->s.stats->c[c]);
}

Test(slow_udp, a_large_request_goes_to_its_server_with_our_via)
{
	struct fixture *f = setup();
	size_t n = request(f, "INVITE", 70, 20000);
	const char *got;
	char via[64];

	take(f, text, n, 0);
	got = at(f, f->server_fd);
	snprintf(via, sizeof(via), "\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK",
		 f->listener.port);
	cr_expect(strstr(got, via), "%.300s", got);
	cr_expect(strstr(got, "Max-Forwards: 69\r\n"));
	cr_expect_gt(strlen(got), n);
	cr_expect_eq(count(f, C_FORWARDED), 1);
	cr_expect_eq(count(f, C_RX_REQUESTS), 1);
	cr_expect_eq(stat_get(&f->s.stats->backend[0]), 1);
	teardown(f);
}

Test(slow_udp, the_response_finds_its_way_back)
{
	struct fixture *f = setup();
	size_t n = request(f, "INVITE", 70, 0);
	static char response[SIP_MAX_LEN + 1];
	const char *got;
	int len;

	take(f, text, n, 0);
	len = snprintf(response, sizeof(response), "SIP/2.0 200 OK%s",
		       strstr(at(f, f->server_fd), "\r\n"));
	take(f, response, (size_t)len, 0);
	got = at(f, f->caller_fd);
	cr_expect_eq(strncmp(got, "SIP/2.0 200 OK\r\n", 16), 0);
	cr_expect(strstr(got, "\r\nVia: SIP/2.0/UDP 127.0.0.1:"));
	cr_expect(strstr(got, ";branch=z9hG4bK1\r\n"));
	cr_expect_null(strstr(strstr(got, "Via: "), "\r\nVia: "), "our Via is off");
	cr_expect_eq(count(f, C_FORWARDED), 2);
	cr_expect_eq(count(f, C_RX_RESPONSES), 1);
	teardown(f);
}

Test(slow_udp, answers_of_our_own_are_sent_and_limited_per_second)
{
	struct fixture *f = setup();
	size_t n = request(f, "INVITE", 0, 0);
	unsigned int answers = 0;

	for (int i = 0; i < 10; i++) {
		take(f, text, n, 1000 + (uint64_t)i);
		answers += strncmp(at(f, f->caller_fd), "SIP/2.0 483 ", 12) == 0;
	}
	cr_expect_eq(answers, 3);
	cr_expect_eq(count(f, C_ANSWERED), 3);
	cr_expect_eq(stat_get(&f->s.stats->dropped[SIP_R_ANSWER_LIMIT]), 7);
	cr_expect_eq(stat_get(&f->s.stats->answered[SIP_R_MAX_FORWARDS_ZERO]), 3);
	take(f, text, n, 2000);
	cr_expect_eq(count(f, C_ANSWERED), 4, "the next second has answers of its own");
	teardown(f);
}

Test(slow_udp, junk_and_forged_sources_are_dropped_by_name)
{
	struct fixture *f = setup();
	size_t n = request(f, "INVITE", 70, 0);
	struct endpoint elsewhere = f->listener;

	take(f, "\r\n\r\n", 4, 0);
	cr_expect_eq(stat_get(&f->s.stats->dropped[SIP_R_KEEPALIVE]), 1);
	take(f, "no sip at all", 13, 0);
	cr_expect_eq(stat_get(&f->s.stats->dropped[SIP_R_NOT_SIP]), 1);
	f->caller.port = 0;
	take(f, text, n, 0);
	cr_expect_eq(count(f, C_DROP_BAD_SOURCE), 1);
	f->caller.port = 5060;
	elsewhere.port++;
	slow_udp_take(&f->s, &f->caller, &elsewhere, f->in, n, 0);
	cr_expect_eq(count(f, C_DROP_NO_LISTENER), 1);
	cr_expect_str_eq(at(f, f->server_fd), "");
	teardown(f);
}

Test(slow_udp, what_outgrows_a_datagram_is_refused)
{
	struct fixture *f = setup();
	size_t n = request(f, "INVITE", 70, 65250);

	cr_assert_lt(n, 65507);
	take(f, text, n, 0);
	cr_expect_str_eq(at(f, f->server_fd), "");
	cr_expect_eq(count(f, C_FORWARDED), 0);
	teardown(f);
}

Test(slow_udp, what_it_does_can_be_seen_as_on_a_worker)
{
	struct fixture *f = setup();
	size_t n = request(f, "INVITE", 70, 0);
	struct example x;

	take(f, text, n, 0);
	cr_expect_eq(stat_get(&f->s.stats->requests[SIP_M_INVITE]), 1);
	take(f, "<no sip at all>", 15, 0);
	cr_assert(example_get(f->s.stats->examples, EXAMPLE_OF_REASON(SIP_R_NOT_SIP), &x));
	cr_expect(endpoint_equal(&x.src, &f->caller));
	cr_expect_arr_eq(x.bytes, "<no sip at all>", 15);
	cr_expect_not(example_get(f->s.stats->examples, EXAMPLE_OF_REASON(SIP_R_BAD_VIA), &x));
	teardown(f);
}

Test(slow_udp, its_messages_are_traced)
{
	struct trace_set set = { .generation = 1, .slot[0] = { .used = true, .rate = 100 } };
	struct trace_tap tap = { .hz = 1000000000 };
	struct fixture *f = setup();
	const struct trace_record *r;
	const char *sent;
	size_t n;

	cr_assert_eq(byte_ring_init(&tap.ring, TRACE_RING_SIZE), 0);
	f->s.tap = &tap;
	f->s.trace = &set;
	n = request(f, "INVITE", 70, 20000);
	take(f, text, n, 0);
	sent = at(f, f->server_fd);
	r = byte_ring_peek(&tap.ring);
	cr_assert(r);
	cr_expect_eq(r->verdict, TRACE_FORWARDED);
	cr_expect(r->by_linux);
	cr_expect_eq(r->in_len, n);
	cr_expect_eq(memcmp(r + 1, text, n), 0);
	cr_expect_eq(r->out_len, strlen(sent));
	cr_expect_eq(memcmp((const char *)(r + 1) + n, sent, r->out_len), 0);
	byte_ring_drop(&tap.ring);
	take(f, "<no sip at all>", 15, 0);
	r = byte_ring_peek(&tap.ring);
	cr_assert(r);
	cr_expect_eq(r->verdict, TRACE_DROPPED);
	cr_expect_eq(r->cause, EXAMPLE_OF_REASON(SIP_R_NOT_SIP));
	cr_expect_eq(r->out_len, 0);
	byte_ring_fini(&tap.ring);
	teardown(f);
}
