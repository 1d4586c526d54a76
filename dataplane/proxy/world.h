/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The world as a packet sees it: listeners, own names, pools, backends, rules, keys. One immutable
 * snapshot, built by the control thread from the configuration (control/world/world_build.c),
 * published with one pointer, retired when every worker has let go of it. Everything it points to
 * lives in the same block and dies with it, but for tables, filters and past worlds, which worlds
 * share (control/world/table.h, control/world/world_past.h). Network routes and neighbours change
 * on their own clock and are a snapshot of their own (fib.h).
 */
#pragma once

#include "dataplane/proxy/fib.h"
#include "dataplane/proxy/key.h"
#include "dataplane/proxy/keys.h"
#include "dataplane/proxy/maglev.h"
#include "dataplane/proxy/names.h"
#include "dataplane/sip/msg.h"

#define WORLD_NONE UINT16_MAX

#define WORLD_UDP 1u /* bits of transports */
#define WORLD_TCP 2u
#define WORLD_TLS 4u

#define WORLD_N_TRANSPORTS 3 /* SIP_UDP, SIP_TCP, SIP_TLS: 1u << transport is its bit */
#define WORLD_RR_SIPS 3      /* beside those: Record-Route of a call that is sips all the way */
#define WORLD_N_RR 4

/* Text that only depends on the listener, made once. */
struct world_text {
	uint16_t len;
	char s[302];
};

struct listener {
	struct endpoint addr; /* where it listens; port is never 0 */
	uint16_t iface;       /* index of its interface in the configuration */
	uint16_t transports;  /* WORLD_UDP | ... */
	uint32_t id; /* keyed hash of addr: names it in our Via, whatever its place in the file */
	struct world_text sent_by; /* host[:port] as it stands in our Via, advertised or own */
	struct world_text via[WORLD_N_TRANSPORTS]; /* "Via: SIP/2.0/UDP " sent-by ";branch=" */
	struct world_text rr[WORLD_N_RR]; /* "<sip:" sent-by ";lr;vt=": the token, ">" follow */
	struct world_text name;           /* of the configuration, for people */
};

/* BACKEND_NONE: no backend has this number. */
enum backend_state { BACKEND_UP, BACKEND_DRAIN, BACKEND_DOWN, BACKEND_NONE };

/* The index of a backend in world.backends is its number: it keeps it from world to world, so
 * tables, counters and worlds of before all mean the same server by it. One that was removed stays,
 * draining and in no pool's members, while transactions with it may live. */
struct backend {
	struct endpoint addr;
	uint16_t pool;
	uint8_t transports;
	uint8_t state; /* enum backend_state */
	uint8_t tier;
	uint16_t weight;
	uint16_t tls_port;    /* for TLS; addr.port is that of UDP and TCP */
	uint32_t path_mtu;    /* known path MTU to it; 0 = unknown (18.1.1) */
	const char *name;     /* NUL-terminated */
	const char *tls_name; /* that its certificate must be for; NULL = its address */
};

struct pool {
	struct key_spec key;
	const uint16_t *table; /* Maglev table of indexes into world.backends */
	uint32_t table_size;
	const uint16_t *members; /* numbers of its backends, in the order of the file */
	uint16_t n_members;
	uint16_t n_live; /* backends in the table */
	const char *name;
};

/* A domain that a rule matches: "example.com" exactly, or suffix ".example.com" for
 * "*.example.com"; "*" is any host. */
struct domain_match {
	const uint8_t *text; /* lower case */
	uint16_t len;
	bool suffix; /* text starts with '.', matches any longer name that ends so; len 0 and
			suffix: any */
	bool is_ip;
	struct ip ip;
};

struct method_match {
	const char *name; /* as in the configuration; compared with case */
	uint16_t len;
};

struct rule {
	uint32_t methods;                        /* bit per enum sip_method; 0 and no names = any */
	const struct method_match *method_names; /* methods without a number of their own */
	const struct domain_match *domains;      /* none = any */
	const struct prefix *sources;            /* none = any */
	uint16_t n_method_names, n_domains, n_sources;
	uint16_t pool;
};

struct began;
struct rule_index;
struct world;

/* A world of before, while transactions that began under it may live (RFC 3261 16.11). */
struct world_past {
	const struct world *world;
	bool same_rules; /* as the world that has it in its list: routes, pools by index, keys */
};

#define WORLD_PAST_MAX 16

struct world {
	struct keys keys;
	const struct listener *listeners;
	const struct backend *backends;
	const struct pool *pools;
	const struct rule *rules;
	uint16_t n_listeners, n_backends, n_pools, n_rules;
	uint16_t n_walked; /* rules that are asked one by one: all of few, none of many */
	const struct rule_index *rule_index; /* of many, see rules.h; NULL = they are walked */
	const struct names *own;             /* all that names this proxy; keys and values: own.h */
	const struct names *listener_ids;    /* 4 bytes of id -> listener index */
	const struct names *servers; /* address -> number of the backend there, servers.h; NULL =
					unknown */
	const struct names *hosts;   /* lower-case name -> index into host_ips */
	const struct ip *host_ips;
	const struct fib *trusted; /* prefixes and backends, as a table of routes; NULL = none */
	uint8_t max_breadth; /* 0 = leave Max-Breadth alone, else value to add and upper bound (RFC
				5393) */
	uint16_t large; /* bytes beyond which a request may be too large for UDP to some backend
			   (18.1.1); 0 = 1300 */
	bool advertises_names; /* some listener is called by a name */
	bool preloaded_route; /* a foreign Route of anybody is followed for a Request-URI of ours */
	bool record_route;
	bool draining;       /* the node takes no new work: OPTIONS to it gets 503 */
	bool drains;         /* some backend is BACKEND_DRAIN */
	uint64_t generation; /* counts snapshots, for people and tests */
	/* The transaction window, see window.h: */
	uint32_t epoch;                /* counts changes of what any request's server is */
	uint32_t n_past;               /* at most WORLD_PAST_MAX */
	bool past_gaps;                /* worlds of the window had no room in past */
	const struct world_past *past; /* newest first */
	struct began *began;           /* transactions begun in this epoch; NULL if n_past is 0 */
};

enum world_own { OWN_NOT, OWN_DOMAIN, OWN_LISTENER };

/** Whether a host and port (0 = absent) of message @p names this proxy or a domain it answers for.
 * @scheme gives the default port. */
enum world_own world_own(const struct world *w, const uint8_t *p, const struct sip_host *host,
			 uint16_t port, enum uri_scheme scheme);

/** world_own() for a host of message @m: the same answer, sooner. */
enum world_own world_own_of(const struct world *w, const struct sip_msg *m,
			    const struct sip_host *host, uint16_t port, enum uri_scheme scheme);

/** Index of the listener with exactly this address, or WORLD_NONE. */
uint16_t world_listener_at(const struct world *w, const struct endpoint *at);

/**
 * The listener from which to send by @transport (WORLD_UDP, ...) to a destination reached by
 * interface @iface (FIB_NO_IFACE = unknown), among those that listen on it: @preferred if it has
 * the family of @dst and stands on @iface; else the first on @iface of that family; else @preferred
 * if of the family; else the first of the family; else WORLD_NONE.
 */
uint16_t world_listener_for(const struct world *w, uint16_t preferred, uint16_t iface,
			    uint32_t transport, const struct ip *dst);

/** The pool whose rule matches first, or WORLD_NONE. */
uint16_t world_route(const struct world *w, const struct sip_msg *m, const struct ip *src);

/** True if requests from @src may be relayed to any Request-URI. */
bool world_trusts(const struct world *w, const struct ip *src);
