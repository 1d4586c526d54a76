/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices are attached after EAL runs, one by one, so that an error names its interface. Queues:
 * one pair per worker where the device has them; where not, rx queues are dealt out to the workers
 * and frames of those without a tx queue cross a ring to one that has it.
 *
 * memif gets as many queue pairs as "queues=N" says, 1 by default, and never more: the driver in
 * DPDK 22.11 reads and writes rings that the peer did not ask for as if they were ring 0.
 */
#include "dataplane/ports.h"

#include "dataplane/batch.h"
#include "dataplane/ip_clash.h"
#include "dataplane/kernel_ring.h"
#include "dataplane/tx.h"
#include "dataplane/xdp/xdp_port.h"
#include "dataplane/xdp/xdp_steer.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define DESCRIPTORS 1024
#define POOL_CACHE 256
#define POOL_MIN 4095
#define HANDOVER_SIZE 1024
#define GROWTH 256 /* room behind a full frame, for what edits add */
#define FRAMESZ_MIN 2048u
#define FRAMESZ_MAX 32768u    /* a packet buffer has 16-bit lengths */
#define RING_BYTES (8u << 20) /* of one AF_PACKET ring */
#define BLOCK_BYTES 65536u
#define MEMIF_BSIZE 2048u /* default of the driver */
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + 2u * RTE_VLAN_HLEN)
#define PCI_FULL 12      /* characters of 0000:3b:00.0 */
#define NIC_BUFFER 1024u /* NICs count receive buffers in these units, and round down */

/* Where the IP packet starts in an AF_PACKET ring frame of an Ethernet device (tpacket_rcv()). */
#define TPACKET_IP_OFFSET TPACKET_ALIGN(TPACKET2_HDRLEN + 16)

static int fail(struct plane_error *err, int e, const char *port, const char *what)
{
	snprintf(err->text, sizeof(err->text), "interface %s: %s: %s", port, what, strerror(e));
	return -e;
}

/* --- device strings ---------------------------------------------------------------------- */

/* The MTU that Linux gives to interface @name; 0 if there is none of that name. */
static uint32_t linux_mtu(const char *name)
{
	struct ifreq ifr = { 0 };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t mtu = 0;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (s >= 0 && ioctl(s, SIOCGIFMTU, &ifr) == 0)
		mtu = (uint32_t)ifr.ifr_mtu;
	if (s >= 0)
		close(s);
	return mtu;
}

/* Least power of two of a ring frame that takes IP packets of @mtu bytes with two VLAN tags. */
static uint32_t framesz(uint32_t mtu)
{
	uint32_t n = FRAMESZ_MIN;

	while (n < FRAMESZ_MAX && n < TPACKET_IP_OFFSET + 8 + mtu)
		n *= 2;
	return n;
}

/* Copies the options of a memif argument but "queues=N", which is ours. Returns N, or 1. */
static unsigned int memif_options(const char *in, char *out, size_t n)
{
	unsigned int queues = 1;
	size_t used = 0;

	out[0] = '\0';
	while (*in) {
		size_t len = strcspn(in, ",");

		if (strncmp(in, "queues=", 7) == 0)
			queues = (unsigned int)strtoul(in + 7, NULL, 10);
		else if (len && used < n)
			used += (size_t)snprintf(out + used, n - used, ",%.*s", (int)len, in);
		in += len + (in[len] == ',');
	}
	return used < n ? queues : 0;
}

static int memif_devargs(const char *arg, unsigned int index, uint32_t mtu, char *out, size_t n,
			 uint16_t *queues)
{
	size_t path = strcspn(arg, ",");
	char options[256], bsize[32] = "";
	unsigned int q = memif_options(arg + path, options, sizeof(options));

	if (mtu + FRAME_OVERHEAD > MEMIF_BSIZE && mtu + FRAME_OVERHEAD <= UINT16_MAX &&
	    !strstr(options, ",bsize="))
		snprintf(bsize, sizeof(bsize), ",bsize=%u", mtu + FRAME_OVERHEAD);

	if (!path || q < 1 || q > PLANE_MAX_WORKERS)
		return -EINVAL;
	*queues = (uint16_t)q;
	return snprintf(out, n, "net_memif%u,socket=%.*s,socket-abstract=no%s%s", index, (int)path,
			arg, bsize, options);
}

