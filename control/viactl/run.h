/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands at work. Each function returns viactl's exit status.
 */
#pragma once

#include "control/viactl/args.h"
#include "control/viactl/link.h"

enum { VIACTL_OBEYED, VIACTL_REFUSED, VIACTL_WRONG, VIACTL_NO_LINK };

/** Connects, runs the command of @a, prints what came of it. */
int run_command(const struct args *a);

/** Prints why the request was refused, or why the connection failed. Takes @error. */
int run_failed(const struct args *a, const struct link *l, json_t *error);

/**
 * Waits until the backend of the "backend set" in @a has had no message for a while; @result: what
 * the proxy said to the command.
 */
int run_wait(const struct args *a, struct link *l, const json_t *result);

/** Shows messages until the trace ends, or SIGINT. @result: what the proxy said to the command. */
int run_trace(const struct args *a, struct link *l, const json_t *result);

/** The live view. */
int run_top(const struct args *a);

/** Prints completions of the last of the @n words at @words, one per line: for shells. */
int run_complete(int n, char **words);
