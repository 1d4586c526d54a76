/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values of the command line as JSON.
 */
#pragma once

#include "control/rpc/commands.h"

/**
 * Puts the value @text of @p into the object @to. Of a FILE its contents: as they are if they are
 * plain ASCII, else in base64, which the object @sent is told by "base64". False with @why filled
 * (@n bytes with the NUL).
 */
bool value_read(const struct command_param *p, const char *text, json_t *sent, json_t *to,
		char *why, size_t n);
