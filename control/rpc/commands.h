/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command table of commands.def as data, and checks of parameters against it.
 *
 * The daemon and viactl share it, so neither can know a command that the other does not. Constant;
 * any thread.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum command_kind { COMMAND_SHOWS, COMMAND_CHANGES, COMMAND_OF_VIACTL };

/* How viactl's command line writes a parameter; see commands.def. */
enum param_form { PARAM_POSITION, PARAM_KEYWORD, PARAM_OPTION, PARAM_LOCAL, PARAM_WIRE };

enum param_type {
	PARAM_TEXT,
	PARAM_NUMBER,
	PARAM_FLAG,
	PARAM_STATE,
	PARAM_WEIGHT,
	PARAM_LEVEL,
	PARAM_ONOFF,
	PARAM_ENDPOINT,
	PARAM_SERVER,
	PARAM_POOL,
	PARAM_BACKEND,
	PARAM_PATH,
	PARAM_FILE,
	PARAM_N_TYPES
};

enum param_need { PARAM_OPTIONAL, PARAM_REQUIRED };

struct command_param {
	const char *name; /* of JSON; NULL ends the list */
	enum param_form form;
	enum param_type type;
	enum param_need need;
	const char *help;
};

struct command {
	const char *method; /* of JSON-RPC; NULL: viactl's own */
	const char *words;  /* how viactl calls it */
	enum command_kind kind;
	const char *help;
	const char *example;
	const struct command_param *params;
};

#define COMMAND_NUMBER_MAX 4294967295 /* of PARAM_NUMBER; the least is 0 */
#define COMMAND_WEIGHT_MAX 65535

/** The @i-th command in the order of the table, NULL beyond the last. */
const struct command *command_at(size_t i);

/** The command with the JSON-RPC method @method, or NULL. */
const struct command *command_of_method(const char *method);

/** The method that is nearest to @method, or NULL if none is near. */
const char *command_near_method(const char *method);

/** Parameter @name of @c, with '-' taken for '_', or NULL. */
const struct command_param *command_param(const struct command *c, const char *name, size_t n);

/** True if @p is part of a request, not only of viactl's command line. */
static inline bool param_is_sent(const struct command_param *p)
{
	return p->form != PARAM_LOCAL;
}

/** The words that values of @type are, ending with NULL; NULL for types of other values. */
const char *const *param_words(enum param_type type);

/** What a value of @type is, for messages: "a whole number from 0 to ...". */
const char *param_type_text(enum param_type type);

/**
 * Writes how viactl calls @c, "pool show POOL" and the like, to @out, at most @n bytes with the
 * NUL. Returns @out.
 */
const char *command_usage(const struct command *c, char *out, size_t n);

/** Writes @p as it stands in the command line, "[state=up|drain|down|file]" and the like. */
const char *param_usage(const struct command_param *p, char *out, size_t n);

/**
 * Checks the object @params against @c: all that are needed are there, all have their type, none is
 * unknown. Returns true, or false with @why filled (at most @n bytes with the NUL).
 */
bool command_check(const struct command *c, const json_t *params, char *why, size_t n);
