/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of a trace as a capture file that Wireshark reads.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct capture;

/** Starts a capture in the file at @path, "-" for standard output. NULL having said why. */
struct capture *capture_open(const char *path);

/** Writes what was received, and what was sent for it, of the trace.message @m. */
void capture_message(struct capture *c, const json_t *m);

/** Ends the capture. False, having said why, if not all of it could be written to @path. */
bool capture_close(struct capture *c, const char *path);
