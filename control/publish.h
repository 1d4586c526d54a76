/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From facts to snapshots in force. A draft is built in full, its sockets are opened, and only then
 * is it published: whatever fails before leaves what runs as it is.
 */
#pragma once

#include "control/app.h"

struct fleet;

/** Builds world and forwarding table for @c and @fleet, which is that of @c. 0, or a negative errno
 * with faults added to @errs. */
int draft_build(struct app *app, const struct config *c, const struct fleet *fleet,
		struct snapshots *draft, struct config_errors *errs);

/** Likewise, the world alone: the forwarding table stays. */
int draft_build_world(struct app *app, const struct config *c, const struct fleet *fleet,
		      struct snapshots *draft, struct config_errors *errs);

/** Makes the world of @draft, for @c, the successor of that in force, and opens the sockets that it
 * needs. 0, or a negative errno with faults added to @errs; the draft stays the caller's. */
int draft_prepare(struct app *app, const struct config *c, const struct snapshots *draft,
		  struct config_errors *errs);

/** Publishes @draft, which is the data plane's from now on, and closes sockets that nobody needs
 * any more. It was built from app->fleet. */
void draft_publish(struct app *app, struct snapshots *draft);

void draft_free(struct snapshots *draft);

/** Builds and publishes a forwarding table alone. Failures are logged. */
void publish_fib(struct app *app);

/** Builds and publishes a world alone: the configuration in force, the fleet as it is now. 0, or a
 * negative errno having logged why. */
int publish_world(struct app *app);

/** The same for @fleet, which becomes app->fleet (fleet_adopt()) if it is published; else it stays
 * the caller's. @why gets what a person should know of a failure. */
int publish_fleet(struct app *app, struct fleet *fleet, char *why, size_t n);

/** Milliseconds until the first past world leaves the transaction window; 0 = there is none. */
uint64_t publish_window_left(const struct app *app);

/**
 * Builds and publishes both with the configuration in force. Failures are logged; then the
 * forwarding table is renewed all the same.
 */
void publish_all(struct app *app);
