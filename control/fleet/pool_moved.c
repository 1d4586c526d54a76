/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables are compared slot by slot; that is exact, since every key is as likely as any other. With
 * another kind of key the keys themselves are others: a request then finds its old server by
 * chance, as often as the shares of the servers in both tables say.
 */
#include "control/fleet/pool_moved.h"

#include "control/world/table.h"

#include <string.h>

static bool same_key(const struct key_spec *a, const struct key_spec *b)
{
	return a->kind == b->kind && a->header_len == b->header_len &&
	       memcmp(a->header, b->header, a->header_len) == 0;
}

/* The chance that two independent keys meet the same server. */
static double meet(const struct pool *a, const struct pool *b)
{
	double sum = 0;

	for (uint16_t i = 0; i < b->n_members; i++)
		sum += (double)table_slots_of(a->table, b->members[i]) / a->table_size *
		       table_slots_of(b->table, b->members[i]) / b->table_size;
	return sum;
}

const struct pool *pool_named(const struct world *w, const char *name)
{
	for (uint16_t i = 0; i < w->n_pools; i++) {
		if (strcmp(w->pools[i].name, name) == 0)
			return &w->pools[i];
	}
	return NULL;
}

double pool_moved(const struct pool *a, const struct pool *b)
{
	if (!same_key(&a->key, &b->key))
		return 1 - meet(a, b);
	if (a->table == b->table)
		return 0;
	return table_moved(a->table, a->table_size, b->table, b->table_size);
}

json_t *pools_moved(const struct world *a, const struct world *b)
{
	json_t *list = json_array();

	for (uint16_t i = 0; i < b->n_pools; i++) {
		const struct pool *old = pool_named(a, b->pools[i].name);

		if (old)
			json_array_append_new(list,
					      json_pack("{s:s, s:f}", "name", b->pools[i].name,
							"moved", pool_moved(old, &b->pools[i])));
	}
	return list;
}
