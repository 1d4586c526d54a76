/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devices of a run: from the strings of the plan to open ports with one queue pair per core.
 *
 * Strings are those of the proxy's configuration. A memif gets one queue per core, unless the
 * string says otherwise; the proxy's end should have role=server, since a client only starts when
 * the server is there. A device that both sides name is opened once. Main thread only; cores read.
 */
#pragma once

#include "bench/load/peer/peer.h"
#include "dataplane/ip_clash.h"
#include "dataplane/ports.h"

#define DEVICES_MAX (PEER_SIDES * LOAD_DEVICES)
#define DEVICE_STRING 1024

struct device {
	const char *text;             /* of the plan */
	const char *iface;            /* Linux interface that is shared; NULL = none */
	struct port port;             /* mac: what the plan says, if it does */
	uint32_t slots;               /* frames that wait in one of its queues, at most */
	char argument[DEVICE_STRING]; /* with what was added */
	char devargs[DEVICE_STRING];
};

struct devices {
	uint16_t n, n_open;
	struct device d[DEVICES_MAX];
	uint16_t of[PEER_SIDES][LOAD_DEVICES]; /* index in d of each device of a side */
	struct plane_port conf[DEVICES_MAX];
	struct plane_conf plane;
};

/** Reads the strings of @plan; starts EAL on its CPUs and the devices. Returns 0 or a negative
 * errno with a text in @error (256 bytes); devices_close() cleans up either way. */
int devices_open(struct devices *v, const struct load_plan *plan, char *error);

/** Waits until all links are up, 10 s at most. Returns 0, or -ENOTCONN with a text in @error. */
int devices_wait(struct devices *v, char *error);

/** Stops and removes the devices, ends EAL. */
void devices_close(struct devices *v);