static int packet_devargs(const char *iface, unsigned int index, unsigned int n_workers,
			  uint32_t mtu, char *out, size_t n)
{
	uint32_t theirs = linux_mtu(iface), size, block;

	if (mtu < theirs)
		mtu = theirs; /* others may send that much, whatever we do */
	if (!mtu)
		return -ENODEV;
	size = framesz(mtu);
	block = size > BLOCK_BYTES ? size : BLOCK_BYTES;
	return snprintf(out, n,
			"net_af_packet%u,iface=%s,qpairs=%u,framesz=%u,blocksz=%u,framecnt=%u",
			index, iface, n_workers, size, block, RING_BYTES / size);
}

/* DPDK calls a PCI device by its address with the domain, in lower case. */
static int pci_devargs(const char *address, char *out, size_t n)
{
	int len = snprintf(out, n, "%s%s", strlen(address) < PCI_FULL ? "0000:" : "", address);

	for (size_t i = 0; i < n && out[i]; i++)
		out[i] = (char)(out[i] >= 'A' && out[i] <= 'F' ? out[i] | 0x20 : out[i]);
	return len;
}

int plane_devargs(enum plane_device kind, const char *argument, unsigned int index,
		  unsigned int n_workers, uint32_t mtu, char *out, size_t n, uint16_t *queues)
{
	int len;

	*queues = (uint16_t)n_workers;
	switch (kind) {
	case PLANE_PACKET:
		len = packet_devargs(argument, index, n_workers, mtu, out, n);
		break;
	case PLANE_MEMIF:
		len = memif_devargs(argument, index, mtu, out, n, queues);
		break;
	case PLANE_XDP:
		len = xdp_port_devargs(argument, index, n_workers, out, n, queues);
		break;
	case PLANE_PCI:
		len = pci_devargs(argument, out, n);
		break;
	case PLANE_TAP:
		len = snprintf(out, n, "net_tap%u,iface=%s", index, argument);
		break;
	case PLANE_VDEV:
		len = snprintf(out, n, "%s", argument);
		break;
	default:
		return -EINVAL;
	}
	if (len < 0)
		return len;
	return (size_t)len < n ? 0 : -ENAMETOOLONG;
}

/* --- sizes ------------------------------------------------------------------------------- */

/* The number after @key (",framesz=") in @devargs of a device @driver; 0 = another driver. */
static uint32_t devargs_number(const char *devargs, const char *driver, const char *key,
			       uint32_t otherwise)
{
	const char *p = strstr(devargs, key);

	if (strncmp(devargs, driver, strlen(driver)) != 0)
		return 0;
	return p ? (uint32_t)strtoul(p + strlen(key), NULL, 10) : otherwise;
}

/* Bytes of an AF_PACKET ring frame, its own header included; 0 = not AF_PACKET. */
static uint32_t packet_framesz(const char *devargs)
{
	return devargs_number(devargs, "net_af_packet", ",framesz=", FRAMESZ_MIN);
}

/* Bytes of a memif buffer; 0 = not memif. */
static uint32_t memif_bsize(const char *devargs)
{
	return devargs_number(devargs, "net_memif", ",bsize=", MEMIF_BSIZE);
}

/* Bytes of a frame as the device's own buffers have them; 0 = it has none. */
static uint32_t device_frame(const char *devargs)
{
	uint32_t n = packet_framesz(devargs);

	return n ? n : memif_bsize(devargs);
}

