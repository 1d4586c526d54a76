/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks: who has a PCI device, and what the IOMMU does for it.
 *
 * DPDK takes a device over from Linux by vfio-pci or a uio driver. NVIDIA's are an exception:
 * their kernel driver stays, and DPDK works beside it ("bifurcated"), by way of RDMA's verbs.
 */
#include "control/doctor/doctor_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IFF_UP_FLAG 1
#define NOIOMMU "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"

enum owner { OWNER_NOBODY, OWNER_LINUX, OWNER_VFIO, OWNER_UIO, OWNER_BIFURCATED };

static enum owner owner_of(const struct facts *f, const char *pci, char driver[FACT_NAME_MAX])
{
	if (!fact_link(f, driver, FACT_NAME_MAX, "/sys/bus/pci/devices/%s/driver", pci))
		return OWNER_NOBODY;
	if (strcmp(driver, "vfio-pci") == 0)
		return OWNER_VFIO;
	if (strcmp(driver, "uio_pci_generic") == 0 || strcmp(driver, "igb_uio") == 0)
		return OWNER_UIO;
	if (strcmp(driver, "mlx5_core") == 0 || strcmp(driver, "mlx4_core") == 0)
		return OWNER_BIFURCATED;
	return OWNER_LINUX;
}

/* "DMA", "DMA-FQ" = translated, "identity" = passed through; "" = no IOMMU. */
static void domain_of(const struct facts *f, const char *pci, char out[32])
{
	fact_text(f, out, 32, "/sys/bus/pci/devices/%s/iommu_group/type", pci);
}

static bool is_up(const struct facts *f, const char *netdev)
{
	char flags[32];

	return netdev[0] && fact_text(f, flags, sizeof(flags), "/sys/class/net/%s/flags", netdev) &&
	       (strtoul(flags, NULL, 16) & IFF_UP_FLAG);
}

/* --- binding ----------------------------------------------------------------------------- */

#define VIRTIO_ACCESS_PLATFORM 33 /* feature bit: the device goes through the IOMMU */

static bool is_virtio(const struct facts *f, const char *pci)
{
	char vendor[16];

	return fact_text(f, vendor, sizeof(vendor), "/sys/bus/pci/devices/%s/vendor", pci) &&
	       strcmp(vendor, "0x1af4") == 0;
}

/* True if the virtio device @pci, which Linux has, goes through the IOMMU. */
static bool virtio_obeys(const struct facts *f, const char *pci)
{
	struct fact_names names;
	char features[128];

	fact_list(f, &names, "/sys/bus/pci/devices/%s", pci);
	for (uint32_t i = 0; i < names.n; i++) {
		if (strncmp(names.name[i], "virtio", 6) == 0 &&
		    fact_text(f, features, sizeof(features), "/sys/bus/pci/devices/%s/%s/features",
			      pci, names.name[i]))
			return strlen(features) > VIRTIO_ACCESS_PLATFORM &&
			       features[VIRTIO_ACCESS_PLATFORM] == '1';
	}
	return false;
}

/*
 * The command that gives @v to DPDK: vfio-pci where an IOMMU guards, or where Linux lets vfio work
 * without one; else uio. A virtio device that goes past the IOMMU must have physical addresses.
 */
static void mend_bind(struct doctor *d, const struct doctor_device *v, bool bound)
{
	static const char sys[] = "/sys/bus/pci/devices";
	bool group = fact_exists(d->f, "%s/%s/iommu_group", sys, v->pci);
	bool iommu = group && (!is_virtio(d->f, v->pci) || virtio_obeys(d->f, v->pci));
	bool unsafe = !group && fact_exists(d->f, NOIOMMU);
	const char *driver = iommu || unsafe ? "vfio-pci" : "uio_pci_generic";
	char down[96] = "", unbind[128] = "";

	if (is_up(d->f, v->netdev))
		snprintf(down, sizeof(down), "ip link set dev %s down; ", v->netdev);
	if (bound)
		snprintf(unbind, sizeof(unbind), "echo %s >%s/%s/driver/unbind; ", v->pci, sys,
			 v->pci);
	doctor_mend(d,
		    "%smodprobe -a %s%s; %secho %s >%s/%s/driver_override; %secho %s "
		    ">/sys/bus/pci/drivers_probe",
		    down, driver, iommu ? " vfio_iommu_type1" : "",
		    unsafe ? "echo Y >" NOIOMMU "; " : "", driver, sys, v->pci, unbind, v->pci);
}

/* Linux has the device that DPDK should have. */
static void taken_by_linux(struct doctor *d, const struct doctor_device *v, const char *driver)
{
	if (!v->netdev[0])
		doctor_say(d, DOCTOR_driver, DOCTOR_FAULT, v->name, "%s is with %s", v->pci,
			   driver);
	else if (is_up(d->f, v->netdev))
		doctor_say(d, DOCTOR_driver, DOCTOR_FAULT, v->name,
			   "%s is with %s: it is %s, which is up; what goes by it now is cut off",
			   v->pci, driver, v->netdev);
	else
		doctor_say(d, DOCTOR_driver, DOCTOR_FAULT, v->name, "%s is with %s: it is %s",
			   v->pci, driver, v->netdev);
	mend_bind(d, v, true);
}

