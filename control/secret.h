/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The secret file: any bytes, of which keys_derive() makes all keys. The nodes of a fleet share its
 * content, so a line end at its end, which editors and copies add or lose, does not count.
 *
 * A file that others than its owner and group may open, or that its group may write, is refused:
 * who knows the secret can forge tags and tokens. Control thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_DEFAULT_PATH "/var/lib/viaduct/secret"
#define SECRET_MIN_BYTES 16
#define SECRET_MAX_BYTES 4096

struct secret {
	uint8_t bytes[SECRET_MAX_BYTES];
	size_t n;
	bool group_readable; /* worth a warning */
	bool made;           /* by this call */
};

/**
 * Reads the secret at @path. If there is none and @make says so, makes one of 32 random bytes (mode
 * 0600, with its directory), never replacing a file that another process makes meanwhile. Returns
 * 0, or a negative errno with what is wrong in @why (@why_size bytes).
 */
int secret_load(const char *path, bool make, struct secret *out, char *why, size_t why_size);

/** Wipes the bytes. */
void secret_wipe(struct secret *s);
