/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The daemon as a whole: what the parts of the control thread share. One instance, made in main(),
 * passed to every part. Who writes each field stands beside it. All on the control thread, which is
 * the process' main thread and EAL's main lcore.
 */
#pragma once

#include "control/config/config.h"
#include "control/network/hosts.h"
#include "control/network/kernel_sockets.h"
#include "control/relay/relay.h"
#include "control/secret.h"
#include "dataplane/plane.h"

struct alarms;
struct dns;
struct event;
struct event_base;
struct fleet;
struct health;
struct http;
struct icmp_sockets;
struct names;
struct network;
struct rates;
struct rpc_server;
struct streams;
struct taps;
struct tls;
struct tracer;

/* The two snapshots that workers read. */
struct snapshots {
	struct world *world;
	struct fib *fib;
};

struct app {
	const char *config_path;
	struct config config;           /* in force; main.c, reload.c */
	struct secret secret;           /* secret part */
	struct event_base *base;        /* loop part */
	struct tls *tls;                /* tls part */
	struct hosts hosts;             /* network part, reload.c */
	struct dns *dns;                /* dns part */
	struct network *network;        /* network part */
	struct names *names;            /* names part */
	struct plane *plane;            /* plane part */
	uint16_t n_workers;             /* plane part */
	struct kernel_port *ports;      /* plane part: what sockets must know, per interface */
	struct taps *taps;              /* taps part; NULL: no interface has a TAP */
	struct kernel_sockets *sockets; /* relay part */
	struct relay *relay;            /* relay part */
	struct relay_env relay_env;     /* relay part, publish.c, tracer.c */
	struct streams *streams;        /* streams part */
	uint64_t listen_again_ms;       /* sockets of streams are due again; 0 = not; publish.c */
	struct icmp_sockets *icmp;      /* icmp part; NULL: workers see all ICMP errors */
	struct fleet *fleet;            /* fleet part */
	struct event *fleet_soon;       /* fleet part: timer, for changes that are gathered */
	struct event *fleet_tick;       /* fleet part: timer */
	struct event *fleet_step;       /* fleet part: timer, for slow starts */
	struct snapshots now;           /* published; publish.c */
	uint64_t generation;            /* of the world in force; publish.c */
	struct event *reclaim;          /* snapshots part: timer */
	struct event *window;           /* snapshots part: timer, for the oldest past world */
	uint64_t past_dropped;          /* past worlds that left before their time; publish.c */
	struct event *punts;            /* punts part */
	struct rates *rates;            /* rates part */
	struct event *rates_tick;       /* rates part: timer */
	struct tracer *tracer;          /* tracer part */
	struct rpc_server *rpc;         /* rpc part; NULL: no control socket */
	uint64_t kernel_sent;           /* punts part: messages sent through Linux */
	uint64_t kernel_failed;         /* punts part: those that Linux refused */
	struct health *health;          /* health part */
	struct alarms *alarms;          /* alarms part; NULL: nobody is told */
	struct http *http;              /* http part */
	uint64_t started_ms;            /* wall clock; main.c */
	uint64_t loaded_ms;             /* wall clock, of the file in force; main.c, reload.c */
	bool draining;                  /* the node takes no new work; cmd_reload.c */
	bool forwarding;                /* workers run */
	bool ready;                     /* the world was told so */
};

/* Parts: started in the order of parts.c, stopped in reverse. Start returns 0 or a negative errno,
 * having logged why. */
int log_start(struct app *app);
int scanner_start(struct app *app);
int secret_start(struct app *app);
void secret_stop(struct app *app);
int loop_start(struct app *app);
void loop_stop(struct app *app);
int tls_start(struct app *app);
void tls_stop(struct app *app);
int dns_start(struct app *app);
void dns_stop(struct app *app);
int network_start(struct app *app);
void network_stop(struct app *app);
int ports_start(struct app *app);
void ports_stop(struct app *app);
int taps_start(struct app *app);
void taps_stop(struct app *app);
int relay_start(struct app *app);
void relay_stop(struct app *app);
int streams_start(struct app *app);
void streams_stop(struct app *app);
int fleet_start(struct app *app);
void fleet_stop(struct app *app);
int names_start(struct app *app);
void names_stop(struct app *app);
int snapshots_start(struct app *app);
void snapshots_stop(struct app *app);
int workers_start(struct app *app);
void workers_stop(struct app *app);
int punts_start(struct app *app);
void punts_stop(struct app *app);
int follow_start(struct app *app);
void follow_stop(struct app *app);
int icmp_start(struct app *app);
void icmp_stop(struct app *app);
int rates_start(struct app *app);
void rates_stop(struct app *app);
int tracer_start(struct app *app);
void tracer_stop(struct app *app);
int rpc_start(struct app *app);
void rpc_stop(struct app *app);
int health_start(struct app *app);
void health_stop(struct app *app);
int ready_start(struct app *app);
void ready_stop(struct app *app);

/** Starts all parts. On failure those that were started are stopped again. 0 or a negative errno.
 */
int parts_start(struct app *app);

/** Stops all parts. */
void parts_stop(struct app *app);

/** Runs until a signal or loop_end() ends it. 0 or a negative errno. */
int loop_run(struct app *app);

/** Makes loop_run() return. */
void loop_end(struct app *app);

/** Handles what workers that have stopped left behind. */
void punts_drain(struct app *app);

/** Takes a message that a worker handed over. */
void relay_punt(struct app *app, const struct punt *p);

/** Announces that the proxy forwards, once it has a listener; later calls do nothing. */
void ready_check(struct app *app);

/** Reads the file again and puts it in force, or logs what is wrong with it and changes nothing. */
void reload_run(struct app *app);

/** Logs each counter that is not 0. */
void report_counters(struct app *app);
