/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the daemon is made of, in the order in which it starts. Nothing runs before main() but this
 * table.
 *
 * The order is a chain of needs: TAPs need the ports' link addresses, sockets the ports' frame
 * limit, the first snapshot the network and the TAPs, workers the first snapshot. The relay starts
 * before names and streams, which call those who wait for them when they stop. Signals are taken
 * from the third line on, so a SIGTERM during start ends the loop as soon as it begins.
 */
#include "control/app.h"
#include "control/log.h"
#include "control/watch/alarms.h"
#include "control/watch/http.h"
#include "control/watch/telemetry.h"

#include <errno.h>

struct part {
	const char *name;
	int (*start)(struct app *app);
	void (*stop)(struct app *app);
};

static const struct part parts[] = {
	{ "log", log_start, NULL },
	{ "scanner", scanner_start, NULL },
	{ "loop", loop_start, loop_stop },
	{ "secret", secret_start, secret_stop },
	{ "tls", tls_start, tls_stop },
	{ "network", network_start, network_stop },
	{ "ports", ports_start, ports_stop },
	{ "taps", taps_start, taps_stop },
	{ "relay", relay_start, relay_stop },
	{ "dns", dns_start, dns_stop },
	{ "streams", streams_start, streams_stop },
	{ "fleet", fleet_start, fleet_stop },
	{ "snapshots", snapshots_start, snapshots_stop },
	{ "workers", workers_start, workers_stop },
	{ "punts", punts_start, punts_stop },
	{ "follow", follow_start, follow_stop },
	{ "icmp", icmp_start, icmp_stop },
	{ "names", names_start, names_stop },
	{ "health", health_start, health_stop },
	{ "rates", rates_start, rates_stop },
	{ "tracer", tracer_start, tracer_stop },
	{ "alarms", alarms_start, alarms_stop },
	{ "telemetry", telemetry_start, telemetry_stop },
	{ "rpc", rpc_start, rpc_stop },
	{ "http", http_start, http_stop },
	{ "ready", ready_start, ready_stop },
};

#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

static void stop_down_from(struct app *app, size_t n)
{
	while (n--) {
		if (!parts[n].stop)
			continue;
		log_debug("stop %s", parts[n].name);
		parts[n].stop(app);
	}
}

int parts_start(struct app *app)
{
	for (size_t i = 0; i < N_PARTS; i++) {
		int rc;

		log_debug("start %s", parts[i].name);
		rc = parts[i].start(app);
		if (rc == 0)
			continue;
		stop_down_from(app, i);
		return rc;
	}
	return 0;
}

void parts_stop(struct app *app)
{
	stop_down_from(app, N_PARTS);
}
