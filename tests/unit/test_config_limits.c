/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration reader at its bounds: no memory, huge files, broken files, hostile files.
 */
#include "control/config/config.h"
#include "control/config/config_schema.h"
#include "control/config/config_set.h"
#include "tests/unit/config_data.h"
#include "tests/unit/growth.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>

/* Text that grows. */
struct text {
	char *p;
	size_t n;
	size_t room;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	if (t->room - t->n < 512) {
		t->room = t->room ? t->room * 2 : 1 << 16;
		t->p = realloc(t->p, t->room);
		cr_assert(t->p);
	}
	va_start(ap, fmt);
	t->n += (size_t)vsnprintf(t->p + t->n, 512, fmt, ap);
	va_end(ap);
}

#define HEAD "interfaces: [{name: net, device: \"packet:eth0\"}]\n"

/* Adds a pool of @n backends, whose addresses begin with 10.@net. */
static void add_pool(struct text *t, uint32_t net, uint32_t n)
{
	add(t, "  - name: pool%u\n    backends:\n", net);
	for (uint32_t i = 0; i < n; i++)
		add(t, "      - {name: b%u, address: \"10.%u.%u.%u\", weight: 1}\n", i, net,
		    i / 250 + 1, i % 250 + 1);
}

/* Loads @t, which goes; expects @rc and that one of the remarks begins with @remark. */
static void expect_load(struct text *t, int rc, const char *remark)
{
	struct config_errors e = { 0 };
	struct config c = { 0 };
	int got = data_load(t->p, t->n, &c, &e);
	char line[512] = "";
	bool found = rc == 0;

	for (uint32_t i = 0; i < config_errors_lines(&e) && !found; i++) {
		config_errors_format(&e, i, line, sizeof(line));
		found = strncmp(line, remark, strlen(remark)) == 0;
	}
	cr_expect(got == rc && found, "expected %d \"%s\", got %d \"%s\"", rc, remark, got, line);
	config_free(&c);
	config_errors_free(&e);
	free(t->p);
	*t = (struct text){ 0 };
}

static void load_it(void *text)
{
	const struct text *t = text;
	struct config_errors e = { 0 };
	struct config c;

	if (data_load(t->p, t->n, &c, &e) == 0)
		config_free(&c);
	config_errors_free(&e);
}

/* A pool of @n backends and a tenth as many routes. */
static struct text large_file(int n)
{
	struct text t = { 0 };

	add(&t, HEAD "pools:\n");
	add_pool(&t, 1, n);
	add(&t, "routes:\n");
	for (int i = 0; i < n / 10; i++)
		add(&t,
		    "  - {match: {domain: \"*.d%d.example\", "
		    "source: \"10.%d.0.0/16\"}, pool: pool1}\n",
		    i, i % 250);
	return t;
}

Test(config_limits, ten_thousand_backends_and_a_thousand_routes_load)
{
	struct text t = large_file(10000), tenth = large_file(1000);
	struct config_errors e = { 0 };
	struct config c;
	double s, most;

	cr_assert(data_load(t.p, t.n, &c, &e) == 0, "%s", e.n ? e.v[0].text : "");
	cr_expect(c.pools[0].n_backends == 10000 && c.n_routes == 1000);
	cr_expect_str_eq(c.pools[0].backends[9999].name, "b9999");
	cr_expect_str_eq(c.routes[999].match.domain[0].name, "d999.example");
	config_free(&c);
	config_errors_free(&e);
	s = growth_seconds(load_it, &t);
	most = 30 * growth_seconds(load_it, &tenth);
	cr_expect_leq(s, most, "%f s, of %f: it grows with the square", s, most);
	free(t.p);
	free(tenth.p);
}

Test(config_limits, duplicates_are_found_among_ten_thousand)
{
	struct text t = { 0 };

	add(&t, HEAD "routes: [{pool: pool1}]\npools:\n");
	add_pool(&t, 1, 9999);
	add(&t, "      - {name: b5000, address: \"10.99.0.1\"}\n");
	expect_load(&t, -EINVAL,
		    "test.yaml:10005:16: name: \"b5000\" is used twice; first at line 5006");
}

