/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers of the values that options have. Each takes the whole text, leaves @out alone on failure
 * and says why in @why, a sentence without a name in front (OPTIONS_ERROR bytes). Private to the
 * command line.
 */
#pragma once

#include "bench/load/peer/plan.h"

#include <stdbool.h>

/** A number with k, M or G behind it, from @min to @max: "300k", "2.5M", "1e-5". */
bool value_number(const char *text, double min, double max, double *out, char *why);

/** ADDRESS[:PORT]; IPv6 with a port in brackets. The port is 5060 unless it is said. */
bool value_endpoint(const char *text, struct endpoint *out, char *why);

/**
 * Adds what a list names to @side->local: ADDRESS[-ADDRESS][:PORT[-PORT]], separated by commas.
 * Ranges of both are taken as every address with every port.
 */
bool value_endpoints(const char *text, struct load_side *side, char *why);

/** 02:00:00:00:00:01, of one host. */
bool value_mac(const char *text, uint8_t *out, char *why);

/** A device as in the configuration of viaduct; its form is checked, not its being there. */
bool value_device(const char *text, struct load_side *side, char *why);

/** CPU numbers and ranges: "1", "0,2-3". */
bool value_cpus(const char *text, struct load_plan *plan, char *why);
