/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * URIs as far as a proxy routes on them: sip, sips, tel (RFC 3261 19.1, 25.1; RFC 3966), and the
 * scheme of all others. Spans point into the message; nothing is unescaped.
 */
#pragma once

#include "dataplane/sip/ip.h"
#include "dataplane/sip/span.h"

enum uri_scheme { URI_SIP, URI_SIPS, URI_TEL, URI_OTHER };

enum host_kind { HOST_NONE, HOST_NAME, HOST_IP };

enum sip_transport {
	SIP_UDP,
	SIP_TCP,
	SIP_TLS,
	SIP_TRANSPORT_OTHER, /* SCTP, WS, WSS, TLS-SCTP, any unknown token */
	SIP_TRANSPORT_NONE   /* no transport parameter */
};

/* A host: name as written, or address by value. */
struct sip_host {
	struct span text; /* as written, brackets included */
	enum host_kind kind;
	struct ip ip; /* if kind is HOST_IP */
};

struct sip_uri {
	enum uri_scheme scheme;
	struct span whole; /* from the scheme to the last byte of headers */
	struct span user;  /* userinfo up to '@' (password included); len 0 = no '@' */
	struct sip_host host;
	uint16_t port;       /* 0 = absent */
	struct span params;  /* from the first ';' after the host to before '?'; len 0 = none */
	struct span headers; /* from '?' on; len 0 = none */
	enum sip_transport transport; /* from the transport parameter */
	struct sip_host maddr;        /* kind HOST_NONE = absent */
	struct span
		method; /* value of a method parameter with its leading ";method="; len 0 = none */
	struct span token; /* value of our own "vt" parameter (see proxy/token.h); len 0 = none */
	bool lr;           /* has an lr parameter, with or without a value (RFC 3261 16.12) */
};

/**
 * Reads the URI in the bytes @s of the message at @p. True if it is well formed: for sip and sips
 * fully checked (userinfo, host, port, parameters; RFC 3261 25.1, host without escapes, an '@'
 * needs a user), for tel and others only that scheme ':' something without spaces, controls, '<',
 * '>' or '"' is there. On false, @out is partly filled and must not be used.
 */
bool uri_parse(const uint8_t *p, struct span s, struct sip_uri *out);

/** Reads host [ ":" port ] in exactly the bytes @s. @port gets 0 when absent. False if malformed.
 */
bool hostport_parse(const uint8_t *p, struct span s, struct sip_host *host, uint16_t *port);

/**
 * Reads a host (name, IPv4, bracketed IPv6) in exactly the bytes @s; bare IPv6 without brackets is
 * accepted only if @bare_v6 (Via received and maddr parameters, RFC 5118 4.5).
 */
bool host_parse(const uint8_t *p, struct span s, bool bare_v6, struct sip_host *out);

/** The transport that a token means, any case. */
enum sip_transport transport_parse(const uint8_t *p, struct span s);
