/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See socket.h. No name resolution and no IPv6: the lab has fixed IPv4 addresses.
 */
#include "bench/peers/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void socket_die(const char *text)
{
	int err = errno;

	fprintf(stderr, "%s: %s%s%s\n", program_invocation_short_name, text, err ? ": " : "",
		err ? strerror(err) : "");
	exit(2);
}

double socket_number(const char *text, double least)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= least))
		socket_die(text);
	return value;
}

struct sockaddr_in socket_address(const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	const char *colon = strrchr(text, ':');
	char host[INET_ADDRSTRLEN];
	size_t n = colon ? (size_t)(colon - text) : 0;
	double port = colon ? socket_number(colon + 1, 1) : 0;

	if (n == 0 || n >= sizeof(host) || port > UINT16_MAX)
		socket_die(text);
	memcpy(host, text, n);
	host[n] = '\0';
	a.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		socket_die(text);
	return a;
}

static void set_buffer(int fd, int forced, int plain, int bytes)
{
	if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof(bytes)) < 0 &&
	    setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof(bytes)) < 0)
		socket_die("socket buffer");
}

int socket_open(const char *address, int bytes)
{
	struct sockaddr_in a = socket_address(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		socket_die("socket");
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, bytes);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, bytes);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		socket_die(address);
	return fd;
}
