/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole of it: made, set up, asked, ended.
 */
#include "control/config/alloc.h"
#include "control/config/config.h"
#include "control/log.h"
#include "control/stream/stream_state.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define FILES_BESIDE 1024u /* descriptors that the rest of the process may need */

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	wheel_turn(arg);
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	later_run(arg);
}

/* Asks for as many file descriptors as @connections may need. Returns how many connections those
 * that there are will do for. */
static uint32_t raise_files(uint32_t connections)
{
	rlim_t n = (rlim_t)connections + FILES_BESIDE;
	struct rlimit now, want;

	if (getrlimit(RLIMIT_NOFILE, &now) < 0 || now.rlim_cur >= n)
		return connections;
	want = (struct rlimit){ n, now.rlim_max > n ? now.rlim_max : n };
	if (setrlimit(RLIMIT_NOFILE, &want) == 0)
		return connections;
	want = (struct rlimit){ now.rlim_max, now.rlim_max };
	setrlimit(RLIMIT_NOFILE, &want);
	if (now.rlim_max >= n)
		return connections;
	n = now.rlim_max > 2 * FILES_BESIDE ? now.rlim_max - FILES_BESIDE : now.rlim_max / 2;
	log_info("streams: %llu connections at most, not %u: the limit of open files is %llu",
		 (unsigned long long)n, connections, (unsigned long long)now.rlim_max);
	return (uint32_t)n;
}

void streams_use_config(struct streams *s, const struct config *c)
{
	const struct config_streams *from = &c->streams;
	uint32_t connections = raise_files(from->max_connections);

	s->bounds = (struct stream_bounds){
		.connections = connections,
		.inbound = connections - connections / 8,
		.per_source = from->max_per_source,
		.message_ms = from->message_time,
		.idle_ms = from->idle_time,
		.connect_ms = from->connect_timeout,
		.handshakes = c->tls.handshakes * WHEEL_MS / 1000,
		.queue = from->buffer_kb << 10,
		.memory = ((uint64_t)from->memory_mb << 20) / 2,
	};
	s->handshakes = s->bounds.handshakes;
	for (uint32_t i = 0; i < s->n_slots; i++) {
		if (!s->slots[i])
			continue;
		bufferevent_setwatermark(s->slots[i]->io, EV_WRITE, s->bounds.queue / 4, 0);
		wheel_watch(s->slots[i]);
	}
}

struct streams *streams_new(struct event_base *base, const struct config *c, struct tls *tls,
			    struct stats *stats, stream_take fn, void *arg)
{
	static const struct timeval each = { 0, WHEEL_MS * 1000 };
	struct streams *s = mem_alloc(sizeof(*s));

	if (!s)
		return NULL;
	s->base = base;
	s->tls = tls;
	s->stats = stats;
	s->take = fn;
	s->arg = arg;
	s->clock = log_clock_ms;
	s->tick = s->clock() / WHEEL_MS;
	STAILQ_INIT(&s->again);
	STAILQ_INIT(&s->over);
	STAILQ_INIT(&s->done);
	s->turn = event_new(base, -1, EV_PERSIST, on_turn, s);
	s->later = event_new(base, -1, 0, on_later, s);
	if (!s->turn || !s->later || event_add(s->turn, &each) || hash_init(&s->sources) ||
	    hash_init(&s->peers) || hash_init(&s->pools)) {
		streams_free(s);
		return NULL;
	}
	streams_use_config(s, c);
	return s;
}

/* Ends connections, those that have no number any more too: they are in the wheel. */
static void end_all(struct streams *s)
{
	for (uint32_t i = 0; i < WHEEL_SLOTS; i++) {
		while (!LIST_EMPTY(&s->wheel[i]))
			stream_end(LIST_FIRST(&s->wheel[i]), -ECANCELED);
	}
}

void streams_free(struct streams *s)
{
	if (!s)
		return;
	listeners_free(s);
	/* Who is told of the end, or is served below, opens nothing any more. */
	s->bounds = (struct stream_bounds){ 0 };
	if (s->turn && s->later) {
		end_all(s);
		later_run(s);
		pools_free(s);
		/* libevent closes sockets and frees SSLs when it comes to it. */
		event_base_loop(s->base, EVLOOP_NONBLOCK);
	}
	if (s->turn)
		event_free(s->turn);
	if (s->later)
		event_free(s->later);
	hash_free(&s->sources);
	hash_free(&s->peers);
	hash_free(&s->pools);
	mem_free(s->slots);
	mem_free(s->spare);
	mem_free(s);
}

/* --- what the owner says of a connection ------------------------------------------------- */

void streams_close(struct streams *s, uint64_t connection)
{
	struct stream *c = number_find(s, connection);

	if (c)
		stream_end_soon(c);
}

void streams_keep(struct streams *s, uint64_t connection, uint64_t ms)
{
	struct stream *c = number_find(s, connection);
	uint64_t until = s->clock() + ms;

	if (c && c->keep_ms < until)
		c->keep_ms = until;
}

/* --- for people -------------------------------------------------------------------------- */

uint32_t streams_count(const struct streams *s)
{
	return s->n;
}

static const char *cipher_of(const struct stream *c, char *out, size_t n)
{
	if (!c->ssl || c->state != STREAM_OPEN)
		return NULL;
	snprintf(out, n, "%s %s", SSL_get_version(c->ssl), SSL_get_cipher_name(c->ssl));
	return out;
}

/* The name in a certificate that was checked. */
static const char *subject_of(const struct stream *c, char *out, int n)
{
	X509 *cert = c->ssl && c->state == STREAM_OPEN ? SSL_get0_peer_certificate(c->ssl) : NULL;
	bool checked = cert && SSL_get_verify_mode(c->ssl) != SSL_VERIFY_NONE &&
		       SSL_get_verify_result(c->ssl) == X509_V_OK;

	if (!checked ||
	    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, out, n) <= 0)
		return NULL;
	return out;
}

static bool show(const struct stream *c, bool (*fn)(void *arg, const struct stream_info *i),
		 void *arg)
{
	char cipher[128], subject[256];
	const struct stream_info info = {
		.connection = c->number,
		.peer = c->peer,
		.listener = c->listener,
		.transport = (enum sip_transport)c->transport,
		.outbound = c->outbound,
		.connected = c->state == STREAM_OPEN,
		.opened_ms = c->opened_ms,
		.last_ms = c->last_ms,
		.messages_in = c->messages_in,
		.messages_out = c->messages_out,
		.bytes_in = c->bytes_in,
		.bytes_out = c->bytes_out,
		.waiting = (uint32_t)stream_unwritten(c),
		.cipher = cipher_of(c, cipher, sizeof(cipher)),
		.peer_cn = subject_of(c, subject, sizeof(subject)),
	};

	return fn(arg, &info);
}

void streams_each(const struct streams *s, bool (*fn)(void *arg, const struct stream_info *i),
		  void *arg)
{
	for (uint32_t i = 0; i < s->n_slots; i++) {
		if (s->slots[i] && !show(s->slots[i], fn, arg))
			return;
	}
}
