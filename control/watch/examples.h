/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last example of each kind of drop, for `viactl counters`.
 */
#pragma once

#include <jansson.h>

struct app;

/**
 * A list of {"reason", "source", "time", "bytes", "frame"}: reason is the name of the counter,
 * bytes how the message began, of a frame (frame is true) from the Ethernet header on. New
 * reference. Only names that contain @pattern; NULL = all.
 */
json_t *examples_json(struct app *app, const char *pattern);
