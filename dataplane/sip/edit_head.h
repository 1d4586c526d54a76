/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The usual case of edit_apply(). Private to dataplane/sip.
 */
#pragma once

#include "dataplane/sip/edit.h"
#include "dataplane/sip/scan.h"

/**
 * edit_apply() of the list @l, checked, by moving what stands before the last change of length to
 * the left or right: what is behind it stays. False, nothing changed, where that is not the usual
 * case: texts without slack, a long head, no room.
 */
bool edit_head_any(const struct edit_list *l, uint8_t *p, uint32_t len, struct edit_room room);

/** The same for CPUs that have what scan_avx512 needs. */
bool edit_head_avx512(const struct edit_list *l, uint8_t *p, uint32_t len, struct edit_room room);

/* The one that goes with the scanner in use. A branch that is always predicted, not a pointer in
 * struct scanner: that is about reading. */
static inline bool edit_head(const struct edit_list *l, uint8_t *p, uint32_t len,
			     struct edit_room room)
{
	return scan_current() == &scan_avx512 ? edit_head_avx512(l, p, len, room)
					      : edit_head_any(l, p, len, room);
}
