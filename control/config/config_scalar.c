/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers of plain values: text, names, numbers, words, times.
 *
 * Numbers are decimal and unquoted: YAML 1.1 reads 010 as eight and 1_000 as a thousand, people do
 * not.
 */
#include "control/config/config_reader.h"

#include <stdio.h>
#include <string.h>

bool config_scalar(struct config_reader *r, const struct config_key *key,
		   const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR)
		return true;
	config_fault_type(r, key, node, config_type_words(key->type));
	return false;
}

/* Copies the text of @node if it is @key->min to @key->max bytes of printable text; else faults. */
static const char *read_text(struct config_reader *r, const struct config_key *key,
			     const struct yaml_node *node)
{
	if (!config_scalar(r, key, node))
		return NULL;
	for (uint32_t i = 0; i < node->len; i++) {
		uint8_t c = (uint8_t)node->text[i];

		if (c < 0x20 || c == 0x7f) {
			config_fault(r, node->mark, "%s: holds a control character", key->name);
			return NULL;
		}
	}
	if (node->len < key->min || node->len > key->max) {
		config_fault(r, node->mark, "%s: %u characters; allowed %d to %d", key->name,
			     node->len, (int)key->min, (int)key->max);
		return NULL;
	}
	return config_copy(r, node->text, node->len);
}

static void put_text(const char *text, void *out)
{
	if (text)
		*(const char **)out = text;
}

void config_read_TEXT(struct config_reader *r, const struct config_key *key,
		      const struct yaml_node *node, void *out)
{
	put_text(read_text(r, key, node), out);
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void config_read_NAME(struct config_reader *r, const struct config_key *key,
		      const struct yaml_node *node, void *out)
{
	char shown[CONFIG_SHOWN];

	if (!config_scalar(r, key, node))
		return;
	for (uint32_t i = 0; i < node->len; i++) {
		char c = node->text[i];

		if (is_alnum(c) || (i > 0 && c && strchr(".-_", c)))
			continue;
		config_fault(
			r, node->mark,
			"%s: \"%s\" is not a name; allowed are letters, digits and, but for the "
			"first, '.', '-' and '_'",
			key->name, config_show(shown, node->text, node->len));
		return;
	}
	put_text(read_text(r, key, node), out);
}

void config_read_SECRET(struct config_reader *r, const struct config_key *key,
			const struct yaml_node *node, void *out)
{
	static const char scheme[] = "file:";
	const char *text = read_text(r, key, node);
	char shown[CONFIG_SHOWN];

	if (!text)
		return;
	if (strncmp(text, scheme, strlen(scheme)) != 0) {
		config_fault(r, node->mark, "%s: \"%s\" names no file; allowed is \"file:PATH\"",
			     key->name, config_show(shown, node->text, node->len));
		return;
	}
	put_text(text + strlen(scheme), out);
}

bool config_digits(const char *p, size_t n, int64_t *out)
{
	int64_t v = 0;

	if (n == 0 || n > 18)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = v * 10 + (p[i] - '0');
	}
	*out = v;
	return true;
}

/* The number in @node if it is a plain decimal one, however long: huge ones come out as INT64_MAX.
 */
static bool whole_number(const struct yaml_node *node, int64_t *out)
{
	bool negative = node->text[0] == '-';
	const char *p = node->text + negative;
	size_t n = node->len - negative;

	if (!node->plain || (n > 1 && p[0] == '0'))
		return false;
	if (n > 18 && strspn(p, "0123456789") == n)
		*out = INT64_MAX;
	else if (!config_digits(p, n, out))
		return false;
	if (negative)
		*out = -*out;
	return true;
}

void config_read_UINT(struct config_reader *r, const struct config_key *key,
		      const struct yaml_node *node, void *out)
{
	char words[CONFIG_SHOWN], shown[CONFIG_SHOWN];
	int64_t v;

	snprintf(words, sizeof(words), "a whole number from %d to %d", (int)key->min,
		 (int)key->max);
	if (node->kind != YAML_SCALAR || !whole_number(node, &v))
		config_fault_type(r, key, node, words);
	else if (v < key->min || v > key->max)
		config_fault(r, node->mark, "%s: %s is out of range; allowed %d to %d", key->name,
			     config_show(shown, node->text, node->len), (int)key->min,
			     (int)key->max);
	else
		*(uint32_t *)out = (uint32_t)v;
}

