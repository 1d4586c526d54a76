/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which devices are looked at: those that the configuration names, or else every NIC of the
 * machine. Linux's interface and the PCI device behind it are found from either side.
 */
#include "control/doctor/doctor_state.h"

#include <stdio.h>
#include <string.h>

#define PATH_TEXT 1024

/* True if @p is a PCI address, with the domain, of @n characters. */
static bool is_pci(const char *p, size_t n)
{
	static const char shape[] = "xxxx:xx:xx.x";

	if (n != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (shape[i] == 'x' ? !strchr("0123456789abcdef", p[i]) : p[i] != shape[i])
			return false;
	}
	return true;
}

/* Address of the PCI device that Linux's interface @name is a part of; "" = none. */
static void pci_of(const struct facts *f, const char *name, char out[DOCTOR_PCI_MAX])
{
	char path[PATH_TEXT];
	size_t n;

	out[0] = '\0';
	if (!fact_real(f, path, sizeof(path), "/sys/class/net/%s/device", name))
		return;
	for (const char *p = path; *p; p += n + (p[n] == '/')) {
		n = strcspn(p, "/");
		if (is_pci(p, n))
			snprintf(out, DOCTOR_PCI_MAX, "%.*s", (int)n, p);
	}
}

/* Linux's interface on the PCI device @pci; "" = none. */
static void netdev_of(const struct facts *f, const char *pci, char out[FACT_NAME_MAX])
{
	struct fact_names names;
	char other[DOCTOR_PCI_MAX];

	out[0] = '\0';
	fact_list(f, &names, "/sys/class/net");
	for (uint32_t i = 0; i < names.n; i++) {
		pci_of(f, names.name[i], other);
		if (strcmp(other, pci) == 0) {
			memcpy(out, names.name[i], FACT_NAME_MAX);
			return;
		}
	}
}

static struct doctor_device *add(struct doctor *d)
{
	return d->n_devices < DOCTOR_DEVICES_MAX ? &d->device[d->n_devices++] : NULL;
}

static void add_interface(struct doctor *d, uint32_t i)
{
	const struct config_interface *c = &d->config->interfaces[i];
	struct doctor_device *v = add(d);

	if (!v)
		return;
	v->name = c->name;
	v->kind = c->device.kind;
	v->kernel = c->kernel;
	v->mtu = c->mtu;
	v->port = d->c->ports ? &d->c->ports[i] : NULL;
	if (doctor_is_shared(v)) {
		snprintf(v->netdev, sizeof(v->netdev), "%s", c->device.arg);
		pci_of(d->f, v->netdev, v->pci);
	} else if (v->kind == CONFIG_DEVICE_PCI) {
		snprintf(v->pci, sizeof(v->pci), "%s%s", strlen(c->device.arg) < 12 ? "0000:" : "",
			 c->device.arg);
		for (char *p = v->pci; *p; p++)
			*p = (char)(*p >= 'A' && *p <= 'F' ? *p | 0x20 : *p);
		netdev_of(d->f, v->pci, v->netdev);
	}
}

/* True if @name can stand in a command as it is: Linux takes almost any character. */
static bool is_plain(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789.:@_-")] == '\0';
}

/* Interfaces of Linux with a device behind them. */
static void add_netdevs(struct doctor *d)
{
	struct fact_names names;

	fact_list(d->f, &names, "/sys/class/net");
	for (uint32_t i = 0; i < names.n; i++) {
		struct doctor_device *v;

		if (!is_plain(names.name[i]) ||
		    !fact_exists(d->f, "/sys/class/net/%s/device", names.name[i]))
			continue;
		v = add(d);
		if (!v)
			return;
		memcpy(v->netdev, names.name[i], sizeof(v->netdev));
		pci_of(d->f, v->netdev, v->pci);
		v->name = v->netdev;
	}
}

/* NICs that Linux has no interface of: those with another driver, or none. */
static void add_bare(struct doctor *d)
{
	struct fact_names names;

	fact_list(d->f, &names, "/sys/bus/pci/devices");
	for (uint32_t i = 0; i < names.n; i++) {
		struct doctor_device *v;
		char class[16], netdev[FACT_NAME_MAX];

		fact_text(d->f, class, sizeof(class), "/sys/bus/pci/devices/%s/class",
			  names.name[i]);
		if (strncmp(class, "0x0200", 6) != 0 ||
		    !is_pci(names.name[i], strlen(names.name[i])))
			continue;
		netdev_of(d->f, names.name[i], netdev);
		v = netdev[0] ? NULL : add(d);
		if (!v)
			continue;
		snprintf(v->pci, sizeof(v->pci), "%.*s", DOCTOR_PCI_MAX - 1, names.name[i]);
		v->name = v->pci;
	}
}

void doctor_find_devices(struct doctor *d)
{
	if (!d->config) {
		add_netdevs(d);
		add_bare(d);
		return;
	}
	for (uint32_t i = 0; i < d->config->n_interfaces; i++)
		add_interface(d, i);
}
