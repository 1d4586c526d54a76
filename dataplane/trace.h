/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages copied as they pass, for people who ask for them: `viactl trace`.
 *
 * The control thread publishes a set of filters, or none: that is the one load a worker pays per
 * turn. While there are some, each message is looked at between the decision and the edits, which
 * happen in place; what a filter wants is copied into the thread's own ring, completed with the
 * verdict and the bytes as sent, and drained by the control thread in its loop. Nothing ever waits:
 * beyond the caps on records and bytes per second, and in a full ring, a message is only counted as
 * missed. One tap per worker, one for the control thread's own forwarding.
 */
#pragma once

#include "dataplane/byte_ring.h"
#include "dataplane/limit.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/stats.h"

#include <stdbool.h>
#include <stdint.h>

#define TRACE_SLOTS 4 /* filters at once */
#define TRACE_RING_SIZE (1u << 20)
#define TRACE_RATE_MAX 10000u  /* records per second, thread and filter */
#define TRACE_KIB_PER_S 16384u /* bytes copied per second and thread, in KiB */
#define TRACE_CALL_ID_MAX 255
#define TRACE_METHOD_MAX 31

/* What became of a message; bits of trace_filter.verdicts. */
enum trace_verdict {
	TRACE_FORWARDED = 1,
	TRACE_ANSWERED = 2,
	TRACE_DROPPED = 4,
	TRACE_ABSORBED = 8 /* a transaction of the control thread took it in */
};

/* Which messages one trace wants; all that is set must hold. All zero but rate: every message. */
struct trace_filter {
	bool used;
	bool by_source, by_server, by_cause;
	uint8_t verdicts;       /* enum trace_verdict; 0 = any */
	uint16_t cause;         /* by_cause: of a drop or an answer, numbered as examples are */
	struct prefix source;   /* by_source */
	struct endpoint server; /* by_server: sent to it, or come from it */
	uint32_t rate;          /* records per second and thread */
	uint8_t call_id_len, method_len; /* 0 = any */
	char call_id[TRACE_CALL_ID_MAX];
	char method[TRACE_METHOD_MAX]; /* of the request, or of the CSeq of a response */
};

/* What is published. Never changes once it is. */
struct trace_set {
	uint64_t generation; /* another one each time */
	struct trace_filter slot[TRACE_SLOTS];
};

/* One message; followed by its bytes as received, then by those sent. */
struct trace_record {
	uint64_t generation; /* of the set that wanted it */
	uint64_t tsc;        /* when */
	uint32_t in_len, out_len;
	uint16_t slots;  /* bit per filter that wanted it */
	uint16_t cause;  /* dropped or answered: why, numbered as examples are; 0 = forwarded,
			    or answered with 200 */
	uint16_t status; /* responses */
	uint16_t call_id_off, call_id_len; /* in the bytes as received */
	uint16_t method_off, method_len;   /* of the request, or of CSeq */
	uint8_t verdict;                   /* enum trace_verdict */
	uint8_t transport, out_transport;  /* it came by, and left by: SIP_UDP, ... */
	bool request;
	bool by_linux; /* sent through Linux */
	bool edited;   /* the bytes as received are gone; in their place those made of them */
	bool has_out;  /* dst and from are set */
	struct endpoint src, listener; /* it came from and to */
	struct endpoint from, dst;     /* it was sent from and to */
	uint16_t pool, backend;        /* index in the world of then; WORLD_NONE = none */
};

/* One thread's way into the trace. The control thread reads ring and missed, all else is the
 * thread's own. */
struct trace_tap {
	struct byte_ring ring;      /* control makes it before the first set is published */
	stat_t missed[TRACE_SLOTS]; /* wanted, but not copied */
	uint64_t hz;                /* of the clock */
	uint64_t generation;        /* of the set that the limits are for */
	struct limit rate[TRACE_SLOTS], kib;
};

/* A message as the thread has it between decision and edits. */
struct trace_subject {
	const struct world *world;
	const struct endpoint *src;
	uint16_t listener;       /* index it came to */
	const struct sip_msg *m; /* as received */
	const struct proxy_out *out;
	uint64_t now;
	uint8_t transport; /* it came by; 0 = SIP_UDP */
};

/* How it ended. */
struct trace_end {
	enum trace_verdict verdict;
	uint16_t cause;
	bool by_linux;
	const uint8_t *bytes; /* as they are now, if nothing was copied in time */
	uint32_t len;
};

/* A record being made; on the thread's stack. */
struct trace_item {
	struct trace_record *r; /* in the ring; NULL = nothing was copied so far */
	uint32_t room;          /* bytes for what is sent */
	uint16_t slots;         /* wanted as far as is known now */
	uint16_t late;          /* wanted should it be dropped after all */
};

/**
 * Looks at @s for the filters of @set; copies the message if one wants it. @it is to be passed to
 * the two functions below. False if nobody can want it: they need not be called.
 */
bool trace_begin(struct trace_tap *t, const struct trace_set *set, const struct trace_subject *s,
		 struct trace_item *it);

/** Copies the bytes that will be sent. */
void trace_sent(struct trace_item *it, const uint8_t *p, uint32_t len);

/** Completes the record and puts it into the ring, if it is still wanted. @s as above, with bytes
 * that may have been edited since. */
void trace_finish(struct trace_tap *t, const struct trace_set *set, const struct trace_subject *s,
		  struct trace_item *it, const struct trace_end *end);
