/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/streams/pipe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_MAX 4096 /* common size at most, with what a proxy adds */

bool pipe_address(const char *text, struct pipe_address *out)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	size_t n = colon ? (size_t)(colon - text) : 0;
	char *end = NULL;
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;

	if (n == 0 || n >= sizeof(host) || *end || port < 1 || port > 65535)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	*out = (struct pipe_address){ .len = sizeof(out->v4) };
	out->v4.sin_family = AF_INET;
	out->v4.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1)
		return true;
	if (host[0] != '[' || host[n - 1] != ']')
		return false;
	host[n - 1] = '\0';
	*out = (struct pipe_address){ .len = sizeof(out->v6) };
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons((uint16_t)port);
	return inet_pton(AF_INET6, host + 1, &out->v6.sin6_addr) == 1;
}

bool pipe_open(struct pipe *p, int fd)
{
	*p = (struct pipe){ .fd = fd, .in = malloc(PIPE_SIZE), .out = malloc(PIPE_SIZE) };
	return fd >= 0 && p->in && p->out;
}

bool pipe_has_room(const struct pipe *p)
{
	return PIPE_SIZE - p->n_out >= MESSAGE_MAX;
}

bool pipe_put(struct pipe *p, const char *bytes, size_t n)
{
	if (n > PIPE_SIZE - p->n_out)
		return false;
	memcpy(p->out + p->n_out, bytes, n);
	p->n_out += n;
	return true;
}

bool pipe_flush(struct pipe *p)
{
	ssize_t n;

	if (p->n_out == 0)
		return true;
	n = send(p->fd, p->out, p->n_out, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN;
	memmove(p->out, p->out + n, p->n_out - (size_t)n);
	p->n_out -= (size_t)n;
	return true;
}

bool pipe_read(struct pipe *p, void (*fn)(void *arg, const char *message, size_t n), void *arg)
{
	size_t at = 0;
	const char *end;
	ssize_t n;

	/* A server answers what it reads: it reads no more than it has room to answer. */
	if (PIPE_SIZE - p->n_out < PIPE_SIZE / 2)
		return true;
	n = recv(p->fd, p->in + p->n_in, PIPE_SIZE / 4 - p->n_in, 0);
	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	p->n_in += (size_t)n;
	while ((end = memmem(p->in + at, p->n_in - at, "\r\n\r\n", 4))) {
		size_t len = (size_t)(end - p->in) + 4 - at;

		fn(arg, p->in + at, len);
		at += len;
	}
	memmove(p->in, p->in + at, p->n_in - at);
	p->n_in -= at;
	return true;
}

static bool starts(const char *line, const char *name)
{
	return strncasecmp(line, name, strlen(name)) == 0;
}

bool pipe_answer(struct pipe *p, const char *message, size_t n)
{
	static const char *const copied[] = { "Via:", "From:", "Call-ID:", "CSeq:" };
	static const char first[] = "SIP/2.0 200 OK\r\n", last[] = "Content-Length: 0\r\n\r\n";
	const char *line = memchr(message, '\n', n), *end;
	bool good = pipe_put(p, first, sizeof(first) - 1);

	while (line && ++line < message + n - 2 && good) {
		end = memchr(line, '\n', (size_t)(message + n - line));
		for (unsigned int i = 0; end && i < sizeof(copied) / sizeof(copied[0]); i++)
			if (starts(line, copied[i]))
				good = good && pipe_put(p, line, (size_t)(end + 1 - line));
		if (end && starts(line, "To:"))
			good = good && pipe_put(p, line, (size_t)(end - 1 - line)) &&
			       pipe_put(p, ";tag=s\r\n", 8);
		line = end;
	}
	return good && pipe_put(p, last, sizeof(last) - 1);
}
