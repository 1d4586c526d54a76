/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket without a daemon behind it: every command answers with its parameters. A
 * program that links this gets these handlers and not those of control/cmd_*.c.
 */
#pragma once

#include "control/rpc/rpc.h"

/* How often a handler ran. */
extern unsigned long rpc_echo_calls;
