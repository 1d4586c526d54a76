/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The prober: which backend is probed when, and what became of it.
 *
 * Each target has a clock of its own, one entry in one heap: its next turn, or, while a probe is
 * under way, the next retransmission or the end of its patience. So a dead server delays nobody.
 * First turns are spread over the interval by the golden ratio, which is even for any number of
 * targets, also as they come one by one; later ones carry a jitter of an eighth, so that nodes of a
 * fleet do not fall into step. Like any client over UDP it repeats the request after 0.5, 1.5, 3.5
 * seconds (RFC 3261 17.1.2.2), if the timeout is as long.
 *
 * Pure but for memory and struct probe_io; time comes in, in microseconds. Control thread only.
 */
#pragma once

#include "control/health/probe_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_TARGETS_MAX 65536

/* How the targets of one pool are probed. */
struct probe_plan {
	uint64_t interval_us, timeout_us;
	struct ip source;               /* all zero = as Linux chooses */
	const char *from, *request_uri; /* NULL = made from the addresses */
	bool away; /* the node does not have the source: its targets have no turns */
};

/* What the prober needs of the world. */
struct probe_io {
	void *arg;
	/* The address from which to send to @dst. 0 or a negative errno. */
	int (*source)(void *arg, const struct endpoint *dst, struct ip *out);
	/* Sends the probe @t, in which it fills local and transport, from @source. 0 or a negative
	 * errno. By a stream it is not sent again; what fails later is told by prober_failed(). */
	int (*send)(void *arg, const struct ip *source, struct probe_text *t);
	/* Something that outsiders cannot guess. */
	uint64_t (*random)(void *arg);
};

enum probe_end {
	PROBE_ANSWERED, /* code says what */
	PROBE_TIMEOUT,
	PROBE_REFUSED, /* an ICMP error came, or no connection: error */
	PROBE_UNSENT   /* it could not be sent: error */
};

/* One probe at its end. */
struct probe_result {
	uint32_t target;
	enum probe_end end;
	uint16_t code;       /* 200 to 699 */
	int error;           /* positive errno */
	bool stream;         /* it was to go by TCP or TLS */
	const char *hint;    /* of a timeout: what was wrong with the answer that came; "" = none */
	uint64_t latency_us; /* of an answer, from the first sending */
};

typedef void (*probe_result_fn)(void *arg, const struct probe_result *r);

struct prober;

/** No targets yet. @io is copied; @fn gets each result. NULL without memory. */
struct prober *prober_new(const struct probe_io *io, probe_result_fn fn, void *arg);

void prober_free(struct prober *p);

/**
 * Target @number is at @remote and probed by @plan, which is borrowed until the next call for it.
 * For one that is so already only the plan changes, its clock runs on. 0 or -ENOMEM.
 */
int prober_set(struct prober *p, uint32_t number, const struct endpoint *remote,
	       const struct probe_plan *plan, uint64_t now_us);

/** Target @number is not probed any more. A probe under way is forgotten. */
void prober_drop(struct prober *p, uint32_t number);

bool prober_has(const struct prober *p, uint32_t number);

/** Does what is due. Returns when to call again; UINT64_MAX = not before something changes. */
uint64_t prober_run(struct prober *p, uint64_t now_us);

/** A datagram came from @from: a result if it is the answer to a probe under way (8.1.3), nothing
 * otherwise. */
void prober_answer(struct prober *p, const struct endpoint *from, const struct sip_msg *m,
		   uint64_t at_us);

/** The probe @id could not be sent after all: it ends with @error, if it is under way. */
void prober_failed(struct prober *p, const struct probe_id *id, int error);

/** An ICMP error came about something sent to @to: ends the probes under way there, but those by
 * streams, which know about theirs. */
void prober_error(struct prober *p, const struct endpoint *to, int error);
