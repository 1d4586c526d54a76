/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a transaction first got an answer: so that its retransmissions, its CANCEL and its ACK get
 * the same one after the records have changed (RFC 3261 16.11). A table of fixed size; the oldest
 * of a few places gives way.
 */
#pragma once

#include <stdint.h>

#define DNS_ASKED_SETS 16384u /* a power of two */
#define DNS_ASKED_WAYS 4u

struct dns_asked_slot {
	uint64_t key; /* 0 = free */
	uint64_t ms;
};

struct dns_asked {
	struct dns_asked_slot v[DNS_ASKED_SETS][DNS_ASKED_WAYS];
};

/** When @key was noted, not before @since_ms; 0 = it was not. */
uint64_t dns_asked_at(const struct dns_asked *a, uint64_t key, uint64_t since_ms);

/** Notes @key at @now_ms, unless it is noted already, not before @since_ms. */
void dns_asked_note(struct dns_asked *a, uint64_t key, uint64_t since_ms, uint64_t now_ms);
