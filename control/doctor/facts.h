/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Facts about a machine: what /proc and /sys say, below a root, and the few things that only a
 * system call tells.
 *
 * Paths are given as to printf(), from the root of the file system. What is not there is no error:
 * every machine lacks something.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FACT_NAMES_MAX 256
#define FACT_NAME_MAX 64

/* What no file tells. Each returns 1 = yes, 0 = no, or a negative errno. */
struct fact_calls {
	/** Whether the time of day follows others (adjtimex(2)). */
	int (*clock_synchronised)(void);
	/** Whether interface @name has the feature (ethtool -k) that drivers call @feature on. */
	int (*feature)(const char *name, const char *feature);
	/** Whether @name takes the ports of UDP over IPv4 into the hash that spreads frames. */
	int (*hashes_udp_ports)(const char *name);
};

/** The calls of Linux. */
extern const struct fact_calls fact_calls_linux;

struct facts {
	const char *root; /* "" = this machine */
	const struct fact_calls *calls;
};

struct fact_names {
	uint32_t n;
	char name[FACT_NAMES_MAX][FACT_NAME_MAX]; /* sorted */
};

/** Reads the file to @out, at most @n bytes with the NUL, without white space at its end. False,
 * and "", if it cannot be read. */
__attribute__((format(printf, 4, 5))) bool fact_text(const struct facts *f, char *out, size_t n,
						     const char *path, ...);

/** Reads a whole number of base 10 from the start of the file. False, @out left alone, if there is
 * none. Negative ones are allowed: -1 is how Linux says that there is no node. */
__attribute__((format(printf, 3, 4))) bool fact_number(const struct facts *f, int64_t *out,
						       const char *path, ...);

/** The number behind "NAME:" at the start of a line of a file such as /proc/meminfo. */
bool fact_field(const struct facts *f, const char *path, const char *name, int64_t *out);

__attribute__((format(printf, 2, 3))) bool fact_exists(const struct facts *f, const char *path,
						       ...);

/** The last part of where the symbolic link points to. False, and "", if it is none. */
__attribute__((format(printf, 4, 5))) bool fact_link(const struct facts *f, char *out, size_t n,
						     const char *path, ...);

/** Where the path leads with all links followed, without the root. False, and "", if nowhere. */
__attribute__((format(printf, 4, 5))) bool fact_real(const struct facts *f, char *out, size_t n,
						     const char *path, ...);

/** Lists a folder, hidden names left out, FACT_NAMES_MAX at most. False, @out empty, if there is
 * none. */
__attribute__((format(printf, 3, 4))) bool fact_list(const struct facts *f, struct fact_names *out,
						     const char *path, ...);

/** Permission bits of the file. False if there is none. */
__attribute__((format(printf, 3, 4))) bool fact_mode(const struct facts *f, unsigned int *out,
						     const char *path, ...);

/** Limit "Max open files" and the like of this process: soft and hard; UINT64_MAX = none. */
bool fact_limit(const struct facts *f, const char *name, uint64_t *soft, uint64_t *hard);

/** True if this process has capability @number (CAP_NET_ADMIN and so on). */
bool fact_capable(const struct facts *f, unsigned int number);
