/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One Via value (RFC 3261 20.42, 25.1 via-parm; RFC 3581; RFC 5118), decoded on demand.
 */
#pragma once

#include "dataplane/sip/uri.h"

struct sip_msg;

struct sip_via {
	struct span value;   /* the whole via-parm, no surrounding white space, no comma */
	struct span version; /* protocol version token, "2.0" */
	struct span transport_text;
	enum sip_transport transport; /* never SIP_TRANSPORT_NONE */
	struct span sent_by;          /* host and port as written */
	struct sip_host host;
	uint16_t port;              /* of sent-by; 0 = absent */
	struct span params;         /* from the first ';' on; len 0 = none */
	struct span branch;         /* value; len 0 = absent or empty (see has_branch) */
	struct span received;       /* value as written; len 0 = absent */
	struct span received_param; /* from its ';' to its end */
	struct sip_host received_host;
	struct span rport;      /* from its ';' to its end (name and value); len 0 = absent */
	uint16_t rport_value;   /* 0 = no value */
	struct sip_host maddr;  /* kind HOST_NONE = absent */
	struct span listener;   /* value of our own "vl" parameter; len 0 = absent */
	struct span connection; /* likewise "vc" */
	uint8_t ttl;            /* 0 = absent */
	bool has_branch;
	bool has_rport;
	bool alias;  /* the connection may be used the other way (RFC 5923) */
	bool cookie; /* branch starts with z9hG4bK, any case, and has more bytes after it */
};

/**
 * Reads the first via-parm in the bytes @s (a Via header value, folded or not, maybe a comma list).
 * @rest gets what follows its comma (len 0 = nothing follows). True if well formed: any protocol
 * name/version is accepted (the caller checks), parameters are tokens, hosts or quoted strings,
 * none empty, branch, received, rport, maddr at most once. On false, spans found so far may be set
 * and @out->host tells whether sent-by was readable.
 */
bool via_parse(const uint8_t *p, struct span s, struct sip_via *out, struct span *rest);

/** via_parse() of a value in the header section of the parsed message @m, trimmed at both ends:
 * faster, since parsing left its maps behind. */
bool via_read(const struct sip_msg *m, struct span s, struct sip_via *out, struct span *rest);
