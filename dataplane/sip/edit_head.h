/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The usual case of edit_apply(). Private to dataplane/sip.
 */
#pragma once

#include "dataplane/sip/edit.h"
#include "dataplane/sip/scan.h"

/**
 * edit_apply() of the list @l, checked, by moving what stands before the last change of length to
 * the left or right: what is behind it stays, or moves right by what the room before the message
 * lacks. False, nothing changed, where that is not the usual case: texts without slack, a long
 * head, no room. @pivot: the shift, from the start of the message, of what did not move.
 */
bool edit_head_any(const struct edit_list *l, uint8_t *p, uint32_t len, struct edit_room room,
		   int *pivot);

/** The same for CPUs that have what scan_avx512 needs. */
bool edit_head_avx512(const struct edit_list *l, uint8_t *p, uint32_t len, struct edit_room room,
		      int *pivot);

/* The one that goes with the scanner in use. A branch that is always predicted, not a pointer in
 * struct scanner: that is about reading. */
static inline bool edit_head(const struct edit_list *l, uint8_t *p, uint32_t len,
			     struct edit_room room, int *pivot)
{
	return scan_current() == &scan_avx512 ? edit_head_avx512(l, p, len, room, pivot)
					      : edit_head_any(l, p, len, room, pivot);
}
