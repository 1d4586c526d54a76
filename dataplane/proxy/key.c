/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Affinity keys. The Call-ID, the usual one, is hashed as one zero-padded block of 64 or 128 bytes;
 * all others are rewritten to canonical bytes in a small buffer first, which spills into a
 * streaming hash when it is full, so that no length needs memory of its own. Workers call this once
 * for each request that a pool takes. Pure. Zeros behind a Call-ID are not told from zeros in it:
 * no valid one has any, and two keys with one hash only share a server.
 */
#include "dataplane/proxy/key.h"

#include "dataplane/proxy/pad.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SINK_SIZE 256

/* Compact forms (RFC 3261 7.3.3 and the IANA registry) of headers that the parser does not know
 * itself. */
static const struct {
	char compact;
	const char *name;
} compact_names[] = {
	{ 'a', "accept-contact" },   { 'b', "referred-by" },
	{ 'c', "content-type" },     { 'd', "request-disposition" },
	{ 'e', "content-encoding" }, { 'j', "reject-contact" },
	{ 'k', "supported" },        { 'm', "contact" },
	{ 'n', "identity-info" },    { 'o', "event" },
	{ 'r', "refer-to" },         { 's', "subject" },
	{ 'u', "allow-events" },     { 'x', "session-expires" },
	{ 'y', "identity" },
};

static const struct {
	const char *name;
	char compact;
} known_names[SIP_N_HEADERS] = {
#define HEADER(id, name, compact, once) [SIP_H_##id] = { name, compact },
#include "dataplane/sip/headers.def"
#undef HEADER
};

/* Canonical bytes on their way into the hash. */
struct sink {
	const struct keys *k;
	unsigned int n;
	bool spilled;
	uint8_t buf[SINK_SIZE];
	XXH3_state_t state; /* in use once spilled */
};

static void sink_init(struct sink *s, const struct keys *k)
{
	s->k = k;
	s->n = 0;
	s->spilled = false;
}

static void sink_spill(struct sink *s)
{
	if (!s->spilled)
		XXH3_64bits_reset_withSecret(&s->state, s->k->xxh, sizeof(s->k->xxh));
	s->spilled = true;
	XXH3_64bits_update(&s->state, s->buf, s->n);
	s->n = 0;
}

static void sink_byte(struct sink *s, uint8_t c)
{
	if (s->n == SINK_SIZE)
		sink_spill(s);
	s->buf[s->n++] = c;
}

static void sink_bytes(struct sink *s, const uint8_t *p, size_t n)
{
	while (n > 0) {
		size_t room = SINK_SIZE - s->n;
		size_t take = n < room ? n : room;

		memcpy(s->buf + s->n, p, take);
		s->n += (unsigned int)take;
		p += take;
		n -= take;
		if (n > 0)
			sink_spill(s);
	}
}

