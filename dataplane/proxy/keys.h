/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The keys of everything that an outsider could aim at or forge, all derived from the one
 * configured secret.
 *
 * Hashes that only spread or identify (branch, table key) use XXH3 with a secret of our own; values
 * that others must not be able to make (Record-Route token, To tag of our answers) use SipHash-2-4,
 * a real MAC (siphash.h). Nodes of a fleet with the same secret compute the same
 * values (RFC 3261 16.11: same choice after restart and on each node).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct keys {
	uint8_t xxh[192];   /* XXH3 secret, XXH3_SECRET_SIZE_MIN or more */
	uint8_t tag[16];    /* SipHash key: To tags */
	uint8_t token[16];  /* SipHash key: Record-Route tokens */
	uint8_t branch[16]; /* SipHash key: second half of branches of RFC 2543 requests */
};

/**
 * Derives all keys from @n bytes of secret (16 or more) by keyed BLAKE2b. Deterministic. Not for
 * the packet path. Returns 0, or -EINVAL if the secret is too short.
 */
int keys_derive(const void *secret, size_t n, struct keys *out);
