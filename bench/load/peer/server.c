/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What servers call themselves: a Contact that starts with "sip:gw" and their number, and a
 * sent-by, both filled up with zeros to one length for all of them. So the places of all that
 * follows are the same whatever server a call has, and callers in a process of their own learn the
 * rest from it.
 */
#include "bench/load/peer/template.h"

#include <stdio.h>

void server_name_make(unsigned int i, const struct endpoint *at, struct server_name *name)
{
	static const char zeros[] = "0000000000000000000000000000000000000000000000000000";
	char host[IP_TEXT_MAX + 2], text[128], hostport[64];
	int n;

	host[ip_format_host(&at->ip, host)] = 0;
	n = snprintf(hostport, sizeof(hostport), "%s:%u", host, at->port);
	snprintf(text, sizeof(text), "sip:gw%02u%.*s@%s", i,
		 SERVER_URI_LEN - (int)strlen("sip:gw00@") - n, zeros, hostport);
	memcpy(name->uri, text, SERVER_URI_LEN);
	snprintf(text, sizeof(text), "%s;g=%.*s", hostport, SERVER_VIA_LEN - (int)strlen(";g=") - n,
		 zeros);
	memcpy(name->via, text, SERVER_VIA_LEN);
	name->at = *at;
	name->known = true;
}

bool server_name_read(const uint8_t *uri, unsigned int *i, struct endpoint *at)
{
	const uint8_t *end = uri + SERVER_URI_LEN, *host = memchr(uri, '@', SERVER_URI_LEN);
	const uint8_t *colon = memrchr(uri, ':', SERVER_URI_LEN);
	unsigned int port = 0;

	*i = (unsigned int)(uri[6] - '0') * 10 + (unsigned int)(uri[7] - '0');
	if (memcmp(uri, "sip:gw", 6) != 0 || *i >= LOAD_ADDRESSES || !host || colon < host)
		return false;
	for (const uint8_t *p = colon + 1; p < end; p++) {
		if (*p < '0' || *p > '9' || port > UINT16_MAX)
			return false;
		port = port * 10 + *p - '0';
	}
	at->port = (uint16_t)port;
	host++;
	return ip_parse(host, (size_t)(colon - host), &at->ip);
}
