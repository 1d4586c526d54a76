/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/network/taps.h"

#include "control/log.h"
#include "control/network/network.h"
#include "control/network/tap_device.h"
#include "control/network/tap_settings.h"
#include "dataplane/plane_kernel.h"
#include "dataplane/plane_watch.h"

#include <errno.h>
#include <event2/event.h>
#include <unistd.h>

#define READ_MAX 64   /* frames of one TAP per turn of the event loop */
#define WRITE_MAX 128 /* frames to all TAPs per turn */
#define LINK_MS 250   /* between looks at the links of the devices */

struct tap {
	struct app *app;
	struct event *event;
	uint32_t frame_max; /* bytes that the device takes */
	int fd;
	int index;     /* of Linux */
	uint16_t port; /* index of the interface */
	bool up;       /* what Linux was told of the carrier */
	char name[IF_NAMESIZE];
};

struct taps {
	struct tap *of[PLANE_MAX_PORTS]; /* by interface; NULL = has none */
	struct stats *stats;             /* of the control thread */
	struct event *frames;            /* frames from the workers */
	struct event *links;             /* timer */
};

/* --- frames ------------------------------------------------------------------------------ */

/* Reads one frame; without room it is lost. False if there is none. */
static bool read_one(struct tap *t)
{
	struct stats *stats = t->app->taps->stats;
	/* One byte more than may pass, to see that a frame is longer. */
	uint8_t *room = plane_kernel_room(t->app->plane, t->port, t->frame_max + 1), none[64];
	ssize_t n = read(t->fd, room ? room : none, room ? t->frame_max + 1 : sizeof(none));

	if (n < 0)
		return false;
	if (room && n > 0 && (size_t)n <= t->frame_max)
		plane_kernel_give(t->app->plane, t->port, (uint32_t)n);
	else
		stat_add(&stats->c[C_KERNEL_LOST], 1);
	return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tap *t = arg;
	int n = 0;

	(void)fd;
	(void)what;
	while (n < READ_MAX && read_one(t))
		n++;
	if (n == READ_MAX || errno == EAGAIN || errno == EINTR)
		return;
	log_error("interface %s: TAP %s: %s; restart to have it again",
		  t->app->config.interfaces[t->port].name, t->name, strerror(errno));
	event_del(t->event);
}

static void to_linux(const struct kernel_frame *f, void *arg)
{
	struct taps *taps = arg;

	if (write(taps->of[f->port]->fd, f->data, f->len) < 0)
		stat_add(&taps->stats->c[C_KERNEL_REFUSED], 1);
}

static void on_frames(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;

	(void)fd;
	(void)what;
	plane_kernel_take(app->plane, WRITE_MAX, to_linux, app->taps);
}

/* --- links ------------------------------------------------------------------------------- */

/* Routing protocols and IPv6 want to know when a cable is out. */
static void follow_link(struct tap *t)
{
	bool up = plane_link(t->app->plane, t->port).up;

	if (up != t->up)
		tap_device_carrier(t->fd, up);
	t->up = up;
}

static void on_links(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;

	(void)fd;
	(void)what;
	for (uint16_t i = 0; i < PLANE_MAX_PORTS; i++) {
		if (app->taps->of[i])
			follow_link(app->taps->of[i]);
	}
}

/* --- settings ---------------------------------------------------------------------------- */

/* How to tell of what Linux did not take. */
struct told {
	const struct app *app;
	const struct tap *tap;
	enum log_level level;
};

static void on_fault(void *arg, struct config_mark mark, const char *what, int rc)
{
	const struct told *told = arg;

	log_write(rc == -EEXIST ? LOG_AT_WARNING : told->level, "%s:%u:%u: TAP %s: %s: %s",
		  told->app->config_path, mark.line, mark.column, told->tap->name, what,
		  rc == -EEXIST ? "Linux has another default route" : strerror(-rc));
}

