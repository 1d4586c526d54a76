/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dns_lab.h"

#include "control/endpoint_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define CNAME 5
#define MOST_WORDS 8

/* One line of a zone, in words. */
struct line {
	char text[LAB_LINE];
	char *name, *type, *data[MOST_WORDS];
	uint32_t ttl, n;
};

/* Reads the next line at *@at that is not empty. */
static bool next_line(const char **at, struct line *l)
{
	size_t len;
	char *word, *rest;

	while (**at == '\n' || **at == ' ')
		++*at;
	if (!**at)
		return false;
	len = strcspn(*at, "\n");
	snprintf(l->text, sizeof(l->text), "%.*s", (int)len, *at);
	*at += len;
	rest = l->text;
	l->name = strsep(&rest, " ");
	l->type = strsep(&rest, " ");
	l->ttl = 300;
	l->n = 0;
	while ((word = strsep(&rest, " ")) && l->n < MOST_WORDS)
		l->data[l->n++] = word;
	return true;
}

static void shift_ttl(struct line *l, uint32_t words)
{
	if (l->n <= words)
		return;
	l->ttl = (uint32_t)strtoul(l->data[0], NULL, 10);
	memmove(l->data, l->data + 1, (MOST_WORDS - 1) * sizeof(l->data[0]));
	l->n--;
}

/* --- messages ---------------------------------------------------------------------------- */

struct out {
	uint8_t *p;
	size_t n, room;
	bool full;
};

