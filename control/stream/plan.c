/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many connections the configuration wants to each backend.
 *
 * Only pools of backends that ask for more than one connection, or for warm ones, are written down
 * here; for all others one connection on demand is what they get anyway. A plan replaces the one
 * before: what is not in it any more loses its size and its warmth, not its connections.
 */
#include "control/config/config.h"
#include "control/stream/stream_state.h"
#include "dataplane/proxy/fib.h"
#include "dataplane/proxy/world.h"

#include <string.h>

/* Fills @to for backend @b by @transport. False if it cannot be reached so. */
static bool target_of(const struct world *w, const struct fib *fib, const struct backend *b,
		      enum sip_transport transport, struct stream_target *to)
{
	uint16_t iface = FIB_NO_IFACE, listener;
	struct fib_hop hop;

	if (!(b->transports & 1u << transport))
		return false;
	if (fib && fib_lookup(fib, &b->addr.ip, &hop) && hop.kind == FIB_UNICAST)
		iface = hop.iface;
	listener = world_listener_for(w, WORLD_NONE, iface, 1u << transport, &b->addr.ip);
	if (listener == WORLD_NONE)
		return false;
	*to = (struct stream_target){ .to = b->addr,
				      .listener = w->listeners[listener].addr,
				      .transport = transport };
	if (transport == SIP_TLS) {
		to->to.port = b->tls_port;
		to->name = b->tls_name;
	}
	return true;
}

static void plan_backend(struct streams *s, const struct world *w, const struct fib *fib,
			 const struct backend *b, const struct config_connections *wish)
{
	uint32_t warm = b->state == BACKEND_UP ? wish->warm : 0;
	struct stream_target to;

	if (target_of(w, fib, b, SIP_TCP, &to))
		pool_plan(s, &to, wish->size, warm);
	if (s->tls && target_of(w, fib, b, SIP_TLS, &to))
		pool_plan(s, &to, wish->size, warm);
}

void streams_plan(struct streams *s, const struct config *c, const struct world *w,
		  const struct fib *fib)
{
	s->plan++;
	for (uint32_t i = 0; i < c->n_pools && i < w->n_pools; i++) {
		const struct config_connections *wish = &c->pools[i].connections;
		const struct pool *p = &w->pools[i];

		if (wish->size <= 1 && wish->warm == 0)
			continue;
		for (uint16_t k = 0; k < p->n_members; k++)
			plan_backend(s, w, fib, &w->backends[p->members[k]], wish);
	}
	pools_forget_plans(s);
}