Test(config_limits, counts_are_bounded)
{
	struct text t = { 0 };

	add(&t, HEAD "routes: [{pool: pool1}]\npools:\n");
	add_pool(&t, 1, 10001);
	expect_load(&t, -EINVAL,
		    "test.yaml:6:7: backends: 10001 elements; allowed are at most 10000");

	add(&t, HEAD "routes: [{pool: pool1}]\npools:\n");
	for (uint32_t i = 1; i <= 7; i++)
		add_pool(&t, i, 9362);
	expect_load(&t, 0, "");
	add(&t, HEAD "routes: [{pool: pool1}]\npools:\n");
	for (uint32_t i = 1; i <= 7; i++)
		add_pool(&t, i, i == 4 ? 9364 : 9362);
	expect_load(&t, -EINVAL,
		    "test.yaml:56190:5: backends: more than 65535 in all pools together");

	add(&t,
	    "pools: [{name: a, backends: [{name: a, address: 10.0.0.1}]}]\nroutes: [{pool: a}]\n");
	add(&t, "interfaces:\n");
	for (int i = 0; i < 65; i++)
		add(&t, "  - {name: i%d, device: \"packet:e%d\"}\n", i, i);
	expect_load(&t, -EINVAL, "test.yaml:4:3: interfaces: 65 elements; allowed are at most 64");

	add(&t,
	    HEAD "routes: [{pool: p}]\npools:\n  - name: p\n    table_size: 251\n    backends:\n");
	for (int i = 0; i < 252; i++)
		add(&t, "      - {name: b%d, address: \"10.0.0.%d\"}\n", i, i + 1);
	expect_load(&t, -EINVAL,
		    "test.yaml:5:17: table_size: 251 slots are too few for 252 backends");
}

Test(config_limits, what_is_said_is_bounded_too)
{
	struct config_errors e = { 0 };
	struct config c;
	struct text t = { 0 };
	char line[256];

	for (int i = 0; i < 1500; i++)
		add(&t, "zz%d: 1\n", i);
	cr_expect(data_load(t.p, t.n, &c, &e) == -EINVAL);
	cr_assert(config_errors_lines(&e) == CONFIG_ERRORS_MAX + 1);
	config_errors_format(&e, CONFIG_ERRORS_MAX, line, sizeof(line));
	cr_expect_str_eq(line, "test.yaml:1001:1: 503 more faults left out");
	config_errors_format(&e, CONFIG_ERRORS_MAX - 1, line, sizeof(line));
	cr_expect(strncmp(line, "test.yaml:1000:1: unknown key \"zz999\"", 37) == 0, "%s", line);
	config_errors_free(&e);
	free(t.p);
}

/* @n times @unit, between @before and @after. */
static struct text repeat(const char *before, const char *unit, size_t n, const char *after)
{
	struct text t = { 0 };

	add(&t, "%s", before);
	for (size_t i = 0; i < n; i++)
		add(&t, "%s", unit);
	add(&t, "%s", after);
	return t;
}

