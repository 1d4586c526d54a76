/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log of the control thread: one line per event to standard error, as text or as JSON.
 *
 * Workers never log; they count, and the control thread tells what the counts say. Whatever
 * outsiders can cause is logged through a struct log_limit, so that nobody fills a disk from the
 * network. Under systemd lines carry the <N> prefix of sd-daemon(3) in place of time and level.
 * Control thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_AT_ERROR, LOG_AT_WARNING, LOG_AT_INFO, LOG_AT_DEBUG };

#define LOG_TEXT_MAX 1024 /* bytes of one message; longer ones are cut */

struct log_setup {
	enum log_level level; /* the least important that is written */
	bool json;
	const char *node; /* named in JSON lines; borrowed; NULL = none */
};

/* Allows a few lines per period for one kind of event. All zero is a fresh one. */
struct log_limit {
	uint64_t since_ms; /* start of the period */
	uint32_t n;        /* events of the period */
};

/** Sets level and form. May be called again. */
void log_configure(const struct log_setup *setup);

/** Changes the level alone, until the next log_configure(). */
void log_set_level(enum log_level level);

/** The level called @name ("error", "warning", "info", "debug"); LOG_AT_INFO if there is none. */
enum log_level log_level_of(const char *name);

/** The name of the node, "" if there is none. */
const char *log_node(void);

/** Writes one line at @level. Control characters in the text become '?'. */
__attribute__((format(printf, 2, 3))) void log_write(enum log_level level, const char *fmt, ...);

/** Writes one line as LOG_AT_INFO whatever the level is set to: for the few lines that scripts wait
 * for. */
__attribute__((format(printf, 1, 2))) void log_announce(const char *fmt, ...);

/**
 * True if an event may be logged now: the first 5 of each 10 seconds. @skipped gets how many were
 * not, when a new period starts; else 0.
 */
bool log_limit_pass(struct log_limit *l, uint64_t now_ms, uint32_t *skipped);

/**
 * Formats one line as log_write() would, without the newline, for time @now_ms (since 1970).
 * Returns its length, less than @size.
 */
size_t log_format(char *out, size_t size, const struct log_setup *setup, bool systemd,
		  enum log_level level, uint64_t now_ms, const char *text);

/** Milliseconds of the monotonic clock. */
uint64_t log_clock_ms(void);

#define log_error(...) log_write(LOG_AT_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_AT_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_AT_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_AT_DEBUG, __VA_ARGS__)

/** As log_write(), held back by @limit (struct log_limit *). */
#define log_limited(limit, level, fmt, ...)                                                  \
	do {                                                                                 \
		uint32_t skipped_;                                                           \
		if (!log_limit_pass((limit), log_clock_ms(), &skipped_))                     \
			break;                                                               \
		if (skipped_)                                                                \
			log_write((level), "%u lines like the next one left out", skipped_); \
		log_write((level), fmt, ##__VA_ARGS__);                                      \
	} while (0)
