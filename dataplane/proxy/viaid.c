/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The uncommon half of viaid.h: Vias with long host names or long branches. Nothing on this way is
 * copied but one host name, so the stack stays small whatever the message holds.
 */
#include "dataplane/proxy/viaid.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define NAME_MAX_FOLDED 255 /* longest DNS name; what is longer is no name and taken as written */

static void digest(const struct keys *k, const uint8_t *src, size_t n, uint8_t *out)
{
	XXH128_hash_t h = XXH3_128bits_withSecret(src, n, k->xxh, sizeof(k->xxh));

	memcpy(out, &h, sizeof(h));
}

static void put_name(const struct keys *k, const uint8_t *src, size_t n, uint8_t *out)
{
	uint8_t lower[NAME_MAX_FOLDED];

	if (n > sizeof(lower)) {
		digest(k, src, n, out);
		return;
	}
	for (size_t i = 0; i < n; i++)
		lower[i] = src[i] >= 'A' && src[i] <= 'Z' ? src[i] | 0x20 : src[i];
	if (n > VIAID_HOST_MAX)
		digest(k, lower, n, out);
	else
		memcpy(out, lower, n);
}

void viaid_make_long(const struct keys *k, const uint8_t *p, const struct sip_via *via,
		     struct viaid *out)
{
	const uint8_t *branch = span_ptr(p, via->branch);

	memset(out->host, 0, sizeof(out->host));
	memset(out->branch, 0, sizeof(out->branch));
	if (via->host.kind == HOST_IP)
		memcpy(out->host, via->host.ip.b, sizeof(via->host.ip.b));
	else
		put_name(k, span_ptr(p, via->host.text), via->host.text.len, out->host);
	if (via->branch.len > VIAID_BRANCH_MAX)
		digest(k, branch, via->branch.len, out->branch);
	else
		memcpy(out->branch, branch, via->branch.len);
}
