/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory for what each thread remembers of its transactions (proxy/recent.h): one piece for all
 * workers and the control thread, so that each can search the others' in a transaction window.
 *
 * Mapped at start and never grown. A worker's part is first touched by that worker, before its
 * first packet: the pages then lie at its own node, in 2 MiB pages where Linux has some, and no
 * packet waits for one. The control thread's part costs nothing until that thread forwards
 * something.
 */
#pragma once

#include "dataplane/proxy/recent.h"

struct recents {
	struct recent *of; /* n of them; NULL = not open */
	unsigned int n;
	void *map;
	size_t map_len;
};

/** Makes @n memories of usual size that know each other. 0 or a negative errno; @r is then closed.
 */
int recents_open(struct recents *r, unsigned int n);

/** Gives the memory back when no thread uses it any more. Works on what is all zero, and twice. */
void recents_close(struct recents *r);

/** Makes the pages of @r present. For the thread that owns it, before it forwards anything. */
void recents_touch(struct recent *r);
