/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ports part: from the interfaces of the configuration to open devices of the data plane.
 */
#include "control/devices.h"

#include "control/app.h"
#include "control/log.h"
#include "dataplane/xdp/xdp_port.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>

#define DEVARGS_MAX 2048

/* Strings that must live as long as the plane, while the configuration may be replaced. */
struct device {
	char name[64];
	char devargs[DEVARGS_MAX];
};

static struct device *devices;

/* CPUs that this process may run on. */
static int own_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

uint16_t device_workers(const struct config *c, int n_cpus)
{
	int n = c && c->workers ? (int)c->workers : n_cpus - 1;

	return (uint16_t)(n < 1 ? 1 : n > PLANE_MAX_WORKERS ? PLANE_MAX_WORKERS : n);
}

bool device_plane_kind(enum config_device_kind kind, enum plane_device *out)
{
	switch (kind) {
	case CONFIG_DEVICE_PACKET:
		*out = PLANE_PACKET;
		return true;
	case CONFIG_DEVICE_MEMIF:
		*out = PLANE_MEMIF;
		return true;
	case CONFIG_DEVICE_XDP:
		*out = PLANE_XDP;
		return true;
	case CONFIG_DEVICE_PCI:
		*out = PLANE_PCI;
		return true;
	case CONFIG_DEVICE_TAP:
		*out = PLANE_TAP;
		return true;
	case CONFIG_DEVICE_VDEV:
		*out = PLANE_VDEV;
		return true;
	default:
		return false;
	}
}

static_assert(CONFIG_XDP_MTU == XDP_PORT_MTU, "what --check says holds at the start");

/* On queues beyond those of the workers the program leaves everything to Linux. */
static void warn_queues(const struct config_interface *c, uint16_t queues)
{
	uint32_t receiving = 0;

	if (c->device.kind == CONFIG_DEVICE_XDP)
		xdp_port_queues(c->device.arg, &receiving);
	if (receiving > queues)
		log_warning("interface %s: %s receives by %u queues, and workers take %u; SIP that "
			    "comes by the others goes the slow way through Linux: give it as many "
			    "as there are workers (ethtool -L)",
			    c->name, c->device.arg, receiving, queues);
}

static int describe(const struct app *app, uint32_t i, struct plane_port *out)
{
	const struct config_interface *c = &app->config.interfaces[i];
	struct device *d = &devices[i];
	struct config_mark at = c->at[CK_interface_device];
	enum plane_device kind;
	int rc = device_plane_kind(c->device.kind, &kind) ? 0 : -ENOTSUP;

	snprintf(d->name, sizeof(d->name), "%s", c->name);
	*out = (struct plane_port){
		.name = d->name,
		.devargs = d->devargs,
		.mtu = c->mtu,
		.kernel_shared = c->kernel == CONFIG_KERNEL_SHARED,
		.kernel_tap = c->kernel == CONFIG_KERNEL_TAP,
		.partial_checksums = c->device.kind == CONFIG_DEVICE_PACKET ||
				     c->device.kind == CONFIG_DEVICE_XDP,
		.xdp = c->device.kind == CONFIG_DEVICE_XDP,
		.pci = c->device.kind == CONFIG_DEVICE_PCI,
	};
	if (rc == 0)
		rc = plane_devargs(kind, c->device.arg, i, app->n_workers, c->mtu, d->devargs,
				   sizeof(d->devargs), &out->queues);
	if (rc == 0)
		warn_queues(c, out->queues);
	else
		log_error("%s:%u:%u: device: %s: %s", app->config_path, at.line, at.column,
			  c->device.text, strerror(-rc));
	return rc;
}

static struct plane_conf plane_conf_of(const struct app *app, const struct plane_port *ports)
{
	static const enum plane_hugepages hugepages[] = { [CONFIG_HUGEPAGES_AUTO] = PLANE_HUGE_AUTO,
							  [CONFIG_HUGEPAGES_ON] = PLANE_HUGE_ON,
							  [CONFIG_HUGEPAGES_OFF] = PLANE_HUGE_OFF };
	const struct config *c = &app->config;

	return (struct plane_conf){
		.ports = ports,
		.n_ports = (uint16_t)c->n_interfaces,
		.n_workers = app->n_workers,
		.spin = c->idle == CONFIG_IDLE_SPIN,
		.telemetry = c->control.telemetry,
		.hugepages = hugepages[c->hugepages],
		.answer_limit = c->answer_limit,
		.frag_memory =
			c->reassembly.memory_mb > 4095 ? UINT32_MAX : c->reassembly.memory_mb << 20,
		.frag_timeout_ms = c->reassembly.timeout,
	};
}

static int open_plane(struct app *app, const struct plane_port *ports)
{
	struct plane_conf conf = plane_conf_of(app, ports);
	struct plane_error err = { "" };

	app->plane = plane_open(&conf, &err);
	if (!app->plane) {
		log_error("%s", err.text);
		return -EIO;
	}
	for (uint16_t i = 0; i < conf.n_ports; i++) {
		app->ports[i].shared = ports[i].kernel_shared || ports[i].kernel_tap;
		app->ports[i].unseen = ports[i].kernel_shared && ports[i].xdp;
		app->ports[i].frame_limit =
			ports[i].kernel_shared ? plane_port_frame_limit(app->plane, i) : 0;
	}
	return 0;
}

int ports_start(struct app *app)
{
	const struct config *c = &app->config;
	struct plane_port ports[PLANE_MAX_PORTS];
	int rc = 0;

	if (c->workers > PLANE_MAX_WORKERS) {
		log_error("%s:%u:%u: workers: %u at most", app->config_path,
			  c->at[CK_top_workers].line, c->at[CK_top_workers].column,
			  PLANE_MAX_WORKERS);
		return -EINVAL;
	}
	app->n_workers = device_workers(c, own_cpus());
	devices = mem_alloc(c->n_interfaces * sizeof(*devices));
	app->ports = mem_alloc(c->n_interfaces * sizeof(*app->ports));
	if (!devices || !app->ports)
		rc = -ENOMEM;
	for (uint32_t i = 0; i < c->n_interfaces && rc == 0; i++)
		rc = describe(app, i, &ports[i]);
	if (rc == 0)
		rc = open_plane(app, ports);
	if (rc)
		ports_stop(app);
	return rc;
}

void ports_stop(struct app *app)
{
	if (app->plane)
		plane_close(app->plane);
	app->plane = NULL;
	mem_free(app->ports);
	app->ports = NULL;
	mem_free(devices);
	devices = NULL;
}
