/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * viactl's connection to the control socket: requests out, responses and notifications in.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define LINK_WHY_MAX 256

struct link {
	int fd;
	long last_id;
	char *buffer; /* what was read and not taken yet */
	size_t n, room;
	char why[LINK_WHY_MAX]; /* what went wrong, for people */
};

/** Connects to the socket at @path. False with @l->why filled. */
bool link_open(struct link *l, const char *path);

void link_close(struct link *l);

/** Sends a request; @params is borrowed. Returns its id, or -1 with @l->why filled. */
long link_send(struct link *l, const char *method, json_t *params);

/**
 * The next line from the socket (new reference). NULL with @l->why filled if the connection ended
 * or nothing came in @timeout_ms (-1: no limit); NULL with an empty @l->why if a signal came.
 */
json_t *link_next(struct link *l, int timeout_ms);

/**
 * Asks and waits for the response: a result (new reference), or NULL with *@error the error object
 * (new reference), or, without a connection any more, NULL with *@error NULL and @l->why filled.
 */
json_t *link_call(struct link *l, const char *method, json_t *params, json_t **error);

/**
 * Takes the result out of @response (reference taken), or the error: what link_call() does with the
 * response.
 */
json_t *link_result(json_t *response, json_t **error);
