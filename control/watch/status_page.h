/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The status page as bytes: control/status_page/page.html with its style and script put in by
 * control/status_page/embed.py when the project is built. Constant.
 */
#pragma once

#include <stddef.h>

extern const unsigned char status_page[];
extern const size_t status_page_len;

/** Content-Security-Policy: this one script and this one style, by their hashes, and JSON from
 * where the page came from; nothing else. */
extern const char status_page_policy[];
