/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/plane.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

struct row {
	enum plane_device kind;
	const char *argument;
	uint32_t mtu;
	int rc;
	const char *devargs;
	uint16_t queues;
};

static const struct row rows[] = {
	{ PLANE_PACKET, "no-such-if0", 1500, 0,
	  "net_af_packet3,iface=no-such-if0,qpairs=2,framesz=2048,blocksz=65536,framecnt=4096", 2 },
	{ PLANE_PACKET, "no-such-if0", 1960, 0,
	  "net_af_packet3,iface=no-such-if0,qpairs=2,framesz=2048,blocksz=65536,framecnt=4096", 2 },
	{ PLANE_PACKET, "no-such-if0", 1961, 0,
	  "net_af_packet3,iface=no-such-if0,qpairs=2,framesz=4096,blocksz=65536,framecnt=2048", 2 },
	{ PLANE_PACKET, "no-such-if0", 9000, 0,
	  "net_af_packet3,iface=no-such-if0,qpairs=2,framesz=16384,blocksz=65536,framecnt=512", 2 },
	{ PLANE_PACKET, "no-such-if0", 65536, 0,
	  "net_af_packet3,iface=no-such-if0,qpairs=2,framesz=32768,blocksz=65536,framecnt=256", 2 },
	{ PLANE_PACKET, "no-such-if0", 0, -ENODEV, NULL, 0 },
	{ PLANE_MEMIF, "/run/a.sock", 0, 0, "net_memif3,socket=/run/a.sock,socket-abstract=no", 1 },
	{ PLANE_MEMIF, "/run/a.sock,role=server,queues=4,id=7", 0, 0,
	  "net_memif3,socket=/run/a.sock,socket-abstract=no,role=server,id=7", 4 },
	{ PLANE_MEMIF, "/run/a.sock", 2026, 0, "net_memif3,socket=/run/a.sock,socket-abstract=no",
	  1 },
	{ PLANE_MEMIF, "/run/a.sock,id=1", 9000, 0,
	  "net_memif3,socket=/run/a.sock,socket-abstract=no,bsize=9022,id=1", 1 },
	{ PLANE_MEMIF, "/run/a.sock,bsize=4096", 9000, 0,
	  "net_memif3,socket=/run/a.sock,socket-abstract=no,bsize=4096", 1 },
	{ PLANE_MEMIF, "/run/a.sock,queues=0", 0, -EINVAL, NULL, 0 },
	{ PLANE_MEMIF, "/run/a.sock,queues=1000", 0, -EINVAL, NULL, 0 },
	{ PLANE_MEMIF, ",role=server", 0, -EINVAL, NULL, 0 },
	{ PLANE_XDP, "no-such-if0", 0, -ENODEV, NULL, 0 },
	{ PLANE_PCI, "0000:3b:00.1", 0, 0, "0000:3b:00.1", 2 },
	{ PLANE_PCI, "3b:00.1", 9000, 0, "0000:3b:00.1", 2 },
	{ PLANE_PCI, "0000:3B:0F.1", 0, 0, "0000:3b:0f.1", 2 },
	{ PLANE_TAP, "sip0", 0, 0, "net_tap3,iface=sip0", 2 },
	{ PLANE_VDEV, "net_null7,size=64", 0, 0, "net_null7,size=64", 2 },
};

Test(devargs, each_kind_of_device_has_its_string)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		char out[256];
		uint16_t queues = 0;

		cr_expect_eq(plane_devargs(r->kind, r->argument, 3, 2, r->mtu, out, sizeof(out),
					   &queues),
			     r->rc, "%s", r->argument);
		if (r->rc == 0) {
			cr_expect_str_eq(out, r->devargs);
			cr_expect_eq(queues, r->queues, "%s", r->argument);
		}
	}
}

Test(devargs, what_does_not_fit_is_refused)
{
	char out[64], path[300];
	uint16_t queues;

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	cr_expect_eq(plane_devargs(PLANE_VDEV, path, 0, 1, 0, out, sizeof(out), &queues),
		     -ENAMETOOLONG);
	cr_expect_eq(plane_devargs(PLANE_MEMIF, path, 0, 1, 0, out, sizeof(out), &queues),
		     -ENAMETOOLONG);
}
