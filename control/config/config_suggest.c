/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Did you mean: the key that a mistyped one is nearest to.
 */
#include "control/config/config_schema.h"
#include "control/config/near.h"

const struct config_key *config_key_nearest(const struct config_section *s, const char *name,
					    size_t n)
{
	const struct config_key *found = NULL;
	struct near near = near_begin(name, n);

	for (uint32_t i = 0; i < s->n_keys; i++) {
		const char *before = near.found;

		near_offer(&near, s->keys[i].name);
		if (near.found != before)
			found = &s->keys[i];
	}
	return found;
}
