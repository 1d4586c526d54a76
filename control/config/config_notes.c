/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What may be said about a valid configuration: what is likely not meant, what a reload cannot
 * change. The latter follows from the key table alone, by a walk over all sections.
 */
#include "control/config/config_reader.h"

#include <errno.h>
#include <string.h>

static struct config_mark place(const struct config_section *s, const struct config_key *key,
				const void *base)
{
	const struct config_mark *at = (const struct config_mark *)base + 1;

	return at[key - s->keys];
}

static const void *field(const struct config_key *key, const void *base)
{
	return (const uint8_t *)base + key->offset;
}

static uint32_t count(const struct config_key *key, const void *base)
{
	uint32_t n;

	memcpy(&n, (const uint8_t *)base + key->n_offset, sizeof(n));
	return n;
}

static const uint8_t *elements(const struct config_key *key, const void *base)
{
	const uint8_t *v;

	memcpy(&v, field(key, base), sizeof(v));
	return v;
}

/* What a function that adds remarks returns: @rc if there are new ones. */
static int finish(struct config_errors *errs, uint32_t before, int rc)
{
	config_errors_sort(errs);
	if (errs->no_memory)
		return -ENOMEM;
	return errs->n + errs->left_out != before ? rc : 0;
}

static void warn_interface(struct config_errors *w, const struct config_interface *i)
{
	if (i->kernel != CONFIG_KERNEL_SHARED)
		return;
	if (CONFIG_GIVEN(i, interface, neighbors))
		config_errors_add(w, i->at[CK_interface_neighbors],
				  "neighbors: no effect with kernel: shared; Linux knows them");
	if (CONFIG_GIVEN(i, interface, gateway))
		config_errors_add(w, i->at[CK_interface_gateway],
				  "gateway: no effect with kernel: shared; Linux routes");
}

static void warn_pool(struct config_errors *w, const struct config *c, uint32_t index)
{
	const struct config_pool *p = &c->pools[index];
	bool used = false, live = false;

	for (uint32_t i = 0; i < c->n_routes && !used; i++)
		used = c->routes[i].pool_index == index;
	for (uint32_t i = 0; i < p->n_backends && !live; i++)
		live = p->backends[i].weight && p->backends[i].state == CONFIG_STATE_UP;
	if (!used)
		config_errors_add(w, p->mark, "pool \"%s\": no route leads to it", p->name);
	if (!live)
		config_errors_add(w, p->mark,
				  "pool \"%s\": no backend is up and has weight, so it "
				  "takes no new calls",
				  p->name);
	if (p->table_size / 100 < p->n_backends)
		config_errors_add(w, p->mark,
				  "pool \"%s\": %u slots for %u backends spread calls "
				  "unevenly; 100 for each are good",
				  p->name, p->table_size, p->n_backends);
}

/* True if requests to @ip leave by an interface that Linux does not have, as far as the file says:
 * by one that has it on its link, or by any if Linux has none. */
static bool without_linux(const struct config *c, const struct ip *ip)
{
	bool shared = false;

	for (uint32_t i = 0; i < c->n_interfaces; i++) {
		const struct config_interface *f = &c->interfaces[i];

		shared = shared || f->kernel != CONFIG_KERNEL_NONE;
		for (uint32_t k = 0; k < f->n_addresses; k++) {
			const struct prefix net = { f->addresses[k].ip, f->addresses[k].len };

			if (prefix_has(&net, ip))
				return f->kernel == CONFIG_KERNEL_NONE;
		}
	}
	return !shared;
}

static void warn_probe(struct config_errors *w, const struct config *c, const struct config_pool *p)
{
	if (!CONFIG_GIVEN(p, pool, probe))
		return;
	for (uint32_t i = 0; i < p->n_backends; i++) {
		const struct config_backend *b = &p->backends[i];

		if (!CONFIG_GIVEN(&p->probe, probe, source) && !b->address.host &&
		    without_linux(c, &b->address.at.ip))
			config_errors_add(
				w, b->mark,
				"backend \"%s\": is not probed: probes go by Linux, which "
				"has no way to it; probe.source names one",
				b->name);
	}
}

static void warn_routes(struct config_errors *w, const struct config *c)
{
	for (uint32_t i = 0; i + 1 < c->n_routes; i++) {
		if (CONFIG_GIVEN(&c->routes[i], route, match))
			continue;
		config_errors_add(w, c->routes[i + 1].mark,
				  "routes: never reached; the route at line %u "
				  "takes every request",
				  c->routes[i].mark.line);
		return;
	}
}

int config_warnings(const struct config *c, struct config_errors *warnings)
{
	uint32_t before = warnings->n + warnings->left_out;

	config_errors_file(warnings, c->file);
	for (uint32_t i = 0; i < c->n_interfaces; i++)
		warn_interface(warnings, &c->interfaces[i]);
	for (uint32_t i = 0; i < c->n_pools; i++)
		warn_pool(warnings, c, i);
	for (uint32_t i = 0; i < c->n_pools; i++)
		warn_probe(warnings, c, &c->pools[i]);
	warn_routes(warnings, c);
	return finish(warnings, before, 0);
}

/* True if the values of @key in two sections are the same. Of lists, their lengths are compared. */
static bool same(const struct config_key *key, const void *a, const void *b)
{
	const void *x = field(key, a), *y = field(key, b);
	const char *s, *t;

	if (key->shape == SHAPE_MAPS || key->shape == SHAPE_LIST)
		return count(key, a) == count(key, b);
	switch (key->type) {
	case TYPE_TEXT:
	case TYPE_NAME:
	case TYPE_SECRET:
		memcpy(&s, x, sizeof(s));
		memcpy(&t, y, sizeof(t));
		return s == t || (s && t && strcmp(s, t) == 0);
	case TYPE_DEVICE:
		return strcmp(((const struct config_device *)x)->text,
			      ((const struct config_device *)y)->text) == 0;
	default:
		return memcmp(x, y, key->size) == 0;
	}
}

static void compare_section(struct config_errors *errs, enum config_section_id id, const void *a,
			    const void *b, struct config_mark up)
{
	const struct config_section *s = &config_sections[id];

	for (uint32_t i = 0; i < s->n_keys; i++) {
		const struct config_key *key = &s->keys[i];
		struct config_mark at = place(s, key, b);

		if (at.line == 0)
			at = up;
		if ((key->flags & KF_RESTART) && !same(key, a, b))
			config_errors_add(errs, at,
					  "%s: differs from what runs; a reload cannot change it, "
					  "restart to do so",
					  key->name);
		else if (key->shape == SHAPE_MAP)
			compare_section(errs, key->sub, field(key, a), field(key, b), at);
		else if (key->shape == SHAPE_MAPS && (key->flags & KF_RESTART))
			for (uint32_t k = 0; k < count(key, b); k++)
				compare_section(errs, key->sub, elements(key, a) + k * key->size,
						elements(key, b) + k * key->size, at);
	}
}

int config_needs_restart(const struct config *running, const struct config *next,
			 struct config_errors *errs)
{
	uint32_t before = errs->n + errs->left_out;

	config_errors_file(errs, next->file);
	compare_section(errs, SECTION_top, running, next, next->mark);
	return finish(errs, before, -EBUSY);
}
