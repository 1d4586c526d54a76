/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks: settings of Linux for what viaduct leaves to it, and the files of the node.
 */
#include "control/doctor/doctor_state.h"

#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BUFFER (1 << 20)  /* what the control thread asks for its sockets */
#define CONNECTIONS 50000 /* default of the key "max_connections" of "streams" */
#define OTHER_FILES 1024  /* devices, listeners, the control socket, ... */
#define BACKLOG 4096      /* what the listeners ask for */
#define SIP_PORT 5060
#define SECRET "/var/lib/viaduct/secret" /* default of the key "secret" */

/* --- network ----------------------------------------------------------------------------- */

static unsigned int n_shared(const struct doctor *d)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < d->n_devices; i++)
		n += doctor_is_shared(&d->device[i]);
	return n;
}

/* With one interface there is no other that an answer could take. */
void doctor_rp_filter(struct doctor *d)
{
	static const char path[] = "/proc/sys/net/ipv4/conf";

	for (uint32_t i = 0; i < d->n_devices && n_shared(d) > 1; i++) {
		const struct doctor_device *v = &d->device[i];
		int64_t all = 0, own = 0;

		if (!doctor_is_shared(v) ||
		    !fact_number(d->f, &own, "%s/%s/rp_filter", path, v->netdev))
			continue;
		fact_number(d->f, &all, "%s/all/rp_filter", path);
		if (own > all)
			all = own; /* Linux takes the larger one */
		doctor_say(d, DOCTOR_rp_filter, all == 1 ? DOCTOR_NOTE : DOCTOR_OK, v->name,
			   all == 1   ? "strict: TCP and ping by another way than the route back "
					"are dropped"
			   : all == 2 ? "loose"
				      : "off");
		if (all == 1)
			doctor_mend(d, "echo 2 >%s/%s/rp_filter", path, v->netdev);
	}
}

void doctor_forwarding(struct doctor *d)
{
	int64_t on;

	if (n_shared(d) < 2 || !fact_number(d->f, &on, "/proc/sys/net/ipv4/ip_forward"))
		return;
	doctor_say(d, DOCTOR_forwarding, DOCTOR_OK, NULL,
		   on ? "Linux forwards IPv4 too; viaduct does not need it"
		      : "off; viaduct does not need it");
}

void doctor_buffers(struct doctor *d)
{
	int64_t most;

	if (!fact_number(d->f, &most, "/proc/sys/net/core/rmem_max"))
		return;
	if (most >= BUFFER || fact_capable(d->f, CAP_NET_ADMIN)) {
		doctor_say(d, DOCTOR_buffers, DOCTOR_OK, NULL, "1 MiB can be had");
		return;
	}
	doctor_say(d, DOCTOR_buffers, DOCTOR_WARNING, NULL,
		   "%lld bytes at most for a process started as this one; 1 MiB is wanted",
		   (long long)most);
	doctor_mend(d, "sysctl -w net.core.rmem_max=%d", BUFFER);
}

/* The daemon raises its own limit: to the hard one, or past it with CAP_SYS_RESOURCE. */
void doctor_files(struct doctor *d)
{
	uint32_t connections = d->config ? d->config->streams.max_connections : CONNECTIONS;
	uint64_t soft, hard, need = connections + OTHER_FILES;
	int64_t all = INT64_MAX, each = INT64_MAX;

	fact_number(d->f, &all, "/proc/sys/fs/file-max");
	fact_number(d->f, &each, "/proc/sys/fs/nr_open");
	if (!fact_limit(d->f, "Max open files", &soft, &hard))
		return;
	if ((uint64_t)all < need || (uint64_t)each < need) {
		bool both = (uint64_t)all < need;

		doctor_say(d, DOCTOR_files, DOCTOR_WARNING, NULL,
			   "%lld for %s; %u connections want %llu", (long long)(both ? all : each),
			   both ? "the whole machine" : "any process", connections,
			   (unsigned long long)need);
		doctor_mend(d, "sysctl -w fs.%s=%llu", both ? "file-max" : "nr_open",
			    (unsigned long long)need * 2);
	} else if (hard >= need || fact_capable(d->f, CAP_SYS_RESOURCE)) {
		doctor_say(d, DOCTOR_files, DOCTOR_OK, NULL, "enough for %u connections",
			   connections);
	} else {
		doctor_say(d, DOCTOR_files, DOCTOR_WARNING, NULL,
			   "%llu at most for a process started as this one; %u connections want "
			   "%llu",
			   (unsigned long long)hard, connections, (unsigned long long)need);
		doctor_mend(d, "ulimit -n %llu    # of a service: LimitNOFILE=%llu",
			    (unsigned long long)need, (unsigned long long)need);
	}
}

void doctor_backlog(struct doctor *d)
{
	int64_t n;

	if (!fact_number(d->f, &n, "/proc/sys/net/core/somaxconn"))
		return;
	doctor_say(d, DOCTOR_backlog, n < BACKLOG ? DOCTOR_NOTE : DOCTOR_OK, NULL,
		   "%lld connections", (long long)n);
	if (n < BACKLOG)
		doctor_mend(d, "sysctl -w net.core.somaxconn=4096");
}

