/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending on without state: by the listener's socket, down a connection, or by one to the next hop.
 *
 * A request that has to wait for its connection is kept, since its caller must hear 503 if there
 * will be none (RFC 3261 16.9, 18.4). One that finds the connection open needs no copy.
 */
#include "control/relay/relay_state.h"
#include "control/stream/stream.h"
#include "dataplane/account.h"
#include "dataplane/example.h"
#include "dataplane/proxy/servers.h"

#include <rte_cycles.h>

#include <errno.h>
#include <string.h>

void relay_left(struct relay *r, size_t n)
{
	stat_add(&r->env->stats->c[C_TX_FRAMES], 1);
	stat_add(&r->env->stats->c[C_TX_BYTES], n);
}

/* Counts for health and backends what is on its way to its server for the first time. */
void relay_account(struct relay *r, struct passing *p, uint32_t n)
{
	struct stats *s = r->env->stats;

	account(s, &(struct accounted){ .world = r->env->world,
					.src = &p->in.src,
					.m = &r->m,
					.out = &r->out,
					.now = rte_rdtsc(),
					.hz = rte_get_tsc_hz() });
	stat_add(&s->c[C_FORWARDED], 1);
	if (r->out.target == TARGET_POOL)
		stat_add(&s->backend[r->out.backend], 1);
	p->end.verdict = TRACE_FORWARDED;
	p->end.cause = EXAMPLE_OF_REASON(SIP_OK);
	p->sent = r->sent;
	p->n_sent = n;
}

static void forwarded(struct relay *r, struct passing *p, uint32_t n)
{
	if (p->late)
		stat_add(&r->env->stats->c[C_TX_OWN], 1);
	else
		relay_account(r, p, n);
	relay_left(r, n);
}

void relay_unsent(struct relay *r, struct passing *p, int rc)
{
	bool stream = r->out.transport != SIP_UDP;

	if (rc == -EMSGSIZE)
		relay_drop(r, p, SIP_R_TOO_LARGE);
	else if (rc == -ENOENT && !stream)
		relay_drop_counted(r, p, C_DROP_NO_NEIGHBOR);
	else
		relay_drop_counted(r, p, stream ? C_DROP_STREAM_FULL : C_DROP_TX_FULL);
}

static void by_udp(struct relay *r, struct passing *p, uint32_t n)
{
	const struct relay_env *e = r->env;
	const struct listener *from = &e->world->listeners[r->out.listener];
	int rc = kernel_sockets_send(e->sockets, &from->addr, &r->out.dst, r->sent, n);

	if (rc == 0)
		forwarded(r, p, n);
	else
		relay_unsent(r, p, rc);
}

/* --- streams ------------------------------------------------------------------------------ */

const char *relay_name_of(const struct relay *r, const struct passing *p, const struct endpoint *to)
{
	const struct world *w = r->env->world;
	uint16_t number;

	if (p->name)
		return p->name;
	number = r->out.backend != WORLD_NONE || !w->servers ? r->out.backend : servers_find(w, to);
	return number == WORLD_NONE ? NULL : w->backends[number].tls_name;
}

bool relay_is_server(const struct relay *r, const struct endpoint *to)
{
	const struct world *w = r->env->world;

	return w->servers && servers_find(w, to) != WORLD_NONE;
}

/* There is no connection: the caller hears so. */
static void connection_failed(struct relay *r, struct kept *k)
{
	struct passing p = { .late = true };

	stat_add(&r->env->stats->c[C_CONNECT_FAILED], 1);
	if (k->m.p && relay_open(r, &p, &k->m)) {
		relay_refuse(r, &p, SIP_R_NEXT_HOP_FAILED);
		relay_end(r, &p);
	}
	relay_stop_waiting(k);
}

static void on_sent(void *arg, int rc)
{
	struct kept *k = arg;

	if (rc < 0 && rc != -ECANCELED)
		relay_later(k, rc);
	else
		relay_stop_waiting(k);
}

