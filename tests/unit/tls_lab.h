/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Certificates made for one test, in a folder of their own, and handshakes in memory. Everything
 * asserts; nothing opens a socket.
 */
#pragma once

#include "control/config/config.h"
#include "control/stream/tls.h"

#include <openssl/ssl.h>
#include <stdbool.h>

#define TLS_LAB_DAY 86400L

/* A certificate with its key. */
struct tls_lab_cert {
	X509 *cert;
	EVP_PKEY *key;
};

/* What a certificate is to say. Times are seconds from now. */
struct tls_lab_wish {
	const char *cn;   /* NULL = none */
	const char *san;  /* OpenSSL's words: "URI:sip:example.com,DNS:example.com"; NULL = none */
	const char *eku;  /* extended key usage: "serverAuth"; NULL = none */
	long from, until; /* 0, 0: from yesterday for a year */
	bool ca;
	bool rsa_1024; /* a key that is too short; else P-256 */
	long serial;   /* 0 = any */
};

/** Makes a certificate, signed by @issuer (NULL: by itself). */
struct tls_lab_cert tls_lab_cert_new(const struct tls_lab_wish *wish,
				     const struct tls_lab_cert *issuer);

void tls_lab_cert_free(struct tls_lab_cert *c);

/** Makes the folder of this test. Gone with tls_lab_clean(). */
void tls_lab_folder(void);
void tls_lab_clean(void);

/** The path of file @name in the folder; good until the next but seven. */
const char *tls_lab_path(const char *name);

/** Writes the certificates (NULL ends the list) to file @name, one after the other. */
void tls_lab_write_certs(const char *name, const struct tls_lab_cert *const list[]);

/** Writes the key of @c to file @name; with @pass it is encrypted. */
void tls_lab_write_key(const char *name, const struct tls_lab_cert *c, const char *pass);

/** Writes @cert and its key to NAME.pem and NAME.key. */
void tls_lab_write_pair(const char *name, const struct tls_lab_cert *c);

/**
 * Loads a configuration: @text, in which each @ stands for the folder, and behind it what every
 * configuration needs.
 */
void tls_lab_config(const char *text, struct config *out);

/** Lets both sides talk until neither has anything to say. True if both are done with the
 * handshake, and have taken all that followed it. */
bool tls_lab_handshake(SSL *client, SSL *server);

/** Sends a line each way. */
bool tls_lab_talk(SSL *client, SSL *server);

/** Joins two SSLs by memory. */
void tls_lab_join(SSL *client, SSL *server);

/** 192.0.2.N:5061 */
struct endpoint tls_lab_endpoint(int n);
