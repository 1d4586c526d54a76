/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/plane_kernel.h"

#include "dataplane/worker.h"

#include <rte_ether.h>

#define TURN 8 /* frames of one worker before those of the next */

static struct plane_shared *shared(const struct plane *p)
{
	return plane_worker((struct plane *)p, 0)->sh;
}

int plane_kernel_fd(const struct plane *p)
{
	return shared(p)->kernel_bell.fd;
}

/* Takes up to @max of one worker's frames. */
static unsigned int take_some(struct kernel_ring *r, unsigned int max,
			      void (*fn)(const struct kernel_frame *, void *), void *arg)
{
	struct kernel_frame it;
	unsigned int n;

	for (n = 0; n < max && kernel_ring_peek(r, &it); n++) {
		fn(&it, arg);
		kernel_ring_drop(r);
	}
	return n;
}

unsigned int plane_kernel_take(struct plane *p, unsigned int max,
			       void (*fn)(const struct kernel_frame *, void *), void *arg)
{
	struct plane_shared *sh = shared(p);
	unsigned int n = 0, found = 1;

	punt_bell_clear(&sh->kernel_bell);
	while (found && n < max) {
		found = 0;
		for (uint16_t i = 0; i < sh->n_workers && n < max; i++) {
			unsigned int most = max - n < TURN ? max - n : TURN;
			unsigned int got = take_some(&plane_worker(p, i)->to_kernel, most, fn, arg);

			found += got;
			n += got;
		}
	}
	if (n == max)
		punt_bell_ring(&sh->kernel_bell);
	return n;
}

uint32_t plane_kernel_frame_max(const struct plane *p, uint16_t i)
{
	return shared(p)->ports[i].mtu + RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN;
}

uint8_t *plane_kernel_room(struct plane *p, uint16_t i, uint32_t len)
{
	return kernel_ring_reserve(shared(p)->ports[i].from_kernel, len, true);
}

void plane_kernel_give(struct plane *p, uint16_t i, uint32_t len)
{
	kernel_ring_commit(shared(p)->ports[i].from_kernel, i, len);
}
