/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The key table, expanded, and searches in it.
 *
 * The preprocessor checks what it can: a key's type must have the size of the field that it fills.
 */
#include "control/config/config_schema.h"

#include <assert.h>
#include <string.h>

static const struct config_word names_idle[] = { { "sleep", CONFIG_IDLE_SLEEP },
						 { "spin", CONFIG_IDLE_SPIN },
						 { NULL, 0 } };

static const struct config_word names_hugepages[] = { { "auto", CONFIG_HUGEPAGES_AUTO },
						      { "on", CONFIG_HUGEPAGES_ON },
						      { "off", CONFIG_HUGEPAGES_OFF },
						      { NULL, 0 } };

static const struct config_word names_device[] = { { "packet", CONFIG_DEVICE_PACKET },
						   { "xdp", CONFIG_DEVICE_XDP },
						   { "pci", CONFIG_DEVICE_PCI },
						   { "memif", CONFIG_DEVICE_MEMIF },
						   { "tap", CONFIG_DEVICE_TAP },
						   { "vdev", CONFIG_DEVICE_VDEV },
						   { NULL, 0 } };

static const struct config_word names_kernel[] = { { "shared", CONFIG_KERNEL_SHARED },
						   { "tap", CONFIG_KERNEL_TAP },
						   { "none", CONFIG_KERNEL_NONE },
						   { NULL, 0 } };

static const struct config_word names_transport[] = {
	{ "udp", CONFIG_UDP }, { "tcp", CONFIG_TCP }, { "tls", CONFIG_TLS }, { NULL, 0 }
};

static const struct config_word names_tls_version[] = { { "1.2", CONFIG_TLS_1_2 },
							{ "1.3", CONFIG_TLS_1_3 },
							{ NULL, 0 } };

static const struct config_word names_state[] = { { "up", CONFIG_STATE_UP },
						  { "drain", CONFIG_STATE_DRAIN },
						  { "down", CONFIG_STATE_DOWN },
						  { NULL, 0 } };

static const struct config_word names_log_level[] = { { "error", CONFIG_LOG_ERROR },
						      { "warning", CONFIG_LOG_WARNING },
						      { "info", CONFIG_LOG_INFO },
						      { "debug", CONFIG_LOG_DEBUG },
						      { NULL, 0 } };

static const struct config_word names_log_format[] = { { "text", CONFIG_LOG_TEXT },
						       { "json", CONFIG_LOG_JSON },
						       { NULL, 0 } };

/* Structs of the sections, and sizes of the C types, under the names that the table uses. */
#define SECTION(section, type, path, noun) typedef struct type struct_##section;
#include "control/config/config_keys.def"

enum type_size {
#define TYPE(type, ctype, words) SIZE_##type = sizeof(ctype),
#include "control/config/config_types.def"
};

/* One array of keys for each section. */
#define FIELD(section, field) (((struct_##section *)0)->field)
#define SECTION(section, type, path, noun)                                                    \
	static_assert(offsetof(struct_##section, mark) == 0 &&                                \
			      offsetof(struct_##section, at) == sizeof(struct config_mark) && \
			      CK_##section##_N <= CONFIG_KEYS_MAX,                            \
		      #section);                                                              \
	static const struct config_key keys_##section[] = {
#define KEY(section, field, t, d, lo, hi, w, f, h)     \
	{ .name = #field,                              \
	  .shape = SHAPE_VALUE,                        \
	  .type = TYPE_##t,                            \
	  .dflt = (d),                                 \
	  .min = (lo),                                 \
	  .max = (hi),                                 \
	  .words = (w),                                \
	  .flags = (f),                                \
	  .offset = offsetof(struct_##section, field), \
	  .size = sizeof(FIELD(section, field)),       \
	  .help = (h) },
#define LIST(section, field, t, d, lo, hi, f, h)             \
	{ .name = #field,                                    \
	  .shape = SHAPE_LIST,                               \
	  .type = TYPE_##t,                                  \
	  .dflt = (d),                                       \
	  .min = (lo),                                       \
	  .max = (hi),                                       \
	  .flags = (f),                                      \
	  .offset = offsetof(struct_##section, field),       \
	  .n_offset = offsetof(struct_##section, n_##field), \
	  .size = sizeof(*FIELD(section, field)),            \
	  .help = (h) },
#define MAP(section, field, s, f, h)                   \
	{ .name = #field,                              \
	  .shape = SHAPE_MAP,                          \
	  .type = TYPE_SECTION,                        \
	  .sub = SECTION_##s,                          \
	  .flags = (f),                                \
	  .offset = offsetof(struct_##section, field), \
	  .size = sizeof(struct_##s),                  \
	  .help = (h) },
#define MAPS(section, field, s, lo, hi, f, h)                \
	{ .name = #field,                                    \
	  .shape = SHAPE_MAPS,                               \
	  .type = TYPE_SECTION,                              \
	  .sub = SECTION_##s,                                \
	  .min = (lo),                                       \
	  .max = (hi),                                       \
	  .flags = (f),                                      \
	  .offset = offsetof(struct_##section, field),       \
	  .n_offset = offsetof(struct_##section, n_##field), \
	  .size = sizeof(struct_##s),                        \
	  .help = (h) },
#define SECTION_END(section) \
	}                    \
	;
#include "control/config/config_keys.def"

/* A row whose type does not have the size of its field does not compile. */
#define KEY(section, field, type, ...) \
	static_assert(sizeof(FIELD(section, field)) == (size_t)SIZE_##type, #section "." #field);
#define LIST(section, field, type, ...) \
	static_assert(sizeof(*FIELD(section, field)) == (size_t)SIZE_##type, #section "." #field);
#define MAP(section, field, sub, ...) \
	static_assert(sizeof(FIELD(section, field)) == sizeof(struct_##sub), #section "." #field);
#define MAPS(section, field, sub, ...) \
	static_assert(sizeof(*FIELD(section, field)) == sizeof(struct_##sub), #section "." #field);
#include "control/config/config_keys.def"

const struct config_section config_sections[SECTION_N] = {
#define SECTION(section, type, p, words)                          \
	[SECTION_##section] = { .path = (p),                      \
				.noun = (words),                  \
				.size = sizeof(struct_##section), \
				.keys = keys_##section,           \
				.n_keys = CK_##section##_N },
#include "control/config/config_keys.def"
};

const char *config_type_words(enum config_type type)
{
	static const char *const words[] = {
#define TYPE(type, ctype, text) text,
#include "control/config/config_types.def"
		"a mapping"
	};

	return words[type];
}

const struct config_key *config_key_find(const struct config_section *s, const char *name, size_t n)
{
	for (uint32_t i = 0; i < s->n_keys; i++) {
		const char *k = s->keys[i].name;

		if (strlen(k) == n && memcmp(k, name, n) == 0)
			return &s->keys[i];
	}
	return NULL;
}

const struct config_section *config_section_of_key(const char *name, size_t n)
{
	const struct config_section *found = NULL;

	for (int i = 0; i < SECTION_N; i++) {
		if (!config_key_find(&config_sections[i], name, n))
			continue;
		if (found)
			return NULL;
		found = &config_sections[i];
	}
	return found;
}

const struct config_word *config_word_of(const struct config_word *words, unsigned int value)
{
	for (; words->name; words++) {
		if (words->value == value)
			return words;
	}
	return NULL;
}
