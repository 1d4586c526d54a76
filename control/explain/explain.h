/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the proxy would do with a message, and why: the real core run on a pasted message, told step
 * by step for people.
 *
 * The verdict, the destination and the bytes are those of proxy_message() with the snapshots in
 * force, as the control thread runs it: with streams at hand, and with a question where a name is
 * in the way, which is not asked. The story follows from what the core says and from the functions
 * that it asks itself; no rule is written here a second time. Nothing is sent, counted or
 * remembered. Pure but for memory. Control thread only.
 */
#pragma once

#include "control/config/config.h"
#include "dataplane/proxy/world.h"

#include <jansson.h>

/* An interface, for the way out. */
struct explain_iface {
	const char *name;
	uint32_t mtu; /* of IP packets; 0 = unknown */
	bool shared;  /* with Linux, which resolves neighbours and sends what we cannot */
};

struct explain_in {
	const struct world *world; /* at least one listener */
	const struct fib *fib;
	const struct config *config;        /* places of the routes in the file; NULL = not told */
	const struct explain_iface *ifaces; /* by the index that fib_hop.iface is */
	uint16_t n_ifaces;
	struct endpoint src;
	bool src_given; /* else src is a stranger's */
	uint16_t listener;
	uint8_t transport;   /* it comes by: SIP_UDP, SIP_TCP or SIP_TLS */
	const uint8_t *text; /* borrowed */
	uint32_t n;          /* at most SIP_MAX_LEN */
	/* Writes why backend @number is in its state; NULL = not told. */
	void (*why)(void *arg, uint16_t number, char *out, size_t size);
	void *arg;
};

/**
 * Explains the message: an object as docs/operations.md has it. Returns a new reference, or NULL
 * without memory.
 */
json_t *explain(const struct explain_in *in);

#define EXPLAIN_CONNECTION 1 /* number of the connection that a message by TCP or TLS comes by */

/**
 * The listener called @name, or with the address that @name says (port 5060 unless given); NULL:
 * the first one that takes @transport, of the family of @src if that is not NULL. WORLD_NONE if
 * there is none.
 */
uint16_t explain_listener(const struct world *w, const char *name, enum sip_transport transport,
			  const struct ip *src);

/** The address of somebody whom nobody knows (RFC 5737, RFC 3849), as a peer of listener @l. */
struct endpoint explain_stranger(const struct listener *l);
