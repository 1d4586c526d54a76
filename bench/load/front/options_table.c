/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the command line may say: names, bounds, defaults and help in one place.
 */
#include "bench/load/front/options_table.h"

#define AT(field) offsetof(struct options, field)
#define TEN_YEARS 3.2e8 /* seconds */

static const struct option_row where[] = {
	{ "caller", 'c', "DEVICE", OPTION_DEVICE, AT(plan.caller), 0, 0, 0, NULL,
	  "Device that callers use: packet:IF, memif:SOCKET, tap:IF or vdev:DEVICE, as in "
	  "viaduct's configuration. May be given several times. Without it, another process plays "
	  "the callers" },
	{ "server", 's', "DEVICE", OPTION_DEVICE, AT(plan.server), 0, 0, 0, NULL,
	  "Device that servers use, likewise" },
	{ "callers", 0, "LIST", OPTION_ADDRESSES, AT(plan.caller), 0, 0, 0, NULL,
	  "Addresses of the callers: ADDRESS[-ADDRESS][:PORT[-PORT]], more after commas, 64 in "
	  "all; IPv6 with a port in brackets. The port is 5060 unless it is said. Two processes "
	  "that play one side each are both told all addresses" },
	{ "servers", 0, "LIST", OPTION_ADDRESSES, AT(plan.server), 0, 0, 0, NULL,
	  "Addresses of the servers, likewise" },
	{ "proxy", 'p', "ADDRESS[:PORT]", OPTION_ADDRESS, AT(plan.caller.proxy), 0, 0, 0, NULL,
	  "Where callers send requests" },
	{ "proxy-mac", 0, "MAC", OPTION_MAC, AT(plan.caller.proxy_mac),
	  AT(plan.caller.proxy_mac_known), 0, 0, NULL,
	  "Link address of the proxy, or of the router to it, as callers see it. Default: what "
	  "Linux finds out, for packet: devices only" },
	{ "server-proxy-mac", 0, "MAC", OPTION_MAC, AT(plan.server.proxy_mac),
	  AT(plan.server.proxy_mac_known), 0, 0, NULL,
	  "The same as servers see it. Default: where the first request came from" },
	{ "caller-mac", 0, "MAC", OPTION_MAC, AT(plan.caller.mac), AT(plan.caller.mac_known), 0, 0,
	  NULL, "Link address of the callers, if it is not the device's own" },
	{ "server-mac", 0, "MAC", OPTION_MAC, AT(plan.server.mac), AT(plan.server.mac_known), 0, 0,
	  NULL, "Link address of the servers, likewise" },
	{ "mtu", 0, "BYTES", OPTION_U32, AT(plan.mtu), 0, 576, 9216, "1500",
	  "Longest IP packet; longer messages are sent as fragments" },
	{ "cpus", 0, "LIST", OPTION_CPUS, AT(plan), 0, 0, 0, NULL,
	  "CPUs to generate on, such as 0 or 0,2-3. Default: the first that this process may use" },
	{ "no-huge", 0, NULL, OPTION_FLAG, AT(no_huge), 0, 0, 0, NULL,
	  "Use ordinary memory even if there are free hugepages" },
	{ .name = NULL }
};

static const struct option_row pace[] = {
	{ "rate", 'r', "N|max", OPTION_RATE, AT(plan), AT(rate_given), 1, 1e9, NULL,
	  "Open loop: N messages per second through the proxy by the clock, whatever comes back; "
	  "300k and 2.5M are understood. max: as many as the devices take without loss" },
	{ "calls", 0, "N", OPTION_U32, AT(plan.calls), AT(calls_given), 1, 1 << 20, "100",
	  "Closed loop: N calls at a time, a new one when one has ended. This is the default" },
	{ "burst", 0, "N", OPTION_U32, AT(plan.burst), 0, 1, 1024, "32",
	  "Open loop: most messages that start at once, to catch up with the clock" },
	{ "time", 't', "SECONDS", OPTION_REAL, AT(plan.seconds), AT(time_given), 0.01, TEN_YEARS,
	  "10",
	  "Time to measure. Without it, a run with --max-calls ends by that, and one that only "
	  "plays servers by a signal" },
	{ "warm-up", 0, "SECONDS", OPTION_REAL, AT(plan.warm_up), AT(warm_up_given), 0, 3600, "0.5",
	  "Time before that which does not count; none if only servers are played" },
	{ "max-calls", 'm', "N", OPTION_U64, AT(plan.max_calls), 0, 0, 1e15, "0",
	  "End after so many calls; 0 = by time" },
	{ "timeout", 0, "MS", OPTION_U32, AT(plan.timeout_ms), 0, 1, 64000, "1000",
	  "Milliseconds after which a message that has not come is lost" },
	{ .name = NULL }
};

