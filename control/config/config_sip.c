/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers of SIP terms: pool keys, methods, status codes, URIs.
 */
#include "control/config/config_reader.h"
#include "dataplane/sip/uri.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_token(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool alnum = (p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'z') ||
			     (p[i] >= 'A' && p[i] <= 'Z');

		if (!alnum && (!p[i] || !strchr("-.!%*_+`'~", p[i])))
			return false;
	}
	return n > 0;
}

/*
 * Headers that an INVITE and its ACK or CANCEL do not share, or that each hop changes: a key of one
 * of them would tear transactions apart (RFC 3261 16.11).
 */
static bool is_unsteady(const char *name)
{
	static const char *const unsteady[] = { "content-length", "content-type", "cseq", "c",  "l",
						"max-breadth",    "max-forwards", "v",    "via" };

	for (size_t i = 0; i < sizeof(unsteady) / sizeof(unsteady[0]); i++) {
		if (strcmp(name, unsteady[i]) == 0)
			return true;
	}
	return false;
}

/* Reads the NAME of header:NAME. */
static void read_header_key(struct config_reader *r, const struct config_key *key,
			    const struct yaml_node *node, const char *p, size_t n,
			    struct key_spec *out)
{
	struct key_spec spec = { .kind = KEY_HEADER, .header_len = (uint8_t)n };
	char shown[CONFIG_SHOWN];

	config_show(shown, p, n);
	if (!is_token(p, n) || n >= KEY_HEADER_MAX) {
		config_fault(r, node->mark,
			     "%s: \"%s\" is not a header name; allowed is a token of at "
			     "most %d characters",
			     key->name, shown, KEY_HEADER_MAX - 1);
		return;
	}
	for (size_t i = 0; i < n; i++)
		spec.header[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i]);
	if (is_unsteady(spec.header))
		config_fault(r, node->mark,
			     "%s: header \"%s\" is not the same in a request and its ACK "
			     "or CANCEL; allowed are headers that are",
			     key->name, shown);
	else
		*out = spec;
}

void config_read_POOLKEY(struct config_reader *r, const struct config_key *key,
			 const struct yaml_node *node, void *out)
{
	static const struct {
		const char *name;
		enum key_kind kind;
	} kinds[] = {
		{ "call-id", KEY_CALL_ID },         { "from", KEY_FROM },     { "to", KEY_TO },
		{ "request-uri", KEY_REQUEST_URI }, { "source", KEY_SOURCE }, { "user", KEY_USER },
	};
	static const char header[] = "header:";
	size_t n = strlen(header);

	if (!config_scalar(r, key, node))
		return;
	if (node->len >= n && memcmp(node->text, header, n) == 0) {
		read_header_key(r, key, node, node->text + n, node->len - n, out);
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i].name) == node->len &&
		    memcmp(kinds[i].name, node->text, node->len) == 0) {
			*(struct key_spec *)out = (struct key_spec){ .kind = kinds[i].kind };
			return;
		}
	}
	config_fault_type(r, key, node, config_type_words(key->type));
}

/* A status code: three digits, 100 to 699 (RFC 3261 7.2). */
static bool read_code(const char *p, size_t n, uint16_t *out)
{
	int64_t v;

	if (n != 3 || !config_digits(p, n, &v) || v < 100 || v > 699)
		return false;
	*out = (uint16_t)v;
	return true;
}

void config_read_CODES(struct config_reader *r, const struct config_key *key,
		       const struct yaml_node *node, void *out)
{
	struct config_codes *c = out;
	char shown[CONFIG_SHOWN];
	uint16_t low, high;

	if (!config_scalar(r, key, node))
		return;
	config_show(shown, node->text, node->len);
	if (read_code(node->text, node->len, &low)) {
		high = low;
	} else if (node->len != 7 || node->text[3] != '-' || !read_code(node->text, 3, &low) ||
		   !read_code(node->text + 4, 3, &high)) {
		config_fault(r, node->mark,
			     "%s: \"%s\" is not a status code; allowed are 100 to 699 and "
			     "ranges such as \"200-299\"",
			     key->name, shown);
		return;
	}
	if (low > high) {
		config_fault(r, node->mark, "%s: \"%s\" runs backwards; allowed is LOW-HIGH",
			     key->name, shown);
		return;
	}
	c->low = low;
	c->high = high;
}

/* The method of methods.def that @name is but for its case, or NULL. */
static const char *known_method(const char *name)
{
	static const char *const names[] = {
#define METHOD(id, text, record_route) text,
#include "dataplane/sip/methods.def"
#undef METHOD
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(name, names[i]) == 0)
			return names[i];
	}
	return NULL;
}

void config_read_METHOD(struct config_reader *r, const struct config_key *key,
			const struct yaml_node *node, void *out)
{
	struct config_method *m = out;
	char shown[CONFIG_SHOWN];
	const char *known;

	if (!config_scalar(r, key, node))
		return;
	config_show(shown, node->text, node->len);
	if (!is_token(node->text, node->len) || node->len > 63) {
		config_fault(r, node->mark,
			     "%s: \"%s\" is not a method; allowed is a token such as INVITE",
			     key->name, shown);
		return;
	}
	known = known_method(node->text);
	if (known && strcmp(known, node->text) != 0)
		config_fault(r, node->mark,
			     "%s: \"%s\" is no method, case counts; did you mean \"%s\"?",
			     key->name, shown, known);
	else if (known && (strcmp(known, "ACK") == 0 || strcmp(known, "CANCEL") == 0))
		config_fault(r, node->mark,
			     "%s: %s goes where its INVITE went (RFC 3261 16.11); route "
			     "INVITE",
			     key->name, known);
	else
		m->name = config_copy(r, node->text, node->len);
}

/* What may stand between the angle brackets of From and To, and in a request line: RFC 3261 19.1.1
 * has no headers there. */
void config_read_SIPURI(struct config_reader *r, const struct config_key *key,
			const struct yaml_node *node, void *out)
{
	char shown[CONFIG_SHOWN];
	struct sip_uri uri;
	bool ok;

	if (!config_scalar(r, key, node))
		return;
	config_show(shown, node->text, node->len);
	ok = node->len >= key->min && node->len <= key->max &&
	     uri_parse((const uint8_t *)node->text, span_of(0, node->len), &uri) &&
	     (uri.scheme == URI_SIP || uri.scheme == URI_SIPS) && uri.headers.len == 0 &&
	     uri.method.len == 0;
	if (!ok)
		config_fault(
			r, node->mark,
			"%s: \"%s\" is not a SIP URI; allowed is \"sip:USER@HOST\" of %d to %d "
			"characters, without headers",
			key->name, shown, (int)key->min, (int)key->max);
	else
		*(const char **)out = config_copy(r, node->text, node->len);
}
