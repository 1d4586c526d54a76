/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What other views of pools share with the table of them.
 */
#pragma once

#include "control/viactl/screen.h"

/** Colour of the state of a backend. */
enum color show_state_color(const char *state);
