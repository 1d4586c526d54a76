/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probes of servers that take no UDP: down the connections that their traffic takes, so a probe
 * tells of the very way that calls go. The answers come to the relay like all that connections
 * bring. Control thread only.
 */
#pragma once

#include "control/health/probe_text.h"

struct app;

/** The transport by which target @number is probed: UDP if it takes that, else TCP, else TLS. */
enum sip_transport probe_stream_transport(const struct app *app, uint32_t number);

/** Sends the probe @t by a stream; fills in how it went. 0 or a negative errno; -EADDRNOTAVAIL:
 * this node does not have the address; -EPROTONOSUPPORT: it has no listener for the transport. What
 * fails later ends the probe. */
int probe_stream_send(struct app *app, struct probe_text *t);

/** Why the connection to target @number failed a moment ago, for people; "" = it did not. Good
 * until the event loop comes back. */
const char *probe_stream_why(const struct app *app, uint32_t number);