/* NVIDIA: DPDK comes in by verbs. */
static void bifurcated(struct doctor *d, const struct doctor_device *v, const char *driver)
{
	bool verbs = fact_exists(d->f, "/sys/bus/pci/devices/%s/infiniband_verbs", v->pci);
	bool asked = v->kind == CONFIG_DEVICE_PCI;

	doctor_say(d, DOCTOR_driver,
		   verbs   ? DOCTOR_OK
		   : asked ? DOCTOR_FAULT
			   : DOCTOR_NOTE,
		   v->name, "%s is with %s, where DPDK uses it too%s", v->pci, driver,
		   verbs ? "" : ", but without verbs");
	if (!verbs)
		doctor_mend(d, "modprobe -a ib_uverbs %.4s_ib", driver);
}

static void driver_asked_for(struct doctor *d, const struct doctor_device *v)
{
	char driver[FACT_NAME_MAX], class[16];
	enum owner owner = owner_of(d->f, v->pci, driver);

	if (!fact_text(d->f, class, sizeof(class), "/sys/bus/pci/devices/%s/class", v->pci)) {
		doctor_say(d, DOCTOR_driver, DOCTOR_FAULT, v->name, "no PCI device is at %s",
			   v->pci);
		doctor_mend(d, "lspci -D -d ::0200    # those that there are");
	} else if (strncmp(class, "0x02", 4) != 0) {
		doctor_say(d, DOCTOR_driver, DOCTOR_FAULT, v->name,
			   "%s is no network device: its class is %s", v->pci, class);
		doctor_mend(d, "lspci -D -d ::0200    # those that there are");
	} else if (owner == OWNER_NOBODY) {
		doctor_say(d, DOCTOR_driver, DOCTOR_FAULT, v->name, "%s has no driver", v->pci);
		mend_bind(d, v, false);
	} else if (owner == OWNER_LINUX) {
		taken_by_linux(d, v, driver);
	} else if (owner == OWNER_BIFURCATED) {
		bifurcated(d, v, driver);
	} else {
		doctor_say(d, DOCTOR_driver, DOCTOR_OK, v->name, "%s is with %s", v->pci, driver);
	}
}

/* A NIC that no configuration names. */
static void driver_found(struct doctor *d, const struct doctor_device *v)
{
	char driver[FACT_NAME_MAX];
	enum owner owner = owner_of(d->f, v->pci, driver);
	bool idle = v->netdev[0] && !is_up(d->f, v->netdev);

	if (owner == OWNER_BIFURCATED) {
		bifurcated(d, v, driver);
	} else if (owner == OWNER_VFIO || owner == OWNER_UIO) {
		doctor_say(d, DOCTOR_driver, DOCTOR_OK, v->name, "with %s: pci:%s can have it",
			   driver, v->pci);
	} else if (owner == OWNER_LINUX && !idle) {
		doctor_say(d, DOCTOR_driver, DOCTOR_OK, v->name,
			   v->netdev[0] ? "%s is with %s: packet:%s and xdp:%s work as it is"
					: "%s is with %s",
			   v->pci, driver, v->netdev, v->netdev);
	} else {
		doctor_say(d, DOCTOR_driver, DOCTOR_NOTE, v->name, "%s is %s%s; for pci:%s", v->pci,
			   idle ? "not in use by Linux: " : "without a driver", idle ? driver : "",
			   v->pci);
		mend_bind(d, v, owner == OWNER_LINUX);
	}
}

void doctor_driver(struct doctor *d)
{
	char driver[FACT_NAME_MAX];

	for (uint32_t i = 0; i < d->n_devices; i++) {
		const struct doctor_device *v = &d->device[i];

		if (!v->pci[0])
			continue;
		if (v->kind == CONFIG_DEVICE_PCI)
			driver_asked_for(d, v);
		else if (v->kind == CONFIG_DEVICE_NONE)
			driver_found(d, v);
		else if (owner_of(d->f, v->pci, driver) != OWNER_NOBODY)
			doctor_say(d, DOCTOR_driver, DOCTOR_OK, v->name, "%s: %s at %s", v->netdev,
				   driver, v->pci);
	}
}

/* --- IOMMU ------------------------------------------------------------------------------- */

static void mend_kernel_line(struct doctor *d)
{
	char cpuinfo[512];

	fact_text(d->f, cpuinfo, sizeof(cpuinfo), "/proc/cpuinfo");
	doctor_mend_boot(d, "iommu",
			 strstr(cpuinfo, "GenuineIntel") ? "intel_iommu=on iommu=pt" : "iommu=pt",
			 "switch it on in the firmware (VT-d, AMD-Vi), ");
}

