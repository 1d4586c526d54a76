/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The slot of a pool's table comes from L3 or beyond. Its place follows from the rules and the
 * Call-ID, which are known when the lines of a message are; parsing its values takes longer than
 * the load. Called on the workers for each message; pure.
 */
#include "dataplane/proxy/ahead.h"

#include "dataplane/proxy/row.h"

void ahead_ask(const struct world *w, struct proxy_ahead *ahead)
{
	static const uint16_t nobody = WORLD_NONE;
	const struct pool *pool = &w->pools[ahead->pool];

	ahead->slot =
		pool->n_live ? &pool->table[maglev_slot(ahead->key, pool->table_size)] : &nobody;
	__builtin_prefetch(ahead->slot);
	if (__builtin_expect(w->n_past, 0))
		window_prefetch(w, ahead->pool, ahead->key);
}

void proxy_look_ahead(const struct world *w, const struct sip_msg *m, struct proxy_in *in)
{
	struct proxy_ahead *ahead = &in->ahead;

	ahead->slot = NULL;
	if (!m->request || !m->sound || m->reason != SIP_OK || m->first[SIP_H_ROUTE] != UINT16_MAX)
		return;
	ahead->pool = world_route(w, m, &in->src.ip);
	if (ahead->pool == WORLD_NONE || w->pools[ahead->pool].key.kind != KEY_CALL_ID)
		return;
	ahead->key = key_hash_call_id(&w->keys, m, row_value(m, m->first[SIP_H_CALL_ID]));
	ahead_ask(w, ahead);
}
