/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The affinity key: which part of a request decides the server, and its keyed hash (RFC 3261 16.11:
 * fields that the INVITE, its CANCEL, its ACK and all retransmissions share).
 *
 * The hash is over canonical bytes, so that a middlebox that folds, compacts or reorders headers
 * moves nothing: white space runs become one SP, URIs count as scheme-less user@host with host
 * folded and default port dropped (an AOR, RFC 3261 10.3).
 */
#pragma once

#include "dataplane/proxy/keys.h"
#include "dataplane/sip/ip.h"
#include "dataplane/sip/msg.h"

enum key_kind {
	KEY_CALL_ID,
	KEY_FROM,        /* AOR of From */
	KEY_TO,          /* AOR of To */
	KEY_REQUEST_URI, /* AOR of the Request-URI */
	KEY_SOURCE,      /* source IP address, without the port */
	KEY_HEADER,      /* the first row of a named header; Call-ID if the message has none */
	KEY_USER         /* AOR of To in a REGISTER, else of From: a subscriber's
			  * registrations and calls stay together */
};

#define KEY_HEADER_MAX 64

struct key_spec {
	enum key_kind kind;
	uint8_t header_id; /* for KEY_HEADER: enum sip_header, SIP_H_OTHER = found by its name */
	uint8_t header_len;
	char compact;                /* its one-letter form; 0 = none */
	char header[KEY_HEADER_MAX]; /* its full name in lower case */
};

/**
 * Makes @spec a KEY_HEADER of the header called @name (@n bytes, any case, full or compact form:
 * both then find either). Returns false, @spec untouched, if the name is empty or longer than
 * KEY_HEADER_MAX. For the control thread.
 */
bool key_spec_header(struct key_spec *spec, const char *name, size_t n);

/**
 * Hashes the key of request @m (parsed without fault) that came from @src. Any length of key, no
 * allocation. A part that is missing, empty or cannot be read falls back to the Call-ID, which
 * counts octet by octet (RFC 3261 20.8).
 */
uint64_t key_hash(const struct keys *k, const struct key_spec *spec, const struct sip_msg *m,
		  const struct ip *src);

/** key_hash() of a request whose Call-ID is @call_id, for KEY_CALL_ID. */
uint64_t key_hash_call_id(const struct keys *k, const struct sip_msg *m, struct span call_id);
