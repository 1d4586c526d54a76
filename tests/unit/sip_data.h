/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages of tests/data and their table messages.tsv: one line for each, the columns NAME,
 * VERDICT (FWD, DROP, or REJ and the status), REASON (what sip_parse() returns), NOTE. A line that
 * starts with # is a comment. VIADUCT_SOURCE names the top of the sources; without it they are
 * taken to be where the test was compiled from.
 */
#pragma once

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct data_row {
	char name[64];
	char verdict[16];
	char reason[32];
};

static inline FILE *data_open(const char *file)
{
	char path[4096];
	const char *top = getenv("VIADUCT_SOURCE");
	int here = (int)(strlen(__FILE__) - strlen("tests/unit/sip_data.h"));
	FILE *f;

	if (top)
		snprintf(path, sizeof(path), "%s/tests/data/%s", top, file);
	else
		snprintf(path, sizeof(path), "%.*stests/data/%s", here, __FILE__, file);
	f = fopen(path, "rb");
	cr_assert(f, "cannot read %s", path);
	return f;
}

/** Reads the next row of the table @f. False at its end. */
static inline int data_next(FILE *f, struct data_row *row)
{
	char line[512];

	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#')
			continue;
		cr_assert_eq(sscanf(line, "%63[^\t]\t%15[^\t]\t%31[^\t\n]", row->name, row->verdict,
				    row->reason),
			     3, "bad line: %s", line);
		return 1;
	}
	return 0;
}

/** Reads the message of @row into @bytes (@size bytes). Returns its length. */
static inline size_t data_message(const struct data_row *row, uint8_t *bytes, size_t size)
{
	char file[80];
	FILE *f;
	size_t n;

	snprintf(file, sizeof(file), "%s.sip", row->name);
	f = data_open(file);
	n = fread(bytes, 1, size, f);
	fclose(f);
	return n;
}
