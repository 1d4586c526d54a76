/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The relay from inside. Private to control/relay.
 *
 * One message is handled at a time, in the scratch fields of struct relay. Whatever comes back
 * later, the answer about a name or the failure of a connection, is put in a list and handled in
 * its own turn of the event loop: nothing here is ever entered twice.
 */
#pragma once

#include "control/dns/dns.h"
#include "control/relay/relay.h"
#include "control/stream/stream.h"
#include "control/transaction/transaction.h"

#include <event2/util.h>

#define RELAY_KEPT_MAX 20000u             /* messages kept for names and connections */
#define RELAY_KEPT_BYTES (64u << 20)      /* of them */
#define RELAY_LATE_MAX 256u               /* that are handled in one turn of the event loop */
#define RELAY_REFUSED 256u                /* streams that were refused: slots */
#define RELAY_REFUSED_MS 30000u           /* for how long UDP is taken in their place */
#define RELAY_DIGITS 32                   /* of a branch */
#define RELAY_NAME_MAX (DNS_NAME_MAX + 1) /* host name with its NUL */

/* A message that is looked at again later, with what is to be done then. */
struct kept {
	struct relay *relay;
	struct kept *next;                            /* in relay.late */
	void (*later)(struct relay *, struct kept *); /* owns it */
	int rc;      /* what became of the name or the connection */
	size_t size; /* bytes that count */
	/* Waiting for a name: */
	bool asking; /* dns_ask() has not returned yet */
	struct proxy_found found;
	char name[RELAY_NAME_MAX];
	/* Sent, its connection may fail: */
	uint8_t digits[RELAY_DIGITS]; /* of a transaction's */
	struct endpoint to;           /* likewise */
	/* The message as it came; p is NULL or lies behind this struct. */
	struct relay_message m;
};

/* One message on its way. */
struct passing {
	const struct relay_message *from;
	struct proxy_in in;
	const char *name;    /* that was asked for and led here; NULL = none */
	const uint8_t *sent; /* bytes that left; NULL = none */
	uint32_t n_sent;
	bool waits; /* its verdict comes later */
	bool late;  /* its verdict was counted before */
	struct trace_end end;
};

struct relay {
	const struct relay_env *env;
	struct transactions *transactions;
	struct relay_counts counts;
	struct event *later; /* handles what is in late */
	struct event *timer; /* of transactions */
	uint64_t timer_ms;   /* when it goes off; UINT64_MAX = not set */
	struct kept *late, **late_end;
	uint32_t answers; /* error answers in this second */
	uint64_t second;
	struct {
		struct endpoint to;
		uint64_t until_ms;
	} refused[RELAY_REFUSED];
	/* Of the present message: */
	uint64_t now_ms;
	struct passing *passing; /* that transactions are asked about; NULL = none */
	struct sip_msg m;
	struct proxy_out out;
	struct proxy_out aside;    /* where answers to it go; our own answers */
	char name[RELAY_NAME_MAX]; /* host that was asked for */
	uint8_t sent[SIP_MAX_LEN];
};

/* --- relay.c ------------------------------------------------------------------------------ */

/** Asks proxy_message() about the message in r->m: the answer is in r->out, and what it began is
 * known to all threads. */
void relay_rules(struct relay *r, const struct proxy_in *in);

/** Decides about the message in r->m, and does it. */
void relay_decide(struct relay *r, struct passing *p);

/** Opens @p for @m, which is parsed into r->m. False, counted: it cannot be handled, for its
 * listener is gone or its source cannot be. */
bool relay_open(struct relay *r, struct passing *p, const struct relay_message *m);

/** Ends @p: trace, example. */
void relay_end(struct relay *r, struct passing *p);

/** Counted drops. */
void relay_drop(struct relay *r, struct passing *p, enum sip_reason reason);
void relay_drop_counted(struct relay *r, struct passing *p, enum counter c);

/** Answers the request in r->m for @reason, or drops the message. */
void relay_refuse(struct relay *r, struct passing *p, enum sip_reason reason);

/** The answer in r->out, to where it belongs. */
void relay_answer(struct relay *r, struct passing *p);

/* --- relay_keep.c --------------------------------------------------------------------------- */

/** A struct kept with a copy of @m, or without message (NULL). NULL: too much is kept. */
struct kept *relay_keep(struct relay *r, const struct relay_message *m);

/** Gives it back. NULL is allowed. */
void relay_unkeep(struct kept *k);

/** @k is handled soon by its function, with @rc. */
void relay_later(struct kept *k, int rc);

/** Handles what is to be handled later; for the event loop. */
void relay_on_later(evutil_socket_t fd, short what, void *arg);

/* --- relay_send.c ---------------------------------------------------------------------------- */

/** Sends the @n bytes at r->sent as r->out says. */
void relay_send(struct relay *r, struct passing *p, uint32_t n);

/** Counts the message as forwarded: the @n bytes at r->sent are those that leave. */
void relay_account(struct relay *r, struct passing *p, uint32_t n);

/** Counts a message that could not be sent as r->out says, for reason @rc. */
void relay_unsent(struct relay *r, struct passing *p, int rc);

/**
 * Sends the @n bytes @b to @to, by a connection that stands or by a new one. 0: taken. A negative
 * errno: not. *@waits, unless NULL, waits for the connection, with a copy of the message of @p
 * (NULL: with none); its function, which the caller sets, is called if there will be none. On
 * failure it is the caller's.
 */
int relay_send_to(struct relay *r, const struct stream_target *to, const uint8_t *b, size_t n,
		  const struct passing *p, struct kept **waits);

/** Nobody waits in @k any more. NULL is allowed. */
void relay_stop_waiting(struct kept *k);

/** Counts @n bytes that left. */
void relay_left(struct relay *r, size_t n);

/** Name that the certificate of the server at @to must be for; NULL = its address. */
const char *relay_name_of(const struct relay *r, const struct passing *p,
			  const struct endpoint *to);

/** Whether @to is a server of a pool. */
bool relay_is_server(const struct relay *r, const struct endpoint *to);

/** Whether a stream to @to was refused a short time ago. */
bool relay_is_refused(const struct relay *r, const struct endpoint *to);
void relay_put_refused(struct relay *r, const struct endpoint *to);

/* --- relay_cross.c ---------------------------------------------------------------------------- */

/** The functions that transactions call. */
struct txn_owner relay_owner(struct relay *r);

/** Gives the @n bytes at r->sent to the transactions. */
void relay_cross(struct relay *r, struct passing *p, uint32_t n);

/** Gives the response in r->m, which has no Via but ours, to the transactions. False: they have
 * made no CANCEL of this branch, or it is over. */
bool relay_cross_cancel(struct relay *r, struct passing *p);

/** Sets the timer for what transactions have to do next. */
void relay_arm(struct relay *r);

/** Does it; for the event loop. */
void relay_on_timer(evutil_socket_t fd, short what, void *arg);

/* --- relay_names.c ---------------------------------------------------------------------------- */

/** Asks the question in r->out; the message is kept meanwhile, or goes on at once. */
void relay_ask(struct relay *r, struct passing *p);
