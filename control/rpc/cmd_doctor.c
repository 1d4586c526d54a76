/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command: doctor. What it reads is in memory, some hundred small files and a few ethtool calls:
 * milliseconds, unless somebody holds Linux's lock on interfaces meanwhile. No worker waits for the
 * control thread.
 */
#include "control/app.h"
#include "control/doctor/doctor.h"
#include "control/rpc/rpc.h"
#include "dataplane/plane_watch.h"

/* What the data plane knows of the interfaces of the configuration. */
static void look_at_ports(const struct app *app, struct doctor_port *out)
{
	for (uint16_t i = 0; i < app->config.n_interfaces; i++) {
		struct plane_link link = plane_link(app->plane, i);
		uint8_t mac[6];

		plane_port_info(app->plane, i, mac, &out[i].mtu);
		out[i].rx_queues = link.rx_queues;
		out[i].up = link.up;
	}
}

json_t *cmd_doctor(struct rpc_call *call)
{
	const struct app *app = call->app;
	struct doctor_port ports[PLANE_MAX_PORTS];
	struct doctor_report report = { 0 };
	struct doctor_case it = {
		.facts = { "", &fact_calls_linux },
		.config = &app->config,
	};
	json_t *result;

	if (app->plane) {
		look_at_ports(app, ports);
		it.ports = ports;
	}
	doctor_run(&it, &report);
	if (report.no_memory)
		result = rpc_fail(call, RPC_REFUSED, "no memory");
	else
		result = doctor_json(&report);
	doctor_free(&report);
	return result;
}
