/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What network.c (start, tables) and follow.c (changes, timers) share. Private to these two.
 */
#pragma once

#include "control/log.h"
#include "control/network/network.h"

struct network {
	struct netlink *nl; /* NULL = Linux has no interface of ours */
	struct net_iface *ifaces;
	char (*links)[IF_NAMESIZE]; /* what Linux calls each interface; "" = it has none */
	uint16_t n_ifaces;
	uint64_t seed;
	struct pmtu_table pmtus;
	struct fib_pmtu pmtu_list[PMTU_MAX];
	struct world_iface *facts; /* what network_facts() gave last */
	struct world_address addresses[WORLD_LISTENERS_MAX];
	struct event *changes; /* netlink's descriptor */
	struct event *publish; /* one-shot */
	struct event *tick;
	unsigned int changed; /* NET_* since the last publication */
	bool pmtus_changed;
	uint32_t cost_ms;   /* of the last publication */
	uint32_t wanted;    /* next backend to look at */
	uint64_t wanted_ms; /* start of the present round */
	struct log_limit log;
};

/**
 * Finds the link of each interface in the copy anew. Logs what has come and gone; true if something
 * did.
 */
bool network_match_links(struct network *net);
