/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The punts part: what workers hand over. Messages that only Linux can send leave by the listener's
 * own socket, so they look as if a worker had sent them; those that need a stream or a name go to
 * the relay, ICMP errors to the path MTUs.
 */
#include "control/app.h"
#include "control/endpoint_text.h"
#include "control/log.h"
#include "control/network/network.h"

#include <errno.h>
#include <event2/event.h>

#define TAKE_MAX 256 /* per turn of the event loop */

static void send_by_linux(struct app *app, const struct punt *p)
{
	static struct log_limit limit;
	char dst[ENDPOINT_TEXT_MAX];
	int rc = kernel_sockets_send(app->sockets, &p->src, &p->dst, p->data, p->len);

	if (rc == 0) {
		app->kernel_sent++;
		return;
	}
	app->kernel_failed++;
	endpoint_text(&p->dst, dst);
	log_limited(&limit, LOG_AT_WARNING, "message to %s lost: %s", dst,
		    rc == -ENOENT ? "its listener is not on an interface that Linux has"
				  : strerror(-rc));
}

static void take(const struct punt *p, void *arg)
{
	struct app *app = arg;

	switch (p->kind) {
	case PUNT_SEND:
		send_by_linux(app, p);
		break;
	case PUNT_MESSAGE:
		relay_punt(app, p);
		break;
	case PUNT_ICMP:
		network_icmp(app, p->iface, p->data, p->len);
		break;
	}
}

static void on_punts(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;

	(void)fd;
	(void)what;
	plane_punt_take(app->plane, TAKE_MAX, take, app);
}

void punts_drain(struct app *app)
{
	while (plane_punt_take(app->plane, TAKE_MAX, take, app))
		;
}

int punts_start(struct app *app)
{
	app->punts = event_new(app->base, plane_punt_fd(app->plane), EV_READ | EV_PERSIST, on_punts,
			       app);
	if (app->punts && event_add(app->punts, NULL) == 0)
		return 0;
	log_error("no memory for the hand-over from the workers");
	punts_stop(app);
	return -ENOMEM;
}

void punts_stop(struct app *app)
{
	if (app->punts)
		event_free(app->punts);
	app->punts = NULL;
}
