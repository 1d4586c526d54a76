/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the configuration reader share. Internal to config*.c.
 *
 * A reader walks the parse tree once, section by section, fills the structs of config.h and goes on
 * after every fault. A value that cannot be read leaves its field as the default has it, and the
 * checks that follow treat zero and NULL as "unknown, already reported". Running out of memory sets
 * no_memory and everybody returns as soon as convenient. Control thread only.
 */
#pragma once

#include "control/config/alloc.h"
#include "control/config/config.h"
#include "control/config/config_schema.h"
#include "control/config/yaml_tree.h"

struct config_reader {
	struct arena *arena;  /* of the configuration being made */
	struct arena scratch; /* gone when loading ends */
	struct config_errors *errs;
	void *images[SECTION_N]; /* one struct of each section with its defaults; NULL = not made
				    yet */
	bool whole;              /* false: the text broke off, so do not ask for what is missing */
	bool no_memory;
};

#define CONFIG_SHOWN 64 /* room for a value or a name in a message */

/** arena_alloc() from the configuration; sets no_memory. */
void *config_alloc(struct config_reader *r, size_t n);

/** Copies @n bytes as text into the configuration; sets no_memory. */
const char *config_copy(struct config_reader *r, const void *p, size_t n);

/** The same of a host name, in lower case. */
const char *config_lower(struct config_reader *r, const char *p, size_t n);

/** Adds a fault at @mark. */
__attribute__((format(printf, 3, 4))) void config_fault(struct config_reader *r,
							struct config_mark mark, const char *fmt,
							...);

/** Writes @n bytes at @p to @out for a message: escaped to printable ASCII, cut. Returns @out. */
const char *config_show(char out[CONFIG_SHOWN], const void *p, size_t n);

/** config_show() of an address. */
const char *config_show_ip(char out[CONFIG_SHOWN], const struct ip *ip);

/** config_show() of an address and its port. */
const char *config_show_endpoint(char out[CONFIG_SHOWN], const struct endpoint *e);

/** Adds the fault that @node is not what @key takes; @words says what that is. */
void config_fault_type(struct config_reader *r, const struct config_key *key,
		       const struct yaml_node *node, const char *words);

/** True if @node is a scalar; else adds the fault that it is not. */
bool config_scalar(struct config_reader *r, const struct config_key *key,
		   const struct yaml_node *node);

/** Fills @out, a struct of @section, from the mapping @node; checks the section by itself. */
void config_read_section(struct config_reader *r, enum config_section_id section,
			 const struct yaml_node *node, void *out);

/* Readers of one value: fill @out, whose type config_types.def names, or add a fault. */
#define TYPE(type, ctype, words)                                                       \
	void config_read_##type(struct config_reader *r, const struct config_key *key, \
				const struct yaml_node *node, void *out);
#include "control/config/config_types.def"

/** Reads the decimal digits that are all of the @n bytes at @p; false if they are anything else. */
bool config_digits(const char *p, size_t n, int64_t *out);

/** True if the @n bytes at @p are a host name (RFC 1123 2.1; RFC 3261 25.1: the top label begins
 * with a letter), without a dot at the end. */
bool config_is_hostname(const char *p, size_t n);

/** Reads an IP address; IPv6 without brackets, no zone, and IPv4 only in its own form. */
bool config_ip(const char *p, size_t n, struct ip *out);

/** Checks one section by itself, once all its keys are read; @base is its struct. */
void config_check_section(struct config_reader *r, enum config_section_id section, void *base);

/** Checks across sections; resolves the pools of routes. */
void config_check(struct config_reader *r, struct config *c);