/* True if the list of ports ("5060,8000-8010") has @port. */
static bool has_port(const char *list, unsigned long port)
{
	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long from = strtoul(list, &end, 10), to = from;

		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		if (port >= from && port <= to)
			return true;
		list = *end == ',' ? end + 1 : "";
	}
	return false;
}

/* The first port of a listener that Linux may give to a connection of its own; 0 = none. */
static unsigned int port_at_risk(const struct doctor *d, unsigned long from, unsigned long to,
				 const char *reserved)
{
	uint32_t n = d->config ? d->config->n_listeners : 0;

	for (uint32_t i = 0; i < (n ? n : 1); i++) {
		unsigned int port = n ? d->config->listeners[i].address.port : SIP_PORT;

		if (port >= from && port <= to && !has_port(reserved, port))
			return port;
	}
	return 0;
}

void doctor_ports(struct doctor *d)
{
	char range[64], reserved[1024];
	unsigned long from, to;
	unsigned int port;

	fact_text(d->f, range, sizeof(range), "/proc/sys/net/ipv4/ip_local_port_range");
	fact_text(d->f, reserved, sizeof(reserved), "/proc/sys/net/ipv4/ip_local_reserved_ports");
	if (sscanf(range, "%lu %lu", &from, &to) != 2)
		return;
	port = port_at_risk(d, from, to, reserved);
	if (!port) {
		doctor_say(d, DOCTOR_ports, DOCTOR_OK, NULL,
			   "connections go out from %lu to %lu, past the listeners", from, to);
		return;
	}
	doctor_say(d, DOCTOR_ports, DOCTOR_WARNING, NULL,
		   "Linux may take port %u for a connection: it uses %lu to %lu", port, from, to);
	doctor_mend(d, "sysctl -w net.ipv4.ip_local_reserved_ports=%s%s%u", reserved,
		    reserved[0] ? "," : "", port);
}

/* --- node -------------------------------------------------------------------------------- */

/* Capabilities that a device of the kind needs, as bits. */
static uint64_t wanted(const struct doctor_device *v)
{
	uint64_t admin = 1ull << CAP_NET_ADMIN, raw = 1ull << CAP_NET_RAW;

	if (v->kind == CONFIG_DEVICE_PACKET)
		return admin | raw;
	if (v->kind == CONFIG_DEVICE_XDP)
		return admin | raw | 1ull << CAP_BPF | 1ull << CAP_PERFMON;
	return v->kernel == CONFIG_KERNEL_TAP || v->kind == CONFIG_DEVICE_TAP ? admin : 0;
}

void doctor_rights(struct doctor *d)
{
	static const struct {
		unsigned int number;
		const char *name;
	} known[] = { { CAP_NET_ADMIN, "CAP_NET_ADMIN" },
		      { CAP_NET_RAW, "CAP_NET_RAW" },
		      { CAP_PERFMON, "CAP_PERFMON" },
		      { CAP_BPF, "CAP_BPF" } };
	char all[128] = "", missing[128] = "";
	uint64_t want = 0;
	size_t n_all = 0, n_missing = 0;

	for (uint32_t i = 0; d->config && i < d->n_devices; i++)
		want |= wanted(&d->device[i]);
	if (!want)
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!(want >> known[i].number & 1))
			continue;
		n_all += (size_t)snprintf(all + n_all, sizeof(all) - n_all, " %s", known[i].name);
		if (!fact_capable(d->f, known[i].number))
			n_missing +=
				(size_t)snprintf(missing + n_missing, sizeof(missing) - n_missing,
						 " %s", known[i].name);
	}
	if (!n_missing) {
		doctor_say(d, DOCTOR_rights, DOCTOR_OK, NULL, "has%s", all);
		return;
	}
	doctor_say(d, DOCTOR_rights, DOCTOR_WARNING, NULL, "a process started as this one lacks%s",
		   missing);
	doctor_mend(d, "start it as root; of a service: AmbientCapabilities=%s", all + 1);
}

void doctor_secret(struct doctor *d)
{
	bool given = d->config && CONFIG_GIVEN(d->config, top, secret);
	const char *path = d->config ? d->config->secret : SECRET;
	unsigned int mode;

	if (!fact_mode(d->f, &mode, "%s", path)) {
		doctor_say(d, DOCTOR_secret, given ? DOCTOR_FAULT : DOCTOR_OK, NULL,
			   given ? "%s is not there" : "%s is made at the first start", path);
		if (given)
			doctor_mend(d,
				    "install -m 600 /dev/null %s && head -c 32 /dev/urandom | od "
				    "-An -tx1 | tr -d ' \\n' >%s",
				    path, path);
		return;
	}
	if (mode & (S_IRWXO | S_IWGRP))
		doctor_say(d, DOCTOR_secret, DOCTOR_FAULT, NULL,
			   "%s has mode %04o: others can open it, so it is refused", path, mode);
	else if (mode & S_IRGRP)
		doctor_say(d, DOCTOR_secret, DOCTOR_NOTE, NULL, "%s can be read by its group",
			   path);
	else
		doctor_say(d, DOCTOR_secret, DOCTOR_OK, NULL, "%s is its owner's alone", path);
	if (mode & (S_IRWXO | S_IRWXG))
		doctor_mend(d, "chmod 600 %s", path);
}
