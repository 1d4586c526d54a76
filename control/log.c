/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Formatting and writing of log lines. One write(2) per line: lines of programs that share a
 * terminal or a pipe do not mix. Failures to write are ignored, since there is nowhere to report
 * them.
 */
#include "control/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_PERIOD_MS 10000
#define LIMIT_LINES 5

static struct log_setup current = { LOG_AT_INFO, false, NULL };

static const char *const level_names[] = { "error", "warning", "info", "debug" };

void log_configure(const struct log_setup *setup)
{
	current = *setup;
}

void log_set_level(enum log_level level)
{
	current.level = level;
}

enum log_level log_level_of(const char *name)
{
	for (unsigned int i = LOG_AT_ERROR; i <= LOG_AT_DEBUG; i++) {
		if (strcmp(level_names[i], name) == 0)
			return (enum log_level)i;
	}
	return LOG_AT_INFO;
}

const char *log_node(void)
{
	return current.node ? current.node : "";
}

uint64_t log_clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Whether standard error is the journal: systemd names its device and inode. */
static bool to_journal(void)
{
	static int known = -1;
	const char *text = getenv("JOURNAL_STREAM");
	uintmax_t dev, ino;
	struct stat st;

	if (known < 0)
		known = text && sscanf(text, "%" SCNuMAX ":%" SCNuMAX, &dev, &ino) == 2 &&
			fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
	return known;
}

/* Appends to @out at @used, never beyond @size - 1. Returns the new length. */
__attribute__((format(printf, 4, 5))) static size_t put(char *out, size_t size, size_t used,
							const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out + used, size - used, fmt, ap);
	va_end(ap);
	return n < 0 ? used : used + (size_t)n < size ? used + (size_t)n : size - 1;
}

static size_t put_text(char *out, size_t size, size_t used, const char *text, bool json)
{
	for (; *text && used + 2 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 0x7f)
			c = '?';
		if (json && (c == '"' || c == '\\'))
			out[used++] = '\\';
		out[used++] = (char)c;
	}
	out[used] = '\0';
	return used;
}

static size_t put_time(char *out, size_t size, size_t used, uint64_t now_ms)
{
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	used += strftime(out + used, size - used, "%Y-%m-%dT%H:%M:%S", &tm);
	return put(out, size, used, ".%03uZ", (unsigned int)(now_ms % 1000));
}

size_t log_format(char *out, size_t size, const struct log_setup *setup, bool systemd,
		  enum log_level level, uint64_t now_ms, const char *text)
{
	static const int priority[] = { 3, 4, 6, 7 };
	size_t n = 0;

	if (setup->json) {
		n = put(out, size, n, "{\"time\":\"");
		n = put_time(out, size, n, now_ms);
		n = put(out, size, n, "\",\"level\":\"%s\",", level_names[level]);
		if (setup->node)
			n = put(out, size, n, "\"node\":\"%s\",", setup->node);
		n = put(out, size, n, "\"text\":\"");
		n = put_text(out, size - 2, n, text, true);
		return put(out, size, n, "\"}");
	}
	if (systemd) {
		n = put(out, size, n, "<%d>", priority[level]);
	} else {
		n = put_time(out, size, n, now_ms);
		n = put(out, size, n, " %s: ", level_names[level]);
	}
	return put_text(out, size, n, text, false);
}

static void write_line(enum log_level level, const char *fmt, va_list ap)
{
	char text[LOG_TEXT_MAX], line[2 * LOG_TEXT_MAX + 512];
	struct timespec t;
	size_t n;

	vsnprintf(text, sizeof(text), fmt, ap);
	clock_gettime(CLOCK_REALTIME, &t);
	n = log_format(line, sizeof(line) - 1, &current, to_journal(), level,
		       (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000, text);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > current.level)
		return;
	va_start(ap, fmt);
	write_line(level, fmt, ap);
	va_end(ap);
}

void log_announce(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(LOG_AT_INFO, fmt, ap);
	va_end(ap);
}

bool log_limit_pass(struct log_limit *l, uint64_t now_ms, uint32_t *skipped)
{
	*skipped = 0;
	if (l->n == 0 || now_ms - l->since_ms >= LIMIT_PERIOD_MS) {
		*skipped = l->n > LIMIT_LINES ? l->n - LIMIT_LINES : 0;
		l->since_ms = now_ms;
		l->n = 0;
	}
	return l->n++ < LIMIT_LINES;
}
