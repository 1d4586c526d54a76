/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two trees of the same shape are walked side by side, key by key. An element that only one of them
 * has is written out whole, from the keys that the file gives.
 */
#include "control/config/config_diff.h"

#include "control/config/config_set.h"
#include "control/config/config_value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_TEXT 256
#define VALUE_MAX_TEXT 512

struct diff {
	void (*fn)(void *arg, const char *text);
	void *arg;
	struct arena scratch;
	bool no_memory;
};

/* A list of mappings or values. */
struct row {
	const uint8_t *v;
	uint32_t n;
	size_t size;
};

static void diff_section(struct diff *d, enum config_section_id id, const char *path, const void *a,
			 const void *b);

__attribute__((format(printf, 3, 4))) static void say(struct diff *d, const char *path,
						      const char *fmt, ...)
{
	char text[CONFIG_DIFF_TEXT];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s", path);
	va_list ap;

	n = n < sizeof(text) ? n : sizeof(text) - 1;
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - n, fmt, ap);
	va_end(ap);
	d->fn(d->arg, text);
}

static bool given(const struct config_section *s, const struct config_key *key, const void *base)
{
	const struct config_mark *at = (const struct config_mark *)base + 1;

	return at[key - s->keys].line != 0;
}

static const uint8_t *field(const struct config_key *key, const void *base)
{
	return (const uint8_t *)base + key->offset;
}

static struct row row_of(const struct config_key *key, const void *base)
{
	struct row r = { .size = key->size };

	memcpy(&r.v, field(key, base), sizeof(r.v));
	memcpy(&r.n, (const uint8_t *)base + key->n_offset, sizeof(r.n));
	return r;
}

/* --- one element in full ----------------------------------------------------------------- */

/* A text that grows up to its end. */
struct text {
	char *at;
	size_t left;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = (size_t)vsnprintf(t->at, t->left, fmt, ap);
	va_end(ap);
	n = n < t->left ? n : t->left - 1;
	t->at += n;
	t->left -= n;
}

static void put_list(struct text *t, const struct config_key *key, const void *base)
{
	struct row r = row_of(key, base);
	char value[VALUE_MAX_TEXT];

	for (uint32_t i = 0; i < r.n && t->left > 1; i++)
		put(t, "%s%s", i ? "," : "",
		    config_value_text(key, r.v + i * r.size, value, sizeof(value)));
}

/* "address 10.0.0.14:5060, weight 2": what the file gives, but for the name. */
static void put_section(struct text *t, enum config_section_id id, const void *base)
{
	const struct config_section *s = &config_sections[id];
	char value[VALUE_MAX_TEXT];
	const char *comma = "";

	for (uint32_t i = 0; i < s->n_keys; i++) {
		const struct config_key *key = &s->keys[i];

		if (!given(s, key, base) || strcmp(key->name, "name") == 0)
			continue;
		put(t, "%s%s ", comma, key->name);
		comma = ", ";
		if (key->shape == SHAPE_MAP)
			put_section(t, key->sub, field(key, base));
		else if (key->shape == SHAPE_MAPS)
			put(t, "(%u)", row_of(key, base).n);
		else if (key->shape == SHAPE_LIST)
			put_list(t, key, base);
		else
			put(t, "%s",
			    config_value_text(key, field(key, base), value, sizeof(value)));
	}
}

static const char *describe(enum config_section_id id, const void *base, char *out, size_t n)
{
	struct text t = { out, n };

	out[0] = '\0';
	put_section(&t, id, base);
	return out;
}

/* --- lists of values --------------------------------------------------------------------- */

/* Says which values of @these are not among @those. */
static void say_missing(struct diff *d, const struct config_key *key, const char *path,
			struct row these, struct row those, const char *what)
{
	struct config_mark none = { 0 };
	struct config_set set;
	char value[VALUE_MAX_TEXT];

