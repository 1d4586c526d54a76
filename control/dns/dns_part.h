/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names as a part of the daemon. Control thread only.
 */
#pragma once

struct app;

/** Another configuration is in force. What fails is logged; then the resolvers of before stay. */
void dns_take_config(struct app *app);
