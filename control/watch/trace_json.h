/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A traced message as the notification trace.message says it.
 */
#pragma once

#include "dataplane/trace.h"

#include <jansson.h>
#include <stddef.h>

/** What became of a message: "forwarded", "answered", "dropped", "absorbed". */
const char *trace_verdict_name(enum trace_verdict v);

/** Writes the name of cause @cause, a reason or a drop counter ("bad_via", "drop_tx_full"), to
 * @out, @n bytes with the NUL. */
void trace_cause_name(unsigned int cause, char *out, size_t n);

/**
 * The parameters of trace.message for @r, recorded at @wall_ns since 1970; @w names its backend and
 * may be NULL. New reference; NULL without memory.
 */
json_t *trace_json(const struct trace_record *r, const struct world *w, uint64_t wall_ns);
