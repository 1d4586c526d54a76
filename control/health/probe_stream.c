/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/health/probe_stream.h"

#include "control/app.h"
#include "control/health/health_state.h"
#include "control/stream/stream.h"

#include <errno.h>

/* A probe that waits for its connection. */
struct unsent {
	struct app *app;
	struct probe_id id;
};

static const struct backend *backend_of(const struct app *app, uint32_t number)
{
	const struct world *w = app->now.world;

	return w && number < w->n_backends ? &w->backends[number] : NULL;
}

enum sip_transport probe_stream_transport(const struct app *app, uint32_t number)
{
	const struct backend *b = backend_of(app, number);

	if (!b || b->transports & WORLD_UDP)
		return SIP_UDP;
	return b->transports & WORLD_TCP ? SIP_TCP : SIP_TLS;
}

/* Where requests of callers to @number go: the same connections. False if there is no listener for
 * them. */
static bool target_of(const struct app *app, uint32_t number, struct stream_target *to)
{
	const struct backend *b = backend_of(app, number);
	enum sip_transport transport = probe_stream_transport(app, number);
	const struct world *w = app->now.world;
	uint16_t iface = FIB_NO_IFACE, i;
	struct fib_hop hop;

	if (!b || transport == SIP_UDP)
		return false;
	if (fib_lookup(app->now.fib, &b->addr.ip, &hop) && hop.kind == FIB_UNICAST)
		iface = hop.iface;
	i = world_listener_for(w, WORLD_NONE, iface, 1u << transport, &b->addr.ip);
	if (i == WORLD_NONE)
		return false;
	*to = (struct stream_target){ .to = b->addr,
				      .listener = w->listeners[i].addr,
				      .transport = transport };
	if (transport == SIP_TLS) {
		to->to.port = b->tls_port;
		to->name = b->tls_name;
	}
	return true;
}

static void on_sent(void *arg, int rc)
{
	struct unsent *u = arg;

	if (rc < 0 && u->app->health)
		prober_failed(u->app->health->prober, &u->id, -rc);
	mem_free(u);
}

int probe_stream_send(struct app *app, struct probe_text *t)
{
	char text[PROBE_TEXT_MAX];
	struct stream_target to;
	struct unsent *u;
	size_t len;
	int rc;

	if (!target_of(app, t->id.target, &to))
		return -EPROTONOSUPPORT;
	/* A node without the address, a VRRP peer without the virtual one, does not probe. */
	if (!probe_net_has(&to.listener.ip))
		return -EADDRNOTAVAIL;
	t->local = to.listener;
	t->remote = to.to;
	t->transport = to.transport;
	len = probe_text_write(t, text);
	if (!len)
		return -EMSGSIZE;
	u = mem_alloc(sizeof(*u));
	if (!u)
		return -ENOMEM;
	*u = (struct unsent){ app, t->id };
	rc = streams_send_to(app->streams, &to, text, len, NULL, on_sent, u);
	if (rc)
		mem_free(u);
	return rc;
}

const char *probe_stream_why(const struct app *app, uint32_t number)
{
	struct stream_target to;

	return target_of(app, number, &to) ? streams_why(app->streams, &to) : "";
}
