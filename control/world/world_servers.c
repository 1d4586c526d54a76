/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table that tells which backend an address is (dataplane/proxy/servers.h). A response, and a
 * request inside a dialog, name no backend; health asks for theirs all the same.
 */
#include "control/world/world_parts.h"
#include "dataplane/proxy/servers.h"

#include <errno.h>
#include <stdlib.h>

/* A backend by its key; keys sort by address, then port. */
struct place {
	uint8_t key[SERVERS_KEY_MAX];
	uint16_t number;
};

#define ADDRESS_LEN 16

size_t build_servers_size(const struct build *b)
{
	uint32_t n = 2 * b->overlay->n_servers;

	return build_room(names_size(n, (size_t)n * SERVERS_KEY_MAX));
}

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = memcmp(x->key, y->key, SERVERS_KEY_MAX);

	return order ? order : (int)x->number - (int)y->number;
}

/* Lists the backends there are by their keys. Returns how many. */
static uint32_t list_places(const struct build *b, struct place *places)
{
	uint32_t n = 0;

	for (uint16_t i = 0; i < b->w->n_backends; i++) {
		if (b->w->backends[i].state == BACKEND_NONE)
			continue;
		servers_key(places[n].key, &b->w->backends[i].addr);
		places[n++].number = i;
	}
	qsort(places, n, sizeof(*places), compare);
	return n;
}

/* Writes the entries of the @n places that share an address: each endpoint once, and the address
 * alone if there is but one. Returns how many. */
static uint32_t add_address(const struct place *p, uint32_t n, struct name_entry *out)
{
	uint32_t added = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (i && memcmp(p[i].key, p[i - 1].key, SERVERS_KEY_MAX) == 0)
			continue;
		out[added++] = (struct name_entry){ p[i].key, SERVERS_KEY_MAX, p[i].number };
	}
	if (added == 1)
		out[added++] = (struct name_entry){ p[0].key, ADDRESS_LEN, p[0].number };
	return added;
}

int build_servers(struct build *b)
{
	uint32_t room = b->w->n_backends, n, n_entries = 0, same;
	void *table = build_take(b, build_servers_size(b));
	struct place *places = arena_alloc(&b->scratch, room * sizeof(*places));
	struct name_entry *entries = arena_alloc(&b->scratch, 2 * room * sizeof(*entries));

	if (room && (!places || !entries))
		return -ENOMEM;
	n = room ? list_places(b, places) : 0;
	for (uint32_t i = 0; i < n; i += same) {
		for (same = 1; i + same < n; same++) {
			if (memcmp(places[i].key, places[i + same].key, ADDRESS_LEN) != 0)
				break;
		}
		n_entries += add_address(&places[i], same, &entries[n_entries]);
	}
	b->w->servers = names_build(table, &b->w->keys, entries, n_entries);
	return 0;
}
