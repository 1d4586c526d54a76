/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A reader of our own in place of c-ares' ares_parse_*(): those of 1.18 tell no TTL of SRV and
 * NAPTR records, take records of other owners, and allocate for each.
 */
#include "control/dns/dns_records.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define HEADER_LEN 12
#define QUESTION_TAIL 4 /* type and class */
#define RECORD_HEAD 10  /* type, class, TTL, length */
#define CLASS_IN 1
#define TYPE_CNAME 5
#define TYPE_SOA 6
#define LABEL_MAX 63
#define JUMPS_MAX 32 /* compression pointers in one name */
#define CODE_OK 0
#define CODE_NO_NAME 3 /* NXDOMAIN; all others are no answers */

/* The message being read. */
struct wire {
	const uint8_t *p;
	size_t n;
	size_t at;
};

/* One record, its data not read yet. */
struct record {
	char owner[DNS_NAME_MAX + 1];
	bool named; /* owner is a name of the kind that we ask for */
	uint16_t type, class;
	uint32_t ttl;
	size_t data, end;
};

uint16_t dns_type_number(enum dns_type type)
{
	static const uint16_t numbers[DNS_N_TYPES] = { 1, 28, 33, 35 };

	return numbers[type];
}

const char *dns_type_name(enum dns_type type)
{
	static const char *const names[DNS_N_TYPES] = { "A", "AAAA", "SRV", "NAPTR" };

	return names[type];
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* --- names ------------------------------------------------------------------------------- */

/* A character of a name in lower case; 0 if names have none such. */
static char name_char(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c | 0x20);
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
		return (char)c;
	return 0;
}

bool dns_name_copy(const char *p, size_t n, char out[DNS_NAME_MAX + 1])
{
	size_t label = 0;

	n -= n > 1 && p[n - 1] == '.';
	if (n == 0 || n > DNS_NAME_MAX - 2)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '.' && label > 0) {
			out[i] = '.';
			label = 0;
			continue;
		}
		out[i] = name_char((uint8_t)p[i]);
		if (!out[i] || ++label > LABEL_MAX)
			return false;
	}
	out[n] = '\0';
	return label > 0;
}

/* Appends a label of @n bytes to the name of @used bytes; false if it has other characters. */
static bool put_label(const uint8_t *p, size_t n, char *out, size_t *used)
{
	if (*used)
		out[(*used)++] = '.';
	for (size_t i = 0; i < n; i++) {
		char c = name_char(p[i]);

		if (!c)
			return false;
		out[(*used)++] = c;
	}
	return true;
}

/*
 * Reads the name at w->at and moves behind it: 0, or -EBADMSG. Pointers must lead backwards, which
 * ends every loop. @named: false if it is well formed, but has characters that we do not take; "" =
 * the root.
 */
static int read_name(struct wire *w, char out[DNS_NAME_MAX + 1], bool *named)
{
	size_t at = w->at, lowest = w->at, used = 0, total = 0;
	unsigned int jumps = 0;

	*named = true;
	out[0] = '\0';
	for (;;) {
		uint8_t len;

		if (at >= w->n)
			return -EBADMSG;
		len = w->p[at];
		if (len >= 0xc0) {
			if (at + 2 > w->n || ++jumps > JUMPS_MAX)
				return -EBADMSG;
			w->at = jumps == 1 ? at + 2 : w->at;
			at = get16(w->p + at) & 0x3fff;
			if (at >= lowest)
				return -EBADMSG;
			lowest = at;
			continue;
		}
		if (len > LABEL_MAX || at + 1 + len > w->n || (total += len + 1u) > DNS_NAME_MAX)
			return -EBADMSG;
		if (len == 0)
			break;
		if (*named && !put_label(w->p + at + 1, len, out, &used))
			*named = false;
		at += len + 1u;
	}
	out[used] = '\0';
	w->at = jumps ? w->at : at + 1;
	return 0;
}

/* --- records ----------------------------------------------------------------------------- */

/* Reads the record at w->at and moves behind it. */
static int read_record(struct wire *w, struct record *r)
{
	const uint8_t *p;

	if (read_name(w, r->owner, &r->named) || w->at + RECORD_HEAD > w->n)
		return -EBADMSG;
	p = w->p + w->at;
	r->type = get16(p);
	r->class = get16(p + 2);
	r->ttl = get32(p + 4);
	if (r->ttl > INT32_MAX) /* RFC 2181 8 */
		r->ttl = 0;
	r->data = w->at + RECORD_HEAD;
	r->end = r->data + get16(p + 8);
	w->at = r->end;
	return r->end > w->n ? -EBADMSG : 0;
}

