/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link address of the next hop, as Linux knows or finds it: for devices that Linux shares.
 * Main thread, before anything runs.
 */
#pragma once

#include "dataplane/sip/ip.h"

/**
 * Finds the link address by which @to is reached over the Linux interface @iface: its own, or that
 * of the gateway on the way. Waits up to 3 s for an answer. Returns 0, or a negative errno with a
 * text in @error (256 bytes).
 */
int hop_find(const char *iface, const struct ip *to, uint8_t mac[6], char *error);
