/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generator against the proxy, both turned by hand in one thread:
 *
 *   engine core, callers ==ring== port 0  viaduct worker  port 1 ==ring== servers, same core
 *
 * What must not be lost is not, and what goes wrong on the way is counted as what it is.
 */
#include "bench/load/engine/core.h"
#include "bench/load/engine/engine.h"
#include "tests/flow/flow.h"

#include <rte_cycles.h>
#include <rte_eth_ring.h>

#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>

#define CALLS 300
#define AT_A_TIME 20
#define QUIET_TURNS 10000

/* Kept reachable: EAL ends with the process. */
static struct engine *engine;
static struct core *core;
static struct load_plan plan;

static struct endpoint at(const char *ip, uint16_t port)
{
	struct endpoint e = { .port = port };

	cr_assert(ip_parse((const uint8_t *)ip, strlen(ip), &e.ip));
	return e;
}

/* The other ends of the rings of flow.c. */
static void mirror(const char *name, const char *rx, const char *tx)
{
	struct rte_ring *r = rte_ring_lookup(rx), *t = rte_ring_lookup(tx);

	cr_assert(r && t);
	cr_assert_geq(rte_eth_from_rings(name, &r, 1, &t, 1, 0), 0);
}

static void use_v4(struct load_plan *p)
{
	p->caller.local[0] = at("203.0.113.40", 5060);
	p->caller.local[1] = at("203.0.113.40", 5070);
	p->caller.proxy = at("203.0.113.1", 5060);
	p->server.local[0] = at("10.0.0.11", 5060);
	p->domain = "example.com";
}

static void use_v6(struct load_plan *p)
{
	p->caller.local[0] = at("2001:db8:1::40", 5060);
	p->caller.local[1] = at("2001:db8:1::40", 5070);
	p->caller.proxy = at("2001:db8:1::1", 5060);
	p->server.local[0] = at("2001:db8:2::11", 5060);
	p->domain = "six.example.com";
}

/* Link address number @i of the lab's neighbours. */
static void neighbor(struct load_side *s, uint8_t i, const uint8_t proxy[6])
{
	memcpy(s->mac, (uint8_t[6]){ 2, 0, 0, 0, 0, i }, 6);
	memcpy(s->proxy_mac, proxy, 6);
	s->mac_known = s->proxy_mac_known = true;
}

static void bed_open(enum load_scenario scenario, bool v6, uint16_t body)
{
	char error[256];

	flow_open(&(struct flow_options){ 0 });
	mirror("caller", "out0.0", "rx0.0");
	mirror("server", "out1.0", "rx1.0");
	plan = (struct load_plan){
		.scenario = scenario,
		.pace = LOAD_CLOSED,
		.calls = AT_A_TIME,
		.max_calls = CALLS,
		.burst = 32,
		.distinct = 64,
		.seed = 1,
		.timeout_ms = 3600000, /* by the true clock, which may leap on a busy machine */
		.cancel_percent = scenario == LOAD_CALL ? 10 : 0,
		.busy_percent = scenario == LOAD_CALL ? 10 : 0,
		.body = body,
		.caller = { .device = { "vdev:net_ring_caller" }, .n_devices = 1, .n_local = 2 },
		.server = { .device = { "vdev:net_ring_server" }, .n_devices = 1, .n_local = 1 },
		.lcores = { (unsigned int)sched_getcpu() },
		.n_lcores = 1,
		.mtu = 1500,
	};
	(v6 ? use_v6 : use_v4)(&plan);
	neighbor(&plan.caller, v6 ? 4 : 3, flow.mac[0]);
	neighbor(&plan.server, v6 ? 2 : 1, flow.mac[1]);
	engine = engine_open(&plan, error);
	cr_assert(engine, "%s", error);
	core = engine_core(engine, 0);
	core->calls = AT_A_TIME;
	core->max_calls = CALLS;
	core_begin(core);
	atomic_store(&core->sending, true);
}

static uint64_t count_of(enum load_counter what)
{
	return core->counts->c[what];
}

static void turn(void)
{
	core->now = rte_rdtsc();
	core_turn(core);
}

/* Until all calls have ended, or nothing happens any more. */
static void run(void)
{
	uint64_t received = 0;

	for (int quiet = 0; quiet < QUIET_TURNS; quiet++) {
		turn();
		flow_run();
		if (count_of(L_CALLS_STARTED) == CALLS && peer_in_progress(core->peer) == 0)
			return;
		if (count_of(L_RECEIVED) != received)
			quiet = 0;
		received = count_of(L_RECEIVED);
	}
}

