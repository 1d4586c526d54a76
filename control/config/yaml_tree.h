/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A YAML document as a tree that remembers where everything stands.
 *
 * libyaml does the scanning; its events are turned into nodes of an arena here. Of YAML, a
 * configuration needs mappings, lists and scalars: anchors, aliases and tags are refused, which
 * also rules out documents that expand beyond their size. Depth and number of nodes are bounded.
 * libcyaml was not taken: it stops at the first fault. Control thread only.
 */
#pragma once

#include "control/config/alloc.h"
#include "control/config/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define YAML_TREE_DEPTH 16         /* mappings and lists inside each other */
#define YAML_TREE_NODES (1u << 20) /* nodes of one document */

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	bool plain;              /* scalar without quotes */
	bool bad;                /* a fault here is reported already */
	struct config_mark mark; /* first character */
	uint32_t len;            /* of text */
	uint32_t n;              /* elements of a list, keys of a mapping */
	const char *text;        /* scalar: its bytes and a NUL behind them; may contain NULs */
	struct yaml_node *first; /* elements of a list; keys of a mapping */
	struct yaml_node *last;
	struct yaml_node *next;  /* element or key behind this one */
	struct yaml_node *value; /* of a key; NULL only if the document broke off there */
};

struct yaml_tree {
	struct yaml_node *root; /* NULL = the document is empty */
	bool whole;             /* false: broken off at a fault, what stands before it is there */
};

/**
 * Reads the one document in the @n bytes of UTF-8 at @text into nodes that live in @a. Adds every
 * fault to @errs. Returns 0, also with faults, or -ENOMEM.
 */
int yaml_tree_read(struct arena *a, const void *text, size_t n, struct config_errors *errs,
		   struct yaml_tree *out);

/** The value of the key called @name in the mapping @map; NULL if absent or @map is no mapping. */
const struct yaml_node *yaml_tree_get(const struct yaml_node *map, const char *name);
