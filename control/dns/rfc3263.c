/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A lookup that failed (nobody could say) is not one that found nothing: on a failure nothing is
 * tried that the RFC allows only where records are absent, or a call would reach another server
 * whenever a resolver sleeps. Only of the two families of a host one is enough.
 */
#include "control/dns/rfc3263.h"

#include "control/dns/dns_order.h"

#include <errno.h>
#include <stdio.h>

#define PORT_SIP 5060
#define PORT_SIPS 5061
#define TRANSPORTS ((1u << SIP_UDP) | (1u << SIP_TCP) | (1u << SIP_TLS))

/* One resolution under way. */
struct way {
	const struct rfc3263_query *query;
	const struct rfc3263_store *store;
	struct rfc3263_result *out;
	uint32_t usable; /* transports: 1u << enum sip_transport */
	uint16_t hosts;  /* that gave addresses */
	int failure;     /* of a lookup on the way that nobody could answer; 0 = none */
};

/* What became of one step. */
enum step {
	STEP_WAIT, /* for records */
	STEP_NONE, /* there are no such records */
	STEP_OVER, /* there are, and the targets that they gave, maybe none, are all there is */
};

/* --- records ----------------------------------------------------------------------------- */

/* The records of @type and @name, behind aliases; NULL with @step set if there are none. */
static const struct dns_rrset *find(struct way *w, enum dns_type type, const char *name,
				    enum step *step)
{
	for (uint32_t hops = 0; hops <= DNS_ALIASES_MAX; hops++) {
		const struct dns_rrset *set = w->store->find(w->store->arg, type, name);

		*step = set ? STEP_NONE : STEP_WAIT;
		if (!set)
			return NULL;
		if (set->rc) {
			if (set->rc != -ENOENT)
				w->failure = set->rc;
			return NULL;
		}
		if (!set->alias)
			return set;
		name = set->alias;
	}
	w->failure = -EIO;
	return NULL;
}

static bool usable(const struct way *w, unsigned int transport)
{
	return w->usable >> transport & 1;
}

/* --- hosts ------------------------------------------------------------------------------- */

/* Where the addresses of one host go. */
struct host {
	const char *name;
	uint16_t port;
	enum sip_transport transport;
	uint16_t priority, weight;
	bool plain; /* not of an SRV record */
};

static void add_target(struct way *w, const struct host *h, const struct ip *ip)
{
	struct rfc3263_result *out = w->out;

	if (out->n == DNS_TARGETS_MAX) {
		out->cut = true;
		return;
	}
	out->v[out->n++] = (struct dns_target){ .at = { *ip, h->port },
						.transport = h->transport,
						.priority = h->priority,
						.weight = h->weight,
						.plain = h->plain,
						.host = w->hosts };
}

