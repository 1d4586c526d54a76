/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A crossing from inside: its two halves and the machines that drive them. Private to
 * control/transaction.
 *
 * Each machine is a table, state by event, of what to do and where to go, so that it can be held
 * against the figure of the RFC that it comes from:
 *
 *             server half                         client half
 *   INVITE    invite_server.c (17.2.1, RFC 6026)  invite_client.c (17.1.1, RFC 6026)
 *   others    non_invite_server.c (17.2.2)        non_invite_client.c (17.1.2)
 *
 *   request --> server half, client half --> server
 *   caller <-- server half <-- up -- client half <-- response
 *
 * A half is over when its state is none or terminated; a crossing whose halves are both over is
 * freed by crossing_settle(), which every entry point calls last, and by nobody else.
 */
#pragma once

#include "control/transaction/timer_wheel.h"
#include "control/transaction/transaction.h"

#define TRYING_MS 200u     /* INVITE: time for the server's first response (16.2, 17.2.1) */
#define TXN_DIGITS 32      /* of a branch */
#define TXN_TEXT_MAX 65536 /* of a message that we make */

enum half_state {
	HALF_NONE, /* a CANCEL may have one half only */
	HALF_WAITING,
	HALF_CALLING,
	HALF_TRYING,
	HALF_PROCEEDING,
	HALF_COMPLETED,
	HALF_CONFIRMED,
	HALF_ACCEPTED,
	HALF_TERMINATED,
	HALF_N_STATES
};

/* What happens to a half. */
enum half_event {
	ON_REQUEST,     /* server half: the request again */
	ON_ACK,         /* server half */
	ON_PROVISIONAL, /* 1xx: from the server; to the caller */
	ON_SUCCESS,     /* 2xx */
	ON_REFUSAL,     /* 300 to 699 */
	ON_SEND,        /* timer: A, E, G, or our 100 is due */
	ON_END,         /* timer: B, D, F, H, I, J, K, L, M */
	ON_LONG,        /* timer C */
	ON_FAILURE,     /* client half: could not be sent (17.1.4) */
	ON_SILENCE,     /* server half: the other one ended, and there is nothing to be sent */
	HALF_N_EVENTS
};

/* A message that was kept. */
struct kept {
	uint32_t n;
	uint8_t p[];
};

struct half {
	uint8_t state;
	uint32_t interval_ms; /* of ON_SEND */
	uint64_t send_ms;     /* when ON_SEND is due; 0 = not */
	uint64_t end_ms;      /* the same of ON_END */
	struct kept *message; /* what is sent again; NULL = nothing */
};

/* txn_leg without its long name. */
struct short_leg {
	enum sip_transport transport;
	struct endpoint to, listener;
	uint64_t connection;
};

struct crossing {
	struct wheel_timer timer; /* first: the wheel's timer is the crossing */
	struct crossing *next;    /* in its bucket */
	uint8_t digits[TXN_DIGITS];
	uint64_t id; /* branch_hash.id */
	uint8_t method;
	bool held; /* counts for txn_owner.held */
	uint16_t status;
	char method_text[24];
	struct half server, client;
	uint64_t long_ms; /* when ON_LONG is due; 0 = not */
	uint64_t begun_ms;
	struct short_leg caller_leg, server_leg;
	struct kept *name;   /* of the server's certificate, NUL included; NULL = the address */
	struct kept *answer; /* our own answer, of any status; NULL = none any more */
};

struct transactions {
	struct txn_bounds bounds;
	struct txn_owner owner;
	struct txn_counts counts;
	uint64_t now_ms;
	struct timer_wheel wheel;
	struct crossing **bucket;
	uint32_t mask;
	uint32_t n_cancels; /* of those present */
	bool went_up;       /* a message was sent to the caller in this call */
	struct txn_leg leg; /* for the owner, during a call */
	struct sip_msg m;   /* a kept request, while an ACK or CANCEL is made of it */
	uint8_t text[TXN_TEXT_MAX];
};

/* A message that goes through a machine; borrowed. */
struct passing {
	const uint8_t *p; /* bytes as they leave */
	uint32_t n;
	uint16_t status;
	const struct sip_msg *m; /* as received; NULL: we made it */
};

/* One arc of a figure. The state is entered first, so @act may go on to another one. */
struct arc {
	void (*act)(struct transactions *t, struct crossing *c, const struct passing *e);
	uint8_t next; /* enum half_state; HALF_NONE = stays */
};

typedef const struct arc arc_table[HALF_N_STATES][HALF_N_EVENTS];

/* --- crossing_table.c: what there is ------------------------------------------------------ */

/** The crossing of @digits and @method; NULL = none. */
struct crossing *crossing_find(const struct transactions *t, const uint8_t *digits,
			       enum sip_method method);

/** The first crossing of @digits, of any method, and the next one after it; NULL = none. */
struct crossing *crossing_first(const struct transactions *t, const uint8_t *digits);
struct crossing *crossing_next(const struct crossing *c);

/** A new crossing in the table with digits, id, method and legs as @like has, the name copied and
 * all else zero; NULL without memory or room. */
struct crossing *crossing_add(struct transactions *t, const struct crossing *like);

/** Takes @c out and frees it with all it keeps. */
void crossing_remove(struct transactions *t, struct crossing *c);