	if (config_set_init(&set, &d->scratch, those.n)) {
		d->no_memory = true;
		return;
	}
	for (uint32_t i = 0; i < those.n && !d->no_memory; i++) {
		size_t n;
		char *copy;

		config_value_text(key, those.v + i * those.size, value, sizeof(value));
		n = strlen(value);
		copy = arena_copy(&d->scratch, value, n);
		d->no_memory = !copy;
		if (copy)
			config_set_put(&set, copy, n, none);
	}
	for (uint32_t i = 0; i < these.n && !d->no_memory; i++) {
		config_value_text(key, these.v + i * these.size, value, sizeof(value));
		if (!config_set_get(&set, value, strlen(value)))
			say(d, path, "%s: %s %s", key->name, value, what);
	}
}

/* --- lists of mappings ------------------------------------------------------------------- */

static const struct config_key *name_key(enum config_section_id id)
{
	return config_key_find(&config_sections[id], "name", 4);
}

static const char *name_of(const struct config_key *key, const uint8_t *element)
{
	const char *name;

	memcpy(&name, field(key, element), sizeof(name));
	return name;
}

static int index_names(struct diff *d, const struct config_key *name, struct row r,
		       struct config_set *set)
{
	struct config_mark none = { 0 };

	if (config_set_init(set, &d->scratch, r.n)) {
		d->no_memory = true;
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < r.n; i++) {
		const char *text = name_of(name, r.v + i * r.size);

		config_set_put(set, text, strlen(text), none);
	}
	return 0;
}

/* The element of @r called as @element is; names are unique, so their order is the index. */
static const uint8_t *same_name(const struct config_key *name, const struct config_set *set,
				struct row r, const uint8_t *element)
{
	const char *text = name_of(name, element);
	const struct config_set_slot *slot = config_set_get(set, text, strlen(text));

	return slot ? r.v + slot->order * r.size : NULL;
}

static void diff_named(struct diff *d, const struct config_key *key, const char *path, struct row a,
		       struct row b)
{
	const struct config_key *name = name_key(key->sub);
	const char *noun = config_sections[key->sub].noun;
	char below[PATH_MAX_TEXT], full[VALUE_MAX_TEXT];
	struct config_set in_a, in_b;

	if (index_names(d, name, a, &in_a) || index_names(d, name, b, &in_b))
		return;
	for (uint32_t i = 0; i < a.n; i++) {
		if (!same_name(name, &in_b, b, a.v + i * a.size))
			say(d, path, "%s %s removed", noun, name_of(name, a.v + i * a.size));
	}
	for (uint32_t i = 0; i < b.n && !d->no_memory; i++) {
		const uint8_t *new = b.v + i *b.size;
		const uint8_t *old = same_name(name, &in_a, a, new);

		snprintf(below, sizeof(below), "%s%s %s: ", path, noun, name_of(name, new));
		if (old)
			diff_section(d, key->sub, below, old, new);
		else
			say(d, path, "%s %s added: %s", noun, name_of(name, new),
			    describe(key->sub, new, full, sizeof(full)));
	}
}

static bool alike(enum config_section_id id, const void *a, const void *b);

static bool alike_value(const struct config_key *key, const void *a, const void *b)
{
	char x[VALUE_MAX_TEXT], y[VALUE_MAX_TEXT];

	return strcmp(config_value_text(key, a, x, sizeof(x)),
		      config_value_text(key, b, y, sizeof(y))) == 0;
}

static bool alike_list(const struct config_key *key, struct row a, struct row b)
{
	bool same = a.n == b.n;

	for (uint32_t i = 0; i < a.n && same; i++) {
		const uint8_t *x = a.v + i * a.size, *y = b.v + i * b.size;

		same = key->shape == SHAPE_MAPS ? alike(key->sub, x, y) : alike_value(key, x, y);
	}
	return same;
}

/* True if the elements say the same. */
static bool alike(enum config_section_id id, const void *a, const void *b)
{
	const struct config_section *s = &config_sections[id];
	bool same = true;

	for (uint32_t i = 0; i < s->n_keys && same; i++) {
		const struct config_key *key = &s->keys[i];

		if (key->shape == SHAPE_VALUE)
			same = alike_value(key, field(key, a), field(key, b));
		else if (key->shape == SHAPE_MAP)
			same = alike(key->sub, field(key, a), field(key, b));
		else
			same = alike_list(key, row_of(key, a), row_of(key, b));
	}
	return same;
}