/* Bytes of an mbuf of device @p for packets of @mtu. */
static uint16_t data_room(const struct plane_port *p, uint32_t mtu)
{
	uint32_t n = mtu > 1500 ? mtu : 1500, frame = device_frame(p->devargs);

	n += FRAME_OVERHEAD;
	if (n < frame)
		n = frame;
	n += GROWTH;
	if (p->pci)
		n = RTE_ALIGN(n, NIC_BUFFER);
	n = RTE_ALIGN(RTE_PKTMBUF_HEADROOM + n, RTE_CACHE_LINE_SIZE);
	return (uint16_t)(n < UINT16_MAX ? n : RTE_ALIGN_FLOOR(UINT16_MAX, RTE_CACHE_LINE_SIZE));
}

static unsigned int pool_size(const struct plane_port *p, unsigned int queues, unsigned int workers)
{
	unsigned int n = queues * (2 * DESCRIPTORS + (p->xdp ? XDP_PORT_FILL : 0)) +
			 workers * (2 * POOL_CACHE + TX_FRAMES_MAX + 2 * BURST_MAX + HANDOVER_SIZE);

	return n > POOL_MIN ? n : POOL_MIN;
}

uint64_t port_memory(const struct plane_conf *conf, const struct plane_port *p, uint32_t page)
{
	uint64_t mbuf = sizeof(struct rte_mbuf) + 2 * RTE_CACHE_LINE_SIZE;

	mbuf += data_room(p, p->mtu);
	/* No mbuf crosses the end of a page that it could have fitted into. */
	mbuf = mbuf < page ? page / (page / mbuf) : RTE_ALIGN(mbuf, page);
	if (p->xdp)
		mbuf = XDP_PORT_BUFFER;
	return mbuf * pool_size(p, conf->n_workers, conf->n_workers);
}

uint16_t port_queue_of(const struct port *port, uint16_t n_queues, uint16_t w, uint16_t n)
{
	uint16_t q = (uint16_t)((w + n - port->first) % n);

	return q < n_queues ? q : PORT_NO_QUEUE;
}

/* --- opening ----------------------------------------------------------------------------- */

static int attach(struct port *p, const struct plane_port *conf, struct plane_error *err)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	int rc;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(conf->devargs, ","), conf->devargs);
	if (rte_eth_dev_get_port_by_name(name, &p->dev) == 0)
		return 0; /* made by the caller, or by EAL */
	if (conf->pci) {
		snprintf(err->text, sizeof(err->text),
			 "interface %s: no driver of DPDK has %s; viaduct --doctor says why",
			 conf->name, name);
		return -ENODEV;
	}
	/* TAP is told of packets by a real-time signal; where too many wait, Linux sends SIGIO. */
	if (strncmp(name, "net_tap", 7) == 0)
		signal(SIGIO, SIG_IGN);
	rc = rte_dev_probe(conf->devargs);
	if (rc < 0)
		return fail(err, -rc, conf->name, conf->devargs);
	if (rte_eth_dev_get_port_by_name(name, &p->dev) < 0)
		return fail(err, ENODEV, conf->name, conf->devargs);
	p->attached = true;
	return 0;
}

static uint32_t device_mtu(uint16_t dev, const struct rte_eth_dev_info *info)
{
	char name[IF_NAMESIZE];
	uint16_t mtu = 0;

	if (info->if_index && if_indextoname(info->if_index, name))
		return linux_mtu(name);
	rte_eth_dev_get_mtu(dev, &mtu);
	return mtu ? mtu : RTE_ETHER_MTU;
}

static int choose_mtu(struct port *p, const struct plane_port *conf,
		      const struct rte_eth_dev_info *info)
{
	uint32_t bsize = memif_bsize(conf->devargs), before;
	int rc;

	p->mtu = before = device_mtu(p->dev, info);
	if (!conf->mtu)
		return 0;
	/* A Linux interface keeps its own; one that only DPDK has takes what it can. */
	if (info->if_index && conf->mtu > p->mtu)
		return 0;
	p->mtu = conf->mtu;
	if (bsize && p->mtu > bsize - RTE_ETHER_HDR_LEN)
		p->mtu = bsize - RTE_ETHER_HDR_LEN;
	/* A NIC drops what is longer than it was told, and others may not know of ours. */
	if (info->if_index || (conf->pci && p->mtu <= before))
		return 0;
	rc = rte_eth_dev_set_mtu(p->dev, (uint16_t)p->mtu);
	return conf->pci ? rc : 0; /* memif and rings have no such call, and take any size */
}

