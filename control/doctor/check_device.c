/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks: where a device sits, its link, its queues and what it does to frames.
 */
#include "control/doctor/doctor_state.h"
#include "dataplane/eal.h"
#include "dataplane/xdp/xdp_port.h"

#include <stdlib.h>
#include <string.h>

#define IFF_UP_FLAG 1
#define IPV6_LEAST_MTU 1280

/* --- beside Linux ------------------------------------------------------------------------ */

void doctor_tun(struct doctor *d)
{
	bool there = fact_exists(d->f, "/dev/net/tun");

	for (uint32_t i = 0; i < d->n_devices; i++) {
		const struct doctor_device *v = &d->device[i];

		if (v->kind == CONFIG_DEVICE_NONE || v->kernel != CONFIG_KERNEL_TAP)
			continue;
		doctor_say(d, DOCTOR_tun, there ? DOCTOR_OK : DOCTOR_FAULT, v->name,
			   there ? "can be made" : "Linux makes none: /dev/net/tun is not there");
		if (!there)
			doctor_mend(d, "modprobe tun");
	}
}

/* --- place ------------------------------------------------------------------------------- */

static void numa_of(struct doctor *d, const struct doctor_device *v, int node)
{
	cpu_set_t local, near, used = d->allowed;
	char cpus[CPUS_TEXT_MAX];

	cpus_of(d->f, &local, "/sys/devices/system/node/node%d/cpulist", node);
	if (d->spin) {
		CPU_ZERO(&used);
		for (uint16_t i = 0; i < d->n_workers; i++)
			CPU_SET(eal_worker_cpu(&d->allowed, i), &used);
	}
	CPU_AND(&near, &local, &used);
	if (CPU_EQUAL(&near, &used)) {
		doctor_say(d, DOCTOR_numa, DOCTOR_OK, v->name, "node %d, as all workers", node);
		return;
	}
	doctor_say(d, DOCTOR_numa, d->spin ? DOCTOR_WARNING : DOCTOR_NOTE, v->name,
		   "node %d has CPUs %s, but workers run on others too", node,
		   cpus_text(&local, cpus, sizeof(cpus)));
	doctor_mend(d, "taskset -c %s viaduct --config %s    # of a service: CPUAffinity=%s", cpus,
		    d->config ? d->config->file : "FILE", cpus);
}

void doctor_numa(struct doctor *d)
{
	int64_t node;

	if (!fact_exists(d->f, "/sys/devices/system/node/node1"))
		return;
	for (uint32_t i = 0; i < d->n_devices; i++) {
		const struct doctor_device *v = &d->device[i];

		if (v->pci[0] && v->kind != CONFIG_DEVICE_NONE &&
		    fact_number(d->f, &node, "/sys/bus/pci/devices/%s/numa_node", v->pci) &&
		    node >= 0)
			numa_of(d, v, (int)node);
	}
}

/* A number of file @name of the device, in whatever unit; 0 = not known. */
static double pcie_number(const struct doctor *d, const char *pci, const char *name)
{
	char text[64];
	double v = 0;

	if (fact_text(d->f, text, sizeof(text), "/sys/bus/pci/devices/%s/%s", pci, name))
		v = strtod(text, NULL);
	return v;
}

void doctor_pcie(struct doctor *d)
{
	for (uint32_t i = 0; i < d->n_devices; i++) {
		const struct doctor_device *v = &d->device[i];
		double speed, best_speed, width, best_width;
		bool slow;

		if (!v->pci[0])
			continue;
		speed = pcie_number(d, v->pci, "current_link_speed");
		best_speed = pcie_number(d, v->pci, "max_link_speed");
		width = pcie_number(d, v->pci, "current_link_width");
		best_width = pcie_number(d, v->pci, "max_link_width");
		if (speed <= 0 || width <= 0 || best_width > 32)
			continue;
		slow = speed < best_speed || width < best_width;
		doctor_say(d, DOCTOR_pcie, slow ? DOCTOR_WARNING : DOCTOR_OK, v->name,
			   slow ? "%g GT/s x%g; the device can do %g GT/s x%g" : "%g GT/s x%g",
			   speed, width, best_speed, best_width);
		if (slow)
			doctor_mend(d, "lspci -vv -s %s | grep Lnk    # another slot?", v->pci);
	}
}

/* --- link -------------------------------------------------------------------------------- */

