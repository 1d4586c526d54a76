/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Carrier-like SIP messages for benches and property tests: any number of distinct ones, the same
 * on every machine.
 *
 * Twelve kinds in equal parts, four orders of headers, one message in ten with compact names,
 * hosts, tags, numbers and lengths varied; 400 to 1,490 bytes, about 750 on average. Few messages
 * repeated would flatter code with many branches by a factor of two (the predictor learns them), so
 * benches use 4,096. All are ones that the proxy of messages_world() forwards: requests inside a
 * dialog bring our signed Route back, responses our Via with the branch that branch_make() gives
 * for the Via below it.
 */
#pragma once

#include "bench/lab.h"

#define MESSAGES 4096u /* of a set for benches */
#define MESSAGES_SEED 2543261u
#define MESSAGE_STRIDE 2368u  /* slots lie as in a pool of mbufs */
#define MESSAGE_HEADROOM 256u /* bytes before a message in its slot */
#define MESSAGE_MIN 400u
#define MESSAGE_MAX 1490u
#define MESSAGE_TAILROOM (MESSAGE_STRIDE - MESSAGE_HEADROOM - MESSAGE_MAX)

enum message_kind {
	MESSAGE_INVITE,   /* with SDP */
	MESSAGE_REINVITE, /* with Route and SDP */
	MESSAGE_REGISTER,
	MESSAGE_OPTIONS,
	MESSAGE_100,
	MESSAGE_180,
	MESSAGE_200_SDP,
	MESSAGE_200,
	MESSAGE_ACK,
	MESSAGE_BYE,
	MESSAGE_CANCEL,
	MESSAGE_NOTIFY,
	MESSAGE_KINDS
};

struct message {
	uint8_t *p; /* in its slot; MESSAGE_HEADROOM bytes before it are free, SIP_PAD after it
		       readable */
	uint32_t len;
	enum message_kind kind;
	struct proxy_in in;
};

struct message_set {
	uint32_t n;
	uint32_t stride; /* bytes of a slot; MESSAGE_STRIDE if messages_make() made them */
	uint8_t *slots;  /* n * stride bytes */
	struct message *m;
};

extern const char *const message_kind_names[MESSAGE_KINDS];

/** The proxy that the messages are for: two networks, one pool of eight servers and one of two
 * registrars. */
const struct lab_world *messages_world(void);

/** Makes @n messages into @set. Same @seed, same bytes. The memory stays until the program ends. */
void messages_make(uint32_t n, uint64_t seed, struct message_set *set);
