/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection with buffers, for stream_load: messages without a body in, messages out. No part of
 * the proxy is in here, so that a fault of its framing cannot hide behind the same fault.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define PIPE_SIZE (1u << 18)

struct pipe_address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t len; /* 0 = none */
};

struct pipe {
	int fd;
	char *in, *out; /* PIPE_SIZE each */
	size_t n_in, n_out;
};

/** Reads "192.0.2.1:5060" or "[2001:db8::1]:5060". */
bool pipe_address(const char *text, struct pipe_address *out);

/** Makes the buffers for the non-blocking socket @fd. False without memory. */
bool pipe_open(struct pipe *p, int fd);

/** True if there is room for a message of common size. */
bool pipe_has_room(const struct pipe *p);

/** Puts @n bytes behind what waits. False, nothing done, if there is no room. */
bool pipe_put(struct pipe *p, const char *bytes, size_t n);

/** Writes what the socket takes. False if it is broken. */
bool pipe_flush(struct pipe *p);

/** Reads all there is and calls @fn for each message in it. False at the end of the stream. */
bool pipe_read(struct pipe *p, void (*fn)(void *arg, const char *message, size_t n), void *arg);

/** Puts a 200 to the request of @n bytes at @message. False if there is no room. */
bool pipe_answer(struct pipe *p, const char *message, size_t n);
