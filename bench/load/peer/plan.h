/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a viaload run is to do: filled from the command line (options.c), read by everything else,
 * never changed once the engine is open.
 */
#pragma once

#include "dataplane/sip/address.h"

#include <stdbool.h>
#include <stdint.h>

#define LOAD_DEVICES 8    /* of each side */
#define LOAD_ADDRESSES 64 /* of each list */
#define LOAD_CORES 16

enum load_scenario {
	LOAD_CALL,     /* INVITE 100 180 200 ACK, hold, BYE 200; shares of CANCEL and 486 */
	LOAD_OPTIONS,  /* OPTIONS 200 */
	LOAD_REGISTER, /* REGISTER 200 */
	LOAD_MIX,      /* all of it as carriers see it: dialogs of twelve kinds of message */
	LOAD_FILE      /* messages out of files or a pcap, as they are */
};

enum load_pace {
	LOAD_OPEN,   /* calls start by the clock, whatever comes back */
	LOAD_CLOSED, /* a call starts when one has ended: `calls` at a time */
	LOAD_MAX     /* closed, with as many at a time as the wire holds without loss */
};

/* One side of the proxy: devices of this process (none: another process plays that side),
 * addresses that it uses there, where the proxy is. */
struct load_side {
	const char *device[LOAD_DEVICES]; /* as in the configuration of viaduct: memif:... */
	unsigned int n_devices;
	struct endpoint local[LOAD_ADDRESSES]; /* callers, or servers */
	unsigned int n_local;
	struct endpoint
		proxy;        /* callers: where requests go. Servers: unused until a request came */
	uint8_t proxy_mac[6]; /* next hop; with proxy_mac_known */
	bool proxy_mac_known; /* false: ask Linux (packet:, xdp:) */
	uint8_t mac[6];       /* of ours, with mac_known; else the device's */
	bool mac_known;
};

struct load_plan {
	enum load_scenario scenario;
	enum load_pace pace;
	double rate;        /* LOAD_OPEN: messages per second through the proxy */
	double seconds;     /* of measurement */
	double warm_up;     /* seconds before it that do not count */
	uint64_t max_calls; /* end after that many; 0 = by time */
	uint32_t calls;     /* LOAD_CLOSED: at a time */
	uint32_t burst;     /* LOAD_OPEN: most messages started at once */
	uint32_t distinct;  /* message templates, 4,096 unless told */
	uint64_t flows;     /* distinct Call-IDs before they come again; 0 = never again */
	uint64_t seed;
	uint32_t hold_ms;    /* of a call, from ACK to BYE */
	uint32_t timeout_ms; /* what has not come by then is lost */
	uint8_t cancel_percent, busy_percent, hold_percent, repeat_percent; /* shares of calls */
	uint8_t vias;             /* Via values below the caller's own */
	uint16_t body;            /* bytes of INVITE bodies; 0 = as carriers have them */
	const char *domain;       /* of the Request-URIs; NULL = the proxy's address */
	const char *const *files; /* LOAD_FILE: of one message each, or pcap */
	unsigned int n_files;
	struct load_side caller, server;
	unsigned int lcores[LOAD_CORES]; /* CPUs; the first runs the control, too, if it is alone */
	unsigned int n_lcores;
	uint32_t mtu;
	bool hugepages, retransmit;
};