void taps_use_config(struct app *app, const struct config *before)
{
	for (uint16_t i = 0; app->taps && i < app->config.n_interfaces; i++) {
		struct tap *t = app->taps->of[i];
		struct told told = { app, t, LOG_AT_WARNING };

		if (t)
			(void)tap_settings_apply(t->index, &before->interfaces[i],
						 &app->config.interfaces[i], on_fault, &told);
	}
}

/* --- life -------------------------------------------------------------------------------- */

static void tap_close(struct tap *t)
{
	if (t->event)
		event_free(t->event);
	if (t->fd >= 0)
		close(t->fd);
	mem_free(t);
}

static int set_link(struct tap *t)
{
	uint8_t mac[6];
	uint32_t mtu;

	plane_port_info(t->app->plane, t->port, mac, &mtu);
	t->frame_max = plane_kernel_frame_max(t->app->plane, t->port);
	t->index = (int)if_nametoindex(t->name);
	t->up = true;
	follow_link(t);
	return tap_settings_link(t->index, mac, mtu);
}

static int tap_open(struct tap *t, const struct config_interface *c)
{
	struct told told = { t->app, t, LOG_AT_ERROR };
	int rc;

	t->fd = tap_device_open(c->name, t->name);
	rc = t->fd < 0 ? t->fd : set_link(t);
	if (rc == 0) {
		t->event = event_new(t->app->base, t->fd, EV_READ | EV_PERSIST, on_readable, t);
		rc = t->event && event_add(t->event, NULL) == 0 ? 0 : -ENOMEM;
	}
	if (rc) {
		log_error("interface %s: TAP: %s", c->name, strerror(-rc));
		return rc;
	}
	network_set_link(t->app->network, t->port, t->name);
	log_info("interface %s: Linux has it as %s", c->name, t->name);
	return tap_settings_apply(t->index, NULL, c, on_fault, &told);
}

static int open_all(struct app *app)
{
	int rc = 0;

	for (uint16_t i = 0; i < app->config.n_interfaces && rc == 0; i++) {
		const struct config_interface *c = &app->config.interfaces[i];
		struct tap *t;

		if (c->kernel != CONFIG_KERNEL_TAP)
			continue;
		t = app->taps->of[i] = mem_alloc(sizeof(*t));
		if (!t)
			return -ENOMEM;
		*t = (struct tap){ .app = app, .port = i, .fd = -1 };
		rc = tap_open(t, c);
	}
	return rc;
}

static int start_events(struct app *app)
{
	struct timeval period = { 0, LINK_MS * 1000 };
	struct taps *taps = app->taps;

	taps->stats = plane_control_stats(app->plane);
	taps->frames = event_new(app->base, plane_kernel_fd(app->plane), EV_READ | EV_PERSIST,
				 on_frames, app);
	taps->links = event_new(app->base, -1, EV_PERSIST, on_links, app);
	return taps->frames && taps->links && event_add(taps->frames, NULL) == 0 &&
			       event_add(taps->links, &period) == 0
		       ? 0
		       : -ENOMEM;
}

static bool any_tap(const struct config *c)
{
	bool any = false;

	for (uint32_t i = 0; i < c->n_interfaces; i++)
		any = any || c->interfaces[i].kernel == CONFIG_KERNEL_TAP;
	return any;
}

int taps_start(struct app *app)
{
	int rc;

	if (!any_tap(&app->config))
		return 0;
	app->taps = mem_alloc(sizeof(*app->taps));
	rc = app->taps ? start_events(app) : -ENOMEM;
	if (rc)
		log_error("no memory for the TAPs");
	rc = rc ? rc : open_all(app);
	rc = rc ? rc : network_reread(app);
	if (rc)
		taps_stop(app);
	return rc;
}

void taps_stop(struct app *app)
{
	struct taps *taps = app->taps;

	if (!taps)
		return;
	for (uint16_t i = 0; i < PLANE_MAX_PORTS; i++) {
		if (taps->of[i])
			tap_close(taps->of[i]);
	}
	if (taps->frames)
		event_free(taps->frames);
	if (taps->links)
		event_free(taps->links);
	mem_free(taps);
	app->taps = NULL;
}
