/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables of a snapshot (scale.h): microseconds and bytes to build them, nanoseconds to look a
 * key up, and for Maglev how even it spreads and how much moves when a server goes. Each key is a
 * random one that depends on the answer before, so look-ups do not overlap, and a table that
 * outgrows a cache shows it.
 */
#include "bench/scale.h"
#include "dataplane/proxy/fib.h"
#include "dataplane/proxy/maglev.h"
#include "dataplane/proxy/names.h"

#include <stdlib.h>

#define LOOKUPS 65536u
#define TURNS 7
#define N_SIZES 6
#define BUILD_SLOW 100000u /* entries from which on a table is built and asked TURNS / 3 times */

struct table_result {
	uint32_t n;
	size_t bytes;
	struct samples us, ns;
};

struct table_kind {
	const char *name, *label, *of;
	uint32_t sizes[N_SIZES];
	void (*measure)(struct table_result *r);
};

static struct keys keys;

static void *must_alloc(size_t n)
{
	void *p = aligned_alloc(64, (n + 63) & ~(size_t)63);

	if (!p) {
		fprintf(stderr, "scale: no memory\n");
		exit(2);
	}
	return p;
}

static uint64_t next_random(void)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return state >> 32 | state << 32;
}

static double since(uint64_t from)
{
	return (double)(timing_now() - from) * timing_tick_ns();
}

/* --- Maglev ------------------------------------------------------------------------------ */

static uint32_t slots_for(uint32_t n_servers)
{
	return n_servers > 655 ? 655373 : MAGLEV_SIZE;
}

/* A table of @n servers without the server @without, its time in @us if not NULL. */
static uint16_t *maglev_table(uint32_t n, uint32_t without, struct samples *us)
{
	uint32_t slots = slots_for(n), used = 0;
	struct maglev_server *servers = must_alloc(n * sizeof(*servers));
	uint16_t *table = must_alloc(slots * sizeof(*table));
	void *scratch = must_alloc(maglev_scratch(n));
	uint64_t from;

	for (uint32_t i = 0; i < n; i++) {
		char name[32];
		int len = snprintf(name, sizeof(name), "server-%u", i);

		if (i != without)
			servers[used++] = (struct maglev_server){
				.id = maglev_id(&keys, name, (size_t)len),
				.weight = 1,
				.index = (uint16_t)i,
			};
	}
	from = timing_now();
	maglev_build(table, slots, servers, used, scratch);
	if (us)
		samples_add(us, since(from) / 1e3);
	free(servers);
	free(scratch);
	return table;
}

static void measure_maglev(struct table_result *r)
{
	uint32_t slots = slots_for(r->n);
	uint16_t *table = NULL;

	r->bytes = slots * sizeof(*table);
	for (int t = 0; t < TURNS; t++) {
		uint64_t from, sum = 0;

		free(table);
		table = maglev_table(r->n, r->n, &r->us);
		from = timing_now();
		for (unsigned int i = 0; i < LOOKUPS; i++)
			sum += table[maglev_slot(next_random() ^ sum, slots)];
		timing_keep(sum);
		samples_add(&r->ns, since(from) / LOOKUPS);
	}
	free(table);
}

/* The largest share of a server over the even one, and the slots that move beyond those of a server
 * that goes; in per cent. */
static void maglev_quality(uint32_t n, double *uneven, double *moved)
{
	uint32_t slots = slots_for(n), most = 0, changed = 0, gone = n / 2;
	uint16_t *table = maglev_table(n, n, NULL), *less = maglev_table(n, gone, NULL);
	uint32_t *share = calloc(n, sizeof(*share));

	for (uint32_t i = 0; i < slots && share; i++) {
		uint32_t mine = ++share[table[i]];

		most = mine > most ? mine : most;
		changed += table[i] != less[i] && table[i] != gone;
	}
	*uneven = 100.0 * ((double)most * n / slots - 1);
	*moved = 100.0 * changed / slots;
	free(share);
	free(table);
	free(less);
}

/* --- forwarding table -------------------------------------------------------------------- */

static struct ip v4(uint32_t address)
{
	struct ip ip = { .b = { [10] = 0xff, [11] = 0xff } };

	for (unsigned int i = 0; i < 4; i++)
		ip.b[12 + i] = (uint8_t)(address >> (24 - 8 * i));
	return ip;
}

/* Prefixes of 16 to 24 bits as on the Internet: two in three of 24. And a default route. */
static void make_routes(struct fib_route *r, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t x = next_random();
		uint8_t len = (uint8_t)(x % 3 ? 24 : 16 + x / 3 % 8);

		r[i] = (struct fib_route){ .prefix = v4((uint32_t)(x >> 32)),
					   .len = (uint8_t)(96 + len),
					   .gateway = v4(0xcb0071fe) };
	}
	r[0].len = 96;
}

