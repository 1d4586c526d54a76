/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From facts to snapshots in force. A draft is built in full, its sockets are opened, and only then
 * is it published: whatever fails before leaves what runs as it is.
 */
#pragma once

#include "control/app.h"

/** Builds world and forwarding table for @c. 0, or a negative errno with faults added to @errs. */
int draft_build(struct app *app, const struct config *c, struct snapshots *draft,
		struct config_errors *errs);

/** Opens the sockets that @draft needs. 0, or a negative errno having logged why; the draft stays
 * the caller's. */
int draft_prepare(struct app *app, const struct snapshots *draft);

/** Publishes @draft, which is the data plane's from now on, and closes sockets that nobody needs
 * any more. */
void draft_publish(struct app *app, struct snapshots *draft);

void draft_free(struct snapshots *draft);

/** Builds and publishes a forwarding table alone. Failures are logged. */
void publish_fib(struct app *app);

/**
 * Builds and publishes both with the configuration in force. Failures are logged; then the
 * forwarding table is renewed all the same.
 */
void publish_all(struct app *app);
