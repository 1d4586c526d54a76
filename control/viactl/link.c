/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON lines over a UNIX stream socket. Blocking: viactl has nothing else to do.
 */
#include "control/viactl/link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define READ_STEP 65536
#define ANSWER_MS 30000

static bool failed(struct link *l, const char *what)
{
	snprintf(l->why, sizeof(l->why), "%.200s: %s", what, strerror(errno));
	return false;
}

bool link_open(struct link *l, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	*l = (struct link){ .fd = -1 };
	if (strlen(path) >= sizeof(a.sun_path)) {
		snprintf(l->why, sizeof(l->why), "%.100s...: longer than a socket's path may be",
			 path);
		return false;
	}
	memcpy(a.sun_path, path, strlen(path));
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd >= 0 && connect(l->fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return true;
	failed(l, path);
	link_close(l);
	return false;
}

void link_close(struct link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	free(l->buffer);
	l->buffer = NULL;
	l->n = l->room = 0;
}

static bool send_all(struct link *l, const char *p, size_t n)
{
	while (n) {
		ssize_t sent = send(l->fd, p, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		/* Turned away: what the proxy said before is still to be read. */
		if (sent < 0 && errno == EPIPE)
			return true;
		if (sent < 0)
			return failed(l, "cannot send");
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

long link_send(struct link *l, const char *method, json_t *params)
{
	json_t *request = json_pack("{s:s, s:I, s:s, s:O}", "jsonrpc", "2.0", "id",
				    (json_int_t)++l->last_id, "method", method, "params", params);
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	bool ok;

	json_decref(request);
	if (!text) {
		snprintf(l->why, sizeof(l->why), "no memory");
		return -1;
	}
	ok = send_all(l, text, strlen(text)) && send_all(l, "\n", 1);
	free(text);
	return ok ? l->last_id : -1;
}

/* Reads what is there. False at the end of the connection. */
static bool fill(struct link *l)
{
	ssize_t n;

	if (l->room - l->n < READ_STEP) {
		size_t room = l->room * 2 + READ_STEP;
		char *p = realloc(l->buffer, room);

		if (!p)
			return failed(l, "answer");
		l->buffer = p;
		l->room = room;
	}
	n = recv(l->fd, l->buffer + l->n, l->room - l->n, 0);
	if (n < 0)
		return errno == EINTR ? true : failed(l, "cannot receive");
	if (n == 0)
		snprintf(l->why, sizeof(l->why), "the proxy closed the connection");
	l->n += (size_t)n;
	return n > 0;
}

/* Takes the line of @n bytes that the buffer begins with, and its newline. */
static json_t *take(struct link *l, size_t n)
{
	json_error_t error;
	json_t *line = json_loadb(l->buffer, n, 0, &error);

	l->n -= n + 1;
	memmove(l->buffer, l->buffer + n + 1, l->n);
	if (!line)
		snprintf(l->why, sizeof(l->why), "no JSON from the socket: %.150s", error.text);
	return line;
}

json_t *link_next(struct link *l, int timeout_ms)
{
	size_t searched = 0;

	l->why[0] = '\0';
	for (;;) {
		char *end = l->n > searched ? memchr(l->buffer + searched, '\n', l->n - searched)
					    : NULL;
		struct pollfd p = { .fd = l->fd, .events = POLLIN };
		int ready;

		if (end)
			return take(l, (size_t)(end - l->buffer));
		searched = l->n;
		ready = poll(&p, 1, timeout_ms);
		if (ready < 0 && errno == EINTR)
			return NULL;
		if (ready == 0) {
			snprintf(l->why, sizeof(l->why), "no answer");
			return NULL;
		}
		if (ready < 0) {
			failed(l, "cannot wait");
			return NULL;
		}
		if (!fill(l))
			return NULL;
	}
}

json_t *link_result(json_t *response, json_t **error)
{
	json_t *result = json_incref(json_object_get(response, "result"));

	*error = json_incref(json_object_get(response, "error"));
	json_decref(response);
	return result;
}

json_t *link_call(struct link *l, const char *method, json_t *params, json_t **error)
{
	long id = link_send(l, method, params);

	*error = NULL;
	while (id >= 0) {
		json_t *line = link_next(l, ANSWER_MS), *of = json_object_get(line, "id");

		if (!line && !l->why[0])
			continue;
		/* An error without an id is about the connection as a whole. */
		if (!line || json_integer_value(of) == id || json_is_null(of))
			return line ? link_result(line, error) : NULL;
		json_decref(line);
	}
	return NULL;
}