/* Octal, whether quoted or not: nobody writes a mode in decimals. */
void config_read_MODE(struct config_reader *r, const struct config_key *key,
		      const struct yaml_node *node, void *out)
{
	uint32_t v = 0;
	bool ok = node->kind == YAML_SCALAR && node->len >= 3 && node->len <= 4;

	for (uint32_t i = 0; ok && i < node->len; i++) {
		ok = node->text[i] >= '0' && node->text[i] <= '7';
		v = v * 8 + (uint32_t)(node->text[i] - '0');
	}
	if (!ok || v > 0777)
		config_fault_type(r, key, node, config_type_words(key->type));
	else
		*(uint32_t *)out = v;
}

void config_read_BOOL(struct config_reader *r, const struct config_key *key,
		      const struct yaml_node *node, void *out)
{
	bool plain = node->kind == YAML_SCALAR && node->plain;

	if (plain && strcmp(node->text, "true") == 0)
		*(bool *)out = true;
	else if (plain && strcmp(node->text, "false") == 0)
		*(bool *)out = false;
	else
		config_fault_type(r, key, node, "true or false");
}

static const struct config_word *find_word(const struct config_word *words,
					   const struct yaml_node *node)
{
	for (; words->name; words++) {
		if (strlen(words->name) == node->len &&
		    memcmp(words->name, node->text, node->len) == 0)
			return words;
	}
	return NULL;
}

static void fault_word(struct config_reader *r, const struct config_key *key,
		       const struct yaml_node *node)
{
	char list[256];
	size_t n = 0;

	for (const struct config_word *w = key->words; w->name && n < sizeof(list); w++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "one of ",
				      w->name);
	config_fault_type(r, key, node, list);
}

void config_read_ENUM(struct config_reader *r, const struct config_key *key,
		      const struct yaml_node *node, void *out)
{
	const struct config_word *w = NULL;

	if (node->kind == YAML_SCALAR)
		w = find_word(key->words, node);
	if (w)
		*(unsigned int *)out = w->value;
	else
		fault_word(r, key, node);
}

/* Takes a list only, as the contract writes it. Defaults arrive the same way. */
void config_read_FLAGS(struct config_reader *r, const struct config_key *key,
		       const struct yaml_node *node, void *out)
{
	uint32_t flags = 0;

	if (node->kind != YAML_LIST) {
		config_fault_type(r, key, node, "a list such as [udp]");
		return;
	}
	if (!node->first)
		config_fault(r, node->mark,
			     "%s: the list is empty; leave the key out for its default %s",
			     key->name, key->dflt);
	for (const struct yaml_node *e = node->first; e; e = e->next) {
		const struct config_word *w = NULL;

		if (e->bad)
			continue;
		if (e->kind == YAML_SCALAR)
			w = find_word(key->words, e);
		if (!w)
			fault_word(r, key, e);
		else if (flags & w->value)
			config_fault(r, e->mark, "%s: \"%s\" is listed twice", key->name, w->name);
		if (w)
			flags |= w->value;
	}
	if (flags)
		*(uint32_t *)out = flags;
}

/* Milliseconds in one of the unit that ends the text at @p; 0 = no such unit. */
static int64_t unit_ms(const char *p, size_t n)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].name) == n && memcmp(units[i].name, p, n) == 0)
			return units[i].ms;
	}
	return 0;
}

/* The shortest way to write @ms milliseconds. */
static const char *show_ms(char out[CONFIG_SHOWN], int64_t ms)
{
	static const char *const names[] = { "h", "m", "s" };
	static const int64_t sizes[] = { 3600000, 60000, 1000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (ms % sizes[i] == 0) {
			snprintf(out, CONFIG_SHOWN, "%d%s", (int)(ms / sizes[i]), names[i]);
			return out;
		}
	}
	snprintf(out, CONFIG_SHOWN, "%dms", (int)ms);
	return out;
}

void config_read_DURATION(struct config_reader *r, const struct config_key *key,
			  const struct yaml_node *node, void *out)
{
	char shown[CONFIG_SHOWN], low[CONFIG_SHOWN], high[CONFIG_SHOWN];
	size_t digits;
	int64_t v, unit;

	if (!config_scalar(r, key, node))
		return;
	digits = strspn(node->text, "0123456789");
	unit = unit_ms(node->text + digits, node->len - digits);
	if (unit == 0 || digits > 9 || !config_digits(node->text, digits, &v)) {
		config_fault_type(r, key, node, config_type_words(key->type));
		return;
	}
	v *= unit;
	if (v < key->min || v > key->max)
		config_fault(r, node->mark, "%s: %s is out of range; allowed %s to %s", key->name,
			     config_show(shown, node->text, node->len), show_ms(low, key->min),
			     show_ms(high, key->max));
	else
		*(uint32_t *)out = (uint32_t)v;
}
