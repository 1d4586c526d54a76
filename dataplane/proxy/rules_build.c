/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes an index of rules (rules_index.h). Control thread only. Pure: the same rules give the same
 * bytes.
 *
 * Every condition of every rule is an entry. Equal ones are one class, led by the first of them,
 * which the tables themselves find: of equal names and prefixes they keep the first. Two walks over
 * all conditions follow, one that counts the words of each class, one that sets the bits; rules
 * come in ascending order, so words do too.
 */
#include "dataplane/proxy/rules_index.h"

/* Classes that are always there; those of entries follow. */
enum { ANY_METHOD, ANY_DOMAIN, ANY_SOURCE, METHOD_0, N_FIXED = METHOD_0 + SIP_N_METHODS };

#define NO_WORD UINT32_MAX

struct class
{
	uint32_t set;
	uint32_t words; /* so far */
	uint32_t last;  /* word that came last */
};

/* A build under way. */
struct work {
	const struct rule *rules;
	uint16_t n;
	struct rules_counts counts;
	struct rule_index *x;
	uint64_t *sets;
	uint32_t used;         /* words of sets */
	struct class *classes; /* N_FIXED, then methods, domains, sources by entry */
	struct name_entry *names;
	struct fib_route *routes;
	uint8_t *key_end; /* of the keys so far */
};

/* --- sizes ------------------------------------------------------------------------------- */

