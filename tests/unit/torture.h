/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One torture message through parser, rules and edits in the test bed of such messages
 * (BED_CORPUS): twice, with the same bytes as result; what is forwarded is held against
 * slow_message.h to the byte, and so are the answers.
 */
#pragma once

#include "tests/unit/world_fixture.h"

#define TORTURE_SOURCE "203.0.113.40:5060"

/* The message to run, and what came of it. */
extern struct text torture_message;
extern struct run torture_result;

/** Runs torture_message as if from @source; writes the verdict to @got: "FWD", "DROP" or "REJ" and
 * the status. */
void torture_run(const char *name, const char *source, char *got, size_t size);

/** Fails unless @got is @want or @also ("" = nothing else). */
void torture_expect(const char *name, const char *want, const char *also, const char *got);