static void link_of_linux(struct doctor *d, const struct doctor_device *v)
{
	char flags[32];
	int64_t speed = 0, carrier = 1;
	bool up;

	if (!fact_text(d->f, flags, sizeof(flags), "/sys/class/net/%s/flags", v->netdev)) {
		doctor_say(d, DOCTOR_link, DOCTOR_FAULT, v->name, "Linux has no interface %s",
			   v->netdev);
		doctor_mend(d, "ip -brief link    # those that there are");
		return;
	}
	up = strtoul(flags, NULL, 16) & IFF_UP_FLAG;
	fact_number(d->f, &carrier, "/sys/class/net/%s/carrier", v->netdev);
	fact_number(d->f, &speed, "/sys/class/net/%s/speed", v->netdev);
	if (!up) {
		doctor_say(d, DOCTOR_link, v->kind == CONFIG_DEVICE_NONE ? DOCTOR_OK : DOCTOR_FAULT,
			   v->name, "%s is down", v->netdev);
		if (v->kind != CONFIG_DEVICE_NONE)
			doctor_mend(d, "ip link set dev %s up", v->netdev);
	} else if (carrier == 0) {
		doctor_say(d, DOCTOR_link, DOCTOR_WARNING, v->name, "%s is up, but has no carrier",
			   v->netdev);
	} else if (speed > 0) {
		doctor_say(d, DOCTOR_link, DOCTOR_OK, v->name, "up, %lld Mbit/s", (long long)speed);
	} else {
		doctor_say(d, DOCTOR_link, DOCTOR_OK, v->name, "up");
	}
}

void doctor_link(struct doctor *d)
{
	for (uint32_t i = 0; i < d->n_devices; i++) {
		const struct doctor_device *v = &d->device[i];

		if (doctor_is_shared(v) || (v->kind == CONFIG_DEVICE_NONE && v->netdev[0]))
			link_of_linux(d, v);
		else if (v->port)
			doctor_say(d, DOCTOR_link, v->port->up ? DOCTOR_OK : DOCTOR_WARNING,
				   v->name, v->port->up ? "up" : "down");
	}
}

static void mtu_of_linux(struct doctor *d, const struct doctor_device *v)
{
	int64_t mtu;

	if (!fact_number(d->f, &mtu, "/sys/class/net/%s/mtu", v->netdev))
		return;
	if (v->mtu > mtu) {
		doctor_say(d, DOCTOR_mtu, DOCTOR_WARNING, v->name,
			   "%u in the configuration, but %s has %lld", v->mtu, v->netdev,
			   (long long)mtu);
		doctor_mend(d, "ip link set dev %s mtu %u", v->netdev, v->mtu);
	} else if (v->kind == CONFIG_DEVICE_XDP && mtu > XDP_PORT_MTU) {
		doctor_say(d, DOCTOR_mtu, DOCTOR_FAULT, v->name,
			   "%s has %lld, and AF_XDP takes %u at most", v->netdev, (long long)mtu,
			   XDP_PORT_MTU);
		doctor_mend(d, "ip link set dev %s mtu %u", v->netdev, XDP_PORT_MTU);
	} else if (mtu < IPV6_LEAST_MTU) {
		doctor_say(d, DOCTOR_mtu, DOCTOR_WARNING, v->name,
			   "%s has %lld, too small for IPv6", v->netdev, (long long)mtu);
		doctor_mend(d, "ip link set dev %s mtu %u", v->netdev, IPV6_LEAST_MTU);
	} else {
		doctor_say(d, DOCTOR_mtu, DOCTOR_OK, v->name, "%lld", (long long)mtu);
	}
}

void doctor_mtu(struct doctor *d)
{
	for (uint32_t i = 0; i < d->n_devices; i++) {
		const struct doctor_device *v = &d->device[i];

		if (doctor_is_shared(v))
			mtu_of_linux(d, v);
		else if (v->port && v->port->mtu < v->mtu)
			doctor_say(d, DOCTOR_mtu, DOCTOR_WARNING, v->name,
				   "%u in the configuration, but the device has %u", v->mtu,
				   v->port->mtu);
		else if (v->port)
			doctor_say(d, DOCTOR_mtu, DOCTOR_OK, v->name, "%u", v->port->mtu);
	}
}

/* --- queues ------------------------------------------------------------------------------ */

/* Receive queues of Linux's interface. */
static uint32_t rx_queues(const struct doctor *d, const char *netdev)
{
	struct fact_names names;
	uint32_t n = 0;

	fact_list(d->f, &names, "/sys/class/net/%s/queues", netdev);
	for (uint32_t i = 0; i < names.n; i++)
		n += strncmp(names.name[i], "rx-", 3) == 0;
	return n;
}

