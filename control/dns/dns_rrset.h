/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The records of one name and type as they are kept: one block of memory, as small as they are.
 */
#pragma once

#include "control/dns/dns_records.h"

struct dns_row {
	uint16_t priority, weight, port; /* as in struct dns_record */
	uint8_t transport;
	struct ip ip;
	const char *name; /* "" = none; in the block of the set */
};

struct dns_rrset {
	int rc;            /* 0; -ENOENT: no such records; -ETIMEDOUT, -EIO: nobody could say */
	uint32_t n;        /* 0 with an alias or a negative rc */
	uint32_t bytes;    /* of the block */
	const char *alias; /* name to go on with (CNAME); NULL = none */
	struct dns_row v[];
};

/** Keeps what @from says. To be freed with mem_free(). NULL without memory. */
struct dns_rrset *dns_rrset_new(const struct dns_answer_records *from);

/** True if both say the same. */
bool dns_rrset_same(const struct dns_rrset *a, const struct dns_rrset *b);
