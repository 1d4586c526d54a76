/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What systemd is told of the daemon's life: the protocol of sd_notify(3), a few lines of text in a
 * datagram to the UNIX socket that NOTIFY_SOCKET names. By hand, since the protocol is smaller than
 * the library that speaks it. Without NOTIFY_SOCKET all of this does nothing.
 */
#pragma once

#include <stddef.h>

struct sockaddr_un;

/**
 * Reads the value of NOTIFY_SOCKET: a path, or '@' and a name in the abstract space. Returns the
 * length of the address, or -EINVAL (neither, or too long).
 */
int notify_address(const char *text, struct sockaddr_un *out);

/**
 * Sends @state, lines of NAME=VALUE. Returns 0 if it was sent or nobody listens, or a negative
 * errno. Never blocks.
 */
int notify_send(const char *state);

/** Start is over, or a reload is: READY=1, and a status line for people. */
int notify_ready(const char *status);

/** A reload begins. */
int notify_reloading(void);

/** The end begins. */
int notify_stopping(void);
