/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtnetlink messages as plain structs. Pure functions over one message in memory: what the kernel
 * sends is read here and nowhere else, and tests feed messages of their own making.
 *
 * Every parser returns true with *@out filled, or false when the message is of no use to us
 * (another family, another table) or not well formed.
 */
#pragma once

#include "dataplane/proxy/fib.h"
#include "dataplane/sip/ip.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct nlmsghdr;

struct net_link {
	int index;
	char name[IF_NAMESIZE];
	uint32_t mtu;
	bool up;      /* administratively */
	bool running; /* has a carrier too */
};

struct net_address {
	int index;
	struct ip ip;
	uint8_t len;    /* of its subnet; IPv4 counts from 96 */
	bool usable;    /* not tentative, not found to be a duplicate */
	bool temporary; /* privacy address (RFC 8981): gone tomorrow */
};

struct net_route {
	struct ip prefix;
	struct ip gateway; /* all zero = on link */
	uint8_t len;       /* IPv4 counts from 96 */
	uint8_t kind;      /* enum fib_kind */
	bool local_table;
	int index; /* of the interface it leaves by; 0 = none */
	uint32_t metric;
	uint32_t mtu; /* 0 = the interface's */
};

struct net_neighbor {
	int index;
	struct ip ip;
	uint8_t mac[6];
	bool usable;    /* mac is known and may be sent to */
	bool stale;     /* usable, but nobody has heard of it lately */
	bool permanent; /* an operator entered it */
};

/** RTM_NEWLINK, RTM_DELLINK. */
bool nl_parse_link(const struct nlmsghdr *h, struct net_link *out);

/** RTM_NEWADDR, RTM_DELADDR. */
bool nl_parse_address(const struct nlmsghdr *h, struct net_address *out);

/**
 * RTM_NEWROUTE of the tables main and local. Of a multipath route the first next hop that is alive
 * counts: spreading one peer's messages over several ways would reorder them, and flows are few.
 */
bool nl_parse_route(const struct nlmsghdr *h, struct net_route *out);

/** RTM_NEWNEIGH, RTM_DELNEIGH; proxy entries are of no use. */
bool nl_parse_neighbor(const struct nlmsghdr *h, struct net_neighbor *out);
