/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds the world of listeners that local.h describes.
 */
#include "bench/load/engine/local.h"

#include "control/network/kernel_sockets.h"
#include "dataplane/proxy/own.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define ERROR_SIZE 256

static int fail(char *error, int e, const char *what)
{
	snprintf(error, ERROR_SIZE, "%s: %s", what, strerror(e));
	return -e;
}

static int add_side(struct local *l, const struct load_side *s, enum peer_side side, char *error)
{
	for (unsigned int i = 0; s->n_devices && i < s->n_local; i++) {
		char text[IP_TEXT_MAX + 2];
		struct listener *to = &l->listeners[l->n];

		for (unsigned int k = 0; k < l->n; k++) {
			if (!endpoint_equal(&l->at[k], &s->local[i]))
				continue;
			snprintf(error, ERROR_SIZE, "%.*s:%u is named twice",
				 (int)ip_format_host(&s->local[i].ip, text), text,
				 s->local[i].port);
			return -EINVAL;
		}
		to->addr = s->local[i];
		to->transports = WORLD_UDP;
		to->iface = (uint16_t)side;
		snprintf(to->name.s, sizeof(to->name.s), "%.*s",
			 (int)ip_format_host(&to->addr.ip, text), text);
		l->at[l->n] = s->local[i];
		l->side[l->n++] = (uint8_t)side;
	}
	return 0;
}

/* The table by which world_listener_at() finds them. */
static int index_them(struct local *l)
{
	static uint8_t key[LOCAL_MAX][OWN_KEY_MAX];
	struct name_entry e[LOCAL_MAX];
	size_t bytes = 0;

	for (unsigned int i = 0; i < l->n; i++) {
		size_t len = own_key_listener(key[i], &l->at[i].ip, l->at[i].port);

		e[i] = (struct name_entry){ key[i], (uint16_t)len,
					    own_value(OWN_LISTENER, i + 1u) };
		bytes += len;
	}
	l->own = malloc(names_size(l->n, bytes));
	if (!l->own)
		return -ENOMEM;
	l->world.own = names_build(l->own, &l->world.keys, e, l->n);
	return 0;
}

int local_init(struct local *l, const struct load_plan *plan, char *error)
{
	int rc;

	memset(l, 0, sizeof(*l));
	l->listeners = calloc(LOCAL_MAX, sizeof(*l->listeners));
	if (!l->listeners)
		return fail(error, ENOMEM, "addresses");
	rc = add_side(l, &plan->caller, PEER_CALLER, error);
	rc = rc ? rc : add_side(l, &plan->server, PEER_SERVER, error);
	if (rc)
		return rc;
	if (getrandom(l->world.keys.xxh, sizeof(l->world.keys.xxh), 0) < 0)
		return fail(error, errno, "random numbers");
	if (index_them(l) < 0)
		return fail(error, ENOMEM, "addresses");
	l->world.listeners = l->listeners;
	l->world.n_listeners = (uint16_t)l->n;
	l->world.generation = 1;
	return 0;
}

static void no_datagram(void *arg, const struct endpoint *src, const struct endpoint *listener,
			const uint8_t *data, size_t len)
{
	(void)arg;
	(void)src;
	(void)listener;
	(void)data;
	(void)len;
}

int local_occupy(struct local *l, enum peer_side side, char *error)
{
	struct kernel_port ports[PEER_SIDES] = { 0 };
	int rc;

	ports[side].shared = true;
	if (!l->sockets)
		l->sockets = kernel_sockets_new(NULL, no_datagram, NULL);
	if (!l->sockets)
		return fail(error, ENOMEM, "sockets");
	rc = kernel_sockets_prepare(l->sockets, &l->world, ports, error, ERROR_SIZE);
	if (rc == 0)
		kernel_sockets_commit(l->sockets, &l->world);
	return rc;
}

void local_fini(struct local *l)
{
	kernel_sockets_free(l->sockets);
	free(l->own);
	free(l->listeners);
	memset(l, 0, sizeof(*l));
}
