/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What viactl says of itself, from the command table.
 */
#pragma once

#include "control/rpc/commands.h"

#include <stdio.h>

/** Writes the overview: options, commands, exit status, and how a backend is drained. */
void help_overview(FILE *to);

/** Writes all about one command. */
void help_command(const struct command *c, FILE *to);

/**
 * Writes help about @words, "backend set" and the like; NULL: the overview. False if there is no
 * such command.
 */
bool help_about(const char *words, FILE *to);

/** Writes the usage line of @c. */
void help_usage(const struct command *c, FILE *to);
