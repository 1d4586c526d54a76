/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The connections to a target, as a pool.
 *
 * A target is an address, a port, a transport and the address of ours in whose name we send; for
 * TLS also a name, and the listener whose certificate we show. A pool lives while it has members,
 * while it is to be kept warm, and for a moment after a failure: a server that refuses must not
 * cost a connect() for each message.
 */
#include "control/config/alloc.h"
#include "control/endpoint_text.h"
#include "control/log.h"
#include "control/stream/stream_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The part of a target that has a fixed length, without holes. */
struct pool_key {
	struct ip to, listener;
	uint16_t to_port, listener_port;
	uint32_t transport;
};

static uint32_t max_of(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

const char *target_name(const struct stream_target *to)
{
	return to->transport == SIP_TLS && to->name ? to->name : "";
}

static uint16_t listener_port(const struct stream_target *to)
{
	return to->transport == SIP_TLS ? to->listener.port : 0;
}

static uint64_t hash_target(const struct streams *s, const struct stream_target *to)
{
	struct pool_key key = { to->to.ip, to->listener.ip, to->to.port, listener_port(to),
				(uint32_t)to->transport };
	const char *name = target_name(to);

	return hash_of(&s->pools, &key, sizeof(key)) ^ hash_of(&s->pools, name, strlen(name));
}

static bool is_pool_of(const struct stream_pool *pool, const struct stream_target *to)
{
	return endpoint_equal(&pool->to, &to->to) && pool->transport == to->transport &&
	       ip_equal(&pool->listener.ip, &to->listener.ip) &&
	       (pool->transport != SIP_TLS || pool->listener.port == to->listener.port) &&
	       strcmp(pool->name, target_name(to)) == 0;
}

struct stream_pool *pool_find(const struct streams *s, const struct stream_target *to)
{
	struct hash_node *node = hash_first(&s->pools, hash_target(s, to));

	while (node && !is_pool_of((struct stream_pool *)(void *)node, to))
		node = hash_next(node);
	return (struct stream_pool *)(void *)node;
}

struct stream_pool *pool_get(struct streams *s, const struct stream_target *to)
{
	struct stream_pool *pool = pool_find(s, to);
	size_t n = strlen(target_name(to)) + 1;

	if (!pool && s->pools.n < 2 * s->bounds.connections) {
		pool = mem_alloc(sizeof(*pool) + n);
		if (!pool)
			return NULL;
		pool->to = to->to;
		pool->listener = to->listener;
		pool->transport = to->transport;
		memcpy(pool->name, target_name(to), n);
		TAILQ_INIT(&pool->members);
		hash_add(&s->pools, &pool->node, hash_target(s, to));
	}
	if (pool)
		pool->size = max_of(pool->planned, max_of(pool->warm, 1));
	return pool;
}

void pool_drop(struct streams *s, struct stream_pool *pool)
{
	if (pool->n || pool->attended)
		return;
	hash_remove(&s->pools, &pool->node);
	mem_free(pool);
}

void pool_enter(struct stream_pool *pool, struct stream *c)
{
	c->pool = pool;
	pool->n++;
	TAILQ_INSERT_TAIL(&pool->members, c, in_pool);
}

void pool_leave(struct stream *c)
{
	struct stream_pool *pool = c->pool;

	c->pool = NULL;
	pool->n--;
	TAILQ_REMOVE(&pool->members, c, in_pool);
	pool_drop(c->owner, pool);
}

static void attend(struct streams *s, struct stream_pool *pool)
{
	if (!pool->attended)
		LIST_INSERT_HEAD(&s->attended, pool, link);
	pool->attended = true;
}

void pool_blame(struct streams *s, struct stream_pool *pool, int rc)
{
	static struct log_limit limit;
	char text[ENDPOINT_TEXT_MAX];

	endpoint_text(&pool->to, text);
	if (rc != -EPROTO) /* said already, with the reason */
		log_limited(&limit, LOG_AT_WARNING, "%s to %s: %s",
			    pool->transport == SIP_TLS ? "TLS" : "TCP", text, strerror(-rc));
	pool->failed = rc;
	pool->retry_ms = s->clock() + STREAM_RETRY_MS;
	attend(s, pool);
}

void pool_failed(struct stream *c, int rc)
{
	if (c->pool && rc != -ECANCELED)
		pool_blame(c->owner, c->pool, rc);
}

const char *streams_why(const struct streams *s, const struct stream_target *to)
{
	const struct stream_pool *pool = pool_find(s, to);

	if (!pool || !pool->failed)
		return "";
	return pool->failed == -EPROTO && pool->why[0] ? pool->why : strerror(-pool->failed);
}

/* --- what they look after by themselves -------------------------------------------------- */

/* Opens what is missing of a warm pool. */
static void warm_up(struct streams *s, struct stream_pool *pool)
{
	while (pool->n < pool->warm && !pool->failed) {
		int rc = pool_grow(s, pool);

		if (rc == -ENOBUFS)
			return;
		if (rc)
			pool_blame(s, pool, rc);
	}
}

void pools_attend(struct streams *s, uint64_t now_ms)
{
	struct stream_pool *pool = LIST_FIRST(&s->attended), *next;

	for (; pool; pool = next) {
		next = LIST_NEXT(pool, link);
		if (pool->retry_ms <= now_ms)
			pool->failed = 0;
		warm_up(s, pool);
		if (pool->warm || pool->failed || pool->planned)
			continue;
		LIST_REMOVE(pool, link);
		pool->attended = false;
		pool_drop(s, pool);
	}
}

void pools_free(struct streams *s)
{
	struct stream_pool *pool;

	while ((pool = LIST_FIRST(&s->attended))) {
		LIST_REMOVE(pool, link);
		pool->attended = false;
		pool_drop(s, pool);
	}
}

void streams_warm(struct streams *s, const struct stream_target *to, uint32_t n)
{
	struct stream_pool *pool = n ? pool_get(s, to) : pool_find(s, to);

	if (!pool)
		return;
	pool->warm = n;
	pool->size = max_of(pool->size, n);
	attend(s, pool);
	warm_up(s, pool);
}

void pool_plan(struct streams *s, const struct stream_target *to, uint32_t size, uint32_t warm)
{
	struct stream_pool *pool = pool_get(s, to);

	if (!pool)
		return;
	pool->plan = s->plan;
	pool->planned = size;
	pool->size = max_of(pool->size, size);
	streams_warm(s, to, warm);
	attend(s, pool);
}

void pools_forget_plans(struct streams *s)
{
	struct stream_pool *pool;

	LIST_FOREACH(pool, &s->attended, link) {
		if (!pool->planned || pool->plan == s->plan)
			continue;
		pool->planned = pool->warm = 0;
		pool->size = 1;
	}
}
