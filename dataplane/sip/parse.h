/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stages of sip_parse(), in the order in which they run. Private to dataplane/sip.
 */
#pragma once

#include "dataplane/sip/marks.h"
#include "dataplane/sip/msg.h"

/* What naming the rows found out; bit i of the masks is for header i. */
struct row_facts {
	uint32_t seen;
	uint32_t repeated;
	bool bad; /* a row without a name and a colon */
};

/** Sets the fault of @m unless there is an earlier one. */
static inline void parse_fault(struct sip_msg *m, enum sip_reason reason)
{
	if (m->reason == SIP_OK)
		m->reason = (uint16_t)reason;
}

/**
 * Gives each row its id and colon, and m->first. Stage 2, after the scan. Reads up to offset
 * @readable, the length of the message or more.
 */
void rows_name(const struct marks *k, uint32_t readable, struct sip_msg *m,
	       struct row_facts *facts);

/** Request line or status line: up to m->row[0].off. Stage 3. */
void parse_start_line(const struct marks *k, struct sip_msg *m);

/** Decodes the values that every message needs; Content-Length only as a number. Stage 5 (4:
 * parse.c). */
void parse_values(const struct marks *k, struct sip_msg *m);
