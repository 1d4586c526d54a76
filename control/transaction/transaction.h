/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where reliability differs: a request that came by UDP and leaves by TCP or TLS, or the other way
 * round, is kept as a transaction (RFC 3261 16.1, 16.7 to 16.10, 17, with RFC 6026 and RFC 4320).
 * UDP to UDP and stream to stream never come here.
 *
 * One crossing is a server transaction towards the caller and a client transaction towards the
 * server, joined: there is one target, so no response is chosen among several. Both are known by
 * the digits of our branch, which is a hash of the request's own branch and sent-by: 17.2.3 and
 * 17.1.3 ask for the same two.
 *
 * Retransmits on unreliable legs, absorbs what was retransmitted to us, makes 100, 408, 503, the
 * ACK to a non-2xx, the CANCEL and the 200 to one. A CANCEL is a crossing of its own, beside that
 * of its INVITE. Bounded in number and bytes. Owns copies of the messages it needs. Control thread
 * only; time and sending are the caller's, so tests can play both.
 *
 * A response is sent on as the owner edited it: nothing is chosen, 503 stays 503 (16.7 step 6 has
 * no choice to make among one).
 */
#pragma once

#include "dataplane/proxy/branch.h"
#include "dataplane/sip/ip.h"
#include "dataplane/sip/msg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transactions;

#define TXN_T1_MS 500u
#define TXN_T2_MS 4000u
#define TXN_T4_MS 5000u
#define TXN_TIMER_C_MS 181000u /* more than 3 minutes (16.6 step 11) */

/* One side of a crossing. */
struct txn_leg {
	enum sip_transport transport;
	struct endpoint to;
	struct endpoint listener; /* of ours, to send from */
	uint64_t connection;      /* caller's side, streams: number, 0 = none */
	char name[256]; /* server's side, TLS: name of the certificate; "" = the address */
};

/* Times and bounds. 0 = default of the RFC, or as below. */
struct txn_bounds {
	uint32_t t1_ms, t2_ms, t4_ms, timer_c_ms;
	uint32_t count_max;  /* crossings that callers begin; default 500,000. CANCELs come on top,
				one for an INVITE at most */
	uint64_t memory_max; /* bytes of kept messages and structs; default 256 MiB. The last eighth
				is for what crossings that are there still have to keep */
};

/* What the owner lends. Its functions must not call those below. */
struct txn_owner {
	void *arg;
	/* Sends one message on a leg. 0, or a negative errno if it surely failed; -EAGAIN and
	 * -ENOBUFS by UDP count as lost on the way. For streams the failure may come later, when
	 * the owner calls txns_failed() with the 32 digits @branch. @caller: towards the caller,
	 * else the server. */
	int (*send)(void *arg, const struct txn_leg *leg, bool caller, const uint8_t *branch,
		    const uint8_t *p, size_t n);
	/* Tells workers that a transaction which came by UDP is kept here, or no longer: its
	 * retransmissions, CANCEL and ACK must come here too, even if small. @id: branch_hash.id;
	 * on and off in turn, also where INVITE and CANCEL share it. */
	void (*held)(void *arg, uint64_t id, bool on);
	/* Writes our own answer @status to request @m (txn_request.m; the owner puts received and
	 * rport into its top Via) to @out; returns its length, 0 = none possible. Called within
	 * txns_request() only: one answer serves for all of them, but for its status line. */
	uint32_t (*answer)(void *arg, const struct sip_msg *m, uint16_t status, const char *phrase,
			   const struct txn_leg *caller, uint8_t *out, size_t room);
};

/* A request that crosses, after the rules have decided. */
struct txn_request {
	const struct sip_msg *m; /* as received, parsed */
	const uint8_t *out;      /* as it would leave, n_out bytes: Via and all are in it */
	uint32_t n_out;
	const struct branch_hash *branch; /* of our Via */
	struct txn_leg caller, server;
};

enum txn_verdict {
	TXN_TAKEN,    /* sent on, a new crossing */
	TXN_ABSORBED, /* a retransmission, an ACK, a CANCEL: dealt with */
	TXN_PASS,     /* belongs to no crossing and needs none (ACK to a 2xx; a CANCEL or ACK whose
			 INVITE is unknown): to be sent on without state */
	TXN_STRAY,    /* a response without a crossing: dropped (RFC 6026) */
	TXN_FULL      /* no room: to be refused with 503 */
};

/* What happened so far. */
struct txn_counts {
	uint64_t begun, ended;  /* crossings, CANCELs too */
	uint64_t retransmitted; /* messages that we sent again */
	uint64_t absorbed;      /* messages that came and went no farther: retransmissions, 100s,
				   ACKs to non-2xx, CANCELs and their responses */
	uint64_t strays;        /* responses without a crossing */
	uint64_t timeouts;      /* of timers B, C, F and H */
	uint64_t failures;      /* messages that could not be sent */
	uint64_t refused;       /* TXN_FULL */
	uint64_t acks, cancels; /* that we made */
	uint32_t present;
	uint64_t bytes;
};

/** Makes the table. NULL without memory. */
struct transactions *txns_new(const struct txn_bounds *bounds, const struct txn_owner *owner);

void txns_free(struct transactions *t);

/** A request at @now_ms (monotonic). The owner sends what TXN_PASS and TXN_FULL ask for. @r is only
 * read. */
enum txn_verdict txns_request(struct transactions *t, const struct txn_request *r, uint64_t now_ms);

/**
 * A response from the server's side. @m: as received, its branch was checked; @branch: digits of
 * ours in it; @out: as it leaves, without our Via. TXN_TAKEN: it was sent on or kept; TXN_ABSORBED:
 * a retransmission; TXN_STRAY.
 */
enum txn_verdict txns_response(struct transactions *t, const struct sip_msg *m,
			       const struct hex32 *branch, const uint8_t *out, uint32_t n_out,
			       uint64_t now_ms);

/** What was sent to the server's side under @branch (32 digits) could not be sent (16.9): 503 to
 * the caller, if the server has not answered yet. */
void txns_failed(struct transactions *t, const uint8_t *branch, uint64_t now_ms);

/**
 * The request under @branch (32 digits) could not be sent, and the owner sends it in another way:
 * its crossing ends without a word. False if there is none, the server has answered already, or the
 * caller of an INVITE was told 100 and does not send it again (17.1.1.2): then nothing changed.
 */
bool txns_forget(struct transactions *t, const uint8_t *branch, uint64_t now_ms);

/** When txns_tick() is to be called next, monotonic ms; UINT64_MAX = not before another message. */
uint64_t txns_next(const struct transactions *t);

/** Does what is due at @now_ms. */
void txns_tick(struct transactions *t, uint64_t now_ms);

/** For viactl and metrics. */
const struct txn_counts *txns_counts(const struct transactions *t);

/* One crossing, for people. */
struct txn_info {
	char method[24];
	/* As in RFC 3261 section 17: "Proceeding"; "" = that side is over; "Waiting": a CANCEL, for
	 * a provisional response to its INVITE (9.1). */
	const char *server_state, *client_state;
	struct txn_leg caller, server;
	uint16_t status; /* last response; 0 = none */
	uint64_t age_ms;
};

/** Calls @fn for each crossing until it returns false. */
void txns_each(const struct transactions *t, uint64_t now_ms,
	       bool (*fn)(void *arg, const struct txn_info *i), void *arg);
