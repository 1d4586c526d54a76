/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The relay and streams parts: whatever brings messages to the control thread, and the relay that
 * they come to.
 *
 * The relay starts before names and streams, and stops after them: they call those who wait for
 * them when they end. Connections are accepted from the first published world on (publish.c).
 */
#include "control/app.h"
#include "control/log.h"
#include "control/network/network.h"
#include "control/relay/relay.h"
#include "control/stream/stream.h"

#include <errno.h>

static void on_datagram(void *arg, const struct endpoint *src, const struct endpoint *listener,
			const uint8_t *data, size_t len)
{
	const struct app *app = arg;
	struct relay_message m = {
		.p = data,
		.len = (uint32_t)len,
		.src = *src,
		.listener = *listener,
		.transport = SIP_UDP,
	};

	stat_add(&app->relay_env.stats->c[C_RX_BY_LINUX], 1);
	relay_take(app->relay, &m);
}

static void on_stream(void *arg, const struct stream_message *s)
{
	const struct app *app = arg;
	struct relay_message m = {
		.p = s->p,
		.len = s->len,
		.src = s->peer,
		.listener = s->listener,
		.transport = s->transport,
		.connection = s->connection,
		.broken = s->broken ? (enum sip_reason)s->reason : SIP_OK,
	};

	relay_take(app->relay, &m);
}

void relay_punt(struct app *app, const struct punt *p)
{
	struct relay_message m = {
		.p = p->data,
		.len = p->len,
		.src = p->src,
		.listener = p->dst,
		.transport = SIP_UDP,
		.handed_over = true,
	};

	relay_take(app->relay, &m);
}

int relay_start(struct app *app)
{
	uint32_t copied[KERNEL_COPIED_MAX];
	struct relay_env *e = &app->relay_env;

	*e = (struct relay_env){
		.base = app->base,
		.stats = plane_control_stats(app->plane),
		.recent = plane_control_recent(app->plane),
		.held = plane_control_held(app->plane),
		.answer_limit = app->config.answer_limit,
		.clock_ms = log_clock_ms,
	};
	app->relay = relay_new(e);
	app->sockets = kernel_sockets_new(app->base, on_datagram, app);
	if (!app->relay || !app->sockets) {
		log_error("no memory for the control thread's own way of messages");
		relay_stop(app);
		return -ENOMEM;
	}
	kernel_sockets_copied(app->sockets, copied,
			      network_copied(app->network, copied, KERNEL_COPIED_MAX));
	e->sockets = app->sockets;
	return 0;
}

void relay_stop(struct app *app)
{
	kernel_sockets_free(app->sockets);
	app->sockets = NULL;
	relay_free(app->relay);
	app->relay = NULL;
}

int streams_start(struct app *app)
{
	app->relay_env.dns = app->dns;
	app->streams = streams_new(app->base, &app->config, app->tls, app->relay_env.stats,
				   on_stream, app);
	app->relay_env.streams = app->streams;
	if (app->streams)
		return 0;
	log_error("no memory for TCP and TLS");
	return -ENOMEM;
}

void streams_stop(struct app *app)
{
	streams_free(app->streams);
	app->relay_env.streams = app->streams = NULL;
}