void doctor_queues(struct doctor *d)
{
	for (uint32_t i = 0; i < d->n_devices; i++) {
		const struct doctor_device *v = &d->device[i];
		uint32_t n = 0;
		enum doctor_status status = DOCTOR_OK;

		if (doctor_is_shared(v) && v->pci[0])
			n = rx_queues(d, v->netdev);
		else if (v->kind == CONFIG_DEVICE_PCI && v->port)
			n = v->port->rx_queues;
		if (n == 0)
			continue;
		if (n < d->n_workers)
			status = DOCTOR_NOTE;
		else if (n > d->n_workers && v->kind == CONFIG_DEVICE_XDP)
			status = DOCTOR_WARNING; /* SIP of the other queues goes through Linux */
		doctor_say(d, DOCTOR_queues, status, v->name, "%u for %u worker%s", n, d->n_workers,
			   d->n_workers == 1 ? "" : "s");
		if (status != DOCTOR_OK && doctor_is_shared(v))
			doctor_mend(d,
				    "ethtool -L %s combined %u    # ethtool -l %s: how many it "
				    "can have",
				    v->netdev, d->n_workers, v->netdev);
	}
}

void doctor_rss(struct doctor *d)
{
	for (uint32_t i = 0; i < d->n_devices; i++) {
		const struct doctor_device *v = &d->device[i];
		int ports;

		if (!doctor_is_shared(v) || rx_queues(d, v->netdev) < 2)
			continue;
		ports = d->f->calls->hashes_udp_ports(v->netdev);
		if (ports < 0)
			continue;
		doctor_say(d, DOCTOR_rss, ports ? DOCTOR_OK : DOCTOR_WARNING, v->name,
			   ports ? "by addresses and ports"
				 : "by addresses alone: one peer fills one queue");
		if (!ports)
			doctor_mend(d,
				    "ethtool -N %s rx-flow-hash udp4 sdfn; ethtool -N %s "
				    "rx-flow-hash udp6 sdfn",
				    v->netdev, v->netdev);
	}
}

/* True if VLAN interfaces of Linux stand on @netdev. */
static bool has_vlans(const struct facts *f, const char *netdev)
{
	struct fact_names names;

	fact_list(f, &names, "/sys/class/net/%s", netdev);
	for (uint32_t i = 0; i < names.n; i++) {
		if (strncmp(names.name[i], "upper_", 6) == 0 &&
		    fact_exists(f, "/proc/net/vlan/%s", names.name[i] + 6))
			return true;
	}
	return false;
}

void doctor_offloads(struct doctor *d)
{
	int (*on)(const char *name, const char *feature) = d->f->calls->feature;

	for (uint32_t i = 0; i < d->n_devices; i++) {
		const struct doctor_device *v = &d->device[i];
		int forward, list;

		if (!doctor_is_shared(v))
			continue;
		forward = on(v->netdev, "rx-udp-gro-forwarding");
		list = on(v->netdev, "rx-gro-list");
		if (forward == 1 || list == 1) {
			doctor_say(d, DOCTOR_offloads, DOCTOR_FAULT, v->name,
				   "%s joins UDP datagrams: messages are lost", v->netdev);
			doctor_mend(d, "ethtool -K %s rx-udp-gro-forwarding off rx-gro-list off",
				    v->netdev);
		} else if (v->kind == CONFIG_DEVICE_XDP && on(v->netdev, "rx-lro") == 1) {
			doctor_say(d, DOCTOR_offloads, DOCTOR_WARNING, v->name,
				   "%s joins TCP segments by itself (LRO), which XDP cannot have",
				   v->netdev);
			doctor_mend(d, "ethtool -K %s lro off", v->netdev);
		} else if (v->kind == CONFIG_DEVICE_XDP && has_vlans(d->f, v->netdev) &&
			   on(v->netdev, "rx-vlan-hw-parse") == 1) {
			doctor_say(d, DOCTOR_offloads, DOCTOR_NOTE, v->name,
				   "%s takes VLAN tags off, and XDP does not see them", v->netdev);
			doctor_mend(d, "ethtool -K %s rxvlan off", v->netdev);
		} else if (forward == 0) {
			doctor_say(d, DOCTOR_offloads, DOCTOR_OK, v->name,
				   "none that changes datagrams");
		}
	}
}
