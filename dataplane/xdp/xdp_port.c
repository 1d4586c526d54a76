/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver registers the whole pool with Linux as one area of number x size bytes, for each queue
 * once. So buffers must lie one after the other: DPDK's usual pool leaves gaps, lest a buffer lie
 * on two pages, and spreads them over memory channels; both shift them out of the area, where Linux
 * refuses them. A buffer of one page has neither problem, fits cards that do without copies, and is
 * the largest that Linux takes.
 */
#include "dataplane/xdp/xdp_port.h"

#include "dataplane/ports.h"
#include "dataplane/xdp/xdp_steer.h"

#include <rte_errno.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>

#include <errno.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINUX_HEADROOM 256u /* XDP_PACKET_HEADROOM */
#define OBJECT_HEADER RTE_CACHE_LINE_ROUNDUP(sizeof(struct rte_mempool_objhdr))
#define ELEMENT (XDP_PORT_BUFFER - OBJECT_HEADER)
#define ROOM (ELEMENT - sizeof(struct rte_mbuf))

static_assert(XDP_PORT_MTU + RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN ==
		      ROOM - RTE_PKTMBUF_HEADROOM - LINUX_HEADROOM,
	      "what Linux may write into a buffer");

/* Asks Linux for @request about interface @name. 0 or a negative errno. */
static int ask(const char *name, unsigned long request, struct ifreq *ifr)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	if (s < 0)
		return -errno;
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
	rc = ioctl(s, request, ifr) < 0 ? -errno : 0;
	close(s);
	return rc;
}

uint32_t xdp_port_queues(const char *name, uint32_t *receiving)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq ifr = { .ifr_data = (void *)&channels };
	int rc = ask(name, SIOCETHTOOL, &ifr);

	*receiving = rc ? 1 : channels.combined_count + channels.rx_count;
	if (rc == 0 && channels.combined_count)
		return channels.combined_count;
	return rc == 0 || rc == -EOPNOTSUPP; /* it tells of no pairs, or of nothing */
}

/* Whether a NIC is behind interface @name. Only such may write into our buffers by themselves. */
static bool has_hardware(const char *name)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq ifr = { .ifr_data = (void *)&info };

	if (ask(name, SIOCETHTOOL, &ifr) < 0)
		return true;
	return info.bus_info[0] && strcmp(info.bus_info, "N/A") != 0;
}

/*
 * A NIC that is out of buffers wants to be woken up. The driver does so by busy polling, or else by
 * a poll() that may sleep for a second; so it polls. Where Linux copies there is nothing to wake,
 * and a worker that polls does Linux's work in vain.
 */
int xdp_port_devargs(const char *name, unsigned int index, unsigned int n_workers, char *out,
		     size_t n, uint16_t *queues)
{
	uint32_t receiving, have = xdp_port_queues(name, &receiving);
	char path[64];
	int rc;

	if (!have)
		return -ENODEV;
	rc = xdp_steer_path(path, sizeof(path));
	if (rc < 0)
		return rc;
	*queues = (uint16_t)(have < n_workers ? have : n_workers);
	return snprintf(out, n, "net_af_xdp%u,iface=%s,queue_count=%u%s,xdp_prog=%s", index, name,
			*queues, has_hardware(name) ? "" : ",busy_budget=0", path);
}

static struct rte_mempool *refuse(struct rte_mempool *pool, int e)
{
	rte_mempool_free(pool);
	rte_errno = e;
	return NULL;
}

struct rte_mempool *xdp_port_pool(const char *name, unsigned int n, unsigned int cache, int socket)
{
	struct rte_pktmbuf_pool_private priv = { .mbuf_data_room_size = ROOM };
	struct rte_mempool *pool = rte_mempool_create_empty(name, n, ELEMENT, cache, sizeof(priv),
							    socket, RTE_MEMPOOL_F_NO_SPREAD);
	int rc;

	if (!pool)
		return NULL;
	rc = rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL);
	if (rc < 0)
		return refuse(pool, -rc);
	rte_pktmbuf_pool_init(pool, &priv);
	rc = rte_mempool_populate_default(pool);
	if (rc < 0)
		return refuse(pool, -rc);
	if (pool->nb_mem_chunks != 1)
		return refuse(pool, ENOMEM);
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

/* --- opening ------------------------------------------------------------------------------- */

static void allow_locking(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) == 0 || getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &limit);
}

int xdp_port_refused(const struct port *p, int e, struct plane_error *err)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	const char *why = xdp_steer_said();

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (why || limit.rlim_cur == RLIM_INFINITY)
		snprintf(err->text, sizeof(err->text), "interface %s: XDP: %s", p->name,
			 why ? why : strerror(e));
	else
		snprintf(err->text, sizeof(err->text),
			 "interface %s: XDP: %s; without CAP_IPC_LOCK, only %llu KiB may be locked",
			 p->name, strerror(e), (unsigned long long)limit.rlim_cur >> 10);
	return -e;
}

static int unfit(const struct port *p, const char *name, struct plane_error *err)
{
	struct ifreq ifr = { 0 };
	int rc = ask(name, SIOCGIFMTU, &ifr);

	if (rc < 0)
		return xdp_port_refused(p, -rc, err);
	if (ifr.ifr_mtu <= (int)XDP_PORT_MTU)
		return 0;
	snprintf(err->text, sizeof(err->text),
		 "interface %s: XDP: its MTU is %d; allowed is up to %u", p->name, ifr.ifr_mtu,
		 XDP_PORT_MTU);
	return -EMSGSIZE;
}

int xdp_port_prepare(const struct port *p, const char *devargs, struct plane_error *err)
{
	const char *at = strstr(devargs, "iface=");
	char name[IF_NAMESIZE] = "";
	int rc;

	if (at)
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + 6, ","), at + 6);
	rc = unfit(p, name, err);
	if (rc < 0)
		return rc;
	allow_locking();
	rc = xdp_steer_prepare((int)if_nametoindex(name));
	return rc < 0 ? xdp_port_refused(p, -rc, err) : 0;
}

int xdp_port_steer(struct port *p, unsigned int index, struct plane_error *err)
{
	int rc = xdp_steer_open((int)index, p->mac, !p->shared, &p->steer);

	return rc < 0 ? xdp_port_refused(p, -rc, err) : 0;
}
