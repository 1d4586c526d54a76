/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/account.h"

#include "dataplane/proxy/servers.h"

#define RETRY_AFTER "retry-after"

void account_sample(struct stats *s, const struct accounted *a)
{
	const struct sip_msg *m = a->m;
	uint16_t number = servers_find(a->world, m->request ? &a->out->dst : a->src);
	struct stats_server *server;

	if (number == WORLD_NONE)
		return;
	server = &s->server[number];
	if (!m->request) {
		stat_add(&server->responses, 1);
		if (m->status >= 200)
			stat_add(&server->finals, 1);
	} else if (m->method != SIP_M_ACK) {
		stat_add(&server->requests, 1);
	}
}

void account_drain(struct stats *s, const struct accounted *a)
{
	uint16_t number = servers_find(a->world, &a->out->dst);

	if (number != WORLD_NONE)
		stat_add(&s->server[number].in_drains, 1);
}

/* Seconds of the Retry-After that @m has (RFC 3261 20.33), 0 if there is none. A comment and
 * parameters may follow the number. */
static uint32_t retry_after(const struct sip_msg *m)
{
	int row = sip_find_name(m, RETRY_AFTER, sizeof(RETRY_AFTER) - 1, 0);
	struct span value;
	uint32_t seconds = 0;

	if (row < 0)
		return 0;
	value = sip_row_value(m, (unsigned int)row);
	for (uint32_t i = 0; i < value.len && seconds < ACCOUNT_REST_MAX_S; i++) {
		uint8_t c = m->p[value.off + i];

		if (c < '0' || c > '9')
			break;
		seconds = seconds * 10 + (uint32_t)(c - '0');
	}
	return seconds < ACCOUNT_REST_MAX_S ? seconds : ACCOUNT_REST_MAX_S;
}

void account_error(struct stats *s, const struct accounted *a)
{
	struct stats_server *server;
	uint32_t seconds;
	uint16_t number;

	if (a->m->status > 599)
		return;
	number = servers_find(a->world, a->src);
	if (number == WORLD_NONE)
		return;
	server = &s->server[number];
	stat_add(&server->errors, 1);
	seconds = a->m->status == 503 ? retry_after(a->m) : 0;
	if (!seconds)
		return;
	stat_add(&server->retry_after, 1);
	atomic_store_explicit(&server->rest_until, a->now + seconds * a->hz, memory_order_relaxed);
}
