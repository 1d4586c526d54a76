/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dns_asker.h"

#include "control/config/alloc.h"
#include "control/log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

struct event_base *base;
static struct event_base *base_of_servers;
struct lab_server *servers[2];
struct config config;
struct dns *d;
uint64_t now_ms;
struct told told;

#define MOST_STEPS 50000 /* some seconds at least */

static struct config_resolver places[2];

static uint64_t clock_ms(void)
{
	return now_ms;
}

void use_servers(uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		places[i].address = (struct endpoint){ ip_from_v4((const uint8_t *)"\x7f\0\0\1"),
						       servers[first + i]->port };
	config.resolvers = places;
	config.n_resolvers = n;
}

void new_dns(void)
{
	d = dns_new(base, &config);
	cr_assert(d);
	d->clock = clock_ms;
}

void asker_set_up(void)
{
	log_set_level(LOG_AT_ERROR);
	now_ms = 1000000;
	base = event_base_new();
	base_of_servers = event_base_new();
	servers[0] = lab_server_new(base_of_servers, ZONE);
	servers[1] = lab_server_new(base_of_servers, ZONE);
	config = (struct config){ .transaction_window = 200000,
				  .dns = { .timeout = 60,
					   .attempts = 2,
					   .wait = 60000,
					   .queries = 64,
					   .cache_entries = 1000,
					   .cache_memory_mb = 1,
					   .ttl_min = 1000,
					   .ttl_max = 3600000,
					   .stale = 7200000 } };
	use_servers(0, 1);
	new_dns();
}

void asker_tear_down(void)
{
	dns_free(d);
	lab_server_free(servers[0]);
	lab_server_free(servers[1]);
	event_base_free(base);
	event_base_free(base_of_servers);
	cr_expect_eq(mem_live(), 0, "%zu blocks of memory are left", mem_live());
}

void on_answer(void *arg, int rc, const struct dns_target *targets, uint32_t n)
{
	(void)arg;
	told.calls++;
	told.rc = rc;
	snprintf(told.targets, sizeof(told.targets), "%s", lab_targets(targets, n));
}

/* Servers first: whatever was asked by now is answered by now. Then the asker, who reads what has
 * come before he looks at the time. So however long the machine stands still, only a server that is
 * to be silent is. */
static void step(void)
{
	event_base_loop(base_of_servers, EVLOOP_NONBLOCK);
	event_base_loop(base, EVLOOP_NONBLOCK);
	usleep(100);
}

void await(uint32_t calls)
{
	for (int i = 0; i < MOST_STEPS && told.calls < calls; i++)
		step();
	cr_expect_eq(told.calls, calls, "%u answers", told.calls);
}

void settle(void)
{
	step();
	for (int i = 0; i < MOST_STEPS && resolvers_busy(d->resolvers); i++)
		step();
	cr_expect_eq(resolvers_busy(d->resolvers), 0, "questions without an end");
}

void turn(uint32_t ms)
{
	uint64_t end = log_clock_ms() + ms;

	do
		step();
	while (log_clock_ms() < end);
}

struct dns_question question(const char *host, uint16_t port)
{
	struct dns_question q = { .port = port, .transport = SIP_UDP };

	snprintf(q.host, sizeof(q.host), "%s", host);
	return q;
}

void ask(const char *host, uint16_t port, uint64_t key)
{
	const struct dns_question q = question(host, port);
	uint32_t before = told.calls;

	if (dns_ask(d, &q, key, 0, on_answer, NULL))
		await(before + 1);
	else
		cr_expect_eq(told.calls, before + 1);
}

uint32_t asked(void)
{
	return servers[0]->udp + servers[1]->udp;
}