static void expect_clean(void)
{
	for (int i = 0; i < LOAD_N_COUNTERS; i++)
		cr_expect(!load_counter_wrong[i] || count_of(i) == 0, "%s: %lu, first: %s",
			  load_counter_names[i], count_of(i), core->counts->fault[0].why);
	cr_expect_eq(count_of(L_LOST), 0);
	cr_expect_eq(count_of(L_FRAMES_OTHER), 0);
	cr_expect_eq(count_of(L_TX_FULL), 0);
	cr_expect_eq(count_of(L_CALLS_STARTED), CALLS);
	cr_expect_eq(count_of(L_CALLS_DONE), CALLS);
	cr_expect_eq(count_of(L_SENT), count_of(L_RECEIVED));
	cr_expect_eq(core->counts->latency.n, count_of(L_RECEIVED));
	cr_expect_eq(core->given, core->taken);
	flow_balance();
}

Test(flow_load, calls_come_back_through_the_proxy)
{
	bed_open(LOAD_CALL, false, 0);
	run();
	expect_clean();
	cr_expect_gt(count_of(L_SENT), 6u * CALLS);
}

Test(flow_load, calls_come_back_by_ipv6)
{
	bed_open(LOAD_CALL, true, 0);
	run();
	expect_clean();
}

Test(flow_load, registrations_come_back)
{
	bed_open(LOAD_REGISTER, false, 0);
	run();
	expect_clean();
	cr_expect_eq(count_of(L_SENT), 2u * CALLS);
}

Test(flow_load, the_mix_comes_back)
{
	bed_open(LOAD_MIX, false, 0);
	run();
	expect_clean();
}

Test(flow_load, messages_longer_than_the_mtu_come_back_as_fragments)
{
	bed_open(LOAD_CALL, false, 9000);
	run();
	expect_clean();
	cr_expect_gt(flow_count(C_TX_FRAGMENTED), CALLS / 2);
	cr_expect_gt(flow_count(C_RX_REASSEMBLED), CALLS / 2);
}

Test(flow_load, messages_longer_than_the_mtu_come_back_as_fragments_of_ipv6)
{
	bed_open(LOAD_CALL, true, 9000);
	run();
	expect_clean();
	cr_expect_gt(flow_count(C_TX_FRAGMENTED), CALLS / 2);
}

Test(flow_load, frames_that_vanish_are_counted_as_lost)
{
	static struct frame f;

	bed_open(LOAD_OPTIONS, false, 0);
	turn();
	flow_run();
	for (int i = 0; i < 3; i++)
		cr_assert(flow_take(1, &f), "three requests on their way to a server");
	run();
	peer_finish(core->peer, rte_rdtsc());
	cr_expect_eq(count_of(L_LOST), 3);
	cr_expect_eq(count_of(L_CALLS_STARTED), CALLS);
	cr_expect_eq(count_of(L_CALLS_DONE), CALLS - 3);
	cr_expect_eq(count_of(L_SENT), count_of(L_RECEIVED) + 3);
}

Test(flow_load, frames_that_are_not_ours_or_are_damaged_are_counted_apart)
{
	static const struct datagram others[] = {
		{ .from = "203.0.113.1:5060", .to = "203.0.113.40:9", .payload = "x", .len = 1 },
		{ .from = "203.0.113.1:5060", .to = "203.0.113.41:5060", .payload = "x", .len = 1 },
		{ .from = "203.0.113.1:5060",
		  .to = "203.0.113.40:5060",
		  .payload = "x",
		  .len = 1,
		  .sum = SUM_WRONG },
		{ .from = "203.0.113.1:5060",
		  .to = "203.0.113.40:5060",
		  .payload = "x",
		  .len = 1,
		  .bad_ip_sum = true },
	};
	struct rte_ring *r;
	static struct frame f;

	bed_open(LOAD_OPTIONS, false, 0);
	r = rte_ring_lookup("out0.0");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(core->sh->pool);

		cr_assert(r && m);
		wire_build(&others[i], plan.caller.mac, &f);
		memcpy(rte_pktmbuf_append(m, (uint16_t)f.len), f.b, f.len);
		cr_assert_eq(rte_ring_enqueue(r, m), 0);
	}
	run();
	cr_expect_eq(count_of(L_FRAMES_OTHER), sizeof(others) / sizeof(others[0]));
	cr_expect_eq(count_of(L_CALLS_DONE), CALLS);
	cr_expect_eq(count_of(L_UNKNOWN), 0);
}
