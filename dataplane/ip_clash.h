/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes room for our struct ip (sip/ip.h) beside the one of <netinet/ip.h>, which DPDK's rte_ip.h
 * and rte_ethdev.h include without need: that header, read once, here, under another name of its
 * struct. Must come before any DPDK header, as project headers do.
 */
#pragma once

#include <netinet/in.h>
#define ip netinet_ip
#include <netinet/ip.h>
#undef ip
