/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reload: the file again, by signal or by command. It comes into force as a whole or not at all;
 * workers see one snapshot swap and lose no packet. Control thread only; one at a time, since it
 * runs to its end in one turn of the event loop.
 */
#pragma once

#include "control/config/err.h"

#include <jansson.h>
#include <stdbool.h>

struct app;

enum reload_flags {
	RELOAD_DRY_RUN = 1, /* only find out what would change */
	RELOAD_RESET = 2    /* drop what was set by hand, and health */
};

/* What came of it. All zero to begin with; reload_result_free() in the end. */
struct reload_result {
	json_t *differences;           /* array of texts; no order that means anything */
	json_t *pools;                 /* array of {"name","moved"}, moved from 0 to 1 */
	struct config_errors faults;   /* why nothing has changed; may be none without memory */
	struct config_errors warnings; /* what is in force, or would be, and likely not meant */
};

/**
 * Reads the file of @app again and puts it in force, unless @flags (enum reload_flags) say
 * otherwise. 0, or a negative errno with nothing changed. Logs what a person should know but for a
 * dry run.
 */
int reload_now(struct app *app, unsigned int flags, struct reload_result *out);

void reload_result_free(struct reload_result *r);