static const struct option_row content[] = {
	{ "hold", 0, "MS", OPTION_U32, AT(plan.hold_ms), 0, 0, 3600000, "0",
	  "Milliseconds from ACK to BYE" },
	{ "cancel", 0, "PERCENT", OPTION_U8, AT(plan.cancel_percent), 0, 0, 100, "0",
	  "Share of calls that the caller gives up while it rings: CANCEL, 487" },
	{ "busy", 0, "PERCENT", OPTION_U8, AT(plan.busy_percent), 0, 0, 100, "0",
	  "Share of calls that the server refuses: 486" },
	{ "reinvite", 0, "PERCENT", OPTION_U8, AT(plan.hold_percent), 0, 0, 100, "0",
	  "Share of calls with a re-INVITE inside the dialog" },
	{ "repeat", 0, "PERCENT", OPTION_U8, AT(plan.repeat_percent), 0, 0, 100, "0",
	  "Share of calls whose requests are retransmitted on purpose; their branches must be "
	  "equal" },
	{ "retransmit", 0, NULL, OPTION_FLAG, AT(plan.retransmit), 0, 0, 0, NULL,
	  "Retransmit what is not answered, by the timers of RFC 3261 17; what needed that is not "
	  "lost" },
	{ "vias", 0, "N", OPTION_U8, AT(plan.vias), 0, 0, 64, "0",
	  "Via values below the caller's own, as if proxies were before it" },
	{ "body", 0, "BYTES", OPTION_U16, AT(plan.body), 0, 0, 60000, "0",
	  "Length of the bodies of INVITEs; 0 = as carriers have them" },
	{ "domain", 0, "NAME", OPTION_TEXT, AT(plan.domain), 0, 0, 0, NULL,
	  "Host of the Request-URIs. Default: the address of the proxy" },
	{ "distinct", 0, "N", OPTION_U32, AT(plan.distinct), 0, 1, 1 << 20, "4096",
	  "Different messages that calls are made from; few flatter a proxy's branch prediction" },
	{ "flows", 0, "N", OPTION_U64, AT(plan.flows), 0, 0, 1e15, "0",
	  "Call-IDs before they come again; 0 = never again" },
	{ "seed", 0, "N", OPTION_U64, AT(plan.seed), 0, 0, 9e15, "1",
	  "What the messages are made from; equal seeds give equal messages. Two processes that "
	  "play one side each need the same" },
	{ .name = NULL }
};

static const struct option_row limit[] = {
	{ "loss", 0, "SHARE", OPTION_REAL, AT(loss), AT(loss_given), 0, 1, "1e-5",
	  "Most messages that may be lost, as a share of those sent. Outside find-limit it counts "
	  "only where it is given, and then a call that failed by loss is not a fault of its own" },
	{ "min", 0, "RATE", OPTION_REAL, AT(min_rate), 0, 1, 1e9, "10k",
	  "find-limit: messages per second to begin with" },
	{ "max", 0, "RATE", OPTION_REAL, AT(max_rate), 0, 1, 1e9, "10M",
	  "find-limit: messages per second to end with" },
	{ "trial", 0, "SECONDS", OPTION_REAL, AT(trial), 0, 0.05, 3600, "2",
	  "find-limit: length of a trial; the confirmation takes --time" },
	{ "precision", 0, "SHARE", OPTION_REAL, AT(precision), 0, 0.001, 0.5, "0.01",
	  "find-limit: the search ends when it knows the rate this well" },
	{ "tries", 0, "N", OPTION_U32, AT(tries), 0, 1, 10, "2",
	  "find-limit: a rate has failed when N trials at it have, since shared machines stall" },
	{ .name = NULL }
};

static const struct option_row output[] = {
	{ "json", 0, "FILE", OPTION_TEXT, AT(json), 0, 0, 0, NULL,
	  "Write everything that was found as JSON; - is standard output" },
	{ "report", 0, "FILE", OPTION_TEXT, AT(report), 0, 0, 0, NULL,
	  "Write a page with plots and tables: one HTML file that needs nothing else" },
	{ "quiet", 'q', NULL, OPTION_FLAG, AT(quiet), 0, 0, 0, NULL,
	  "No progress and no summary, only errors and the exit status" },
	{ "version", 'V', NULL, OPTION_FLAG, AT(version), 0, 0, 0, NULL, "Print the version" },
	{ "help", 'h', NULL, OPTION_FLAG, AT(help), 0, 0, 0, NULL, "Print this list" },
	{ .name = NULL }
};

const struct option_group option_groups[OPTION_GROUPS] = {
	{ "Where", where },   { "How fast and how long", pace },
	{ "What", content },  { "What is enough", limit },
	{ "Output", output },
};

const struct option_scenario option_scenarios[LOAD_FILE + 1] = {
	[LOAD_CALL] = { "call",
			"INVITE 100 180 200 ACK BYE 200; shares of CANCEL, 486, re-INVITE" },
	[LOAD_OPTIONS] = { "options", "OPTIONS 200" },
	[LOAD_REGISTER] = { "register", "REGISTER 200" },
	[LOAD_MIX] = { "mix", "all of it as carriers see it: twelve kinds of message" },
	[LOAD_FILE] = { "file", "messages out of FILEs, or of a capture (pcap), as they are" },
};
