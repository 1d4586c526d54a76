/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host names of /etc/hosts, for next hops that carry a name: what Linux would resolve without
 * asking anyone, the proxy resolves too. Bounded; what is not a host name, or is this machine
 * itself (loopback addresses, such as Debian's 127.0.1.1), is passed over. Control thread only.
 */
#pragma once

#include "control/config/alloc.h"
#include "control/world/world_build.h"

#define HOSTS_PATH "/etc/hosts"
#define HOSTS_MAX 10000u       /* names kept */
#define HOSTS_FILE_MAX 1048576 /* bytes read */

struct hosts {
	struct world_host *v;
	uint32_t n;
	struct arena arena;
};

/** Reads the @n bytes at @text, in the form of hosts(5), into the empty @out. 0 or -ENOMEM. */
int hosts_parse(const char *text, size_t n, struct hosts *out);

/** Reads the file at @path into the empty @out. 0, also if there is no such file, or a negative
 * errno. */
int hosts_read(const char *path, struct hosts *out);

void hosts_free(struct hosts *h);
