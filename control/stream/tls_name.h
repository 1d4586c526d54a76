/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whom a certificate is for, by the rules of SIP (RFC 5922 7.1, 7.2), which are not those of the
 * web: URIs "sip:DOMAIN" in subjectAltName come first, DNS names count only where there are none of
 * these, the common name only without any subjectAltName, and a wildcard matches nothing. That is
 * why OpenSSL's own check of names is not used. Pure; any thread.
 */
#pragma once

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#define TLS_NAME_MAX 253 /* characters of a host name */

/** Takes one identity: a domain in lower case, or an address in text. False ends the walk. */
typedef bool (*tls_name_take)(void *arg, const char *name);

/** Calls @fn for each SIP domain that @cert is for, and then for each IP address in its
 * subjectAltName. */
void tls_names_each(const X509 *cert, tls_name_take fn, void *arg);

/** True if @cert is for @name: a host name, compared in full and without case, or an address in
 * text, compared with the addresses in its subjectAltName. */
bool tls_name_fits(const X509 *cert, const char *name);

/** Writes the identities of @cert to @out as "a, b, c", as many as fit into @n bytes with the NUL;
 * "nobody" if there are none. Returns @out. */
const char *tls_names_text(const X509 *cert, char *out, size_t n);
