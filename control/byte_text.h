/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes off the wire as JSON strings. What came from the network may hold anything; a JSON string
 * may not.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/** The @n bytes at @p as text: UTF-8 stays, each byte of anything else becomes U+FFFD. New
 * reference; NULL without memory. */
json_t *byte_text_json(const uint8_t *p, size_t n);

/** The same for a glance: printable ASCII stays, CR, LF and TAB become \r, \n, \t, the rest \xNN.
 */
json_t *byte_glance_json(const uint8_t *p, size_t n);

/** The exact bytes in base64 (RFC 4648 4, with padding). */
json_t *byte_base64_json(const uint8_t *p, size_t n);
