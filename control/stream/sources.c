/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many connections each source has: one host may not take all there are. Hosts of IPv6 have a
 * /64 of addresses each, so that is what counts as one.
 */
#include "control/config/alloc.h"
#include "control/stream/stream_state.h"

static struct ip source_of(const struct ip *ip)
{
	struct ip source = *ip;

	if (!ip_is_v4(ip))
		memset(source.b + 8, 0, 8);
	return source;
}

static struct stream_source *find(struct streams *s, const struct ip *ip, uint64_t hash)
{
	struct hash_node *node = hash_first(&s->sources, hash);

	while (node && !ip_equal(&((struct stream_source *)(void *)node)->ip, ip))
		node = hash_next(node);
	return (struct stream_source *)(void *)node;
}

bool source_has_room(struct streams *s, const struct ip *of)
{
	struct ip ip = source_of(of);
	const struct stream_source *source = find(s, &ip, hash_of(&s->sources, &ip, sizeof(ip)));

	return !source || source->n < s->bounds.per_source;
}

bool source_enter(struct stream *c)
{
	struct streams *s = c->owner;
	struct ip ip = source_of(&c->peer.ip);
	uint64_t hash = hash_of(&s->sources, &ip, sizeof(ip));
	struct stream_source *source = find(s, &ip, hash);

	if (!source) {
		source = mem_alloc(sizeof(*source));
		if (!source)
			return false;
		source->ip = ip;
		hash_add(&s->sources, &source->node, hash);
	}
	source->n++;
	c->source = source;
	return true;
}

void source_leave(struct stream *c)
{
	struct stream_source *source = c->source;

	c->source = NULL;
	if (!source || --source->n)
		return;
	hash_remove(&c->owner->sources, &source->node);
	mem_free(source);
}
