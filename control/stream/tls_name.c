/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Identities of certificates. What a certificate says is somebody else's input: each value has a
 * length, may hold NULs, and is a name only if it reads as one.
 */
#include "control/stream/tls_name.h"

#include "dataplane/sip/msg.h"
#include "dataplane/sip/uri.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define URI_MAX 512 /* bytes of a URI that may be one of a domain */

struct walk {
	tls_name_take fn;
	void *arg;
	unsigned int n; /* identities so far */
	bool ended;
};

/* Gives the @n bytes at @p to the caller if they are a host name; a dot at the end does not count
 * (RFC 3261 25.1). */
static void give_name(struct walk *w, const uint8_t *p, size_t n)
{
	char name[TLS_NAME_MAX + 1];
	struct ip ip;

	if (n && p[n - 1] == '.')
		n--;
	if (n == 0 || n > TLS_NAME_MAX || ip_parse(p, n, &ip))
		return;
	for (size_t i = 0; i < n; i++) {
		bool letter = (p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z');

		if (!letter && !(p[i] >= '0' && p[i] <= '9') && p[i] != '-' && p[i] != '.' &&
		    p[i] != '_')
			return;
		name[i] = (char)(letter ? p[i] | 0x20 : p[i]);
	}
	name[n] = '\0';
	w->n++;
	w->ended = !w->fn(w->arg, name);
}

static const uint8_t *bytes_of(const ASN1_STRING *s, size_t *n)
{
	int len = ASN1_STRING_length(s);

	*n = len > 0 ? (size_t)len : 0;
	return ASN1_STRING_get0_data(s);
}

/* A URI is an identity if it is "sip:" and a host, nobody's in particular (RFC 5922 7.1). */
static void give_uri(struct walk *w, const ASN1_STRING *value)
{
	uint8_t text[URI_MAX + SIP_PAD] = { 0 };
	struct sip_uri uri;
	size_t n;
	const uint8_t *p = bytes_of(value, &n);

	if (n == 0 || n > URI_MAX)
		return;
	memcpy(text, p, n);
	if (uri_parse(text, span_of(0, (uint32_t)n), &uri) && uri.scheme == URI_SIP &&
	    uri.user.len == 0 && uri.host.kind == HOST_NAME)
		give_name(w, text + uri.host.text.off, uri.host.text.len);
}

static void give_dns(struct walk *w, const ASN1_STRING *value)
{
	size_t n;
	const uint8_t *p = bytes_of(value, &n);

	give_name(w, p, n);
}

static void give_address(struct walk *w, const ASN1_STRING *value)
{
	char text[IP_TEXT_MAX];
	size_t n;
	const uint8_t *p = bytes_of(value, &n);
	struct ip ip;

	if (n != 4 && n != 16)
		return;
	ip = n == 4 ? ip_from_v4(p) : ip_from_v6(p);
	text[ip_format(&ip, text)] = '\0';
	w->n++;
	w->ended = !w->fn(w->arg, text);
}

/* Walks the values of one kind in subjectAltName. */
static void walk_kind(struct walk *w, const GENERAL_NAMES *names, int kind,
		      void (*give)(struct walk *w, const ASN1_STRING *value))
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !w->ended; i++) {
		int found;
		const ASN1_STRING *value =
			GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &found);

		if (found == kind)
			give(w, value);
	}
}

/* The most particular common name: the last. */
static void walk_common_name(struct walk *w, const X509 *cert)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	unsigned char *text = NULL;
	int last = -1, n;

	for (int at; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, last)) >= 0;)
		last = at;
	if (last < 0)
		return;
	n = ASN1_STRING_to_UTF8(&text,
				X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
	if (n > 0)
		give_name(w, text, (size_t)n);
	OPENSSL_free(text);
}

void tls_names_each(const X509 *cert, tls_name_take fn, void *arg)
{
	struct walk w = { .fn = fn, .arg = arg };
	int critical;
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);

	if (names) {
		walk_kind(&w, names, GEN_URI, give_uri);
		if (w.n == 0)
			walk_kind(&w, names, GEN_DNS, give_dns);
		walk_kind(&w, names, GEN_IPADD, give_address);
	} else if (critical == -1) { /* there is none; -2: several, else: one that cannot be read */
		walk_common_name(&w, cert);
	}
	GENERAL_NAMES_free(names);
}

struct wanted {
	char name[TLS_NAME_MAX + 1];
	bool found;
};

static bool compare(void *arg, const char *name)
{
	struct wanted *w = arg;

	w->found = strcmp(name, w->name) == 0;
	return !w->found;
}

bool tls_name_fits(const X509 *cert, const char *name)
{
	struct wanted w = { 0 };
	size_t n = strlen(name);
	struct ip ip;

	if (n && name[n - 1] == '.')
		n--;
	if (n == 0 || n > TLS_NAME_MAX)
		return false;
	if (ip_parse((const uint8_t *)name, n, &ip)) {
		ip_format(&ip, w.name);
	} else {
		for (size_t i = 0; i < n; i++)
			w.name[i] =
				(char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]);
	}
	tls_names_each(cert, compare, &w);
	return w.found;
}

struct text {
	char *p;
	size_t n, used;
};

static bool append(void *arg, const char *name)
{
	struct text *t = arg;
	size_t need = strlen(name) + (t->used ? 2 : 0);

	if (t->used + need >= t->n)
		return false;
	t->used +=
		(size_t)snprintf(t->p + t->used, t->n - t->used, "%s%s", t->used ? ", " : "", name);
	return true;
}

const char *tls_names_text(const X509 *cert, char *out, size_t n)
{
	struct text t = { out, n, 0 };

	snprintf(out, n, "nobody");
	tls_names_each(cert, append, &t);
	return out;
}