static void choose_features(struct port *p, const struct rte_eth_dev_info *info,
			    struct rte_eth_conf *c)
{
	/* TAP computes its "offloads" on our core, slower than we do. virtio leaves checksums out
	 * in frames of the same host for who can verify them, and Linux needs them whole. */
	bool none = strcmp(info->driver_name, "net_tap") == 0 ||
		    (p->tap && strncmp(info->driver_name, "net_virtio", 10) == 0);
	uint64_t rx = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	uint64_t tx = RTE_ETH_TX_OFFLOAD_UDP_CKSUM;

	if (!none) {
		c->rxmode.offloads = info->rx_offload_capa & rx;
		c->txmode.offloads = info->tx_offload_capa & tx;
		p->tx_udp_csum = c->txmode.offloads != 0;
	}
	if (p->n_rxq > 1 && info->flow_type_rss_offloads) {
		c->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		c->rx_adv_conf.rss_conf.rss_hf =
			info->flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP);
	}
}

static int make_pool(struct port *p, const struct plane_conf *conf, uint16_t i,
		     struct plane_error *err)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	const struct plane_port *pc = &conf->ports[i];
	unsigned int queues = p->n_rxq > p->n_txq ? p->n_rxq : p->n_txq;
	unsigned int n = pool_size(pc, queues, conf->n_workers);
	int socket = rte_eth_dev_socket_id(p->dev);

	snprintf(name, sizeof(name), "port%u", p->dev);
	p->pool = pc->xdp ? xdp_port_pool(name, n, POOL_CACHE, socket)
			  : rte_pktmbuf_pool_create(name, n, POOL_CACHE, 0, data_room(pc, p->mtu),
						    socket);
	return p->pool ? 0 : fail(err, rte_errno, p->name, "packet buffers");
}

/* Rings for the frames of workers that have no tx queue here. */
static int make_handover(struct port *p, uint16_t n_workers, struct plane_error *err)
{
	char name[RTE_RING_NAMESIZE];

	if (p->n_txq == n_workers)
		return 0;
	p->handover = calloc(p->n_txq, sizeof(*p->handover));
	if (!p->handover)
		return fail(err, ENOMEM, p->name, "rings");
	for (uint16_t q = 0; q < p->n_txq; q++) {
		snprintf(name, sizeof(name), "tx%u.%u", p->dev, q);
		p->handover[q] = rte_ring_create(name, HANDOVER_SIZE, rte_eth_dev_socket_id(p->dev),
						 RING_F_SC_DEQ);
		if (!p->handover[q])
			return fail(err, rte_errno, p->name, "rings");
	}
	return 0;
}

/* What Linux sends by the TAP waits here for the worker of the first transmit queue. */
static int make_kernel_ring(struct port *p, struct plane_error *err)
{
	if (!p->tap)
		return 0;
	p->from_kernel = calloc(1, sizeof(*p->from_kernel));
	if (p->from_kernel && kernel_ring_init(p->from_kernel) == 0)
		return 0;
	return fail(err, ENOMEM, p->name, "ring from Linux");
}

static int setup_queues(struct port *p, const struct plane_port *pc, struct plane_error *err)
{
	uint16_t n_rxd = pc->xdp ? XDP_PORT_FILL : DESCRIPTORS, n_txd = DESCRIPTORS;
	int socket = rte_eth_dev_socket_id(p->dev), rc;

	rc = rte_eth_dev_adjust_nb_rx_tx_desc(p->dev, &n_rxd, &n_txd);
	for (uint16_t q = 0; rc >= 0 && q < p->n_rxq; q++)
		rc = rte_eth_rx_queue_setup(p->dev, q, n_rxd, socket, NULL, p->pool);
	for (uint16_t q = 0; rc >= 0 && q < p->n_txq; q++)
		rc = rte_eth_tx_queue_setup(p->dev, q, n_txd, socket, NULL);
	return rc < 0 ? fail(err, -rc, p->name, "queues") : 0;
}

