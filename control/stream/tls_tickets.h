/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys of session tickets (RFC 5077, RFC 8446 4.6.1): what lets clients come back without a full
 * handshake though the server remembers nothing.
 *
 * They live in the process alone, so they outlast every reload and no restart, and are replaced
 * while it runs: a key makes tickets for one period and opens them for one more (RFC 9325 7.4 asks
 * for keys that are changed and wiped). Choice not taken: keys made of the fleet's secret, so that
 * every node opens every ticket; who stole the secret could then read what was said years ago over
 * TLS 1.2. Control thread only.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdint.h>

struct tls_ticket_key {
	uint8_t name[16];
	uint8_t cipher[32]; /* AES-256-CBC */
	uint8_t mac[32];    /* HMAC-SHA256 */
	uint64_t made_ms;   /* 0 = none */
};

/* All zero is empty: the first ticket makes the first key. */
struct tls_tickets {
	struct tls_ticket_key now, before;
};

/** As OpenSSL's ticket key callback: prepares @cipher and @mac for one ticket, to be made if @make,
 * or of key @name. Keys are older than @period_ms at @now_ms: replaced. Returns 1; 2 to open a
 * ticket and give a new one; 0 if the key is unknown; -1 on failure. */
int tls_tickets_use(struct tls_tickets *t, uint64_t now_ms, uint64_t period_ms, uint8_t name[16],
		    uint8_t *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int make);

void tls_tickets_wipe(struct tls_tickets *t);
