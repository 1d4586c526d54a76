/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dialogs as lists of steps: who sends what, and what he waits for before. Both sides walk the same
 * list, each sends its own steps and expects the others'. Private to bench/load/peer.
 */
#pragma once

#include "bench/load/peer/peer.h"
#include "bench/messages.h"

#define SCRIPT_STEPS 16
#define STEP_START 255 /* the call begins with it */

enum step_flags {
	STEP_DIALOG = 1, /* a request inside the dialog: route set, remote target, both tags */
	STEP_HOLD = 2,   /* not at once, but plan.hold_ms later */
	STEP_PATH = 4    /* its receiver learns the route set from it (RFC 3261 12.1) */
};

struct step {
	uint8_t side; /* enum peer_side that sends it */
	uint8_t kind; /* enum message_kind that it looks like */
	uint8_t on;   /* step whose receipt makes its receiver send this one */
	uint8_t of;   /* step of the request that it answers, acknowledges or cancels; or its own */
	uint16_t flags;     /* enum step_flags */
	uint16_t status;    /* 0 = request */
	const char *method; /* of requests; of responses the rest of the status line */
};

struct script {
	const char *name;
	uint8_t n;
	const struct step *step;
};

/* Steps that follow from the receipt of a step: they stand together. Bits by step. */
struct script_facts {
	uint16_t sent_by[PEER_SIDES]; /* steps that each side sends */
	uint16_t requests, acks, hold;
	uint8_t first[SCRIPT_STEPS], n[SCRIPT_STEPS]; /* reactions to each step */
	uint8_t txn[SCRIPT_STEPS]; /* step whose branch it has: of CANCEL and ACK to a non-2xx, the
				      INVITE's (RFC 3261 9.1, 17.1.1.3) */
};

enum script_id {
	SCRIPT_CALL,
	SCRIPT_HOLD, /* with a re-INVITE */
	SCRIPT_CANCEL,
	SCRIPT_BUSY,
	SCRIPT_OPTIONS,
	SCRIPT_REGISTER,
	SCRIPT_NOTIFIED,  /* NOTIFY and BYE from the called side */
	SCRIPT_NOTIFIES,  /* re-INVITE and NOTIFY from the caller */
	SCRIPT_REINVITED, /* re-INVITE from the called side */
	SCRIPTS
};

extern const struct script scripts[SCRIPTS];

/** Works out @f for @s. */
void script_facts(const struct script *s, struct script_facts *f);

/** The script of template number @i of @n, so that the plan's shares come out. */
enum script_id script_of(const struct load_plan *plan, uint32_t i, uint32_t n);

/** True if @s is a request that its receiver does not answer. */
static inline bool step_is_ack(const struct step *s)
{
	return s->kind == MESSAGE_ACK;
}