static struct kept *keep_for_connection(struct relay *r, const struct passing *p)
{
	struct kept *k = relay_keep(r, p ? p->from : NULL);

	if (!k && p) {
		r->counts.unkept++;
		k = relay_keep(r, NULL);
	}
	if (k)
		r->counts.connections++;
	return k;
}

int relay_send_to(struct relay *r, const struct stream_target *to, const uint8_t *b, size_t n,
		  const struct passing *p, struct kept **waits)
{
	struct streams *s = r->env->streams;
	uint64_t connection = streams_find(s, to);
	int rc = connection ? streams_send(s, connection, b, n) : -ENOTCONN;

	*waits = NULL;
	if (rc != -ENOTCONN)
		return rc;
	*waits = keep_for_connection(r, p);
	return *waits ? streams_send_to(s, to, b, n, NULL, on_sent, *waits) : -ENOBUFS;
}

void relay_stop_waiting(struct kept *k)
{
	if (k)
		k->relay->counts.connections--;
	relay_unkeep(k);
}

static int by_connection_to(struct relay *r, struct passing *p, uint32_t n)
{
	const struct stream_target to = {
		.to = r->out.dst,
		.listener = r->env->world->listeners[r->out.listener].addr,
		.transport = (enum sip_transport)r->out.transport,
		.name = relay_name_of(r, p, &r->out.dst),
		.anybody = !relay_is_server(r, &r->out.dst),
	};
	bool hears = r->m.request && r->m.method != SIP_M_ACK && !p->late;
	struct kept *k;
	int rc = relay_send_to(r, &to, r->sent, n, hears ? p : NULL, &k);

	if (rc < 0)
		relay_stop_waiting(k);
	else if (k)
		k->later = connection_failed;
	return rc;
}

static void by_stream(struct relay *r, struct passing *p, uint32_t n)
{
	struct streams *s = r->env->streams;
	int rc = -ENOTCONN;

	if (r->out.connection)
		rc = streams_send(s, r->out.connection, r->sent, n);
	if (rc == -ENOTCONN && r->out.transport == SIP_UDP) {
		by_udp(r, p, n);
		return;
	}
	if (rc == -ENOTCONN && r->out.dst.port)
		rc = by_connection_to(r, p, n);
	if (rc == 0)
		forwarded(r, p, n);
	else if (!r->m.request)
		rc == -ENOBUFS ? relay_drop_counted(r, p, C_DROP_STREAM_FULL)
			       : relay_drop(r, p, SIP_R_NO_CONNECTION);
	else
		relay_refuse(r, p, rc == -ENOBUFS ? SIP_R_RELAY_BUSY : SIP_R_NEXT_HOP_FAILED);
}

void relay_send(struct relay *r, struct passing *p, uint32_t n)
{
	/* A response follows its connection, even if the Via of its request says UDP. */
	if (r->out.transport == SIP_UDP && !r->out.connection)
		by_udp(r, p, n);
	else
		by_stream(r, p, n);
}

/* --- streams that were refused ------------------------------------------------------------- */

static unsigned int slot_of(const struct endpoint *to)
{
	uint64_t w[2];

	memcpy(w, to->ip.b, sizeof(w));
	return (unsigned int)(((w[0] ^ w[1] ^ to->port) * 0x9e3779b97f4a7c15ull) >> 56) %
	       RELAY_REFUSED;
}

bool relay_is_refused(const struct relay *r, const struct endpoint *to)
{
	unsigned int i = slot_of(to);

	return r->refused[i].until_ms > r->now_ms && endpoint_equal(&r->refused[i].to, to);
}

void relay_put_refused(struct relay *r, const struct endpoint *to)
{
	unsigned int i = slot_of(to);

	r->refused[i].to = *to;
	r->refused[i].until_ms = r->now_ms + RELAY_REFUSED_MS;
}