static uint16_t least(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t n = a < b ? a : b;

	return (uint16_t)(n < c ? n : c);
}

static int start(struct port *p, const struct plane_conf *conf, uint16_t i, struct plane_error *err)
{
	const struct plane_port *pc = &conf->ports[i];
	uint16_t queues = pc->queues ? pc->queues : conf->n_workers;
	struct rte_eth_dev_info info;
	struct rte_eth_conf c = { 0 };
	struct rte_ether_addr mac;
	uint32_t frame = packet_framesz(pc->devargs);
	int rc;

	rc = rte_eth_dev_info_get(p->dev, &info);
	if (rc < 0)
		return fail(err, -rc, p->name, "device information");
	p->n_rxq = least(info.max_rx_queues, conf->n_workers, queues);
	p->n_txq = least(info.max_tx_queues, conf->n_workers, queues);
	choose_features(p, &info, &c);
	rc = rte_eth_dev_configure(p->dev, p->n_rxq, p->n_txq, &c);
	if (rc < 0)
		return fail(err, -rc, p->name, "device configuration");
	rc = choose_mtu(p, pc, &info);
	if (rc < 0)
		return fail(err, -rc, p->name, "MTU");
	p->frame_limit = frame ? frame - TPACKET_IP_OFFSET : 0;
	rc = make_pool(p, conf, i, err);
	if (rc == 0)
		rc = make_handover(p, conf->n_workers, err);
	if (rc == 0)
		rc = make_kernel_ring(p, err);
	if (rc == 0)
		rc = setup_queues(p, pc, err);
	if (rc < 0)
		return pc->xdp ? xdp_port_refused(p, -rc, err) : rc;
	rc = rte_eth_dev_start(p->dev);
	if (rc < 0)
		return fail(err, -rc, p->name, "start of the device");
	/* Neighbour discovery and routing protocols; drivers without such a filter say so. */
	if (p->tap)
		(void)rte_eth_allmulticast_enable(p->dev);
	rte_eth_macaddr_get(p->dev, &mac);
	memcpy(p->mac, mac.addr_bytes, sizeof(p->mac));
	return pc->xdp ? xdp_port_steer(p, info.if_index, err) : 0;
}

int port_open(struct port *p, const struct plane_conf *conf, uint16_t i, struct plane_error *err)
{
	const struct plane_port *pc = &conf->ports[i];
	int rc;

	memset(p, 0, sizeof(*p));
	p->name = pc->name;
	p->dev = RTE_MAX_ETHPORTS;
	p->shared = pc->kernel_shared;
	p->tap = pc->kernel_tap;
	p->partial = pc->partial_checksums;
	p->first = i % conf->n_workers;
	rc = pc->xdp ? xdp_port_prepare(p, pc->devargs, err) : 0;
	if (rc == 0)
		rc = attach(p, pc, err);
	return rc < 0 ? rc : start(p, conf, i, err);
}

void port_close(struct port *p)
{
	xdp_steer_close(p->steer);
	if (p->dev < RTE_MAX_ETHPORTS && rte_eth_dev_is_valid_port(p->dev)) {
		struct rte_eth_dev_info info;
		struct rte_device *device = NULL;

		if (rte_eth_dev_info_get(p->dev, &info) == 0)
			device = info.device;
		rte_eth_dev_stop(p->dev);
		rte_eth_dev_close(p->dev);
		if (p->attached && device)
			rte_dev_remove(device);
	}
	for (uint16_t q = 0; p->handover && q < p->n_txq; q++)
		rte_ring_free(p->handover[q]);
	free(p->handover);
	if (p->from_kernel)
		kernel_ring_fini(p->from_kernel);
	free(p->from_kernel);
	rte_mempool_free(p->pool);
	memset(p, 0, sizeof(*p));
	p->dev = RTE_MAX_ETHPORTS;
}
