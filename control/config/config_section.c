/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk: mappings and lists of the file against the key table.
 *
 * Knows shapes only; values are read by config_read_TYPE(), meanings are checked by config_local.c
 * and config_check.c. Defaults go through the same readers as values, once for each kind of
 * section; the struct that results is the image that each new one starts from.
 */
#include "control/config/config_reader.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CONFIG_WHERE (CONFIG_SHOWN + 32)

static void read_key(struct config_reader *r, const struct config_key *key,
		     const struct yaml_node *node, uint8_t *base);

static void read_value(struct config_reader *r, const struct config_key *key,
		       const struct yaml_node *node, void *out)
{
	static void (*const read[])(struct config_reader *, const struct config_key *,
				    const struct yaml_node *, void *) = {
#define TYPE(type, ctype, words) config_read_##type,
#include "control/config/config_types.def"
	};

	if (node->bad)
		return;
	if (key->type == TYPE_SECTION)
		config_read_section(r, key->sub, node, out);
	else
		read[key->type](r, key, node, out);
}

/* "[a, b]" of the key table to list elements; any other text is one scalar. */
static const struct yaml_node *default_node(struct config_reader *r, const char *text)
{
	struct yaml_node *list = arena_alloc(&r->scratch, sizeof(*list));
	const char *p = text + 1;

	if (!list)
		goto no_memory;
	*list = (struct yaml_node){
		.kind = YAML_SCALAR, .plain = true, .text = text, .len = (uint32_t)strlen(text)
	};
	if (text[0] != '[')
		return list;
	list->kind = YAML_LIST;
	while (*p) {
		struct yaml_node *node = arena_alloc(&r->scratch, sizeof(*node));

		if (!node)
			goto no_memory;
		node->plain = true;
		node->text = p;
		node->len = (uint32_t)strcspn(p, ",]");
		p += node->len + 1;
		p += strspn(p, " ");
		*(list->last ? &list->last->next : &list->first) = node;
		list->last = node;
		list->n++;
	}
	return list;
no_memory:
	r->no_memory = true;
	return NULL;
}

/* Makes the image of @section, which all structs of it start from. */
static const void *image(struct config_reader *r, enum config_section_id section)
{
	const struct config_section *s = &config_sections[section];
	uint8_t *base = r->images[section];

	if (base)
		return base;
	base = arena_alloc(&r->scratch, s->size);
	if (!base) {
		r->no_memory = true;
		return NULL;
	}
	for (uint32_t i = 0; i < s->n_keys && !r->no_memory; i++) {
		const struct config_key *key = &s->keys[i];
		const struct yaml_node *node;
		const void *sub;

		if (key->shape == SHAPE_MAP) {
			sub = image(r, key->sub);
			if (sub)
				memcpy(base + key->offset, sub, key->size);
		} else if (config_key_has_default(key)) {
			node = default_node(r, key->dflt);
			if (node)
				read_key(r, key, node, base);
		}
	}
	r->images[section] = base;
	return r->no_memory ? NULL : base;
}

static void read_list(struct config_reader *r, const struct config_key *key,
		      const struct yaml_node *node, uint8_t *base)
{
	const struct yaml_node *child = node;
	uint32_t n = 0;
	uint8_t *v;

	if (node->kind == YAML_LIST) {
		child = node->first;
		n = node->n;
	} else if ((key->flags & KF_SCALAR_TOO) && node->kind == YAML_SCALAR) {
		n = 1;
	} else {
		config_fault_type(r, key, node, "a list");
		return;
	}
	if (n < key->min) {
		config_fault(r, node->mark,
			     "%s: the list is empty; leave the key out or list at least "
			     "%d",
			     key->name, (int)key->min);
		return;
	}
	if (n > key->max) {
		config_fault(r, node->mark, "%s: %u elements; allowed are at most %d", key->name, n,
			     (int)key->max);
		n = (uint32_t)key->max;
	}
	v = config_alloc(r, n * key->size);
	if (!v)
		return;
	*(void **)(void *)(base + key->offset) = v;
	*(uint32_t *)(void *)(base + key->n_offset) = n;
	for (uint32_t i = 0; i < n && !r->no_memory; i++, child = child->next, v += key->size) {
		*(struct config_mark *)(void *)v = child->mark;
		read_value(r, key, child, v);
	}
}

/* True for `key:` and `key: null`, which say nothing. Quoted text always says something. */
static bool is_null(const struct yaml_node *node)
{
	if (node->kind != YAML_SCALAR || !node->plain || node->bad)
		return false;
	return node->len == 0 || (node->len == 1 && node->text[0] == '~') ||
	       (node->len == 4 && strcasecmp(node->text, "null") == 0);
}