static void measure_fib(struct table_result *r)
{
	struct fib_route *routes = must_alloc(r->n * sizeof(*routes));
	struct fib_neighbor gateway = { .ip = v4(0xcb0071fe) };
	void *mem;
	int turns = r->n < BUILD_SLOW ? TURNS : TURNS / 3;

	make_routes(routes, r->n);
	r->bytes = fib_size(r->n, 1, 0);
	mem = must_alloc(r->bytes);
	for (int t = 0; t < turns; t++) {
		const struct fib *f;
		struct fib_hop hop;
		uint64_t from = timing_now(), sum = 0;

		f = fib_build(mem, 1, routes, r->n, &gateway, 1, NULL, 0);
		samples_add(&r->us, since(from) / 1e3);
		from = timing_now();
		for (unsigned int i = 0; i < LOOKUPS; i++) {
			struct ip dst = v4((uint32_t)((next_random() ^ sum) >> 16));

			sum += fib_lookup(f, &dst, &hop) + hop.mac[0];
		}
		timing_keep(sum);
		samples_add(&r->ns, since(from) / LOOKUPS);
	}
	free(mem);
	free(routes);
}

/* --- names ------------------------------------------------------------------------------- */

#define NAME_ROOM 32

static void measure_names(struct table_result *r)
{
	char(*text)[NAME_ROOM] = must_alloc(r->n * sizeof(*text));
	struct name_entry *e = must_alloc(r->n * sizeof(*e));
	int turns = r->n < BUILD_SLOW ? TURNS : TURNS / 3;
	size_t bytes = 0;
	void *mem;

	for (uint32_t i = 0; i < r->n; i++) {
		int len = snprintf(text[i], NAME_ROOM, "sip%u.carrier.example", i);

		e[i] = (struct name_entry){ (const uint8_t *)text[i], (uint16_t)len, i };
		bytes += (size_t)len;
	}
	r->bytes = names_size(r->n, bytes);
	mem = must_alloc(r->bytes);
	for (int t = 0; t < turns; t++) {
		uint64_t from = timing_now(), sum = 0;
		const struct names *names = names_build(mem, &keys, e, r->n);

		samples_add(&r->us, since(from) / 1e3);
		from = timing_now();
		for (unsigned int i = 0; i < LOOKUPS; i++) {
			const struct name_entry *k = &e[(next_random() ^ sum) % r->n];

			sum += (uint64_t)names_find(names, k->name, k->len);
		}
		timing_keep(sum);
		samples_add(&r->ns, since(from) / LOOKUPS);
	}
	free(mem);
	free(e);
	free(text);
}

/* --- all of them ------------------------------------------------------------------------- */

static const struct table_kind kinds[] = {
	{ "maglev", "Maglev table", "servers", { 2, 8, 64, 512, 2048, 10000 }, measure_maglev },
	{ "fib",
	  "forwarding table",
	  "routes",
	  { 10, 100, 1000, 10000, 100000, 1000000 },
	  measure_fib },
	{ "names", "table of names", "names", { 1, 10, 100, 1000, 10000, 100000 }, measure_names },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct table_result results[N_KINDS][N_SIZES];

static void report_table(struct report *r, const struct table_kind *k,
			 const struct table_result *result)
{
	struct summary us = samples_summary(&result->us), ns = samples_summary(&result->ns);
	char name[64], label[64];
	struct report_row row = { name, label, "tables", "build", "us" };

	snprintf(label, sizeof(label), "%s, %u %s", k->label, result->n, k->of);
	snprintf(name, sizeof(name), "%s.%u.build", k->name, result->n);
	report_samples(r, &row, &us);
	snprintf(name, sizeof(name), "%s.%u.memory", k->name, result->n);
	row.column = "memory";
	row.unit = "KiB";
	report_value(r, &row, (double)result->bytes / 1024);
	snprintf(name, sizeof(name), "%s.%u.lookup", k->name, result->n);
	row.column = "look-up";
	row.unit = "ns";
	report_samples(r, &row, &ns);
}

static void report_quality(struct report *r, uint32_t n)
{
	double uneven, moved;
	char name[64], label[64];
	struct report_row row = { name, label, "maglev", "slots", "slots" };

	maglev_quality(n, &uneven, &moved);
	snprintf(label, sizeof(label), "%u servers", n);
	snprintf(name, sizeof(name), "maglev.%u.slots", n);
	report_value(r, &row, slots_for(n));
	snprintf(name, sizeof(name), "maglev.%u.uneven", n);
	row.column = "largest share over even";
	row.unit = "%";
	report_value(r, &row, uneven);
	snprintf(name, sizeof(name), "maglev.%u.moved", n);
	row.column = "others moved by one leaving";
	report_value(r, &row, moved);
}

void scale_tables_rows(struct report *r)
{
	if (keys_derive("the secret of all benches", 25, &keys) != 0)
		exit(1);
	for (unsigned int i = 0; i < N_KINDS; i++) {
		for (unsigned int k = 0; k < N_SIZES; k++) {
			results[i][k].n = kinds[i].sizes[k];
			kinds[i].measure(&results[i][k]);
			report_table(r, &kinds[i], &results[i][k]);
		}
	}
	for (unsigned int k = 0; k < N_SIZES; k++)
		report_quality(r, kinds[0].sizes[k]);
}