Test(config_limits, hostile_files_end_soon)
{
	static const struct {
		const char *before, *unit;
		size_t n;
		const char *after, *first;
	} rows[] = {
		{ "", "[", 1 << 20, "", "test.yaml:1:17: more than 16 levels" },
		{ "", "{a: ", 1 << 18, "", "test.yaml:1:65: more than 16 levels" },
		{ "", "- ", 1 << 19, "", "test.yaml:1:33: more than 16 levels" },
		{ "", "? ", 1 << 19, "", "test.yaml:1:33: more than 16 levels" },
		{ "x: [", "a, ", 1 << 20, "]", "test.yaml:1:3145724: more than 1048576 values" },
		{ "x: &a [", "*a, ", 2000, "]", "test.yaml:1:4: anchors are not allowed" },
		{ "x: \"", "a", 1 << 21, "\"", "test.yaml:1:1: unknown key \"x\"" },
		{ "", "a", 1 << 21, ": 1", "test.yaml:1:2097153: not YAML" },
		{ "", "\n", 1 << 21, "x: 1", "test.yaml:2097153:1: unknown key \"x\"" },
		{ "", "a: 1\n", 1 << 18, "", "test.yaml:1:1: unknown key \"a\"" },
		{ "", "--- a\n", 1 << 18, "", "test.yaml:1:5: file: expected a mapping" },
		{ "", "#", (8 << 20) + 1, "", "test.yaml:1:1: the file has 8388609 bytes" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const size_t n[] = { rows[i].n, rows[i].n / 16 };
		double s[2];

		for (int k = 0; k < 2; k++) {
			struct text t = repeat(rows[i].before, rows[i].unit, n[k], rows[i].after);

			s[k] = growth_seconds(load_it, &t);
			if (k == 0)
				expect_load(&t, -EINVAL, rows[i].first);
			else
				free(t.p);
		}
		cr_expect_leq(s[0], 60 * s[1] + 0.1, "%.10s: %f s, a sixteenth %f s", rows[i].unit,
			      s[0], s[1]);
	}
}

/* Loads @text with the @n-th request for memory refused. True if one was refused. */
static bool load_without_memory(const char *text, size_t len, unsigned long n, int good)
{
	struct config_errors e = { 0 };
	struct config c, before;
	bool hit;
	int rc;

	memset(&before, 0x5a, sizeof(before));
	memcpy(&c, &before, sizeof(c));
	alloc_fail_at(n);
	rc = data_load(text, len, &c, &e);
	hit = alloc_failed();
	alloc_fail_at(0);
	cr_expect(rc == (hit ? -ENOMEM : good), "request %lu: %d", n, rc);
	if (rc == 0)
		config_free(&c);
	else
		cr_expect(memcmp(&c, &before, sizeof(c)) == 0, "request %lu: written to", n);
	config_errors_free(&e);
	cr_expect(mem_live() == 0, "request %lu: %zu blocks left", n, mem_live());
	return hit;
}

Test(config_limits, a_load_without_memory_fails_and_leaves_nothing)
{
	static const char bad[] =
		"node: a b\nworkers: 0\npools: [{namee: a}]\ntrusted: [x, 10.0.0.0/8]\n";
	unsigned long i = 1;
	size_t n;
	char *text = data_read("docs/examples/full.yaml", &n);

	while (load_without_memory(text, n, i, 0))
		i++;
	cr_expect(i > 300, "only %lu requests", i);
	for (i = 1; load_without_memory(bad, strlen(bad), i, -EINVAL);)
		i++;
	cr_expect(i > 50, "only %lu requests", i);
	free(text);
}

Test(config_limits, remarks_without_memory_are_missed_by_name)
{
	static const char odd[] =
		"interfaces: [{name: a, device: \"packet:eth0\", gateway: 192.0.2.1}]\n"
		"pools: [{name: core, table_size: 251, backends: [{name: a, address: 10.0.0.1, "
		"weight: 0}]},\n"
		"        {name: idle, backends: [{name: b, address: 10.0.0.2}]}]\n"
		"routes: [{pool: core}, {match: {method: REGISTER}, pool: core}]\n";
	struct config_errors e = { 0 };
	struct config c;
	unsigned long i = 0;
	int rc;

	cr_assert(data_load(odd, strlen(odd), &c, &e) == 0);
	do {
		config_errors_free(&e);
		alloc_fail_at(++i);
		rc = config_warnings(&c, &e);
		cr_expect(rc == (alloc_failed() ? -ENOMEM : 0), "request %lu: %d", i, rc);
	} while (alloc_failed());
	alloc_fail_at(0);
	cr_expect(i > 4 && e.n == 4, "%lu requests, %u remarks", i, e.n);
	config_errors_free(&e);
	config_free(&c);
	cr_expect(mem_live() == 0);
}

/* What must hold of any text: success without remarks or remarks at places that exist. */
static void load_any(const char *text, size_t n, uint32_t n_lines)
{
	struct config_errors e = { 0 };
	struct config c = { 0 };
	int rc = data_load(text, n, &c, &e);

	cr_assert(rc == 0 || rc == -EINVAL);
	cr_expect((rc == 0) == (e.n == 0));
	for (uint32_t i = 0; i < e.n; i++) {
		cr_expect(e.v[i].mark.line >= 1 && e.v[i].mark.line <= n_lines &&
				  e.v[i].mark.column,
			  "%u:%u: %s", e.v[i].mark.line, e.v[i].mark.column, e.v[i].text);
		for (const char *p = e.v[i].text; *p; p++)
			cr_expect(*p >= 0x20 && *p < 0x7f, "%s", e.v[i].text);
	}
	config_free(&c);
	config_errors_free(&e);
	cr_expect(mem_live() == 0);
}

Test(config_limits, every_prefix_and_every_changed_byte_is_survived)
{
	static const char bytes[] = { '\0', '\n', '"', ':', '[', '&', '\t', (char)0xff };
	uint32_t n_lines = 2;
	size_t n;
	char *text = data_read("tests/data/config/lab.yaml", &n);

	for (size_t i = 0; i < n; i++)
		n_lines += text[i] == '\n';
	for (size_t i = 0; i <= n; i++)
		load_any(text, i, n_lines);
	for (size_t i = 0; i < n; i++) {
		char was = text[i];

		text[i] = bytes[i % sizeof(bytes)];
		load_any(text, n, n_lines + 1);
		text[i] = (char)(was ^ 0x20);
		load_any(text, n, n_lines + 1);
		text[i] = was;
	}
	free(text);
}

Test(config_limits, names_bytes_that_are_no_text)
{
	static const char *const bad[] = { "node: a\nidle: \xff\n",
					   "node: a\nidle: \xc3\xa4\x01\n" };
	static const char *const place[] = { "test.yaml:2:7: ", "test.yaml:2:8: " };

	for (size_t i = 0; i < 2; i++) {
		struct config_errors e = { 0 };
		struct config c;
		char line[256];

		cr_expect(data_load(bad[i], strlen(bad[i]), &c, &e) == -EINVAL);
		cr_assert(e.n > 0);
		config_errors_format(&e, 0, line, sizeof(line));
		cr_expect(strncmp(line, place[i], strlen(place[i])) == 0, "%s", line);
		config_errors_free(&e);
	}
}

Test(config_limits, says_why_a_file_cannot_be_read)
{
	struct config c = { .workers = 77 };
	struct config_errors e = { 0 };
	char line[256];

	cr_expect(config_load_file("/nonexistent/viaduct.yaml", &c, &e) == -ENOENT);
	cr_assert(config_errors_lines(&e) == 1);
	config_errors_format(&e, 0, line, sizeof(line));
	cr_expect_str_eq(line, "/nonexistent/viaduct.yaml:1:1: cannot be read: "
			       "No such file or directory");
	cr_expect(c.workers == 77);
	config_errors_free(&e);
	cr_expect(config_load_file("/", &c, &e) == -EISDIR);
	config_errors_free(&e);
}

/* Where a key stands in a file, by its section. */
static const struct {
	enum config_section_id section;
	const char *before, *after;
} frames[] = {
	{ SECTION_top, "", "" },
	{ SECTION_interface, "interfaces: [{", "}]" },
	{ SECTION_pool, "pools: [{", "}]" },
	{ SECTION_probe, "pools: [{probe: {", "}}]" },
	{ SECTION_passive, "pools: [{passive: {", "}}]" },
	{ SECTION_backend, "pools: [{backends: [{", "}]}]" },
	{ SECTION_connections, "pools: [{connections: {", "}}]" },
	{ SECTION_reassembly, "reassembly: {", "}" },
	{ SECTION_streams, "streams: {", "}" },
	{ SECTION_tls, "tls: {", "}" },
};

/* True if @key, in the frame @frame, may be @value. */
static bool in_range(size_t frame, const struct config_key *key, int64_t value)
{
	struct config_errors e = { 0 };
	struct config c;
	char text[256];
	bool refused = false;
	int n = snprintf(text, sizeof(text), "%s%s: %lld%s%s", frames[frame].before, key->name,
			 (long long)value, key->type == TYPE_DURATION ? "ms" : "",
			 frames[frame].after);

	cr_assert(data_load(text, (size_t)n, &c, &e) == -EINVAL);
	for (uint32_t i = 0; i < e.n; i++) {
		refused = refused || strstr(e.v[i].text, "is out of range");
		cr_expect(!strstr(e.v[i].text, "unknown key"), "%s", text);
	}
	config_errors_free(&e);
	return !refused;
}

Test(config_limits, numbers_may_be_their_bounds_and_no_more)
{
	unsigned int n = 0;

	for (size_t f = 0; f < sizeof(frames) / sizeof(frames[0]); f++) {
		const struct config_section *s = &config_sections[frames[f].section];

		for (uint32_t i = 0; i < s->n_keys; i++) {
			const struct config_key *key = &s->keys[i];

			if (key->type != TYPE_UINT && key->type != TYPE_DURATION)
				continue;
			n++;
			cr_expect(in_range(f, key, key->min), "%s: min", key->name);
			cr_expect(in_range(f, key, key->max), "%s: max", key->name);
			cr_expect(!in_range(f, key, key->max + 1), "%s: max + 1", key->name);
			if (key->min > 0)
				cr_expect(!in_range(f, key, key->min - 1), "%s: min - 1",
					  key->name);
		}
	}
	cr_expect(n == 36, "%u keys", n);
}

Test(config_limits, a_set_tells_a_key_from_its_prefixes)
{
	static const char text[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	struct arena a = { 0 };
	struct config_set s;

	cr_assert(config_set_init(&s, &a, 64) == 0);
	for (size_t n = 64; n > 0; n--)
		cr_expect(!config_set_put(&s, text, n, (struct config_mark){ 1, 1 }), "%zu", n);
	arena_free(&a);
}

Test(config_limits, a_set_keeps_every_key_and_its_order)
{
	struct arena a = { 0 };
	struct config_set s;
	uint32_t keys[5000];

	cr_assert(config_set_init(&s, &a, 5000) == 0);
	for (uint32_t i = 0; i < 5000; i++) {
		keys[i] = i * 2654435761u;
		cr_expect(!config_set_put(&s, &keys[i], 4, (struct config_mark){ i + 1, 1 }));
	}
	for (uint32_t i = 0; i < 5000; i++) {
		const struct config_set_slot *slot = config_set_get(&s, &keys[i], 4);

		cr_expect(slot && slot->order == i && slot->mark.line == i + 1);
		cr_expect(config_set_put(&s, &keys[i], 4, (struct config_mark){ 9, 9 }) == slot);
		cr_expect(!config_set_get(&s, &keys[i], 3));
	}
	arena_free(&a);
}
