/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two files, what Linux has on the interfaces that they name, and the worlds made of them: for the
 * tests of the world builder.
 */
#pragma once

#include "control/config/config.h"
#include "control/world/world_build.h"

#define WORLD_LAB_SECRET "secret of the test"

/* The rest of a file behind its interfaces and listeners. */
#define WORLD_LAB_TAIL                                                      \
	"pools:\n"                                                          \
	"  - {name: core, backends: [{name: c, address: \"10.0.0.11\"}]}\n" \
	"routes:\n"                                                         \
	"  - {pool: core}\n"

extern const char world_lab_smallest[]; /* the smallest useful file */
extern const char world_lab_full[];     /* one with most there is */

/** The address in @text; the test fails if it is none. */
struct ip world_lab_ip(const char *text);

/** What Linux has: eth0 192.0.2.10/24, 192.0.2.11/24, 2001:db8::10/64 and a link-local address,
 * eth1 10.0.0.1/8. Generation 7. */
struct world_facts world_lab_facts(void);

/** The world of @text, the caller's; NULL if it has faults, which then are in @errs. */
struct world *world_lab_try(const char *text, const struct world_facts *f,
			    struct config_errors *errs);

/** The world of @text, the caller's; the test fails if there are faults. */
struct world *world_lab_build(const char *text, const struct world_facts *f);

/** The test fails unless the one fault of @text stands at @line and mentions @what. */
void world_lab_fault(const char *text, const struct world_facts *f, uint32_t line,
		     const char *what);
