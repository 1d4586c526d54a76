/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names stand behind the rows; a name that repeats the one before it, as targets of SRV records at
 * several ports do, is kept once.
 */
#include "control/dns/dns_rrset.h"

#include "control/config/alloc.h"

#include <errno.h>

/* True if record @i has the name of the record before it. */
static bool repeats(const struct dns_answer_records *from, uint32_t i)
{
	return i > 0 && strcmp(from->v[i].name, from->v[i - 1].name) == 0;
}

static size_t size_of(const struct dns_answer_records *from)
{
	size_t size = sizeof(struct dns_rrset) + from->n * sizeof(struct dns_row);

	for (uint32_t i = 0; i < from->n; i++) {
		if (!repeats(from, i))
			size += strlen(from->v[i].name) + 1;
	}
	return size + (from->alias[0] ? strlen(from->alias) + 1 : 0);
}

static const char *put_name(char **at, const char *name)
{
	size_t n = strlen(name) + 1;
	char *put = *at;

	memcpy(put, name, n);
	*at += n;
	return put;
}

struct dns_rrset *dns_rrset_new(const struct dns_answer_records *from)
{
	size_t size = size_of(from);
	struct dns_rrset *s = mem_alloc(size);
	char *at;

	if (!s)
		return NULL;
	s->rc = from->n || from->alias[0] ? 0 : -ENOENT;
	s->n = from->n;
	s->bytes = (uint32_t)size;
	at = (char *)&s->v[s->n];
	for (uint32_t i = 0; i < s->n; i++) {
		const struct dns_record *r = &from->v[i];

		s->v[i] = (struct dns_row){
			.priority = r->priority,
			.weight = r->weight,
			.port = r->port,
			.transport = r->transport,
			.ip = r->ip,
			.name = repeats(from, i) ? s->v[i - 1].name : put_name(&at, r->name),
		};
	}
	if (from->alias[0])
		s->alias = put_name(&at, from->alias);
	return s;
}

static bool same_row(const struct dns_row *a, const struct dns_row *b)
{
	return a->priority == b->priority && a->weight == b->weight && a->port == b->port &&
	       a->transport == b->transport && ip_equal(&a->ip, &b->ip) &&
	       strcmp(a->name, b->name) == 0;
}

bool dns_rrset_same(const struct dns_rrset *a, const struct dns_rrset *b)
{
	if (a->rc != b->rc || a->n != b->n || !a->alias != !b->alias)
		return false;
	if (a->alias && strcmp(a->alias, b->alias) != 0)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		if (!same_row(&a->v[i], &b->v[i]))
			return false;
	}
	return true;
}
