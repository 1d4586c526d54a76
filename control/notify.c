/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams to systemd. A socket per message: there are a handful of them in a life.
 */
#include "control/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int notify_address(const char *text, struct sockaddr_un *out)
{
	size_t n = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || n < 2 || n > sizeof(out->sun_path) - 1)
		return -EINVAL;
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(out->sun_path, text, n);
	if (text[0] == '@')
		out->sun_path[0] = '\0'; /* abstract: no file, and the length counts */
	else
		n++;
	return (int)(offsetof(struct sockaddr_un, sun_path) + n);
}

int notify_send(const char *state)
{
	const char *text = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to;
	int fd, len, rc = 0;

	if (!text || !*text)
		return 0;
	len = notify_address(text, &to);
	if (len < 0)
		return len;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to,
		   (socklen_t)len) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

int notify_ready(const char *status)
{
	char state[512];

	snprintf(state, sizeof(state), "READY=1\nSTATUS=%s\n", status);
	return notify_send(state);
}

int notify_reloading(void)
{
	char state[128];
	struct timespec t;

	/* The time lets systemd (Type=notify-reload) tell this reload from an older one. */
	clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(state, sizeof(state),
		 "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=reloading\n",
		 (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000);
	return notify_send(state);
}

int notify_stopping(void)
{
	return notify_send("STOPPING=1\nSTATUS=stopping\n");
}
