/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two sides of a handshake: ours, by a configuration with two TLS listeners, and strangers that
 * are plain OpenSSL.
 *
 *   192.0.2.1:5061   any client; certificate for example.com and 192.0.2.9, serial 11
 *   192.0.2.2:5061   clients of the root alone; the same, and by name second.example, serial 22
 */
#pragma once

#include "tests/unit/tls_lab.h"

extern struct tls_lab_cert sides_root, sides_alien_root, sides_server, sides_second, sides_alien;
extern struct config sides_config;
extern struct tls *sides_tls;

/* Before and after each test. */
void sides_up(void);
void sides_down(void);

/** Makes a certificate by @by, in the files NAME.pem and NAME.key. */
void sides_pair(const char *name, const struct tls_lab_wish *wish, const struct tls_lab_cert *by,
		struct tls_lab_cert *out);

/** Puts the configuration with @section as its tls in force. 0 or a negative errno. */
int sides_reload(const char *section);

/** A client that is not ours: it trusts the root, and shows @own unless that is NULL. */
SSL *sides_stranger(const struct tls_lab_cert *own);

/** A server that is not ours, with certificate @own. */
SSL *sides_foreign(const struct tls_lab_cert *own);

/** Ours, accepted at 192.0.2.@n:5061. */
SSL *sides_accept(int n);

/** Ours, from the first listener to 192.0.2.@n:5061, which must be @name. */
SSL *sides_connect(int n, const char *name);

/** Frees both sides. */
void sides_end(SSL *a, SSL *b);

/** Serial number of the certificate that the other side showed; 0 = none. */
long sides_serial(SSL *ssl);