/* Reads a name inside the data of @r that must end it. */
static bool read_last_name(const struct wire *w, const struct record *r, size_t at,
			   char out[DNS_NAME_MAX + 1])
{
	struct wire inside = { w->p, w->n, at };
	bool named;

	return at < r->end && !read_name(&inside, out, &named) && named && inside.at == r->end;
}

static bool read_address(const struct wire *w, const struct record *r, size_t len,
			 struct dns_record *out)
{
	if (r->end - r->data != len)
		return false;
	out->ip = len == 4 ? ip_from_v4(w->p + r->data) : ip_from_v6(w->p + r->data);
	/* An IPv4 address in an AAAA record is nobody's. */
	return !ip_is_unusable(&out->ip) && ip_is_v4(&out->ip) == (len == 4);
}

static bool read_srv(const struct wire *w, const struct record *r, struct dns_record *out)
{
	const uint8_t *p = w->p + r->data;

	if (r->end - r->data < 7)
		return false;
	out->priority = get16(p);
	out->weight = get16(p + 2);
	out->port = get16(p + 4);
	if (!read_last_name(w, r, r->data + 6, out->name))
		return false;
	return out->port || !out->name[0];
}

/* A character-string of RFC 1035 inside the data of @r; @at moves behind it. */
static bool read_string(const struct wire *w, const struct record *r, size_t *at,
			const uint8_t **out, size_t *len)
{
	if (*at >= r->end || *at + 1 + w->p[*at] > r->end)
		return false;
	*len = w->p[*at];
	*out = w->p + *at + 1;
	*at += *len + 1;
	return true;
}

/* The transport of a NAPTR service (RFC 3263 4.1); SIP_TRANSPORT_OTHER = none of ours. */
static enum sip_transport service_transport(const uint8_t *p, size_t n)
{
	static const struct {
		const char *name;
		enum sip_transport transport;
	} known[] = { { "SIP+D2U", SIP_UDP }, { "SIP+D2T", SIP_TCP }, { "SIPS+D2T", SIP_TLS } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (n == strlen(known[i].name) && !strncasecmp((const char *)p, known[i].name, n))
			return known[i].transport;
	}
	return SIP_TRANSPORT_OTHER;
}

/* Flag "s", a service of ours, no regular expression, and a name: others are for somebody else. */
static bool read_naptr(const struct wire *w, const struct record *r, struct dns_record *out)
{
	const uint8_t *flags, *service, *regexp;
	size_t at = r->data + 4, n_flags, n_service, n_regexp;

	if (r->end - r->data < 8 || !read_string(w, r, &at, &flags, &n_flags) ||
	    !read_string(w, r, &at, &service, &n_service) ||
	    !read_string(w, r, &at, &regexp, &n_regexp) || !read_last_name(w, r, at, out->name))
		return false;
	out->priority = get16(w->p + r->data);
	out->weight = get16(w->p + r->data + 2);
	out->transport = (uint8_t)service_transport(service, n_service);
	return n_flags == 1 && (flags[0] | 0x20) == 's' && n_regexp == 0 && out->name[0] &&
	       out->transport != SIP_TRANSPORT_OTHER;
}

static bool read_data(const struct wire *w, const struct record *r, enum dns_type type,
		      struct dns_record *out)
{
	switch (type) {
	case DNS_A:
		return read_address(w, r, 4, out);
	case DNS_AAAA:
		return read_address(w, r, 16, out);
	case DNS_SRV:
		return read_srv(w, r, out);
	default:
		return read_naptr(w, r, out);
	}
}

int dns_record_compare(enum dns_type type, const struct dns_record *a, const struct dns_record *b)
{
	int order;

	if (type == DNS_A || type == DNS_AAAA)
		return memcmp(a->ip.b, b->ip.b, sizeof(a->ip.b));
	if (a->priority != b->priority)
		return (int)a->priority - b->priority;
	if (a->weight != b->weight)
		return (int)a->weight - b->weight;
	order = strcmp(a->name, b->name);
	if (order)
		return order;
	if (a->port != b->port)
		return (int)a->port - b->port;
	return (int)a->transport - b->transport;
}

/* Puts @new in its place; the last one falls out when there is no room. */
static void insert(struct dns_answer_records *out, enum dns_type type, const struct dns_record *new)
{
	uint32_t i = out->n;

	while (i > 0 && dns_record_compare(type, new, &out->v[i - 1]) < 0)
		i--;
	if (i > 0 && dns_record_compare(type, new, &out->v[i - 1]) == 0)
		return;
	out->cut = out->cut || out->n == DNS_RECORDS_MAX;
	if (i == DNS_RECORDS_MAX)
		return;
	if (out->n == DNS_RECORDS_MAX)
		out->n--;
	memmove(&out->v[i + 1], &out->v[i], (out->n - i) * sizeof(*new));
	out->v[i] = *new;
	out->n++;
}