static void read_key(struct config_reader *r, const struct config_key *key,
		     const struct yaml_node *node, uint8_t *base)
{
	if (is_null(node)) {
		if (key->flags & KF_REQUIRED || !key->dflt)
			config_fault(r, node->mark, "%s: has no value; allowed is %s", key->name,
				     config_type_words(key->type));
		else
			config_fault(r, node->mark,
				     "%s: has no value; leave the key out for its default %s",
				     key->name, key->dflt);
		return;
	}
	if (key->shape == SHAPE_LIST || key->shape == SHAPE_MAPS) {
		if (!node->bad)
			read_list(r, key, node, base);
		return;
	}
	read_value(r, key, node, base + key->offset);
}

/* One mapping of the file on its way into the struct of its section. */
struct section_read {
	const struct config_section *s;
	const struct yaml_node *map;
	const struct yaml_node *name; /* value of its key "name", or NULL */
	uint8_t *base;
	uint32_t hinted; /* keys, by number, that a mistyped one was probably meant to be */
};

static struct config_mark *places(const struct section_read *m)
{
	return (struct config_mark *)(void *)m->base + 1;
}

/* ` in pool "core"`, or as much of it as is known. */
static const char *where(const struct section_read *m, char out[CONFIG_WHERE])
{
	const struct yaml_node *name = m->name;
	char shown[CONFIG_SHOWN];

	if (m->s == &config_sections[SECTION_top])
		out[0] = '\0';
	else if (name && name->kind == YAML_SCALAR && name->len)
		snprintf(out, CONFIG_WHERE, " in %s \"%s\"", m->s->noun,
			 config_show(shown, name->text, name->len));
	else
		snprintf(out, CONFIG_WHERE, " in %s", m->s->noun);
	return out;
}

static const char *list_keys(const struct config_section *s, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < s->n_keys && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i ? ", " : "", s->keys[i].name);
	return out;
}

static void fault_unknown(struct config_reader *r, struct section_read *m,
			  const struct yaml_node *k)
{
	const struct config_key *near = config_key_nearest(m->s, k->text, k->len);
	const struct config_section *other = config_section_of_key(k->text, k->len);
	char shown[CONFIG_SHOWN], in[CONFIG_WHERE], keys[256];

	config_show(shown, k->text, k->len);
	where(m, in);
	if (near)
		config_fault(r, k->mark, "unknown key \"%s\"%s; did you mean \"%s\"?", shown, in,
			     near->name);
	else if (other)
		config_fault(r, k->mark, "unknown key \"%s\"%s; it belongs %s%s", shown, in,
			     other->path[0] ? "into " : "at the top of the file", other->path);
	else
		config_fault(r, k->mark, "unknown key \"%s\"%s; allowed: %s", shown, in,
			     list_keys(m->s, keys, sizeof(keys)));
	if (near)
		m->hinted |= 1u << (near - m->s->keys);
}

static void read_pair(struct config_reader *r, struct section_read *m, const struct yaml_node *k)
{
	const struct config_key *key;
	struct config_mark *at;
	char in[CONFIG_WHERE];

	if (k->kind != YAML_SCALAR) {
		config_fault(r, k->mark, "a key must be a word, not a list or a mapping");
		return;
	}
	key = k->bad ? NULL : config_key_find(m->s, k->text, k->len);
	if (!key) {
		if (!k->bad)
			fault_unknown(r, m, k);
		return;
	}
	at = &places(m)[key - m->s->keys];
	if (at->line) {
		config_fault(r, k->mark, "duplicate key \"%s\"%s; first given at line %u",
			     key->name, where(m, in), at->line);
		return;
	}
	*at = k->value->kind == YAML_SCALAR ? k->value->mark : k->mark;
	read_key(r, key, k->value, m->base);
}

static void fault_missing(struct config_reader *r, const struct section_read *m)
{
	char in[CONFIG_WHERE];

	for (uint32_t i = 0; i < m->s->n_keys; i++) {
		const struct config_key *key = &m->s->keys[i];

		if ((key->flags & KF_REQUIRED) && !places(m)[i].line && !(m->hinted >> i & 1))
			config_fault(r, m->map->mark, "missing key \"%s\"%s: %s", key->name,
				     where(m, in), key->help);
	}
}

void config_read_section(struct config_reader *r, enum config_section_id section,
			 const struct yaml_node *node, void *out)
{
	struct section_read m = { .s = &config_sections[section], .map = node, .base = out };
	const void *start = image(r, section);

	if (!start)
		return;
	memcpy(out, start, m.s->size);
	*(struct config_mark *)out = node->mark;
	if (node->kind != YAML_MAP) {
		const struct config_key self = { .name = m.s->noun };

		config_fault_type(r, &self, node, "a mapping of keys");
		return;
	}
	m.name = yaml_tree_get(node, "name");
	for (const struct yaml_node *k = node->first; k && !r->no_memory; k = k->next) {
		if (k->value)
			read_pair(r, &m, k);
	}
	if (r->no_memory)
		return;
	if (r->whole)
		fault_missing(r, &m);
	config_check_section(r, section, out);
}