/* The other device of the IOMMU group of @pci that Linux has; false if there is none. */
static bool stranger(const struct facts *f, const char *pci, char other[FACT_NAME_MAX],
		     char driver[FACT_NAME_MAX])
{
	struct fact_names names;

	fact_list(f, &names, "/sys/bus/pci/devices/%s/iommu_group/devices", pci);
	for (uint32_t i = 0; i < names.n; i++) {
		enum owner owner = owner_of(f, names.name[i], driver);

		if (owner == OWNER_NOBODY || owner == OWNER_VFIO ||
		    strcmp(driver, "pcieport") == 0 || strcmp(driver, "pci-stub") == 0)
			continue;
		memcpy(other, names.name[i], FACT_NAME_MAX);
		return true;
	}
	return false;
}

static void iommu_of_vfio(struct doctor *d, const struct doctor_device *v)
{
	char group[FACT_NAME_MAX], name[32], other[FACT_NAME_MAX], driver[FACT_NAME_MAX];

	fact_link(d->f, group, sizeof(group), "/sys/bus/pci/devices/%s/iommu_group", v->pci);
	fact_text(d->f, name, sizeof(name), "/sys/bus/pci/devices/%s/iommu_group/name", v->pci);
	if (!group[0]) {
		doctor_say(d, DOCTOR_iommu, DOCTOR_FAULT, v->name, "vfio-pci has no IOMMU for %s",
			   v->pci);
		mend_bind(d, v, true);
	} else if (strcmp(name, "vfio-noiommu") == 0) {
		doctor_say(d, DOCTOR_iommu, DOCTOR_WARNING, v->name,
			   "no-iommu mode: %s can write anywhere in memory", v->pci);
		mend_kernel_line(d);
	} else if (stranger(d->f, v->pci, other, driver)) {
		doctor_say(d, DOCTOR_iommu, DOCTOR_FAULT, v->name,
			   "%s shares group %s with %s, which is with %s: vfio takes all or none",
			   v->pci, group, other, driver);
		doctor_mend(d,
			    "echo vfio-pci >/sys/bus/pci/devices/%s/driver_override; echo %s "
			    ">/sys/bus/pci/devices/%s/driver/unbind; echo %s "
			    ">/sys/bus/pci/drivers_probe",
			    other, other, other, other);
	} else if (!fact_exists(d->f, "/sys/module/vfio_iommu_type1")) {
		doctor_say(d, DOCTOR_iommu, DOCTOR_FAULT, v->name,
			   "vfio's driver for the IOMMU is not loaded");
		doctor_mend(d, "modprobe vfio_iommu_type1");
	} else {
		doctor_say(d, DOCTOR_iommu, DOCTOR_OK, v->name, "guards %s, group %s", v->pci,
			   group);
	}
}

/* uio gives physical addresses to the device. */
static void iommu_of_uio(struct doctor *d, const struct doctor_device *v)
{
	char domain[32];

	domain_of(d->f, v->pci, domain);
	if (strncmp(domain, "DMA", 3) == 0 && !is_virtio(d->f, v->pci)) {
		doctor_say(d, DOCTOR_iommu, DOCTOR_FAULT, v->name,
			   "the IOMMU translates addresses, which uio knows nothing of");
		mend_bind(d, v, true);
		return;
	}
	doctor_say(d, DOCTOR_iommu, DOCTOR_NOTE, v->name, "uio: %s can write anywhere in memory",
		   v->pci);
	if (is_virtio(d->f, v->pci))
		return;
	if (domain[0])
		mend_bind(d, v, true);
	else
		mend_kernel_line(d);
}

/* Linux's driver maps each packet, unless the IOMMU passes all through. */
static void iommu_of_linux(struct doctor *d, const struct doctor_device *v)
{
	char domain[32];

	domain_of(d->f, v->pci, domain);
	if (strncmp(domain, "DMA", 3) != 0 || is_virtio(d->f, v->pci))
		return;
	doctor_say(d, DOCTOR_iommu, DOCTOR_NOTE, v->name,
		   "Linux maps each packet of %s; passing its own devices through is faster",
		   v->pci);
	mend_kernel_line(d);
}

void doctor_iommu(struct doctor *d)
{
	struct fact_names found;
	char driver[FACT_NAME_MAX];

	fact_list(d->f, &found, "/sys/class/iommu");
	if (!d->config)
		doctor_say(d, DOCTOR_iommu, DOCTOR_OK, NULL,
			   found.n ? "on"
				   : "none, or off: pci: needs uio, or vfio's no-iommu mode");
	for (uint32_t i = 0; i < d->n_devices; i++) {
		const struct doctor_device *v = &d->device[i];
		enum owner owner = v->pci[0] ? owner_of(d->f, v->pci, driver) : OWNER_NOBODY;

		if (owner == OWNER_VFIO)
			iommu_of_vfio(d, v);
		else if (owner == OWNER_UIO)
			iommu_of_uio(d, v);
		else if (owner != OWNER_NOBODY && v->kind != CONFIG_DEVICE_NONE &&
			 (owner == OWNER_BIFURCATED || v->kind != CONFIG_DEVICE_PCI))
			iommu_of_linux(d, v);
	}
}
