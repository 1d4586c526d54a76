/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libyaml events to nodes: see yaml_tree.h.
 *
 * One explicit stack of open mappings and lists; no recursion. A mapping's children are its keys,
 * each with its value hanging off it, so a key whose value has not come yet is simply the last one
 * without.
 */
#include "control/config/yaml_tree.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <yaml.h>

struct builder {
	struct arena *arena;
	struct config_errors *errs;
	struct yaml_tree *tree;
	struct yaml_node *open[YAML_TREE_DEPTH];
	uint32_t depth;
	uint32_t n_nodes;
	uint32_t n_documents;
};

enum step { STEP_ON, STEP_DONE, STEP_NO_MEMORY };

static struct config_mark mark_of(yaml_mark_t m)
{
	return (struct config_mark){ (uint32_t)m.line + 1, (uint32_t)m.column + 1 };
}

static enum step stop(struct builder *b)
{
	b->tree->whole = false;
	return STEP_DONE;
}

/* Hangs @node into the innermost open mapping or list. */
static void place(struct builder *b, struct yaml_node *node)
{
	struct yaml_node *up = b->depth ? b->open[b->depth - 1] : NULL;

	if (!up) {
		b->tree->root = node;
		return;
	}
	if (up->kind == YAML_MAP && up->last && !up->last->value) {
		up->last->value = node;
		return;
	}
	if (up->last)
		up->last->next = node;
	else
		up->first = node;
	up->last = node;
	up->n++;
}

static struct yaml_node *add_node(struct builder *b, enum yaml_kind kind, const yaml_event_t *ev)
{
	struct yaml_node *node = arena_alloc(b->arena, sizeof(*node));

	if (!node)
		return NULL;
	node->kind = kind;
	node->mark = mark_of(ev->start_mark);
	b->n_nodes++;
	place(b, node);
	return node;
}

/* Anchors and tags have no use here; a mapping may have both. */
static void refuse_marks(struct builder *b, struct yaml_node *node, const yaml_char_t *anchor,
			 const yaml_char_t *tag)
{
	if (anchor)
		config_errors_add(b->errs, node->mark,
				  "anchors are not allowed; write the value out");
	else if (tag)
		config_errors_add(b->errs, node->mark,
				  "tags are not allowed; write the value without");
	if (anchor || tag)
		node->bad = true;
}

static enum step on_scalar(struct builder *b, const yaml_event_t *ev)
{
	struct yaml_node *node = add_node(b, YAML_SCALAR, ev);

	if (!node)
		return STEP_NO_MEMORY;
	node->len = (uint32_t)ev->data.scalar.length;
	node->text = arena_copy(b->arena, ev->data.scalar.value, ev->data.scalar.length);
	node->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	refuse_marks(b, node, ev->data.scalar.anchor, ev->data.scalar.tag);
	return node->text ? STEP_ON : STEP_NO_MEMORY;
}

static enum step on_alias(struct builder *b, const yaml_event_t *ev)
{
	struct yaml_node *node = add_node(b, YAML_SCALAR, ev);

	if (!node)
		return STEP_NO_MEMORY;
	node->text = "";
	node->bad = true;
	config_errors_add(b->errs, node->mark, "aliases are not allowed; write the value out");
	return STEP_ON;
}

static enum step on_open(struct builder *b, enum yaml_kind kind, const yaml_event_t *ev)
{
	struct yaml_node *node;

	if (b->depth == YAML_TREE_DEPTH) {
		config_errors_add(b->errs, mark_of(ev->start_mark),
				  "more than %d levels of mappings and lists", YAML_TREE_DEPTH);
		return stop(b);
	}
	node = add_node(b, kind, ev);
	if (!node)
		return STEP_NO_MEMORY;
	if (kind == YAML_MAP)
		refuse_marks(b, node, ev->data.mapping_start.anchor, ev->data.mapping_start.tag);
	else
		refuse_marks(b, node, ev->data.sequence_start.anchor, ev->data.sequence_start.tag);
	b->open[b->depth++] = node;
	return STEP_ON;
}

