/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A DNS server for tests, UDP and TCP on one port of 127.0.0.1, in the event loop of the test. It
 * can be silent, slow or wrong.
 */
#pragma once

#include "tests/unit/dns_lab.h"

#include <event2/event.h>

enum lab_mood { LAB_ANSWERS, LAB_SILENT, LAB_SERVFAIL, LAB_NONSENSE };

struct lab_server {
	struct event_base *base;
	const char *zone;
	enum lab_mood mood;
	size_t udp_room;   /* longer answers are cut */
	uint32_t udp, tcp; /* questions that came */
	uint16_t port;
	int fds[2];
	struct event *events[2];
};

/** Starts a server with @zone, which stays the caller's. Ends the test if it cannot. */
struct lab_server *lab_server_new(struct event_base *base, const char *zone);

void lab_server_free(struct lab_server *s);
