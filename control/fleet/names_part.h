/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part that follows the names of the fleet: it has each watched by the resolvers, and tells the
 * fleet what they lead to. Control thread only.
 */
#pragma once

struct app;

/** The names of the fleet may be others now: follows the new ones. */
void names_sync(struct app *app);
