/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * viactl's command line, read by the command table.
 */
#pragma once

#include "control/rpc/commands.h"

#include <jansson.h>
#include <stdbool.h>

#define ARGS_WHY_MAX 512

enum args_color { ARGS_COLOR_AUTO, ARGS_COLOR_ALWAYS, ARGS_COLOR_NEVER };

struct args {
	const char *socket; /* borrowed from the command line */
	bool json;
	enum args_color color;
	bool help, version;
	const struct command *command; /* NULL: none was given */
	json_t *params;                /* an object: what is sent */
	json_t *own;                   /* an object: options of viactl itself */
};

/**
 * Reads the @argc words at @argv, the first of which is the program's name. True, or false with
 * @why filled: what is wrong, and what was likely meant. The objects of @out are the caller's
 * either way.
 */
bool args_read(int argc, char **argv, struct args *out, char why[ARGS_WHY_MAX]);

void args_free(struct args *a);

/** The command that the @n words at @words begin with, NULL if there is none; @used gets how many
 * of them are its name. */
const struct command *args_command(char **words, int n, int *used);
