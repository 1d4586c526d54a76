/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses with ports as the control socket shows them: "10.0.0.1:5060", "[2001:db8::1]:5060".
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <jansson.h>

#define ENDPOINT_TEXT_MAX 56

/** Writes @e to @out with a NUL. Returns the length. */
size_t endpoint_text(const struct endpoint *e, char out[ENDPOINT_TEXT_MAX]);

/** The same as a JSON string; null for an address of all zeros. */
json_t *endpoint_json(const struct endpoint *e);
