/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a pool's keys, and its load, are spread over its backends. Control thread only.
 */
#pragma once

#include <stdint.h>

struct app;

/** The share of its pool's keys, 0 to 1, that backend @number has in the world in force. */
double pool_share(const struct app *app, uint16_t number);

/**
 * The highest load of a backend of pool @pool (index in the world) over what is due to it by its
 * share, in the last second: 1 is even. NaN without load.
 */
double pool_skew(const struct app *app, uint32_t pool);