/* The hash of all bytes put: the same whether they spilled or not. */
static uint64_t sink_hash(struct sink *s)
{
	if (!s->spilled)
		return XXH3_64bits_withSecret(s->buf, s->n, s->k->xxh, sizeof(s->k->xxh));
	sink_spill(s);
	return XXH3_64bits_digest(&s->state);
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static void sink_lower(struct sink *s, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sink_byte(s, lower(p[i]));
}

/* Value of a hex digit, -1 for any other byte. */
static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 3261 25.1: alphanum / mark, which mean the same escaped or not (19.1.4). */
static bool is_unreserved(uint8_t c)
{
	static const char mark[9] = "-_.!~*'()";
	uint8_t l = lower(c);

	return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') ||
	       memchr(mark, c, sizeof(mark)) != NULL;
}

/* The user part: escapes of unreserved characters as these, others with capital digits. */
static void put_user(struct sink *s, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i = 0;

	while (i < n) {
		const uint8_t *escape = memchr(p + i, '%', n - i);
		size_t plain = escape ? (size_t)(escape - p) - i : n - i;
		int high, low;

		sink_bytes(s, p + i, plain);
		i += plain;
		if (i == n)
			break;
		high = i + 2 < n ? hex_value(p[i + 1]) : -1;
		low = i + 2 < n ? hex_value(p[i + 2]) : -1;
		if (high < 0 || low < 0) {
			sink_byte(s, p[i++]);
			continue;
		}
		if (is_unreserved((uint8_t)(high << 4 | low))) {
			sink_byte(s, (uint8_t)(high << 4 | low));
		} else {
			sink_byte(s, '%');
			sink_byte(s, (uint8_t)digits[high]);
			sink_byte(s, (uint8_t)digits[low]);
		}
		i += 3;
	}
}

/* user@host:port of a sip or sips URI. '@' and the byte 1 occur in no user and no host name. */
static void put_aor(struct sink *s, const uint8_t *p, const struct sip_uri *uri)
{
	const uint8_t *user = span_ptr(p, uri->user);
	uint16_t usual = uri->scheme == URI_SIPS ? 5061 : 5060;

	if (uri->user.len > 0) {
		const uint8_t *password = memchr(user, ':', uri->user.len);

		put_user(s, user, password ? (size_t)(password - user) : uri->user.len);
		sink_byte(s, '@');
	}
	if (uri->host.kind == HOST_IP) {
		sink_byte(s, 1);
		sink_bytes(s, uri->host.ip.b, sizeof(uri->host.ip.b));
	} else {
		sink_lower(s, span_ptr(p, uri->host.text), uri->host.text.len);
	}
	if (uri->port != 0 && uri->port != usual) {
		sink_byte(s, ':');
		sink_byte(s, (uint8_t)(uri->port >> 8));
		sink_byte(s, (uint8_t)uri->port);
	}
}

/* The number of a tel URI without what only helps the eye (RFC 3966 4); other URIs as they are,
 * scheme folded. */
static void put_other(struct sink *s, const uint8_t *p, const struct sip_uri *uri)
{
	static const char visual_separator[4] = "-.()";
	const uint8_t *text = span_ptr(p, uri->whole);
	size_t n = uri->whole.len;
	size_t i = 0;

	while (i < n && text[i] != ':')
		sink_byte(s, lower(text[i++]));
	if (uri->scheme != URI_TEL) {
		sink_bytes(s, text + i, n - i);
		return;
	}
	for (; i < n && text[i] != ';'; i++) {
		if (memchr(visual_separator, text[i], sizeof(visual_separator)) == NULL)
			sink_byte(s, lower(text[i]));
	}
}

/* The bytes @p with each run of white space and folds as one SP. */
static void put_unfolded(struct sink *s, const uint8_t *p, size_t n)
{
	bool space = false;

	for (size_t i = 0; i < n; i++) {
		bool white = p[i] == ' ' || p[i] == '\t' || p[i] == '\r' || p[i] == '\n';

		if (!white)
			sink_byte(s, p[i]);
		else if (!space)
			sink_byte(s, ' ');
		space = white;
	}
}

uint64_t key_hash_call_id(const struct keys *k, const struct sip_msg *m, struct span call_id)
{
	const uint8_t *p = span_ptr(m->p, call_id);
	unsigned int n = call_id.len;
	size_t readable = m->datagram_len - call_id.off;
	uint8_t block[128] __attribute__((aligned(16)));

	if (__builtin_expect(n <= 64, 1)) {
		pad_copy(block, p, n, readable, 4, false);
		return XXH3_64bits_withSecret(block, 64, k->xxh, sizeof(k->xxh));
	}
	if (n > 128)
		return XXH3_64bits_withSecret(p, n, k->xxh, sizeof(k->xxh));
	pad_copy(block, p, 64, readable, 4, false);
	pad_copy(block + 64, p + 64, n - 64, readable - 64, 4, false);
	return XXH3_64bits_withSecret(block, 128, k->xxh, sizeof(k->xxh));
}

static uint64_t hash_call_id(const struct keys *k, const struct sip_msg *m)
{
	return key_hash_call_id(k, m, m->call_id);
}

static uint64_t hash_uri(const struct keys *k, const struct sip_msg *m, const struct sip_uri *uri)
{
	struct sink s;

	sink_init(&s, k);
	if (uri->scheme == URI_SIP || uri->scheme == URI_SIPS)
		put_aor(&s, m->p, uri);
	else
		put_other(&s, m->p, uri);
	return sink_hash(&s);
}

static uint64_t hash_party(const struct keys *k, const struct sip_msg *m, struct span uri_text)
{
	struct sip_uri uri;

	if (uri_text.len == 0 || !uri_parse(m->p, uri_text, &uri))
		return hash_call_id(k, m);
	return hash_uri(k, m, &uri);
}

/* The first row that the specification names, in either form; -1 = none. */
static int find_row(const struct key_spec *spec, const struct sip_msg *m)
{
	int row, alias;

	if (spec->header_id != SIP_H_OTHER)
		return m->first[spec->header_id] == UINT16_MAX ? -1 : m->first[spec->header_id];
	row = sip_find_name(m, spec->header, spec->header_len, 0);
	if (spec->compact == 0)
		return row;
	alias = sip_find_name(m, &spec->compact, 1, 0);
	if (row < 0 || alias < 0)
		return row < 0 ? alias : row;
	return row < alias ? row : alias;
}

static uint64_t hash_header(const struct keys *k, const struct key_spec *spec,
			    const struct sip_msg *m)
{
	int row = find_row(spec, m);
	struct span value = row < 0 ? span_of(0, 0) : sip_row_value(m, (unsigned int)row);
	struct sink s;

	if (value.len == 0)
		return hash_call_id(k, m);
	sink_init(&s, k);
	put_unfolded(&s, span_ptr(m->p, value), value.len);
	return sink_hash(&s);
}

uint64_t key_hash(const struct keys *k, const struct key_spec *spec, const struct sip_msg *m,
		  const struct ip *src)
{
	switch (spec->kind) {
	case KEY_FROM:
		return hash_party(k, m, m->from_uri);
	case KEY_TO:
		return hash_party(k, m, m->to_uri);
	case KEY_REQUEST_URI:
		return hash_uri(k, m, &m->uri);
	case KEY_SOURCE:
		return XXH3_64bits_withSecret(src->b, sizeof(src->b), k->xxh, sizeof(k->xxh));
	case KEY_HEADER:
		return hash_header(k, spec, m);
	case KEY_USER:
		return hash_party(k, m, m->method == SIP_M_REGISTER ? m->to_uri : m->from_uri);
	case KEY_CALL_ID:
		break;
	}
	return hash_call_id(k, m);
}

/* True if the @n bytes of lower-case @name are @full or its @compact form. */
static bool is_called(const char *name, size_t n, const char *full, char compact)
{
	return (n == strlen(full) && memcmp(name, full, n) == 0) ||
	       (n == 1 && compact != 0 && name[0] == compact);
}

/* Sets the name @full of at most KEY_HEADER_MAX bytes. */
static void set_header(struct key_spec *spec, const char *full, size_t n, char compact, uint8_t id)
{
	memset(spec->header, 0, sizeof(spec->header));
	memcpy(spec->header, full, n);
	spec->header_len = (uint8_t)n;
	spec->compact = compact;
	spec->header_id = id;
	spec->kind = KEY_HEADER;
}

bool key_spec_header(struct key_spec *spec, const char *name, size_t n)
{
	char folded[KEY_HEADER_MAX];

	if (n == 0 || n > sizeof(folded))
		return false;
	for (size_t i = 0; i < n; i++)
		folded[i] = (char)lower((uint8_t)name[i]);
	for (uint8_t id = 1; id < SIP_N_HEADERS; id++) {
		if (is_called(folded, n, known_names[id].name, known_names[id].compact)) {
			set_header(spec, known_names[id].name, strlen(known_names[id].name),
				   known_names[id].compact, id);
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(compact_names) / sizeof(compact_names[0]); i++) {
		if (is_called(folded, n, compact_names[i].name, compact_names[i].compact)) {
			set_header(spec, compact_names[i].name, strlen(compact_names[i].name),
				   compact_names[i].compact, SIP_H_OTHER);
			return true;
		}
	}
	set_header(spec, folded, n, 0, SIP_H_OTHER);
	return true;
}
