/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dialogs that viaload plays. A reaction stands right after the step or the reactions before
 * it, so that the answers to one message are a stretch of the list.
 */
#include "bench/load/peer/script.h"

#define C PEER_CALLER
#define S PEER_SERVER
#define NEW(i, side, kind, method, on, flags) \
	[i] = { (side), MESSAGE_##kind, (on), (i), (flags), 0, (method) }
#define FOR(i, side, kind, method, on, of, flags) \
	[i] = { (side), MESSAGE_##kind, (on), (of), (flags), 0, (method) }
#define ANSWER(i, side, kind, status, reason, on, of, flags) \
	[i] = { (side), MESSAGE_##kind, (on), (of), (flags), (status), (reason) }

#define INVITE_TO_200                                              \
	NEW(0, C, INVITE, "INVITE", STEP_START, STEP_PATH),        \
		ANSWER(1, S, 100, 100, "Trying", 0, 0, 0),         \
		ANSWER(2, S, 180, 180, "Ringing", 0, 0, 0),        \
		ANSWER(3, S, 200_SDP, 200, "OK", 0, 0, STEP_PATH), \
		FOR(4, C, ACK, "ACK", 3, 0, STEP_DIALOG)

static const struct step call[] = {
	INVITE_TO_200,
	NEW(5, C, BYE, "BYE", 3, STEP_DIALOG | STEP_HOLD),
	ANSWER(6, S, 200, 200, "OK", 5, 5, 0),
};

static const struct step hold[] = {
	INVITE_TO_200,
	NEW(5, C, REINVITE, "INVITE", 3, STEP_DIALOG | STEP_HOLD),
	ANSWER(6, S, 200_SDP, 200, "OK", 5, 5, 0),
	FOR(7, C, ACK, "ACK", 6, 5, STEP_DIALOG),
	NEW(8, C, BYE, "BYE", 6, STEP_DIALOG | STEP_HOLD),
	ANSWER(9, S, 200, 200, "OK", 8, 8, 0),
};

static const struct step cancel[] = {
	NEW(0, C, INVITE, "INVITE", STEP_START, 0),
	ANSWER(1, S, 100, 100, "Trying", 0, 0, 0),
	ANSWER(2, S, 180, 180, "Ringing", 0, 0, 0),
	FOR(3, C, CANCEL, "CANCEL", 2, 0, 0),
	ANSWER(4, S, 200, 200, "OK", 3, 3, 0),
	ANSWER(5, S, 200, 487, "Request Terminated", 3, 0, 0),
	FOR(6, C, ACK, "ACK", 5, 0, 0),
};

static const struct step busy[] = {
	NEW(0, C, INVITE, "INVITE", STEP_START, 0),
	ANSWER(1, S, 100, 100, "Trying", 0, 0, 0),
	ANSWER(2, S, 200, 486, "Busy Here", 0, 0, 0),
	FOR(3, C, ACK, "ACK", 2, 0, 0),
};

static const struct step options[] = {
	NEW(0, C, OPTIONS, "OPTIONS", STEP_START, 0),
	ANSWER(1, S, 200, 200, "OK", 0, 0, 0),
};

static const struct step registration[] = {
	NEW(0, C, REGISTER, "REGISTER", STEP_START, 0),
	ANSWER(1, S, 200, 200, "OK", 0, 0, 0),
};

static const struct step notified[] = {
	INVITE_TO_200,
	NEW(5, S, NOTIFY, "NOTIFY", 4, STEP_DIALOG),
	ANSWER(6, C, 200, 200, "OK", 5, 5, 0),
	NEW(7, S, BYE, "BYE", 6, STEP_DIALOG | STEP_HOLD),
	ANSWER(8, C, 200, 200, "OK", 7, 7, 0),
};

static const struct step notifies[] = {
	INVITE_TO_200,
	NEW(5, C, REINVITE, "INVITE", 3, STEP_DIALOG),
	ANSWER(6, S, 200_SDP, 200, "OK", 5, 5, 0),
	FOR(7, C, ACK, "ACK", 6, 5, STEP_DIALOG),
	NEW(8, C, NOTIFY, "NOTIFY", 6, STEP_DIALOG),
	ANSWER(9, S, 200, 200, "OK", 8, 8, 0),
	NEW(10, C, BYE, "BYE", 9, STEP_DIALOG | STEP_HOLD),
	ANSWER(11, S, 200, 200, "OK", 10, 10, 0),
};

static const struct step reinvited[] = {
	INVITE_TO_200,
	NEW(5, S, REINVITE, "INVITE", 4, STEP_DIALOG),
	ANSWER(6, C, 200_SDP, 200, "OK", 5, 5, 0),
	FOR(7, S, ACK, "ACK", 6, 5, STEP_DIALOG),
	NEW(8, C, BYE, "BYE", 7, STEP_DIALOG | STEP_HOLD),
	ANSWER(9, S, 200, 200, "OK", 8, 8, 0),
};

#define SCRIPT(list)                                            \
	{                                                       \
#list, sizeof(list) / sizeof((list)[0]), (list) \
	}

const struct script scripts[SCRIPTS] = {
	[SCRIPT_CALL] = SCRIPT(call),           [SCRIPT_HOLD] = SCRIPT(hold),
	[SCRIPT_CANCEL] = SCRIPT(cancel),       [SCRIPT_BUSY] = SCRIPT(busy),
	[SCRIPT_OPTIONS] = SCRIPT(options),     [SCRIPT_REGISTER] = SCRIPT(registration),
	[SCRIPT_NOTIFIED] = SCRIPT(notified),   [SCRIPT_NOTIFIES] = SCRIPT(notifies),
	[SCRIPT_REINVITED] = SCRIPT(reinvited),
};

void script_facts(const struct script *s, struct script_facts *f)
{
	memset(f, 0, sizeof(*f));
	for (unsigned int i = 0; i < s->n; i++) {
		const struct step *step = &s->step[i];
		uint16_t bit = (uint16_t)(1u << i);
		bool own = step->of == i || (step_is_ack(step) && step->flags & STEP_DIALOG);

		f->sent_by[step->side] |= bit;
		f->requests |= step->status ? 0 : bit;
		f->acks |= step_is_ack(step) ? bit : 0;
		f->hold |= step->flags & STEP_HOLD ? bit : 0;
		f->txn[i] = own ? (uint8_t)i : step->of;
		if (step->on == STEP_START)
			continue;
		if (f->n[step->on]++ == 0)
			f->first[step->on] = (uint8_t)i;
	}
}

/* The carrier's mix: twelve kinds of message, one request in three inside dialogs from the called
 * side. */
static const uint8_t mix[] = {
	SCRIPT_CALL,   SCRIPT_OPTIONS,   SCRIPT_NOTIFIED, SCRIPT_REGISTER,
	SCRIPT_CANCEL, SCRIPT_NOTIFIES,  SCRIPT_OPTIONS,  SCRIPT_REGISTER,
	SCRIPT_CANCEL, SCRIPT_REINVITED, SCRIPT_OPTIONS,  SCRIPT_REGISTER,
};

static enum script_id call_of(const struct load_plan *plan, uint32_t i, uint32_t n)
{
	unsigned int percent = (unsigned int)((uint64_t)i * 100 / n);

	if (percent < plan->cancel_percent)
		return SCRIPT_CANCEL;
	percent -= plan->cancel_percent;
	if (percent < plan->busy_percent)
		return SCRIPT_BUSY;
	percent -= plan->busy_percent;
	return percent < plan->hold_percent ? SCRIPT_HOLD : SCRIPT_CALL;
}

enum script_id script_of(const struct load_plan *plan, uint32_t i, uint32_t n)
{
	switch (plan->scenario) {
	case LOAD_OPTIONS:
		return SCRIPT_OPTIONS;
	case LOAD_REGISTER:
		return SCRIPT_REGISTER;
	case LOAD_MIX:
		return mix[i % sizeof(mix)];
	default:
		return call_of(plan, i, n);
	}
}
