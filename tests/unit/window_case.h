/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of the transaction window have in common: the requests of a call, and changes of
 * each kind.
 */
#pragma once

#include "tests/unit/window_lab.h"

#define CALLS 600u /* that begin before a change */

/** The INVITE that begins call @i. */
struct lab_request invite(uint32_t i);

/** The CANCEL of @r. */
struct lab_request cancel_of(struct lab_request r);

/** The ACK to a non-2xx answer to @r: with its branch. */
struct lab_request ack_of(struct lab_request r);

/** A request in the call that @r began: a branch of its own, and here no Route. */
struct lab_request inside(struct lab_request r, const char *method);

/* A change of the pools. */
struct change {
	const char *name;
	void (*make)(struct window_lab *l);
	const char *domain; /* of the requests that it moves some of */
	bool dead;          /* server 6 is down before */
};

enum { ADD, TAKE_AWAY, DRAIN, WEIGH, RECOVER, DRAIN_ALL, ROUTE, UNROUTE, N_CHANGES };

extern const struct change changes[N_CHANGES];

/** A new lab in which CALLS calls have begun in epoch 5, call i at @server[i], and then @change was
 * made. */
struct window_lab *changed(const struct change *change, uint16_t *server);
