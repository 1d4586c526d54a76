/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/network/tap_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NUMBERED 12 /* characters of a name that a number follows */

/* Asks Linux for a TAP called @name, where "%d" stands for a number. */
static int attach(int fd, const char *name, char out[IF_NAMESIZE])
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &r) < 0)
		return -errno;
	memcpy(out, r.ifr_name, IF_NAMESIZE);
	return 0;
}

/* Names that stand for all interfaces in /proc/sys/net, or are too long. */
static bool is_no_name(const char *name)
{
	return strcmp(name, "all") == 0 || strcmp(name, "default") == 0 ||
	       strlen(name) >= IF_NAMESIZE;
}

int tap_device_open(const char *wanted, char name[IF_NAMESIZE])
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	char numbered[IF_NAMESIZE];
	int rc = -EEXIST;

	if (fd < 0)
		return -errno;
	snprintf(numbered, sizeof(numbered), "%.*s%%d", NUMBERED, wanted);
	if (!is_no_name(wanted))
		rc = attach(fd, wanted, name);
	/* Taken, by a TAP, by another kind of interface, or while we asked; or no name for one. */
	if (rc == -EBUSY || rc == -EINVAL || rc == -EEXIST)
		rc = attach(fd, numbered, name);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

void tap_device_carrier(int fd, bool up)
{
	int carrier = up;

	(void)ioctl(fd, TUNSETCARRIER, &carrier);
}
