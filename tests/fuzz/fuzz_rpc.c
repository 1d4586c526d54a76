/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes a connection to the control socket: any bytes, in pieces of any size, give lines of JSON
 * or nothing, handlers only see parameters that the table allows, nothing leaks. The first byte
 * says how large the pieces are. Handlers echo: what the daemon does is not the subject.
 */
#include "control/app.h"
#include "control/log.h"
#include "control/rpc/rpc_client.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* Reads what came; each whole line must be an object or an array. */
static void hear(int fd, char *text, size_t room, size_t *used)
{
	ssize_t n;

	while ((n = read(fd, text + *used, room - *used)) > 0) {
		char *line = text, *end;

		*used += (size_t)n;
		while ((end = memchr(line, '\n', *used - (size_t)(line - text)))) {
			json_t *v = json_loadb(line, (size_t)(end - line), 0, NULL);

			check(v != NULL);
			json_decref(v);
			line = end + 1;
		}
		*used -= (size_t)(line - text);
		memmove(text, line, *used);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[1 << 21];
	struct rpc_clients clients = LIST_HEAD_INITIALIZER(clients);
	static struct app app;
	size_t used = 0, step = size ? data[0] + 1u : 1, at = 1;
	int fds[2];

	log_set_level(LOG_AT_ERROR);
	if (!app.base)
		app.base = event_base_new();
	check(app.base && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	check(rpc_client_new(&app, &clients, fds[1]) != NULL);
	for (unsigned int idle = 0; idle < 8 && !LIST_EMPTY(&clients); idle++) {
		size_t n = at < size ? size - at < step ? size - at : step : 0;

		if (n && send(fds[0], data + at, n, MSG_NOSIGNAL) == (ssize_t)n) {
			at += n;
			idle = 0;
		}
		if (at >= size)
			shutdown(fds[0], SHUT_WR);
		event_base_loop(app.base, EVLOOP_NONBLOCK);
		hear(fds[0], text, sizeof(text), &used);
	}
	while (!LIST_EMPTY(&clients))
		rpc_client_free(LIST_FIRST(&clients));
	close(fds[0]);
	check(mem_live() == 0);
	return 0;
}
