/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Test data of the configuration tests: files of the project, loads that free themselves.
 */
#pragma once

#include "control/config/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Path of @file of the project: below $VIADUCT_SOURCE, else below where this header was compiled
 * from. */
static inline const char *data_path(const char *file)
{
	static char path[4096];
	const char *top = getenv("VIADUCT_SOURCE");
	int here = (int)(strlen(__FILE__) - strlen("tests/unit/config_data.h"));

	if (top)
		snprintf(path, sizeof(path), "%s/%s", top, file);
	else
		snprintf(path, sizeof(path), "%.*s%s", here, __FILE__, file);
	return path;
}

/* The bytes of @file, to be freed by the caller. */
static inline char *data_read(const char *file, size_t *n)
{
	FILE *f = fopen(data_path(file), "rb");
	char *text = malloc(1 << 20);

	cr_assert(f && text, "cannot read %s", data_path(file));
	*n = fread(text, 1, 1 << 20, f);
	fclose(f);
	return text;
}

/* Loads from a heap block of exactly @n bytes, so that ASan sees a read beyond them. */
static inline int data_load(const void *text, size_t n, struct config *c, struct config_errors *e)
{
	char *copy = malloc(n ? n : 1);
	int rc;

	cr_assert(copy);
	if (n)
		memcpy(copy, text, n);
	rc = config_load_memory("test.yaml", copy, n, c, e);
	free(copy);
	return rc;
}

/* Loads a file that must have no fault. */
static inline void data_good(const char *file, struct config *c)
{
	struct config_errors e = { 0 };
	char line[1024];
	int rc = config_load_file(data_path(file), c, &e);

	if (rc < 0 && config_errors_lines(&e))
		config_errors_format(&e, 0, line, sizeof(line));
	cr_assert(rc == 0, "%s: %d, %s", file, rc, config_errors_lines(&e) ? line : "");
	config_errors_free(&e);
}

/** True if @m is that place. */
static inline bool mark_is(struct config_mark m, uint32_t line, uint32_t column)
{
	return m.line == line && m.column == column;
}
