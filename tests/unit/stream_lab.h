/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams on loopback under a clock that only the test moves, and peers that are plain sockets. One
 * bed per test; everything asserts.
 */
#pragma once

#include "control/config/config.h"
#include "control/stream/stream_state.h"
#include "dataplane/proxy/world.h"

#include <event2/event.h>
#include <stdbool.h>

#define BED_LISTENERS 2
#define BED_MESSAGES 4096

/* A message as the owner got it. */
struct bed_message {
	uint8_t *p; /* a copy */
	uint32_t len;
	uint64_t connection;
	struct endpoint peer, listener;
	enum sip_transport transport;
	bool broken;
	uint16_t reason;
};

struct bed {
	struct event_base *base;
	struct stats *stats;
	struct streams *s;
	struct config config;
	struct world world;
	struct listener listener[BED_LISTENERS]; /* the second is not in use at first */
	uint64_t now_ms;
	struct bed_message got[BED_MESSAGES];
	uint32_t n;
	void (*answer)(const struct stream_message *m); /* what the owner does; NULL = nothing */
	int sent_rc[16];                                /* what bed_sent() was told, in order */
	uint32_t n_sent;
};

extern struct bed bed;

/** Opens streams with a TCP listener on a free port of 127.0.0.1. */
void bed_open(void);

/** The same for @transport, with @tls; listeners that have a port keep it. */
void bed_open_with(struct tls *tls, enum sip_transport transport);

/** An address of 127.0.0.1 with a port that is free now. */
struct endpoint bed_free_port(void);

/** Closes all; nothing may be left. */
void bed_close(void);

/** Puts bed.config in force. */
void bed_use_config(void);

/** Lets the event loop do what there is to do now. */
void bed_turn(void);

/** Moves the clock and lets things happen. */
void bed_pass(uint64_t ms);

/** Turns until @cond holds; fails after some seconds. */
#define BED_UNTIL(cond)                                                        \
	do {                                                                   \
		bool holds_ = (cond);                                          \
		for (int i_ = 0; i_ < 50000 && !holds_; i_++, holds_ = (cond)) \
			bed_wait();                                            \
		cr_assert(holds_, "never: " #cond);                            \
	} while (0)

void bed_wait(void);

/** A stream_sent that notes what it is told. */
void bed_sent(void *arg, int rc);

/** What counter @c says. */
uint64_t bed_count(enum counter c);

/** A target at @to, in the name of the first listener. */
struct stream_target bed_target(const struct endpoint *to);

/** An answer for bed.answer: the same bytes, down the same connection. */
void bed_echo(const struct stream_message *m);

/** Has nothing leave by @connection, as if its peer did not read and the kernel were full; or goes
 * on. */
void bed_hold(uint64_t connection, bool hold);

/** True if @connection is not read for now. */
bool bed_is_paused(uint64_t connection);

/** True if message @i is the text @want. */
bool bed_is(uint32_t i, const char *want);

/* --- peers */

/** Connects to @to. */
int peer_connect(const struct endpoint *to);

/** Connects to the first listener, and waits until it is accepted. */
int peer_new(void);

/** The same for a peer with little room for what he does not read. */
int peer_new_small(void);

/** Listens on a free port, which @at gets. */
int peer_listen(struct endpoint *at);

/** Waits for the next connection to @fd. */
int peer_accept(int fd);

/** The address that @fd is bound to. */
struct endpoint peer_address(int fd);

/** The address that the other side of @fd has. */
struct endpoint peer_remote(int fd);

/** Sends @n bytes, however long that takes. */
void peer_send(int fd, const void *p, size_t n);

/** Sends @text. */
void peer_say(int fd, const char *text);

/** Reads exactly @n bytes to @p. */
void peer_read(int fd, void *p, size_t n);

/** True if the next bytes are @text. */
bool peer_hears(int fd, const char *text);

/** True if the connection ends now, without another byte, and not by a reset. */
bool peer_hears_end(int fd);

/** True if there is nothing to read now, and the connection stands. */
bool peer_hears_nothing(int fd);