/* --- the answer -------------------------------------------------------------------------- */

static uint8_t code_of(const uint8_t *head)
{
	return head[3] & 0xf;
}

/* Checks header and question; w->at is then at the answer section. */
static int read_question(struct wire *w, const char *name, enum dns_type type)
{
	char asked[DNS_NAME_MAX + 1];
	bool named;

	if (w->n < HEADER_LEN || !(w->p[2] & 0x80) || get16(w->p + 4) != 1)
		return -EBADMSG;
	if (code_of(w->p) != CODE_OK && code_of(w->p) != CODE_NO_NAME)
		return -EBADMSG;
	w->at = HEADER_LEN;
	if (read_name(w, asked, &named) || !named || strcmp(asked, name) ||
	    w->at + QUESTION_TAIL > w->n)
		return -EBADMSG;
	if (get16(w->p + w->at) != dns_type_number(type) || get16(w->p + w->at + 2) != CLASS_IN)
		return -EBADMSG;
	w->at += QUESTION_TAIL;
	return 0;
}

/* Takes the records of @owner, and finds its CNAME: @next, "" = none. @w: by value, to be read
 * again. */
static int read_owner(struct wire w, uint32_t n, const char *owner, enum dns_type type,
		      struct dns_answer_records *out, char next[DNS_NAME_MAX + 1])
{
	uint32_t most = n < DNS_WALK_MAX ? n : DNS_WALK_MAX;
	struct record r;

	next[0] = '\0';
	out->cut = out->cut || n > most;
	for (uint32_t i = 0; i < most; i++) {
		struct dns_record one = { 0 };

		if (read_record(&w, &r))
			return -EBADMSG;
		if (!r.named || r.class != CLASS_IN || strcmp(r.owner, owner))
			continue;
		if (r.type == TYPE_CNAME && !next[0]) {
			if (!read_last_name(&w, &r, r.data, next) || !next[0])
				return -EBADMSG;
		} else if (r.type == dns_type_number(type) && read_data(&w, &r, type, &one)) {
			insert(out, type, &one);
		} else {
			out->odd = true;
			continue;
		}
		out->ttl = r.ttl < out->ttl ? r.ttl : out->ttl;
	}
	return 0;
}

/* How long a negative answer holds: the SOA record of the authority section (RFC 2308 5). False if
 * there is none. */
static bool read_negative(struct wire w, uint32_t n_answer, uint32_t n_authority,
			  struct dns_answer_records *out)
{
	uint32_t most = n_answer + n_authority;
	struct record r;

	most = most < DNS_WALK_MAX ? most : DNS_WALK_MAX;
	for (uint32_t i = 0; i < most; i++) {
		uint32_t minimum;

		if (read_record(&w, &r))
			return false;
		if (i < n_answer || r.type != TYPE_SOA || r.end - r.data < 22)
			continue;
		minimum = get32(w.p + r.end - 4);
		minimum = minimum < r.ttl ? minimum : r.ttl;
		out->ttl = minimum < out->ttl ? minimum : out->ttl;
		return true;
	}
	return false;
}

int dns_records_read(const uint8_t *p, size_t n, const char *name, enum dns_type type,
		     struct dns_answer_records *out)
{
	struct wire w = { p, n, 0 };
	char owner[DNS_NAME_MAX + 1], next[DNS_NAME_MAX + 1];
	uint32_t n_answer, hops = 0;

	out->n = 0;
	out->ttl = DNS_NO_TTL;
	out->cut = out->odd = false;
	out->alias[0] = '\0';
	if (read_question(&w, name, type))
		return -EBADMSG;
	n_answer = get16(p + 6);
	dns_name_set(owner, name);
	for (;;) {
		if (read_owner(w, n_answer, owner, type, out, next))
			return -EBADMSG;
		if (out->n || !next[0])
			break;
		if (++hops > DNS_ALIASES_MAX)
			return -EBADMSG;
		dns_name_set(owner, next);
	}
	if (out->n || read_negative(w, n_answer, get16(p + 8), out))
		return 0;
	/* A chain that ends neither with records nor with a denial is to be followed. */
	if (hops && code_of(p) == CODE_OK)
		dns_name_set(out->alias, owner);
	else
		out->ttl = DNS_NO_TTL;
	return 0;
}
