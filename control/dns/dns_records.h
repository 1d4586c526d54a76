/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The records of one name and type, as far as RFC 3263 needs them, cut out of the answer of a
 * resolver (RFC 1035 4, RFC 2782, RFC 3403).
 *
 * A resolver may lie, loop or send garbage: what does not lead from the question to its records
 * inside the answer section is passed over, names have the characters of host names only, and all
 * that comes is bounded. Records are kept in one order, so that servers which turn their records
 * with each answer change nothing. Pure: no sockets, no clock; fuzzed.
 */
#pragma once

#include "dataplane/sip/ip.h"
#include "dataplane/sip/uri.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DNS_NAME_MAX 255
#define DNS_RECORDS_MAX 64 /* of one name and type; the first by their order, others are cut */
#define DNS_WALK_MAX 1024  /* records of an answer that are looked at */
#define DNS_ALIASES_MAX 8  /* CNAMEs in a row, in one answer and over several */
#define DNS_NO_TTL UINT32_MAX

enum dns_type { DNS_A, DNS_AAAA, DNS_SRV, DNS_NAPTR, DNS_N_TYPES };

struct dns_record {
	uint16_t priority;           /* SRV; NAPTR: order */
	uint16_t weight;             /* SRV; NAPTR: preference */
	uint16_t port;               /* SRV */
	uint8_t transport;           /* NAPTR: enum sip_transport of its service */
	struct ip ip;                /* A, AAAA */
	char name[DNS_NAME_MAX + 1]; /* SRV: target, "" = "." (no such service); NAPTR: of the SRV
					records */
};

/* What an answer says. */
struct dns_answer_records {
	uint32_t n;   /* 0 and no alias: there is no such name or no such record */
	uint32_t ttl; /* seconds, the least on the way; DNS_NO_TTL = a negative answer without
			 SOA */
	bool cut;     /* there were more */
	bool odd;     /* some were passed over: not usable, not well formed by themselves */
	char alias[DNS_NAME_MAX + 1]; /* where a chain of CNAMEs leads that the answer does not
					 follow to its end; "" = none */
	struct dns_record v[DNS_RECORDS_MAX];
};

/** Number of @type on the wire. */
uint16_t dns_type_number(enum dns_type type);

/** "A", "AAAA", "SRV", "NAPTR". */
const char *dns_type_name(enum dns_type type);

/**
 * Copies the @n bytes at @p as a name in lower case to @out, without the dot that it may end in.
 * False if it is none: labels of letters, digits, '-' and '_' (RFC 8553), 63 bytes each, 253 in
 * all.
 */
bool dns_name_copy(const char *p, size_t n, char out[DNS_NAME_MAX + 1]);

/** Copies the name @name, which is one. */
static inline void dns_name_set(char out[DNS_NAME_MAX + 1], const char *name)
{
	size_t n = strnlen(name, DNS_NAME_MAX);

	memcpy(out, name, n);
	out[n] = '\0';
}

/**
 * Reads the @n bytes at @p, the answer to a question for @type of @name (lower case). 0 with @out
 * filled, sorted, without duplicates; -EBADMSG if it is not well formed, no answer to that
 * question (whose code is neither success nor NXDOMAIN), or has more CNAMEs in a row than
 * DNS_ALIASES_MAX.
 */
int dns_records_read(const uint8_t *p, size_t n, const char *name, enum dns_type type,
		     struct dns_answer_records *out);

/** Order of two records of @type; 0 = the same. */
int dns_record_compare(enum dns_type type, const struct dns_record *a, const struct dns_record *b);