/** True if a caller may begin a crossing whose messages take @n bytes. */
bool crossing_has_room(const struct transactions *t, uint64_t n);

/** Copies @n bytes. NULL without memory or room: then the message cannot be sent again, which is
 * like losing it. */
struct kept *kept_new(struct transactions *t, const void *p, size_t n);

/** Frees *@k and clears it. */
void kept_drop(struct transactions *t, struct kept **k);

/* --- crossing.c: what all machines share ---------------------------------------------------- */

static inline bool leg_is_reliable(const struct short_leg *l)
{
	return l->transport != SIP_UDP;
}

static inline bool half_is_over(const struct half *h)
{
	return h->state == HALF_NONE || h->state == HALF_TERMINATED;
}

/** Follows the arc of @arcs for event @k of half @h. */
void half_run(struct transactions *t, struct crossing *c, struct half *h, arc_table *arcs,
	      enum half_event k, const struct passing *e);

/** ON_SEND is due in @ms from now; that is the interval. */
void half_send_in(struct transactions *t, struct half *h, uint32_t ms);

/** ON_END is due in @ms from now; 0: at once, the half is terminated. */
void half_end_in(struct transactions *t, struct half *h, uint32_t ms);

/** Sends to the caller; a failure is counted, that is all (16.9). */
void crossing_send_up(struct transactions *t, struct crossing *c, const uint8_t *p, uint32_t n);

/** Sends to the server; false if that failed. */
bool crossing_send_down(struct transactions *t, struct crossing *c, const uint8_t *p, uint32_t n);

/** Sends what half @h keeps once more. False if it could not be sent to the server. */
bool crossing_send_again(struct transactions *t, struct crossing *c, struct half *h);

/** Sends response @e to the caller and keeps it if it may have to be sent again. */
void crossing_respond(struct transactions *t, struct crossing *c, const struct passing *e);

/** Hands event @k to the server half. A CANCEL's was answered already: nothing. */
void crossing_up(struct transactions *t, struct crossing *c, enum half_event k,
		 const struct passing *e);

/** Hands our own answer @status to the server half: 100, 408 or 503. */
void crossing_answer(struct transactions *t, struct crossing *c, uint16_t status);

/** The leg without its name. */
static inline struct short_leg leg_shortened(const struct txn_leg *l)
{
	return (struct short_leg){ l->transport, l->to, l->listener, l->connection };
}

/** Does all that is due of @c. */
void crossing_tick(struct transactions *t, struct crossing *c);

/** Frees @c if both halves are over, else sets its timer. */
void crossing_settle(struct transactions *t, struct crossing *c);

/** Which event a response of @status is. */
static inline enum half_event event_of(uint16_t status)
{
	return status < 200 ? ON_PROVISIONAL : status < 300 ? ON_SUCCESS : ON_REFUSAL;
}

/* --- the four machines -------------------------------------------------------------------------
 */

/** Begins: the INVITE came. */
void invite_server_begin(struct transactions *t, struct crossing *c);
void invite_server(struct transactions *t, struct crossing *c, enum half_event k,
		   const struct passing *e);

/** Begins: sends @p, which must be kept in client.message if it is to be sent again, acknowledged
 * or cancelled. */
void invite_client_begin(struct transactions *t, struct crossing *c, const uint8_t *p, uint32_t n);
void invite_client(struct transactions *t, struct crossing *c, enum half_event k,
		   const struct passing *e);

void non_invite_server_begin(struct transactions *t, struct crossing *c);
void non_invite_server(struct transactions *t, struct crossing *c, enum half_event k,
		       const struct passing *e);

/** As invite_client_begin(). */
void non_invite_client_begin(struct transactions *t, struct crossing *c, const uint8_t *p,
			     uint32_t n);
void non_invite_client(struct transactions *t, struct crossing *c, enum half_event k,
		       const struct passing *e);

/* --- own_request.c -----------------------------------------------------------------------------
 */

/**
 * Writes the ACK (17.1.1.3) or CANCEL (9.1) @method that belongs to INVITE @m, as it was sent, to
 * @out (@room bytes). @response: whose To the ACK gets; NULL for a CANCEL. @reason: a CANCEL whose
 * Reason rows are copied (RFC 3326), or NULL. Returns the length; 0: no room, or no INVITE.
 */
uint32_t own_request(const struct sip_msg *m, enum sip_method method,
		     const struct sip_msg *response, const struct sip_msg *reason, uint8_t *out,
		     uint32_t room);

/* --- cancel.c ----------------------------------------------------------------------------------
 */

/** A caller's CANCEL, with branch @digits. */
enum txn_verdict cancel_take(struct transactions *t, const struct txn_request *r,
			     const uint8_t *digits);

/** Cancels @invite ourselves (16.8). */
void cancel_begin(struct transactions *t, struct crossing *invite);

/** True if a CANCEL of @invite waits for a provisional response. */
bool cancel_waits(const struct transactions *t, const struct crossing *invite);

/** A provisional response to @invite came: a CANCEL that waited for it is sent (9.1). */
void cancel_release(struct transactions *t, struct crossing *invite);

/** @invite has its final response, or will have none: no CANCEL waits any longer. */
void cancel_stop(struct transactions *t, const struct crossing *invite);