static enum step on_event(struct builder *b, const yaml_event_t *ev)
{
	if (b->n_nodes == YAML_TREE_NODES) {
		config_errors_add(b->errs, mark_of(ev->start_mark),
				  "more than %u values in one file", YAML_TREE_NODES);
		return stop(b);
	}
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(b, ev);
	case YAML_ALIAS_EVENT:
		return on_alias(b, ev);
	case YAML_MAPPING_START_EVENT:
		return on_open(b, YAML_MAP, ev);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(b, YAML_LIST, ev);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		b->depth--;
		return STEP_ON;
	case YAML_DOCUMENT_START_EVENT:
		if (b->n_documents++ == 0)
			return STEP_ON;
		config_errors_add(b->errs, mark_of(ev->start_mark),
				  "a second document begins here; allowed is one in a file");
		return STEP_DONE;
	case YAML_STREAM_END_EVENT:
		return STEP_DONE;
	default:
		return STEP_ON;
	}
}

/* Place of byte @off of the text, for faults that libyaml names by offset only. */
static struct config_mark mark_at(const uint8_t *text, size_t n, size_t off)
{
	struct config_mark m = { 1, 1 };

	for (size_t i = 0; i < off && i < n; i++) {
		if (text[i] == '\n') {
			m.line++;
			m.column = 1;
		} else if ((text[i] & 0xc0) != 0x80) {
			m.column++;
		}
	}
	return m;
}

/* True if the character at @m is a tab: what hand-edited YAML most often breaks on. */
static bool is_tab(const uint8_t *text, size_t n, struct config_mark m)
{
	struct config_mark at = { 1, 1 };

	for (size_t i = 0; i < n && at.line <= m.line; i++) {
		if (at.line == m.line && at.column == m.column && (text[i] & 0xc0) != 0x80)
			return text[i] == '\t';
		if (text[i] == '\n') {
			at.line++;
			at.column = 1;
		} else if ((text[i] & 0xc0) != 0x80) {
			at.column++;
		}
	}
	return false;
}

static void add_syntax_fault(struct builder *b, const yaml_parser_t *p, const uint8_t *text,
			     size_t n)
{
	const char *what = p->problem ? p->problem : "cannot be read";
	struct config_mark m = mark_of(p->problem_mark);

	if (p->error == YAML_READER_ERROR)
		config_errors_add(b->errs, mark_at(text, n, p->problem_offset),
				  "not YAML: %s; allowed is UTF-8 text", what);
	else if (is_tab(text, n, m))
		config_errors_add(b->errs, m, "not YAML: a tab; indent with spaces");
	else if (p->context)
		config_errors_add(b->errs, m, "not YAML: %s, %s from line %" PRIu32, what,
				  p->context, mark_of(p->context_mark).line);
	else
		config_errors_add(b->errs, m, "not YAML: %s", what);
}

static int parse_all(struct builder *b, yaml_parser_t *p, const uint8_t *text, size_t n)
{
	enum step step = STEP_ON;

	while (step == STEP_ON) {
		yaml_event_t ev;

		if (!yaml_parser_parse(p, &ev)) {
			if (p->error == YAML_MEMORY_ERROR)
				return -ENOMEM;
			add_syntax_fault(b, p, text, n);
			stop(b);
			return 0;
		}
		step = on_event(b, &ev);
		yaml_event_delete(&ev);
	}
	return step == STEP_NO_MEMORY ? -ENOMEM : 0;
}

int yaml_tree_read(struct arena *a, const void *text, size_t n, struct config_errors *errs,
		   struct yaml_tree *out)
{
	struct yaml_tree tree = { .whole = true };
	struct builder b = { .arena = a, .errs = errs, .tree = &tree };
	yaml_parser_t p;
	int rc;

	if (!yaml_parser_initialize(&p))
		return -ENOMEM;
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p, text, n);
	rc = parse_all(&b, &p, text, n);
	yaml_parser_delete(&p);
	if (rc == 0)
		*out = tree;
	return rc;
}

const struct yaml_node *yaml_tree_get(const struct yaml_node *map, const char *name)
{
	size_t n = strlen(name);

	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (const struct yaml_node *k = map->first; k; k = k->next) {
		if (k->kind == YAML_SCALAR && k->len == n && memcmp(k->text, name, n) == 0)
			return k->value;
	}
	return NULL;
}