/* Adds the addresses of @set in the order of the key, if there is one. */
static void add_addresses(struct way *w, const struct host *h, const struct dns_rrset *set)
{
	double scores[DNS_RECORDS_MAX];
	uint8_t order[DNS_RECORDS_MAX];

	for (uint8_t i = 0; i < set->n; i++) {
		uint8_t k = i;

		scores[i] = w->query->key ? dns_score(*w->query->key, set->v[i].ip.b, 16, 1) : i;
		for (; k > 0 && scores[order[k - 1]] > scores[i]; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	for (uint32_t i = 0; i < set->n; i++)
		add_target(w, h, &set->v[order[i]].ip);
}

/* The addresses of a host, IPv6 first (RFC 6724 by default, RFC 7984 4.2). */
static enum step walk_host(struct way *w, const struct host *h)
{
	enum step six, four;
	const struct dns_rrset *v6 = find(w, DNS_AAAA, h->name, &six);
	const struct dns_rrset *v4 = find(w, DNS_A, h->name, &four);

	if ((!v6 && six == STEP_WAIT) || (!v4 && four == STEP_WAIT))
		return STEP_WAIT;
	if (!v6 && !v4)
		return STEP_NONE;
	if (v6)
		add_addresses(w, h, v6);
	if (v4)
		add_addresses(w, h, v4);
	w->hosts++;
	return STEP_OVER;
}

/* --- SRV --------------------------------------------------------------------------------- */

/* Orders rows by priority, and equal ones by the key; those without a host are left out. */
static uint32_t order_rows(const struct way *w, const struct dns_rrset *set,
			   const struct dns_row *rows[DNS_RECORDS_MAX])
{
	double scores[DNS_RECORDS_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < set->n; i++) {
		const struct dns_row *row = &set->v[i];
		uint8_t id[DNS_NAME_MAX + 2];
		size_t len = strlen(row->name);
		uint32_t k = n;
		double score = i;

		if (len == 0)
			continue;
		memcpy(id, row->name, len);
		memcpy(id + len, &row->port, sizeof(row->port));
		if (w->query->key)
			score = dns_score(*w->query->key, id, len + 2, row->weight);
		for (; k > 0 && rows[k - 1]->priority == row->priority && scores[k - 1] > score;
		     k--) {
			rows[k] = rows[k - 1];
			scores[k] = scores[k - 1];
		}
		rows[k] = row;
		scores[k] = score;
		n++;
	}
	return n;
}

/* The targets of the SRV records called @name, for @transport. */
static enum step walk_srv(struct way *w, const char *name, enum sip_transport transport)
{
	const struct dns_row *rows[DNS_RECORDS_MAX];
	uint32_t first = w->hosts, waiting = 0, n;
	const struct dns_rrset *set;
	enum step step;

	set = find(w, DNS_SRV, name, &step);
	if (!set)
		return step;
	n = order_rows(w, set, rows);
	for (uint32_t i = 0; i < n && w->hosts - first + waiting < w->query->hosts_most; i++) {
		const struct host h = { .name = rows[i]->name,
					.port = rows[i]->port,
					.transport = transport,
					.priority = rows[i]->priority,
					.weight = rows[i]->weight };

		waiting += walk_host(w, &h) == STEP_WAIT;
	}
	return waiting ? STEP_WAIT : STEP_OVER;
}

/* The targets of the service over @transport of the host in question: "_sip._udp.example.com" (RFC
 * 3263 4.2, RFC 8553). */
static enum step walk_service(struct way *w, enum sip_transport transport)
{
	static const char *const prefixes[] = {
		[SIP_UDP] = "_sip._udp.", [SIP_TCP] = "_sip._tcp.", [SIP_TLS] = "_sips._tcp."
	};
	char name[DNS_NAME_MAX + 1];
	int n = snprintf(name, sizeof(name), "%s%s", prefixes[transport], w->query->q->host);

	return n > DNS_NAME_MAX - 2 ? STEP_NONE : walk_srv(w, name, transport);
}

/* --- the ways of the RFC ----------------------------------------------------------------- */

/* The addresses of the host in question itself. */
static enum step walk_plain(struct way *w, enum sip_transport transport)
{
	const struct dns_question *q = w->query->q;
	const uint16_t other = transport == SIP_TLS ? PORT_SIPS : PORT_SIP;
	const struct host h = { q->host, q->port ? q->port : other, transport, 0, 1, true };

	return walk_host(w, &h);
}

/* The first transport that may be used: UDP for sip, TLS for sips, if the caller has it. */
static enum sip_transport preferred(const struct way *w)
{
	return usable(w, SIP_UDP) ? SIP_UDP : usable(w, SIP_TCP) ? SIP_TCP : SIP_TLS;
}

/* 4.2 with a transport that is known: SRV records, or the host itself. */
static enum step walk_known(struct way *w, enum sip_transport transport)
{
	enum step step = walk_service(w, transport);

	return step == STEP_NONE && !w->failure ? walk_plain(w, transport) : step;
}

/* 4.1 without NAPTR records: the services are asked for all at once, the first that there is is
 * taken. */
static enum step walk_services(struct way *w)
{
	static const enum sip_transport order[] = { SIP_UDP, SIP_TCP, SIP_TLS };
	enum step all = STEP_NONE;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		enum step step;

		if (!usable(w, order[i]) || all == STEP_OVER)
			continue;
		step = walk_service(w, order[i]);
		if (step == STEP_NONE && w->failure && all == STEP_NONE)
			return STEP_NONE;
		if (all == STEP_NONE)
			all = step;
	}
	if (all == STEP_NONE && !w->failure)
		return walk_plain(w, preferred(w));
	return all;
}

/* 4.1: NAPTR records tell the transports and where their SRV records are. */
static enum step walk_naptr(struct way *w)
{
	enum step step;
	const struct dns_rrset *set = find(w, DNS_NAPTR, w->query->q->host, &step);

	if (!set && (step == STEP_WAIT || w->failure))
		return step;
	if (!set)
		return walk_services(w);
	/* They are in the order of order and preference. */
	for (uint32_t i = 0; i < set->n; i++) {
		const struct dns_row *row = &set->v[i];

		if (!usable(w, row->transport))
			continue;
		step = walk_srv(w, row->name, row->transport);
		if (step == STEP_WAIT || w->out->n || w->failure)
			return step;
	}
	return STEP_OVER;
}

/* The transports that will do. */
static uint32_t wanted(const struct dns_question *q)
{
	uint32_t all = q->transports ? q->transports : TRANSPORTS;

	switch (q->transport) {
	case SIP_TRANSPORT_NONE:
		return q->sips ? all & 1u << SIP_TLS : all;
	case SIP_UDP:
		return q->sips ? 0 : 1u << SIP_UDP;
	case SIP_TCP: /* of a sips URI: TLS over TCP (RFC 3261 26.2.2) */
		return q->sips ? 1u << SIP_TLS : 1u << SIP_TCP;
	case SIP_TLS:
		return 1u << SIP_TLS;
	default:
		return 0;
	}
}

static enum step walk(struct way *w)
{
	const struct dns_question *q = w->query->q;

	if (w->usable == 0)
		return STEP_NONE;
	if (q->port)
		return walk_plain(w, preferred(w));
	if (q->transport != SIP_TRANSPORT_NONE || q->response)
		return walk_known(w, preferred(w));
	return walk_naptr(w);
}

void rfc3263_targets(const struct rfc3263_query *query, const struct rfc3263_store *store,
		     struct rfc3263_result *out)
{
	struct way w = { .query = query, .store = store, .out = out, .usable = wanted(query->q) };

	out->waits = out->cut = false;
	out->n = 0;
	out->waits = walk(&w) == STEP_WAIT;
	out->rc = out->n ? 0 : w.failure ? w.failure : -ENOENT;
}
