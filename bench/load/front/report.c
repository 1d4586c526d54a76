/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts the data into the page. The page is a file of its own (report.html), so that it can be
 * worked on in a browser; the build makes an array of it (embed.py).
 */
#include "bench/load/front/report.h"

#include "bench/load/front/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACE "@DATA@" /* what the data is put in place of */

extern const char report_html[];

int report_write(const struct record *r, const char *path)
{
	const char *at = strstr(report_html, PLACE);
	char *data = at ? json_make(r, 0) : NULL;
	FILE *to;
	int rc = 0;

	if (!data)
		return at ? -ENOMEM : -EINVAL;
	to = fopen(path, "we");
	if (!to || fprintf(to, "%.*s%s%s", (int)(at - report_html), report_html, data,
			   at + strlen(PLACE)) < 0)
		rc = -errno;
	if (to && fclose(to) && rc == 0)
		rc = -errno;
	free(data);
	return rc;
}
