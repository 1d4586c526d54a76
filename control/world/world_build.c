/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of a build, the block, and the static host names. Listeners stand in world_listeners.c,
 * pools in world_pools.c, rules and trusted sources in world_rules.c, what makes worlds comparable
 * in world_digest.c.
 *
 * One block but for the tables, which worlds share (table.h), because a snapshot is freed from a
 * callback that knows one pointer, and because what workers read should lie together. Sizes are
 * upper bounds made from the same counts as the filling; build_take() asserts that they hold.
 * Filling twice, once without memory to count, was not taken: every line would need to work without
 * a target.
 */
#include "control/world/world_build.h"

#include "control/config/block.h"
#include "control/world/world_parts.h"
#include "dataplane/proxy/own.h"

#include <assert.h>
#include <errno.h>

void *build_take(struct build *b, size_t n)
{
	uint8_t *piece = b->at;

	n = build_room(n);
	assert(n <= (size_t)(b->end - b->at));
	b->at += n;
	return piece;
}

char *build_text(struct build *b, const char *text, size_t n)
{
	char *copy = build_take(b, n + 1);

	memcpy(copy, text, n);
	return copy;
}

static size_t hosts_bytes(const struct build *b)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < b->c->n_hosts; i++)
		bytes += strlen(b->c->hosts[i].name);
	for (uint32_t i = 0; i < b->facts->n_hosts; i++)
		bytes += strlen(b->facts->hosts[i].name);
	return bytes;
}

static size_t hosts_size(const struct build *b)
{
	uint32_t n = b->c->n_hosts + b->facts->n_hosts;

	return build_room(names_size(n, hosts_bytes(b))) + build_room(n * sizeof(struct ip));
}

static struct name_entry host_entry(const char *name, uint32_t value)
{
	size_t len = strlen(name);

	return (struct name_entry){ (const uint8_t *)name, (uint16_t)(len > OWN_HOST_MAX ? 0 : len),
				    value };
}

static int build_hosts(struct build *b)
{
	uint32_t n = b->c->n_hosts + b->facts->n_hosts;
	struct name_entry *entries = arena_alloc(&b->scratch, n * sizeof(*entries));
	void *table = build_take(b, names_size(n, hosts_bytes(b)));
	struct ip *ips = build_take(b, n * sizeof(*ips));
	uint32_t k = 0;

	if (!entries)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->c->n_hosts; i++, k++) {
		entries[k] = host_entry(b->c->hosts[i].name, k);
		ips[k] = b->c->hosts[i].address;
	}
	for (uint32_t i = 0; i < b->facts->n_hosts; i++, k++) {
		entries[k] = host_entry(b->facts->hosts[i].name, k);
		ips[k] = b->facts->hosts[i].ip;
	}
	b->w->hosts = names_build(table, &b->w->keys, entries, n);
	b->w->host_ips = ips;
	return 0;
}

static int make_block(struct build *b)
{
	size_t size = WORLD_LIFE_SIZE + build_room(sizeof(*b->w)) + build_listeners_size(b) +
		      build_pools_size(b) + build_servers_size(b) + build_rules_size(b) +
		      hosts_size(b);
	uint8_t *block = block_new(size);

	if (!block)
		return -ENOMEM;
	b->at = block;
	b->end = block + size;
	build_take(b, WORLD_LIFE_SIZE);
	b->w = build_take(b, sizeof(*b->w));
	world_life(b->w)->refs = 1;
	return 0;
}

static int fill(struct build *b)
{
	int rc = keys_derive(b->facts->secret, b->facts->secret_len, &b->w->keys);

	if (rc) {
		config_errors_add(b->errs, b->c->at[CK_top_secret],
				  "secret too short, 16 bytes at least");
		return rc;
	}
	b->w->record_route = b->c->record_route;
	b->w->preloaded_route = b->c->preloaded_route;
	b->w->max_breadth = (uint8_t)b->c->max_breadth;
	b->w->generation = b->facts->generation;
	b->w->draining = b->facts->draining;
	rc = build_listeners(b);
	rc = rc ? rc : build_pools(b);
	rc = rc ? rc : build_servers(b);
	rc = rc ? rc : build_rules(b);
	return rc ? rc : build_hosts(b);
}

static int build_all(struct build *b)
{
	uint32_t faults = config_errors_lines(b->errs);
	int rc;

	rc = build_overlay(b);
	rc = rc ? rc : build_plan_listeners(b);
	rc = rc ? rc : make_block(b);
	rc = rc ? rc : fill(b);
	if (rc == 0)
		build_digests(b);
	if (rc == 0 && (config_errors_lines(b->errs) > faults || b->errs->no_memory))
		rc = b->errs->no_memory ? -ENOMEM : -EINVAL;
	return rc;
}

int world_build(const struct config *c, const struct world_facts *facts, struct world **out,
		struct config_errors *errs)
{
	struct build b = { .c = c, .facts = facts, .errs = errs };
	int rc;

	config_errors_file(errs, c->file ? c->file : "-");
	rc = build_all(&b);
	arena_free(&b.scratch);
	config_errors_sort(errs);
	if (rc)
		world_free(b.w);
	else
		*out = b.w;
	return rc;
}
