/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configurations and fleets for tests: files from short texts, a clock that the test sets.
 */
#pragma once

#include "control/fleet/fleet_state.h"

/** Milliseconds that the fleets of tests take for the time. */
extern uint64_t lab_now_ms;

/**
 * The configuration of @text, which lists pools and their backends, as in
 *   "core: a=10.0.0.1 b=10.0.0.2*3 c=10.0.0.3!drain; other+2s: x=10.0.1.1"
 * where *N is the weight, !WORD the state, +TIME the pool's slow start. Ends the program if it
 * cannot be loaded. config_free() it.
 */
struct config lab_config(const char *text);

/** The fleet of lab_config(@text), by the clock of tests. @c gets the configuration. */
struct fleet *lab_fleet(const char *text, struct config *c);

/** Reloads @f with lab_config(@text); @c is freed and gets the new one. */
void lab_reload(struct fleet *f, struct config *c, const char *text, bool reset);

/** The backend called "POOL/NAME"; ends the test if there is none. */
struct fleet_backend *lab_backend(struct fleet *f, const char *path);

/** Adds "POOL/NAME" at @address; 0 or a negative errno. */
int lab_add(struct fleet *f, const char *path, const char *address, uint32_t weight);

/** Sets the state of "POOL/NAME" by hand. */
void lab_state(struct fleet *f, const char *path, enum config_state state);

/** Sets its weight by hand. */
void lab_weight(struct fleet *f, const char *path, uint32_t weight);

/** Members of pool @pool as text: "a b*3 c!drain", in order; weight 1 and state up are not said. */
const char *lab_pool_text(const struct fleet *f, const char *pool);
