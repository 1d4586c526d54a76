/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/fleet_lab.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t lab_now_ms = 1000000;

static uint64_t now_ms(void)
{
	return lab_now_ms;
}

/* One backend, "a=10.0.0.1*3!drain", as a line of the file. */
static size_t put_backend(char *out, size_t n, const char *from)
{
	size_t name = strcspn(from, "="), addr = strcspn(from + name + 1, "*!");
	const char *rest = from + name + 1 + addr, *weight = strchr(rest, '*');
	const char *state = strchr(rest, '!');

	return (size_t)snprintf(
		out, n, "      - {name: %.*s, address: \"%.*s:5060\", weight: %lu, state: %s}\n",
		(int)name, from, (int)addr, from + name + 1,
		weight ? strtoul(weight + 1, NULL, 10) : 1ul, state ? state + 1 : "up");
}

struct config lab_config(const char *text)
{
	static char file[1 << 16];
	struct config_errors errs = { 0 };
	struct config c = { 0 };
	char copy[4096], *pool, *pools = copy, first[64] = "";
	size_t n = (size_t)snprintf(file, sizeof(file),
				    "interfaces:\n"
				    "  - {name: net, device: \"vdev:net_null0\", kernel: none, "
				    "addresses: [\"192.0.2.1/24\"]}\n"
				    "pools:\n");

	snprintf(copy, sizeof(copy), "%s", text);
	while ((pool = strsep(&pools, ";"))) {
		char *name = strsep(&pool, ":"), *backend, *slow;

		name += strspn(name, " ");
		slow = strchr(name, '+');
		if (slow)
			*slow++ = '\0';
		if (!first[0])
			snprintf(first, sizeof(first), "%s", name);
		n += (size_t)snprintf(file + n, sizeof(file) - n,
				      "  - name: %s\n    table_size: 251\n    slow_start: %s\n"
				      "    backends:\n",
				      name, slow ? slow : "0s");
		while ((backend = strsep(&pool, " "))) {
			if (backend[0])
				n += put_backend(file + n, sizeof(file) - n, backend);
		}
	}
	n += (size_t)snprintf(file + n, sizeof(file) - n, "routes:\n  - {pool: %s}\n", first);
	if (config_load_memory("lab.yaml", file, n, &c, &errs)) {
		config_errors_print(&errs, stderr);
		cr_assert_fail("%s", file);
	}
	config_errors_free(&errs);
	return c;
}

struct fleet *lab_fleet(const char *text, struct config *c)
{
	struct fleet *f;

	*c = lab_config(text);
	f = fleet_new(c);
	cr_assert(f);
	f->mono = f->wall = now_ms;
	return f;
}

void lab_reload(struct fleet *f, struct config *c, const char *text, bool reset)
{
	struct config next = lab_config(text);

	cr_assert_eq(fleet_use_config(f, &next, reset), 0);
	config_free(c);
	*c = next;
}

struct fleet_backend *lab_backend(struct fleet *f, const char *path)
{
	char pool[64], why[FLEET_REASON_MAX];
	const char *name = strchr(path, '/') + 1;
	struct fleet_backend *b;

	snprintf(pool, sizeof(pool), "%.*s", (int)(name - 1 - path), path);
	b = fleet_find(f, pool, name, why, sizeof(why));
	cr_assert(b, "%s", why);
	return b;
}

int lab_add(struct fleet *f, const char *path, const char *address, uint32_t weight)
{
	char pool[64], why[FLEET_REASON_MAX];
	const char *name = strchr(path, '/') + 1;
	struct endpoint at = { .port = 5060 };

	snprintf(pool, sizeof(pool), "%.*s", (int)(name - 1 - path), path);
	cr_assert(ip_parse((const uint8_t *)address, strlen(address), &at.ip));
	return fleet_add(f, pool, name, &at, WORLD_UDP, weight, 0, why, sizeof(why));
}

void lab_state(struct fleet *f, const char *path, enum config_state state)
{
	const struct fleet_change change = { .set_state = true, .state = state };

	fleet_set(f, lab_backend(f, path), &change);
}

void lab_weight(struct fleet *f, const char *path, uint32_t weight)
{
	const struct fleet_change change = { .set_weight = true, .weight = weight };

	fleet_set(f, lab_backend(f, path), &change);
}

const char *lab_pool_text(const struct fleet *f, const char *pool)
{
	static char text[4096];
	uint16_t count;
	const uint16_t *members = fleet_members(f, fleet_pool_index(f, pool), &count);
	size_t n = 0;

	text[0] = '\0';
	for (uint16_t i = 0; i < count; i++) {
		const struct fleet_backend *b = &f->v[members[i]]->b;

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "", b->name);
		if (b->weight != 1)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "*%u", b->weight);
		if (b->state != BACKEND_UP)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "!%s",
					      fleet_state_name(b->state));
	}
	return text;
}
