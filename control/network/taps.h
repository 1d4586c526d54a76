/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The taps part: for each interface with kernel: tap a TAP device, by which Linux has what is not
 * SIP over UDP. It has the link address, MTU and addresses of the interface; it goes when the
 * process goes.
 *
 * Frames are moved here, on the control thread: from the workers' rings to the TAPs, from the TAPs
 * to the rings of their interfaces; a bounded number per turn of the event loop, so that a flood
 * delays what else the thread does by less than a millisecond. Nothing waits for anything: what
 * finds no room is lost and counted, as on any wire.
 */
#pragma once

#include "control/app.h"

/** The configuration of @app has taken the place of @before: addresses, neighbours and gateways of
 * the TAPs follow. What Linux does not take is logged. */
void taps_use_config(struct app *app, const struct config *before);
