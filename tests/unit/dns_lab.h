/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Zones as text for tests of names: records for the pure parts, and DNS messages as a server would
 * send them, well-formed or not.
 */
#pragma once

#include "control/dns/rfc3263.h"

/* A zone: lines "NAME TYPE [TTL] DATA", as in
 *   "a.test A 10.0.0.1\n_sip._udp.a.test SRV 60 10 5 5060 a.test"
 * NAPTR data: ORDER PREFERENCE FLAGS SERVICE REPLACEMENT. TTL: 300 if there is none. */
#define LAB_LINE 512

/** The records of @type of @name in @zone, as dns_records_read() gives them. */
void lab_records(const char *zone, enum dns_type type, const char *name,
		 struct dns_answer_records *out);

/** The same as a set, "NAME TYPE fails" in @zone: -ETIMEDOUT. To be freed with mem_free(). */
struct dns_rrset *lab_rrset(const char *zone, enum dns_type type, const char *name);

/**
 * Writes the answer of a server with @zone to the question in the @n bytes at @query to @out (@room
 * bytes). The answer has the CNAMEs on the way, as a recursive server gives them. Returns its
 * length; 0 if it cannot be read. @truncated: if it does not fit, only the head with TC.
 */
size_t lab_answer(const char *zone, const uint8_t *query, size_t n, uint8_t *out, size_t room,
		  bool *truncated);

/** Writes a question for @type of @name to @out (at least 300 bytes). Returns its length. */
size_t lab_question(enum dns_type type, const char *name, uint8_t *out);

/** "10.0.0.1:5060/udp [fd00::1]:5061/tls", of the targets in order; static storage. */
const char *lab_targets(const struct dns_target *v, uint32_t n);
