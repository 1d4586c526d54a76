/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One TAP device of Linux: made, named, and gone when its descriptor is closed, however that comes
 * about. No thread, no state.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>

/**
 * Makes a TAP without any offload, so that each frame that it gives has its checksums. It is called
 * @wanted if Linux has no interface of that name and could have one; else by the first 12
 * characters of it and the lowest number that is free. @name gets the name. Returns a descriptor
 * that does not block, owned by the caller, or a negative errno.
 */
int tap_device_open(const char *wanted, char name[IF_NAMESIZE]);

/** Tells Linux whether the TAP at @fd has a carrier. A kernel that cannot be told (before 4.20)
 * thinks that it always has. */
void tap_device_carrier(int fd, bool up);
