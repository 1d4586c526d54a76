/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the configuration says of an interface with a TAP, put on the TAP by rtnetlink: link
 * address, MTU, addresses, permanent neighbours, default routes. Everything else (routes, DHCP,
 * more addresses) is the operator's and left alone.
 *
 * The requests wait for Linux to answer, which it does at once: for the start and for reloads.
 */
#pragma once

#include "control/config/config.h"

#include <net/if.h>

/* Something that Linux did not take: @mark is its place in the file. */
typedef void (*tap_fault_fn)(void *arg, struct config_mark mark, const char *what, int rc);

/** Gives interface @index of Linux its link address and MTU and brings it up. 0 or a negative
 * errno. */
int tap_settings_link(int index, const uint8_t mac[6], uint32_t mtu);

/**
 * Puts the addresses, neighbours and gateways of @now on interface @index of Linux, and takes those
 * of @before (NULL: none) off that @now has not. Each that fails is told by @fault (@arg passed
 * on; -EEXIST: a gateway, for Linux has another default route); the others are done all the same.
 * Returns 0, also after -EEXIST, or the negative errno of the first.
 */
int tap_settings_apply(int index, const struct config_interface *before,
		       const struct config_interface *now, tap_fault_fn fault, void *arg);
