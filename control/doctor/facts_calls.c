/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What only system calls tell: the state of the clock, and ethtool's side of an interface.
 */
#include "control/doctor/facts.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

#define FEATURES_MAX 512

static int clock_synchronised(void)
{
	struct timex t = { 0 };
	int state = adjtimex(&t);

	if (state < 0)
		return -errno;
	return state != TIME_ERROR && !(t.status & STA_UNSYNC);
}

/* One ethtool command; 0 or a negative errno. */
static int ethtool(const char *name, void *cmd)
{
	struct ifreq ifr = { .ifr_data = cmd };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	if (s < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	rc = ioctl(s, SIOCETHTOOL, &ifr) < 0 ? -errno : 0;
	close(s);
	return rc;
}

/* How many features this Linux knows; negative errno. */
static int n_features(const char *name)
{
	struct ethtool_sset_info *q = calloc(1, sizeof(*q) + sizeof(q->data[0]));
	int rc;

	if (!q)
		return -ENOMEM;
	q->cmd = ETHTOOL_GSSET_INFO;
	q->sset_mask = 1ull << ETH_SS_FEATURES;
	rc = ethtool(name, q);
	if (rc == 0)
		rc = q->sset_mask && q->data[0] <= FEATURES_MAX ? (int)q->data[0] : -ENOTSUP;
	free(q);
	return rc;
}

/* The number of @feature_name among @n; negative errno. */
static int feature_number(const char *name, const char *feature_name, int n)
{
	struct ethtool_gstrings *s = calloc(1, sizeof(*s) + (size_t)n * ETH_GSTRING_LEN);
	int rc;

	if (!s)
		return -ENOMEM;
	s->cmd = ETHTOOL_GSTRINGS;
	s->string_set = ETH_SS_FEATURES;
	s->len = (uint32_t)n;
	rc = ethtool(name, s);
	for (int i = 0; i < n && rc == 0; i++) {
		if (strncmp((char *)s->data + i * ETH_GSTRING_LEN, feature_name, ETH_GSTRING_LEN) ==
		    0) {
			free(s);
			return i;
		}
	}
	free(s);
	return rc < 0 ? rc : -ENOENT;
}

/* Whether feature number @i is on; negative errno. */
static int feature_is_on(const char *name, int i)
{
	struct ethtool_gfeatures *g;
	int rc;

	g = calloc(1, sizeof(*g) + FEATURES_MAX / 32 * sizeof(g->features[0]));
	if (!g)
		return -ENOMEM;
	g->cmd = ETHTOOL_GFEATURES;
	g->size = FEATURES_MAX / 32;
	rc = ethtool(name, g);
	if (rc == 0)
		rc = (int)(g->features[i / 32].active >> (i % 32) & 1);
	free(g);
	return rc;
}

static int feature(const char *name, const char *feature_name)
{
	int n = n_features(name);
	int i = n < 0 ? n : feature_number(name, feature_name, n);

	return i < 0 ? i : feature_is_on(name, i);
}

static int hashes_udp_ports(const char *name)
{
	struct ethtool_rxnfc q = { .cmd = ETHTOOL_GRXFH, .flow_type = UDP_V4_FLOW };
	int rc = ethtool(name, &q);

	return rc < 0 ? rc : (q.data & (RXH_L4_B_0_1 | RXH_L4_B_2_3)) != 0;
}

const struct fact_calls fact_calls_linux = {
	.clock_synchronised = clock_synchronised,
	.feature = feature,
	.hashes_udp_ports = hashes_udp_ports,
};