static size_t aligned(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

static uint32_t summaries(uint32_t rules)
{
	return (rules + RULES_PER_SUMMARY - 1) / RULES_PER_SUMMARY;
}

/* Words before those of the rules in a set. */
static uint32_t head_words(uint32_t n_summaries)
{
	return 1 + 2 * n_summaries;
}

static uint32_t entries(const struct rules_counts *c)
{
	return c->methods + c->domains + c->sources;
}

static size_t sets_size(const struct rules_counts *c)
{
	size_t head = head_words(summaries(c->rules));
	size_t fixed = N_FIXED * (head + (c->rules + 63) / 64);

	return aligned((1 + fixed + entries(c) * (head + 1)) * sizeof(uint64_t));
}

/* Bytes of all keys: a name and its kind, or an address and its kind. */
static size_t keys_size(const struct rules_counts *c)
{
	return c->bytes + (size_t)c->domains * (sizeof(struct ip) + 1);
}

void rules_count(const struct rule *r, struct rules_counts *counts)
{
	counts->rules++;
	counts->methods += r->n_method_names;
	counts->domains += r->n_domains;
	counts->sources += r->n_sources;
	for (uint16_t i = 0; i < r->n_method_names; i++)
		counts->bytes += r->method_names[i].len;
	for (uint16_t i = 0; i < r->n_domains; i++)
		counts->bytes += r->domains[i].len;
}

size_t rules_index_size(const struct rules_counts *c)
{
	if (c->rules <= RULES_WALKED)
		return 0;
	return aligned(sizeof(struct rule_index)) + aligned(entries(c) * sizeof(uint32_t)) +
	       sets_size(c) + aligned(names_size(c->methods, keys_size(c))) +
	       aligned(names_size(c->domains, keys_size(c))) + fib_size(c->sources, 0, 0);
}

static uint32_t most_names(const struct rules_counts *c)
{
	return c->methods > c->domains ? c->methods : c->domains;
}

size_t rules_scratch_size(const struct rules_counts *c)
{
	if (c->rules <= RULES_WALKED)
		return 0;
	return aligned((N_FIXED + entries(c)) * sizeof(struct class)) +
	       aligned(most_names(c) * sizeof(struct name_entry)) +
	       aligned(c->sources * sizeof(struct fib_route)) + aligned(keys_size(c));
}

static void *take(uint8_t **at, size_t n)
{
	uint8_t *piece = *at;

	*at += aligned(n);
	return piece;
}

/* --- keys -------------------------------------------------------------------------------- */

static bool is_any(const struct domain_match *d)
{
	return d->suffix && d->len == 0;
}

/* True if @d can be found by a key. Suffixes are found at dots only. */
static bool domain_has_key(const struct domain_match *d)
{
	if (is_any(d) || d->is_ip)
		return true;
	return d->len > 0 && d->len <= RULE_NAME_MAX && (!d->suffix || d->text[0] == '.');
}

static bool rule_has_keys(const struct rule *r)
{
	for (uint16_t i = 0; i < r->n_method_names; i++)
		if (r->method_names[i].len == 0 || r->method_names[i].len > NAME_MAX_LEN)
			return false;
	for (uint16_t i = 0; i < r->n_domains; i++)
		if (!domain_has_key(&r->domains[i]))
			return false;
	return true;
}

/* Writes the key of @d, none of which is_any(), to @out. Returns its length. */
static uint16_t domain_key(const struct domain_match *d, uint8_t *out)
{
	if (d->is_ip) {
		memcpy(out, d->ip.b, sizeof(d->ip.b));
		out[sizeof(d->ip.b)] = RULE_KEY_IP;
		return sizeof(d->ip.b) + 1;
	}
	memcpy(out, d->text, d->len);
	out[d->len] = d->suffix ? RULE_KEY_SUFFIX : RULE_KEY_NAME;
	return (uint16_t)(d->len + 1);
}

static void add_methods(const struct work *w)
{
	uint32_t n = 0;

	for (uint16_t i = 0; i < w->n; i++) {
		const struct rule *r = &w->rules[i];

		for (uint16_t k = 0; k < r->n_method_names; k++, n++)
			w->names[n] = (struct name_entry){ (const uint8_t *)r->method_names[k].name,
							   r->method_names[k].len, n };
	}
}

static unsigned int dots(const struct domain_match *d)
{
	unsigned int n = 0;

	for (uint16_t i = 0; i < d->len; i++)
		n += d->text[i] == '.';
	return n;
}

static void add_domains(struct work *w)
{
	uint32_t n = 0;

	for (uint16_t i = 0; i < w->n; i++) {
		const struct rule *r = &w->rules[i];

		for (uint16_t k = 0; k < r->n_domains; k++, n++) {
			const struct domain_match *d = &r->domains[k];
			uint16_t len = is_any(d) ? 0 : domain_key(d, w->key_end);

			w->names[n] = (struct name_entry){ w->key_end, len, n };
			w->key_end += len;
			if (d->suffix && dots(d) > w->x->most_dots)
				w->x->most_dots = dots(d);
		}
	}
}

static void add_sources(const struct work *w)
{
	uint32_t n = 0;

	for (uint16_t i = 0; i < w->n; i++) {
		const struct rule *r = &w->rules[i];

		for (uint16_t k = 0; k < r->n_sources; k++)
			w->routes[n++] = (struct fib_route){ .prefix = r->sources[k].ip,
							     .len = r->sources[k].len };
	}
}

/* --- bits -------------------------------------------------------------------------------- */

static void count_word(struct work *w, struct class *c, uint16_t rule)
{
	(void)w;
	c->words += c->last != rule / 64u;
	c->last = rule / 64u;
}

static void set_bit(struct work *w, struct class *c, uint16_t rule)
{
	uint32_t i = rule / 64u, s = i / 64;
	uint64_t *set = w->sets + c->set;
	uint64_t *sum = &set[1 + 2 * s];

	if (c->last != i) {
		if (*sum == 0)
			sum[1] = head_words(w->x->n_summaries) + c->words;
		*sum |= UINT64_C(1) << i % 64;
		c->last = i;
		c->words++;
	}
	set[head_words(w->x->n_summaries) + c->words - 1] |= UINT64_C(1) << rule % 64;
}

typedef void (*visit_fn)(struct work *w, struct class *c, uint16_t rule);

static void visit_methods(struct work *w, visit_fn visit, uint16_t rule)
{
	const struct rule *r = &w->rules[rule];
	struct class *named = w->classes + N_FIXED;

	if (r->methods == 0 && r->n_method_names == 0)
		visit(w, &w->classes[ANY_METHOD], rule);
	for (unsigned int m = 1; m < SIP_N_METHODS; m++)
		if (r->methods >> m & 1)
			visit(w, &w->classes[METHOD_0 + m], rule);
	for (uint16_t k = 0; k < r->n_method_names; k++)
		visit(w,
		      &named[names_find(w->x->methods, r->method_names[k].name,
					r->method_names[k].len)],
		      rule);
}

static void visit_domains(struct work *w, visit_fn visit, uint16_t rule)
{
	const struct rule *r = &w->rules[rule];
	struct class *named = w->classes + N_FIXED + w->counts.methods;
	uint8_t key[NAME_MAX_LEN];

	if (r->n_domains == 0)
		visit(w, &w->classes[ANY_DOMAIN], rule);
	for (uint16_t k = 0; k < r->n_domains; k++) {
		const struct domain_match *d = &r->domains[k];

		if (is_any(d))
			visit(w, &w->classes[ANY_DOMAIN], rule);
		else
			visit(w, &named[names_find(w->x->domains, key, domain_key(d, key))], rule);
	}
}

/* @entry: of the first source of the rule. Equal prefixes have one class, that of the first. */
static void visit_sources(struct work *w, visit_fn visit, uint16_t rule, uint32_t entry)
{
	const struct rule *r = &w->rules[rule];
	struct class *given = w->classes + N_FIXED + w->counts.methods + w->counts.domains;

	if (r->n_sources == 0)
		visit(w, &w->classes[ANY_SOURCE], rule);
	for (uint16_t k = 0; k < r->n_sources; k++)
		visit(w, &given[fib_same(w->x->sources, entry + k)], rule);
}

static void visit_all(struct work *w, visit_fn visit)
{
	uint32_t source = 0;

	for (uint32_t i = 0; i < N_FIXED + entries(&w->counts); i++) {
		w->classes[i].words = 0;
		w->classes[i].last = NO_WORD;
	}
	for (uint16_t i = 0; i < w->n; i++) {
		visit_methods(w, visit, i);
		visit_domains(w, visit, i);
		visit_sources(w, visit, i, source);
		source += w->rules[i].n_sources;
	}
}

/* A set for each class that has rules. */
static void make_sets(struct work *w)
{
	w->used = 1;
	for (uint32_t i = 0; i < N_FIXED + entries(&w->counts); i++) {
		struct class *c = &w->classes[i];

		c->set = 0;
		if (c->words == 0)
			continue;
		c->set = w->used;
		w->used += head_words(w->x->n_summaries) + c->words;
	}
}

/* --- parents ----------------------------------------------------------------------------- */

/* Set of the longest suffix of the name with the key of @len bytes at @key, but not itself; 0 =
 * none. */
static uint32_t suffix_of(const struct rule_index *x, const uint8_t *key, uint16_t len)
{
	uint8_t rest[NAME_MAX_LEN];
	uint32_t set = 0;

	if (key[len - 1] == RULE_KEY_IP)
		return 0;
	memcpy(rest, key, len);
	rest[len - 1] = RULE_KEY_SUFFIX;
	for (uint16_t i = 1; i + 1 < len && set == 0; i++)
		if (rest[i] == '.')
			set = rule_domain_set(x, rest + i, (size_t)len - i);
	return set;
}

/* Needs x->domain_set. */
static void domain_parents(const struct work *w)
{
	for (uint32_t i = 0; i < w->counts.domains; i++) {
		uint32_t set = w->x->domain_set[i];

		if (set)
			w->sets[set] = suffix_of(w->x, w->names[i].name, w->names[i].len);
	}
}

static void source_parents(const struct work *w)
{
	for (uint32_t i = 0; i < w->counts.sources; i++) {
		uint32_t set = w->x->source_set[i], parent;

		if (!set)
			continue;
		parent = fib_parent(w->x->sources, i);
		w->sets[set] =
			parent == FIB_NONE ? w->classes[ANY_SOURCE].set : w->x->source_set[parent];
	}
}

/* The first rule that set @method and the rules for any host and any source have. */
static uint32_t first_open(const struct rule_index *x, uint32_t method)
{
	for (uint32_t i = 0; i < 64 * x->n_summaries; i++) {
		uint32_t s = i / 64;
		unsigned int b = i % 64;
		uint64_t rules = rule_set_word(x->sets, method, s, b) &
				 rule_set_word(x->sets, x->any_domain, s, b) &
				 rule_set_word(x->sets, x->any_source, s, b);

		if (rules)
			return i * 64 + (uint32_t)__builtin_ctzll(rules);
	}
	return WORLD_NONE;
}

/* The head of the set of a method. */
static void method_head(const struct work *w, uint32_t set, uint32_t parent)
{
	w->sets[set] = parent;
	w->sets[set] |= (uint64_t)first_open(w->x, set) << 32;
}

/* A method's own set, else that of rules for any. */
static void method_parents(const struct work *w)
{
	struct rule_index *x = w->x;
	uint32_t any = w->classes[ANY_METHOD].set;

	if (any)
		method_head(w, any, 0);
	for (unsigned int m = 0; m < SIP_N_METHODS; m++) {
		uint32_t set = w->classes[METHOD_0 + m].set;

		x->method[m] = set ? set : any;
		if (set)
			method_head(w, set, any);
	}
	for (uint32_t i = 0; i < w->counts.methods; i++)
		if (x->method_set[i])
			method_head(w, x->method_set[i], any);
}

/* --- all of it --------------------------------------------------------------------------- */

static void make_tables(struct work *w, const struct keys *k, uint8_t **at)
{
	const struct rules_counts *c = &w->counts;
	struct rule_index *x = w->x;
	uint64_t seed;

	add_methods(w);
	if (c->methods)
		x->methods = names_build(take(at, names_size(c->methods, keys_size(c))), k,
					 w->names, c->methods);
	add_domains(w);
	if (c->domains)
		x->domains = names_build(take(at, names_size(c->domains, keys_size(c))), k,
					 w->names, c->domains);
	add_sources(w);
	memcpy(&seed, k->xxh, sizeof(seed));
	if (c->sources)
		x->sources = fib_build(take(at, fib_size(c->sources, 0, 0)), seed, w->routes,
				       c->sources, NULL, 0, NULL, 0);
}

static void number_sets(const struct work *w, uint32_t *numbers)
{
	const struct class *c = w->classes + N_FIXED;

	for (uint32_t i = 0; i < entries(&w->counts); i++)
		numbers[i] = c[i].set;
	w->x->method_set = numbers;
	w->x->domain_set = numbers + w->counts.methods;
	w->x->source_set = numbers + w->counts.methods + w->counts.domains;
	w->x->any_domain = w->classes[ANY_DOMAIN].set;
	w->x->any_source = w->classes[ANY_SOURCE].set;
}

static void index_build(struct work *w, const struct keys *k, uint8_t *mem, uint8_t *scratch)
{
	const struct rules_counts *c = &w->counts;
	uint32_t *numbers;

	memset(mem, 0, rules_index_size(c));
	w->x = take(&mem, sizeof(*w->x));
	numbers = take(&mem, entries(c) * sizeof(*numbers));
	w->sets = take(&mem, sets_size(c));
	w->x->sets = w->sets;
	w->x->n_summaries = summaries(c->rules);
	w->classes = take(&scratch, (N_FIXED + entries(c)) * sizeof(*w->classes));
	w->names = take(&scratch, most_names(c) * sizeof(*w->names));
	w->routes = take(&scratch, c->sources * sizeof(*w->routes));
	w->key_end = scratch;
	make_tables(w, k, &mem);
	visit_all(w, count_word);
	make_sets(w);
	visit_all(w, set_bit);
	number_sets(w, numbers);
	method_parents(w);
	domain_parents(w);
	source_parents(w);
}

void rules_use(struct world *world, const struct rule *rules, uint16_t n, void *mem, void *scratch)
{
	struct work w = { .rules = rules, .n = n };
	bool keys = n > RULES_WALKED;

	world->rules = rules;
	world->n_rules = world->n_walked = n;
	world->rule_index = NULL;
	for (uint16_t i = 0; i < n && keys; i++) {
		keys = rule_has_keys(&rules[i]);
		rules_count(&rules[i], &w.counts);
	}
	if (!keys)
		return;
	index_build(&w, &world->keys, mem, scratch);
	world->rule_index = w.x;
	world->n_walked = 0;
}
