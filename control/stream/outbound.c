/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections to others: which one a message takes, and new ones.
 *
 * The connections of a target are used in turn; a pool grows to its size one connection at a time,
 * and while one stands no message waits for another. What a peer opened is used as well: if its
 * address and port are the target's (RFC 3261 18), or if it said over TLS that it is the target
 * (RFC 5923); over TLS its certificate must agree either way, but for user agents.
 */
#include "control/config/alloc.h"
#include "control/network/net_addr.h"
#include "control/stream/stream_state.h"
#include "control/stream/tls.h"
#include "dataplane/sip/chars.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ALIAS_NAME_MAX 256
#define ALIASES_MAX 64 /* connections whose peers say that they are one target */

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* --- connect() --------------------------------------------------------------------------- */

/* A socket on its way to @pool->to, or a negative errno. */
static int connect_to(const struct stream_pool *pool)
{
	struct endpoint from = { pool->listener.ip, 0 };
	struct sockaddr_storage name;
	socklen_t len = net_addr_put(&name, &from);
	int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, rc = 0;

	if (fd < 0)
		return -errno;
	/* The port is chosen with the peer known: as many as there are for each of them. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
	stream_set_options(fd);
	if (bind(fd, (struct sockaddr *)&name, len) < 0)
		rc = -errno;
	len = net_addr_put(&name, &pool->to);
	if (rc == 0 && connect(fd, (struct sockaddr *)&name, len) < 0 && errno != EINPROGRESS)
		rc = -errno;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

/* The socket and, for TLS, what speaks it. 0 or a negative errno. */
static int begin(struct streams *s, const struct stream_pool *pool, struct stream_start *start)
{
	start->fd = connect_to(pool);
	if (start->fd == -EMFILE || start->fd == -ENFILE)
		stream_count(s, C_STREAM_FULL);
	else if (start->fd < 0)
		stream_count(s, C_STREAM_NOT_OPENED);
	if (start->fd < 0 || pool->transport != SIP_TLS)
		return start->fd < 0 ? start->fd : 0;
	start->ssl =
		tls_connect(s->tls, &pool->listener, &pool->to, pool->name[0] ? pool->name : NULL);
	if (start->ssl)
		return 0;
	close(start->fd);
	return -ENOMEM;
}

static bool is_ours(int rc)
{
	return rc == -EMFILE || rc == -ENFILE || rc == -ENOMEM;
}

int pool_grow(struct streams *s, struct stream_pool *pool)
{
	struct stream_start start = { .peer = pool->to,
				      .listener = pool->listener,
				      .transport = pool->transport,
				      .outbound = true };
	struct stream *c;
	int rc;

	if (s->n >= s->bounds.connections) {
		stream_count(s, C_STREAM_FULL);
		return -ENOBUFS;
	}
	rc = begin(s, pool, &start);
	if (rc)
		return is_ours(rc) ? -ENOBUFS : rc;
	c = stream_new(s, &start);
	if (!c)
		return -ENOBUFS;
	pool_enter(pool, c);
	return 0;
}

/* --- which one --------------------------------------------------------------------------- */

/* The member whose turn it is: one that stands, if any does, and one with room, if any has. */
static struct stream *next_member(struct stream_pool *pool, size_t queue)
{
	struct stream *c, *best = NULL;
	unsigned int best_rank = 0;

	TAILQ_FOREACH(c, &pool->members, in_pool) {
		bool stands = c->state == STREAM_OPEN, room = stream_unwritten(c) <= queue / 2;
		unsigned int rank = 1 + (stands ? 2u : 0) + (room ? 1u : 0);

		if (rank > best_rank) {
			best = c;
			best_rank = rank;
		}
		if (rank == 4)
			break;
	}
	if (best && pool->n > 1) {
		TAILQ_REMOVE(&pool->members, best, in_pool);
		TAILQ_INSERT_TAIL(&pool->members, best, in_pool);
	}
	return best;
}

/* True if the peer of @c is who is wanted at @to: over TLS he must have proved the name or address
 * that a server there would have to prove, unless it is no server. */
static bool is_wanted(const struct stream *c, const struct stream_target *to)
{
	char address[IP_TEXT_MAX];

	if (to->transport != SIP_TLS || (to->anybody && !*target_name(to)))
		return true;
	address[ip_format(&to->to.ip, address)] = '\0';
	return tls_peer_is(c->ssl, *target_name(to) ? to->name : address);
}

/* A connection that the peer opened from @to. By TCP nobody else can have: packets to there reach
 * him. */
static struct stream *find_inbound(struct streams *s, const struct stream_target *to)
{
	uint64_t hash = hash_of(&s->peers, &to->to.ip, sizeof(to->to.ip)) + to->to.port;
	struct hash_node *node = hash_first(&s->peers, hash);

	for (; node; node = hash_next(node)) {
		struct stream *c =
			(struct stream *)(void *)((char *)node - offsetof(struct stream, by_peer));

		if (c->state == STREAM_OPEN && endpoint_equal(&c->peer, &to->to) &&
		    c->transport == to->transport && ip_equal(&c->listener.ip, &to->listener.ip) &&
		    is_wanted(c, to))
			return c;
	}
	return NULL;
}

/* The member of @pool to use, which is grown if it may be. NULL with the reason in @rc. */
static struct stream *use_pool(struct streams *s, struct stream_pool *pool, int *rc)
{
	struct stream *c = next_member(pool, s->bounds.queue);

	*rc = pool->failed;
	if (pool->n < pool->size && !pool->failed) {
		*rc = pool_grow(s, pool);
		if (*rc && *rc != -ENOBUFS)
			pool_blame(s, pool, *rc);
	}
	return c ? c : TAILQ_LAST(&pool->members, stream_members);
}

/* A connection to @to that is there; maybe not standing yet. NULL: none. */
static struct stream *find(struct streams *s, const struct stream_target *to)
{
	struct stream_pool *pool = pool_find(s, to);
	int rc;

	return pool && pool->n ? use_pool(s, pool, &rc) : find_inbound(s, to);
}

/* The same, or a new one. NULL with the reason in @rc. */
static struct stream *find_or_open(struct streams *s, const struct stream_target *to, int *rc)
{
	struct stream *c = find(s, to);
	struct stream_pool *pool;

	if (c)
		return c;
	pool = pool_get(s, to);
	*rc = -ENOBUFS;
	if (!pool)
		return NULL;
	c = use_pool(s, pool, rc);
	if (!c)
		pool_drop(s, pool);
	return c;
}

static bool is_served(const struct streams *s, enum sip_transport transport)
{
	return transport == SIP_TCP || (transport == SIP_TLS && s->tls);
}

uint64_t streams_find(struct streams *s, const struct stream_target *to)
{
	const struct stream *c = is_served(s, to->transport) ? find(s, to) : NULL;

	return c && c->state == STREAM_OPEN ? c->number : 0;
}

int streams_send_to(struct streams *s, const struct stream_target *to, const void *p, size_t n,
		    uint64_t *connection, stream_sent fn, void *arg)
{
	struct stream_waiter *w = NULL;
	struct stream *c;
	int rc;

	if (!is_served(s, to->transport) || to->to.port == 0)
		return -EINVAL;
	c = find_or_open(s, to, &rc);
	if (!c)
		return rc;
	if (fn) {
		w = mem_alloc(sizeof(*w));
		if (!w)
			return -ENOBUFS;
		*w = (struct stream_waiter){ .fn = fn, .arg = arg };
	}
	rc = streams_send(s, c->number, p, n);
	if (rc) {
		mem_free(w);
		return rc;
	}
	if (connection)
		*connection = c->number;
	if (w && c->state == STREAM_OPENING)
		STAILQ_INSERT_TAIL(&c->waiters, w, link);
	else
		later_tell(s, w, 0);
	return 0;
}

/* --- alias ------------------------------------------------------------------------------- */

bool streams_alias(struct streams *s, uint64_t connection, const char *name,
		   const struct endpoint *sent_by)
{
	struct stream *c = number_find(s, connection);
	struct stream_target to = { .to = *sent_by, .transport = SIP_TLS };
	char small[ALIAS_NAME_MAX];
	struct stream_pool *pool;
	size_t n = strlen(name);
	struct ip ip;

	if (!c || !c->ssl || c->state != STREAM_OPEN || n >= sizeof(small) ||
	    !tls_peer_is(c->ssl, name))
		return false;
	for (size_t i = 0; i <= n; i++)
		small[i] = (char)char_lower((uint8_t)name[i]);
	to.listener = c->listener;
	to.name = ip_parse((const uint8_t *)small, n, &ip) ? NULL : small;
	pool = pool_find(s, &to);
	if (c->pool)
		return c->pool == pool;
	pool = pool ? pool : pool_get(s, &to);
	if (!pool || pool->n >= ALIASES_MAX) {
		if (pool)
			pool_drop(s, pool);
		return false;
	}
	pool_enter(pool, c);
	return true;
}
