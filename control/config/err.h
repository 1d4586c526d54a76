/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A list of remarks about one configuration file, each with its place: FILE:LINE:COLUMN: text.
 *
 * The list owns its texts. All zero is an empty list, so a caller declares `struct config_errors
 * errs = { 0 }`, hands it to as many functions as it likes and frees it once. It is bounded: a file
 * that is wrong throughout must not fill the memory or the terminal. Control thread only.
 */
#pragma once

#include "control/config/alloc.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_ERRORS_MAX 1000 /* remarks kept; those beyond are counted */

/* A place in the file. Line and column count from 1, columns in characters; line 0 = nowhere. */
struct config_mark {
	uint32_t line;
	uint32_t column;
};

struct config_error {
	struct config_mark mark;
	const char *text; /* "what is wrong, what is allowed", one line of printable ASCII */
};

struct config_errors {
	struct arena arena;
	const char *file; /* name as given to the loader, owned; NULL before the first use */
	struct config_error
		*v; /* n remarks, sorted by place once the function that adds has returned */
	uint32_t n;
	uint32_t room;
	uint32_t left_out;            /* remarks beyond CONFIG_ERRORS_MAX */
	struct config_mark left_mark; /* where the first of them was */
	bool no_memory;               /* a remark was lost because there was no memory */
};

/** Names the file that the remarks are about, if none is named yet. Copies @file. */
void config_errors_file(struct config_errors *e, const char *file);

/** Adds a remark at @mark. Never fails visibly: sets no_memory when there is no room for it. */
__attribute__((format(printf, 3, 4))) void config_errors_add(struct config_errors *e,
							     struct config_mark mark,
							     const char *fmt, ...);

/** As config_errors_add(), with the arguments in @ap. */
__attribute__((format(printf, 3, 0))) void config_errors_addv(struct config_errors *e,
							      struct config_mark mark,
							      const char *fmt, va_list ap);

/** Sorts the remarks by place; those of one place keep their order. */
void config_errors_sort(struct config_errors *e);

/** Lines that config_errors_print() writes: the remarks, and one more if some were left out. */
uint32_t config_errors_lines(const struct config_errors *e);

/**
 * Writes line @i of the list (below config_errors_lines()) to @out as `FILE:LINE:COLUMN: text`,
 * without a newline, cut at @size - 1 bytes, always with a NUL. What has no place is said of 1:1,
 * so that the form never varies. Returns the full length.
 */
size_t config_errors_format(const struct config_errors *e, uint32_t i, char *out, size_t size);

/** Writes all lines to @to, each with a newline. */
void config_errors_print(const struct config_errors *e, FILE *to);

/** Frees what the list owns and empties it. */
void config_errors_free(struct config_errors *e);
