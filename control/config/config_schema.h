/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The key table of config_keys.def as data: sections, their keys, types, words. Internal to
 * config*.c.
 *
 * Constant, so any thread may read it; only the configuration reader has a reason to.
 */
#pragma once

#include "control/config/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_key_flags { KF_REQUIRED = 1 << 0, KF_RESTART = 1 << 1, KF_SCALAR_TOO = 1 << 2 };

/* What stands in the struct for a key. */
enum config_shape { SHAPE_VALUE, SHAPE_LIST, SHAPE_MAP, SHAPE_MAPS };

enum config_type {
#define TYPE(type, ctype, words) TYPE_##type,
#include "control/config/config_types.def"
	TYPE_SECTION /* SHAPE_MAP and SHAPE_MAPS */
};

enum config_section_id {
#define SECTION(section, ...) SECTION_##section,
#include "control/config/config_keys.def"
	SECTION_N
};

/* A word that a value may be. A table of them ends with a NULL name. */
struct config_word {
	const char *name;
	unsigned int value;
};

struct config_key {
	const char *name;
	const char *dflt;
	const char *help;
	int64_t min;
	int64_t max;
	const struct config_word *words;
	enum config_shape shape;
	enum config_type type;
	enum config_section_id sub; /* of SHAPE_MAP and SHAPE_MAPS */
	unsigned int flags;         /* enum config_key_flags */
	size_t offset;              /* of the value, or of the pointer to the first element */
	size_t n_offset;            /* of the number of elements, uint32_t */
	size_t size;                /* of the value or of one element */
};

#define CONFIG_KEYS_MAX 32 /* of one section: sets of keys are bits of 32 */

struct config_section {
	const char *path;
	const char *noun;
	size_t size;                   /* of its struct, which begins with mark and at[] */
	const struct config_key *keys; /* in the order of CK_section_* */
	uint32_t n_keys;
};

extern const struct config_section config_sections[SECTION_N];

/** Words for a type, as messages and the reference use them. */
const char *config_type_words(enum config_type type);

/** True if @key's default is a value and not only said in words. */
static inline bool config_key_has_default(const struct config_key *key)
{
	return key->dflt && key->dflt[0] != '(';
}

/** The key called by the @n bytes at @name in @s, or NULL. */
const struct config_key *config_key_find(const struct config_section *s, const char *name,
					 size_t n);

/** The key of @s whose name is nearest to the @n bytes at @name, or NULL if none is near. */
const struct config_key *config_key_nearest(const struct config_section *s, const char *name,
					    size_t n);

/** The only section with a key called so, or NULL if there are none or several. */
const struct config_section *config_section_of_key(const char *name, size_t n);

/** The word for @value in @words, or NULL. */
const struct config_word *config_word_of(const struct config_word *words, unsigned int value);
