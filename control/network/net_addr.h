/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between struct endpoint and the socket addresses of the C library.
 */
#pragma once

#include "dataplane/sip/ip.h"

#include <netinet/in.h>
#include <sys/socket.h>

/** Writes @e to @out in the form of its own family. Returns the length for bind() and sendto(). */
static inline socklen_t net_addr_put(struct sockaddr_storage *out, const struct endpoint *e)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(e->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(e->port) };

	memset(out, 0, sizeof(*out));
	if (ip_is_v4(&e->ip)) {
		memcpy(&v4.sin_addr, ip_v4_bytes(&e->ip), 4);
		memcpy(out, &v4, sizeof(v4));
		return sizeof(v4);
	}
	memcpy(&v6.sin6_addr, e->ip.b, 16);
	memcpy(out, &v6, sizeof(v6));
	return sizeof(v6);
}

/** Reads a socket address. False if it is of another family. */
static inline bool net_addr_get(const struct sockaddr_storage *from, struct endpoint *out)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (from->ss_family == AF_INET) {
		memcpy(&v4, from, sizeof(v4));
		out->ip = ip_from_v4((const uint8_t *)&v4.sin_addr);
		out->port = ntohs(v4.sin_port);
		return true;
	}
	if (from->ss_family != AF_INET6)
		return false;
	memcpy(&v6, from, sizeof(v6));
	out->ip = ip_from_v6((const uint8_t *)&v6.sin6_addr);
	out->port = ntohs(v6.sin6_port);
	return true;
}
