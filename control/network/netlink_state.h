/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What netlink.c (events, the copy) and netlink_dump.c (reading it anew) share. Private to these
 * two.
 */
#pragma once

#include "control/network/netlink.h"

#include <libmnl/libmnl.h>

/* A growing array. */
struct nl_list {
	uint8_t *v;
	size_t size; /* of one element */
	uint32_t n, room;
};

struct netlink {
	struct mnl_socket *events;
	unsigned int due;
	uint32_t seq;
	struct nl_list links, addresses, routes;
	struct neighbors neighbors;
	char buffer[65536];
};
