/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A proxy's crossings with a caller and a server that the test plays, in time that it sets. Each
 * transaction has a number, which is in its branch and Call-ID; what the crossings send is parsed
 * and told to the test.
 */
#pragma once

#include "control/transaction/transaction.h"

#define LAB_HELD_MAX 4096 /* transactions of one lab */

/* A message that the crossings sent. */
struct lab_sent {
	bool up; /* to the caller */
	uint32_t number;
	const struct sip_msg *m;
	const struct txn_leg *leg;
};

struct crossing_lab {
	struct transactions *t;
	uint64_t now_ms;
	struct txn_leg caller, server;
	int refuse_down, refuse_up; /* errno of sending; 0 = it works */
	bool no_answers;            /* as if our own answers could not be written */
	int8_t held[LAB_HELD_MAX];
	void (*sent)(void *arg, const struct lab_sent *s);
	void *arg;
	struct sip_msg in, out;
};

/** A lab between @caller and @server; @sent(@arg) gets what is sent. */
void crossing_lab_new(struct crossing_lab *l, enum sip_transport caller, enum sip_transport server,
		      const struct txn_bounds *bounds,
		      void (*sent)(void *arg, const struct lab_sent *s), void *arg);

/** Frees the table; nothing may be left: no crossing, no byte, nothing held, no block. */
void crossing_lab_end(struct crossing_lab *l);

/** The digits of transaction @number's branch. */
struct branch_hash crossing_lab_branch(uint32_t number);

/** The caller sends @method of transaction @number; @more: header lines, "" = none. */
enum txn_verdict crossing_lab_request(struct crossing_lab *l, uint32_t number, const char *method,
				      const char *more);

/** The server sends @status to @method of transaction @number. */
enum txn_verdict crossing_lab_response(struct crossing_lab *l, uint32_t number, const char *method,
				       unsigned int status);

/** Time passes until @to_ms, with all that falls due. */
void crossing_lab_run(struct crossing_lab *l, uint64_t to_ms);
