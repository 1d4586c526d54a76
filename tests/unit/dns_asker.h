/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names with two servers on loopback, a clock that the test sets, and an asker who notes what it is
 * told.
 */
#pragma once

#include "control/dns/dns_state.h"
#include "tests/unit/dns_server.h"

#define ZONE                                           \
	"a.test A 60 10.0.0.1\nb.test A 60 10.0.0.2\n" \
	"_sip._udp.s.test SRV 60 1 1 5070 a.test\n"    \
	"_sip._udp.s.test SRV 60 1 1 5071 b.test\n"

extern struct event_base *base;
extern struct lab_server *servers[2];
extern struct config config; /* resolvers: the first server */
extern struct dns *d;
extern uint64_t now_ms;

/* What the last asker was told. */
struct told {
	uint32_t calls;
	int rc;
	char targets[1024]; /* as lab_targets() writes them */
};

extern struct told told;

/** Makes and ends all of it; nothing may be left. */
void asker_set_up(void);
void asker_tear_down(void);

/** Puts @n servers from @first on into the configuration. */
void use_servers(uint32_t first, uint32_t n);

/** Makes @d anew, by the configuration and the clock of the test. */
void new_dns(void);

/** A dns_answer that notes what it is told. */
void on_answer(void *arg, int rc, const struct dns_target *targets, uint32_t n);

/** Turns until @calls answers have come. Fails after some seconds. */
void await(uint32_t calls);

/** Turns until no question is under way. The same. */
void settle(void);

/** Turns for @ms. */
void turn(uint32_t ms);

/** A question for @host by UDP. */
struct dns_question question(const char *host, uint16_t port);

/** Asks and waits for the answer. */
void ask(const char *host, uint16_t port, uint64_t key);

/** Questions that came to the servers. */
uint32_t asked(void);

#define expect_told(code, text)                                  \
	do {                                                     \
		cr_expect_eq(told.rc, (code), "rc %d", told.rc); \
		cr_expect_str_eq(told.targets, (text));          \
	} while (0)
