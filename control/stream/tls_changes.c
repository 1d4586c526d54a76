/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a reload changes though the configuration says the same: files that were replaced.
 */
#include "control/stream/tls_state.h"

#include <openssl/bn.h>
#include <stdio.h>
#include <string.h>

const char *tls_serial(const X509 *cert, char *out, size_t n)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	char *text = number ? BN_bn2hex(number) : NULL;

	snprintf(out, n, "%s", text ? text : "?");
	OPENSSL_free(text);
	BN_free(number);
	return out;
}

/* The certificate of @set that stands where @like stands, from the same file; NULL = none. */
static const struct tls_certificate *same_place(const struct tls_set *set,
						const struct tls_certificate *like)
{
	for (uint32_t i = 0; i < set->n_certificates; i++) {
		const struct tls_certificate *c = &set->certificates[i];

		if (c->by_name == like->by_name && strcmp(c->listener, like->listener) == 0 &&
		    strcmp(c->file, like->file) == 0)
			return c;
	}
	return NULL;
}

static const struct tls_listener *same_listener(const struct tls_set *set,
						const struct tls_listener *like)
{
	for (uint32_t i = 0; i < set->n_listeners; i++) {
		if (strcmp(set->listeners[i].name, like->name) == 0)
			return &set->listeners[i];
	}
	return NULL;
}

void tls_changes(const struct tls *t, const struct tls_set *next,
		 void (*fn)(void *arg, const char *text), void *arg)
{
	char text[512], was[64], is[64];

	for (uint32_t i = 0; i < next->n_certificates; i++) {
		const struct tls_certificate *c = &next->certificates[i];
		const struct tls_certificate *old = same_place(t->now, c);

		if (!old || X509_cmp(old->cert, c->cert) == 0)
			continue;
		snprintf(text, sizeof(text), "listener %s: certificate in %s: serial %s -> %s",
			 c->listener, c->file, tls_serial(old->cert, was, sizeof(was)),
			 tls_serial(c->cert, is, sizeof(is)));
		fn(arg, text);
	}
	for (uint32_t i = 0; i < next->n_listeners; i++) {
		const struct tls_listener *l = &next->listeners[i];
		const struct tls_listener *old = same_listener(t->now, l);

		if (!old || memcmp(old->clients, l->clients, TLS_DIGEST) == 0)
			continue;
		snprintf(text, sizeof(text), "listener %s: authorities of clients differ", l->name);
		fn(arg, text);
	}
	if (memcmp(t->now->servers, next->servers, TLS_DIGEST) != 0)
		fn(arg, "tls: authorities of servers differ");
}