/* What stands between the common beginning and the common end. */
static void diff_sequence(struct diff *d, const struct config_key *key, const char *path,
			  struct row a, struct row b)
{
	const char *noun = config_sections[key->sub].noun;
	uint32_t head = 0, end_a = a.n, end_b = b.n;
	char full[VALUE_MAX_TEXT];

	while (head < a.n && head < b.n &&
	       alike(key->sub, a.v + head * a.size, b.v + head * b.size))
		head++;
	while (end_a > head && end_b > head &&
	       alike(key->sub, a.v + (end_a - 1) * a.size, b.v + (end_b - 1) * b.size)) {
		end_a--;
		end_b--;
	}
	for (uint32_t i = head; i < end_a; i++)
		say(d, path, "%s %u removed: %s", noun, i + 1,
		    describe(key->sub, a.v + i * a.size, full, sizeof(full)));
	for (uint32_t i = head; i < end_b; i++)
		say(d, path, "%s %u added: %s", noun, i + 1,
		    describe(key->sub, b.v + i * b.size, full, sizeof(full)));
}

/* --- sections ---------------------------------------------------------------------------- */

/* A value that the machine decides is said in the words of its default. */
static const char *value_text(const struct config_section *s, const struct config_key *key,
			      const void *base, char *out, size_t n)
{
	if (!given(s, key, base) && key->dflt && key->dflt[0] == '(')
		return key->dflt;
	return config_value_text(key, field(key, base), out, n);
}

static void diff_value(struct diff *d, const struct config_section *s, const struct config_key *key,
		       const char *path, const void *a, const void *b)
{
	char x[VALUE_MAX_TEXT], y[VALUE_MAX_TEXT];
	const char *old = value_text(s, key, a, x, sizeof(x));
	const char *new = value_text(s, key, b, y, sizeof(y));

	if (strcmp(old, new) != 0)
		say(d, path, "%s: %s -> %s", key->name, old, new);
}

static void diff_map(struct diff *d, const struct config_section *s, const struct config_key *key,
		     const char *path, const void *a, const void *b)
{
	char below[PATH_MAX_TEXT];

	snprintf(below, sizeof(below), "%s%s: ", path, key->name);
	/* The one mapping whose absence means something else than its defaults. */
	if (key->sub == SECTION_probe && given(s, key, a) != given(s, key, b)) {
		say(d, path, "%s %s", key->name, given(s, key, b) ? "added" : "removed");
		return;
	}
	diff_section(d, key->sub, below, field(key, a), field(key, b));
}

static void diff_section(struct diff *d, enum config_section_id id, const char *path, const void *a,
			 const void *b)
{
	const struct config_section *s = &config_sections[id];

	for (uint32_t i = 0; i < s->n_keys && !d->no_memory; i++) {
		const struct config_key *key = &s->keys[i];

		if (key->shape == SHAPE_VALUE) {
			diff_value(d, s, key, path, a, b);
		} else if (key->shape == SHAPE_MAP) {
			diff_map(d, s, key, path, a, b);
		} else if (key->shape == SHAPE_LIST) {
			say_missing(d, key, path, row_of(key, a), row_of(key, b), "removed");
			say_missing(d, key, path, row_of(key, b), row_of(key, a), "added");
		} else if (name_key(key->sub)) {
			diff_named(d, key, path, row_of(key, a), row_of(key, b));
		} else {
			diff_sequence(d, key, path, row_of(key, a), row_of(key, b));
		}
	}
}

int config_diff(const struct config *a, const struct config *b,
		void (*fn)(void *arg, const char *text), void *arg)
{
	struct diff d = { .fn = fn, .arg = arg };

	diff_section(&d, SECTION_top, "", a, b);
	arena_free(&d.scratch);
	return d.no_memory ? -ENOMEM : 0;
}
