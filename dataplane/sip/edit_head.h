/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The usual case of edit_apply(). Private to dataplane/sip.
 */
#pragma once

#include "dataplane/sip/edit.h"

/**
 * edit_apply() of the list @l, checked, by moving what stands before the last change of length to
 * the left or right: what is behind it stays. False, nothing changed, where that is not the usual
 * case: texts without slack, a long head, no room.
 */
bool edit_head(const struct edit_list *l, uint8_t *p, uint32_t len, struct edit_room room);