static void put(struct out *o, const void *p, size_t n)
{
	if (o->n + n > o->room) {
		o->full = true;
		return;
	}
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

static void put16(struct out *o, uint32_t v)
{
	const uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(o, b, 2);
}

static void put32(struct out *o, uint32_t v)
{
	put16(o, v >> 16);
	put16(o, v & 0xffff);
}

static void put_name(struct out *o, const char *name)
{
	if (strcmp(name, ".") == 0)
		name = "";
	while (*name) {
		uint8_t n = (uint8_t)strcspn(name, ".");

		put(o, &n, 1);
		put(o, name, n);
		name += n + (name[n] == '.');
	}
	put(o, "", 1);
}

static void put_string(struct out *o, const char *s)
{
	uint8_t n = (uint8_t)strlen(s);

	put(o, &n, 1);
	put(o, s, n);
}

static void put_address(struct out *o, const char *text)
{
	struct ip ip;

	if (!ip_parse((const uint8_t *)text, strlen(text), &ip))
		abort();
	if (ip_is_v4(&ip))
		put(o, ip_v4_bytes(&ip), 4);
	else
		put(o, ip.b, 16);
}

static uint32_t number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

static uint16_t type_of(const char *text)
{
	for (int i = 0; i < DNS_N_TYPES; i++) {
		if (strcmp(text, dns_type_name((enum dns_type)i)) == 0)
			return dns_type_number((enum dns_type)i);
	}
	return strcmp(text, "CNAME") == 0 ? CNAME : 0;
}

/* One record of line @l, which has its TTL shifted out. */
static void put_record(struct out *o, const struct line *l, uint16_t type)
{
	size_t at;

	put_name(o, l->name);
	put16(o, type);
	put16(o, 1);
	put32(o, l->ttl);
	at = o->n;
	put16(o, 0);
	if (type == CNAME) {
		put_name(o, l->data[0]);
	} else if (type == dns_type_number(DNS_SRV)) {
		for (int i = 0; i < 3; i++)
			put16(o, number(l->data[i]));
		put_name(o, l->data[3]);
	} else if (type == dns_type_number(DNS_NAPTR)) {
		put16(o, number(l->data[0]));
		put16(o, number(l->data[1]));
		put_string(o, l->data[2]);
		put_string(o, l->data[3]);
		put_string(o, "");
		put_name(o, l->data[4]);
	} else {
		put_address(o, l->data[0]);
	}
	if (o->full)
		return;
	o->p[at] = (uint8_t)((o->n - at - 2) >> 8);
	o->p[at + 1] = (uint8_t)(o->n - at - 2);
}

static uint32_t words_of(uint16_t type)
{
	return type == dns_type_number(DNS_SRV) ? 4 : type == dns_type_number(DNS_NAPTR) ? 5 : 1;
}

/* Adds the records of @name; a CNAME's target goes to @next. Returns how many. */
static uint32_t put_owner(struct out *o, const char *zone, const char *name, uint16_t type,
			  char next[LAB_LINE])
{
	struct line l;
	uint32_t n = 0;

	next[0] = '\0';
	while (next_line(&zone, &l)) {
		uint16_t is = type_of(l.type);

		if (strcmp(l.name, name) || (is != type && is != CNAME))
			continue;
		shift_ttl(&l, words_of(is));
		put_record(o, &l, is);
		n++;
		if (is == CNAME)
			snprintf(next, LAB_LINE, "%s", l.data[0]);
	}
	return n;
}

size_t lab_question(enum dns_type type, const char *name, uint8_t *out)
{
	struct out o = { out, 0, 300, false };
	const uint8_t head[12] = { 0x12, 0x34, 1, 0, 0, 1 };

	put(&o, head, sizeof(head));
	put_name(&o, name);
	put16(&o, dns_type_number(type));
	put16(&o, 1);
	return o.n;
}

/* The name in the question, and where it ends. */
static size_t read_question(const uint8_t *p, size_t n, char name[LAB_LINE])
{
	size_t at = 12, used = 0;

	while (at < n && p[at] && p[at] < 64 && at + 1 + p[at] < n) {
		if (used)
			name[used++] = '.';
		for (uint8_t i = 0; i < p[at]; i++)
			name[used++] = (char)p[at + 1 + i];
		at += p[at] + 1u;
	}
	name[used] = '\0';
	return at + 5 <= n ? at + 1 : 0;
}

size_t lab_answer(const char *zone, const uint8_t *query, size_t n, uint8_t *out, size_t room,
		  bool *truncated)
{
	struct out o = { out, 0, room, false };
	char name[LAB_LINE], next[LAB_LINE];
	size_t tail = read_question(query, n, name);
	uint32_t count = 0;
	uint16_t type;

	if (!tail)
		return 0;
	type = (uint16_t)(query[tail] << 8 | query[tail + 1]);
	put(&o, query, tail + 4);
	memset(out + 4, 0, 8);
	out[2] = 0x85;
	out[3] = 0x80;
	out[5] = 1;
	for (int hops = 0; hops < 20 && name[0]; hops++) {
		count += put_owner(&o, zone, name, type, next);
		memcpy(name, next, sizeof(name));
	}
	*truncated = o.full;
	if (o.full) {
		out[2] |= 2;
		return tail + 4;
	}
	out[6] = (uint8_t)(count >> 8);
	out[7] = (uint8_t)count;
	return o.n;
}

/* --- records ----------------------------------------------------------------------------- */

void lab_records(const char *zone, enum dns_type type, const char *name,
		 struct dns_answer_records *out)
{
	uint8_t question[300], answer[65536];
	size_t n = lab_question(type, name, question);
	bool truncated;

	n = lab_answer(zone, question, n, answer, sizeof(answer), &truncated);
	if (dns_records_read(answer, n, name, type, out))
		abort();
}

struct dns_rrset *lab_rrset(const char *zone, enum dns_type type, const char *name)
{
	struct dns_answer_records records;
	char fails[LAB_LINE];
	struct dns_rrset *set;

	snprintf(fails, sizeof(fails), "%s %s fails", name, dns_type_name(type));
	if (strstr(zone, fails)) {
		records.n = 0;
		records.alias[0] = '\0';
		set = dns_rrset_new(&records);
		set->rc = -ETIMEDOUT;
		return set;
	}
	lab_records(zone, type, name, &records);
	return dns_rrset_new(&records);
}

const char *lab_targets(const struct dns_target *v, uint32_t n)
{
	static const char *const transports[] = { "udp", "tcp", "tls" };
	static char text[8192];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < n; i++) {
		char at[ENDPOINT_TEXT_MAX];

		endpoint_text(&v[i].at, at);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s/%s", i ? " " : "",
					 at, transports[v[i].transport]);
	}
	return text;
}
