/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Certificates, keys and authorities from PEM files, checked as far as one side alone can: a key
 * that fits, a chain in its order, nothing expired. What cannot be used is a fault, what peers may
 * refuse is a warning. Control thread only; files are small and read at start and reload, so
 * reading them does not count as blocking.
 */
#pragma once

#include "control/config/config.h"

#include <openssl/x509.h>
#include <stdint.h>

#define TLS_DIGEST 32 /* bytes of SHA-256 */

/* A certificate with its key; owned, one reference of each. */
struct tls_pair {
	X509 *leaf;
	STACK_OF(X509) * chain; /* of authorities, the leaf's issuer first; never NULL */
	EVP_PKEY *key;
	int64_t expires; /* seconds since 1970, of the first in the chain to do so */
};

/* Certificates that others are trusted by. */
struct tls_authorities {
	X509_STORE *store;
	STACK_OF(X509_NAME) * names; /* what a server says that it takes */
	uint8_t digest[TLS_DIGEST];  /* of them all */
	uint32_t n;
};

/* Where remarks about one file go. */
struct tls_place {
	const char *file;
	const char *key; /* of the configuration: "certificate" */
	struct config_mark mark;
	struct config_errors *errs;
	struct config_errors *warnings; /* NULL = nobody wants them */
};

/** Reads a certificate chain and its key. @at_key: the place of the key. 0 or -EINVAL, with faults
 * added and *@out zeroed. */
int tls_pair_read(const struct tls_place *at, const struct tls_place *at_key, int64_t now,
		  struct tls_pair *out);

/** Adds a warning if @pair comes without the certificate of its issuer, which is none of
 * @authorities either: an intermediate one that was left out is the usual reason. */
void tls_pair_check_issuer(const struct tls_place *at, const struct tls_pair *pair,
			   const struct tls_authorities *authorities);

void tls_pair_free(struct tls_pair *pair);

/** Reads authorities. 0 or -EINVAL, with a fault added and *@out zeroed. */
int tls_authorities_read(const struct tls_place *at, struct tls_authorities *out);

/** No authorities: nobody is trusted. 0 or -ENOMEM. */
int tls_authorities_none(struct tls_authorities *out);

void tls_authorities_free(struct tls_authorities *a);

/** When @cert expires, in seconds since 1970. */
int64_t tls_expires(const X509 *cert);

/** Why the last call of OpenSSL failed, in words; empties its queue of errors. */
const char *tls_error_text(void);
