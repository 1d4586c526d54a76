/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One resolver behind c-ares, its sockets and time-outs as events of the loop. Control thread only.
 */
#pragma once

#include "control/dns/dns_records.h"

struct channel;
struct event_base;

/** One try: @rc 0 with a message, positive or negative; -ETIMEDOUT; -EIO with @why. */
typedef void (*channel_answer)(void *arg, int rc, const char *why, const uint8_t *p, size_t n);

/** A channel to the resolver at @at, which may take @timeout_ms. NULL without memory. */
struct channel *channel_new(struct event_base *base, const struct endpoint *at,
			    uint32_t timeout_ms);

/** Ends; who waits gets -EIO. Not from within a channel_answer. */
void channel_free(struct channel *c);

/** Asks once. @fn is called once, maybe before this returns. */
void channel_ask(struct channel *c, enum dns_type type, const char *name, channel_answer fn,
		 void *arg);

/** Writes the resolvers of /etc/resolv.conf to @out, at most @most. Returns how many. */
uint32_t channel_system(struct endpoint *out, uint32_t most);
