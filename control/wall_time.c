/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Formatting of times of day.
 */
#include "control/wall_time.h"

#include <stdio.h>
#include <time.h>

uint64_t wall_time_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

size_t wall_time_format(char out[WALL_TIME_MAX], uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(out, WALL_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	return n +
	       (size_t)snprintf(out + n, WALL_TIME_MAX - n, ".%03uZ", (unsigned int)(ms % 1000));
}

json_t *wall_time_json(uint64_t ms)
{
	char text[WALL_TIME_MAX];

	if (ms == 0)
		return json_null();
	wall_time_format(text, ms);
	return json_string(text);
}
