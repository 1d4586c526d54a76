/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/stream_lab.h"

#include "control/config/alloc.h"
#include "control/log.h"
#include "control/network/net_addr.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bed bed;

static size_t live_before;

static uint64_t bed_clock(void)
{
	return bed.now_ms;
}

static void on_message(void *arg, const struct stream_message *m)
{
	static uint8_t padding[SIP_PAD];

	memcpy(padding, m->p + m->len, SIP_PAD); /* readable, or a sanitizer says so */
	cr_assert_eq(arg, &bed);
	cr_assert_neq(m->connection, 0);
	if (bed.n < BED_MESSAGES) {
		struct bed_message *got = &bed.got[bed.n];

		*got = (struct bed_message){ .p = malloc(m->len + 1),
					     .len = m->len,
					     .connection = m->connection,
					     .peer = m->peer,
					     .listener = m->listener,
					     .transport = m->transport,
					     .broken = m->broken,
					     .reason = m->reason };
		memcpy(got->p, m->p, m->len);
		got->p[m->len] = '\0';
	}
	bed.n++;
	if (bed.answer)
		bed.answer(m);
}

/* --- the bed ----------------------------------------------------------------------------- */

static struct endpoint loopback(void)
{
	return (struct endpoint){ .ip = ip_from_v4((uint8_t[]){ 127, 0, 0, 1 }) };
}

struct endpoint bed_free_port(void)
{
	struct endpoint at;

	close(peer_listen(&at));
	return at;
}

void bed_open_with(struct tls *tls, enum sip_transport transport)
{
	log_set_level(LOG_AT_ERROR);
	signal(SIGPIPE, SIG_IGN); /* as the daemon does */
	bed.config.streams = (struct config_streams){ .max_connections = 64,
						      .max_per_source = 64,
						      .message_time = 20000,
						      .idle_time = 900000,
						      .connect_timeout = 5000,
						      .buffer_kb = 128,
						      .memory_mb = 64 };
	bed.config.tls.handshakes = 1000;
	live_before = mem_live();
	bed.now_ms = 1000000;
	bed.base = event_base_new();
	bed.stats = stats_new();
	cr_assert(bed.base && bed.stats);
	bed.s = streams_new(bed.base, &bed.config, tls, bed.stats, on_message, &bed);
	cr_assert_not_null(bed.s);
	bed.s->clock = bed_clock;
	bed.s->tick = bed.now_ms / WHEEL_MS;
	for (int i = 0; i < BED_LISTENERS; i++) {
		if (!bed.listener[i].addr.port)
			bed.listener[i].addr = bed_free_port();
		bed.listener[i].transports = (uint16_t)(1u << transport);
		memcpy(bed.listener[i].name.s, "listener", sizeof("listener"));
	}
	bed.world.listeners = bed.listener;
	bed.world.n_listeners = 1;
	cr_assert_eq(streams_listen(bed.s, &bed.world), 0);
}

void bed_open(void)
{
	bed_open_with(NULL, SIP_TCP);
}

void bed_close(void)
{
	streams_free(bed.s);
	stats_free(bed.stats);
	event_base_free(bed.base);
	for (uint32_t i = 0; i < bed.n && i < BED_MESSAGES; i++)
		free(bed.got[i].p);
	cr_assert_eq(mem_live(), live_before, "memory is left");
}

void bed_use_config(void)
{
	streams_use_config(bed.s, &bed.config);
}

void bed_turn(void)
{
	for (int i = 0; i < 8; i++)
		event_base_loop(bed.base, EVLOOP_NONBLOCK);
}

void bed_wait(void)
{
	bed_turn();
	usleep(100);
}

void bed_pass(uint64_t ms)
{
	bed_turn();
	bed.now_ms += ms;
	wheel_turn(bed.s);
	bed_turn();
}

void bed_sent(void *arg, int rc)
{
	cr_assert_eq(arg, &bed);
	cr_assert(bed.n_sent < 16);
	bed.sent_rc[bed.n_sent++] = rc;
}

uint64_t bed_count(enum counter c)
{
	return stat_get(&bed.stats->c[c]);
}

struct stream_target bed_target(const struct endpoint *to)
{
	return (struct stream_target){ .to = *to,
				       .listener = bed.listener[0].addr,
				       .transport = SIP_TCP };
}

void bed_echo(const struct stream_message *m)
{
	streams_send(bed.s, m->connection, m->p, m->len);
}

void bed_hold(uint64_t connection, bool hold)
{
	struct stream *c = number_find(bed.s, connection);

	cr_assert_not_null(c);
	if (hold)
		bufferevent_disable(c->io, EV_WRITE);
	else
		bufferevent_enable(c->io, EV_WRITE);
}

bool bed_is_paused(uint64_t connection)
{
	const struct stream *c = number_find(bed.s, connection);

	return c && c->blocker;
}

bool bed_is(uint32_t i, const char *want)
{
	return i < bed.n && bed.got[i].len == strlen(want) &&
	       memcmp(bed.got[i].p, want, bed.got[i].len) == 0;
}

/* --- peers ------------------------------------------------------------------------------- */

static struct endpoint end_of(int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	struct endpoint at;

	cr_assert_eq(get(fd, (struct sockaddr *)&name, &len), 0);
	cr_assert(net_addr_get(&name, &at));
	return at;
}

struct endpoint peer_address(int fd)
{
	return end_of(fd, getsockname);
}

struct endpoint peer_remote(int fd)
{
	return end_of(fd, getpeername);
}

/* Connects with room for @room bytes that nobody reads; 0 = as much as Linux likes. */
static int connect_with(const struct endpoint *to, int room)
{
	struct sockaddr_storage name;
	socklen_t len = net_addr_put(&name, to);
	int fd = socket(name.ss_family, SOCK_STREAM, 0);

	cr_assert(fd >= 0);
	if (room)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	cr_assert_eq(connect(fd, (struct sockaddr *)&name, len), 0, "%s", strerror(errno));
	cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

int peer_connect(const struct endpoint *to)
{
	return connect_with(to, 0);
}

static int new_with(int room)
{
	uint64_t before = bed_count(C_STREAM_ACCEPTED);
	int fd = connect_with(&bed.listener[0].addr, room);

	BED_UNTIL(bed_count(C_STREAM_ACCEPTED) == before + 1);
	return fd;
}

int peer_new(void)
{
	return new_with(0);
}

int peer_new_small(void)
{
	return new_with(4096);
}

int peer_listen(struct endpoint *at)
{
	struct endpoint any = loopback();
	struct sockaddr_storage name;
	socklen_t len = net_addr_put(&name, &any);
	int fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	cr_assert(fd >= 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&name, len), 0);
	cr_assert_eq(listen(fd, 64), 0);
	*at = peer_address(fd);
	return fd;
}

int peer_accept(int fd)
{
	int new = -1;

	BED_UNTIL((new = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0);
	return new;
}

void peer_send(int fd, const void *p, size_t n)
{
	const uint8_t *at = p;

	while (n) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

		cr_assert(sent > 0 || errno == EAGAIN, "%s", strerror(errno));
		if (sent > 0) {
			at += sent;
			n -= (size_t)sent;
		}
		bed_turn();
	}
}

void peer_say(int fd, const char *text)
{
	peer_send(fd, text, strlen(text));
}

void peer_read(int fd, void *p, size_t n)
{
	uint8_t *at = p;

	while (n) {
		ssize_t got = -1;

		BED_UNTIL((got = recv(fd, at, n, 0)) >= 0 || errno != EAGAIN);
		cr_assert(got > 0, "%s", got ? strerror(errno) : "it ended");
		at += got;
		n -= (size_t)got;
	}
}

bool peer_hears(int fd, const char *text)
{
	size_t n = strlen(text);
	char *got = malloc(n);
	bool same;

	peer_read(fd, got, n);
	same = memcmp(got, text, n) == 0;
	free(got);
	return same;
}

bool peer_hears_end(int fd)
{
	uint8_t byte;
	ssize_t got = -1;

	BED_UNTIL((got = recv(fd, &byte, 1, 0)) >= 0 || errno != EAGAIN);
	return got == 0;
}

bool peer_hears_nothing(int fd)
{
	uint8_t byte;

	bed_turn();
	return recv(fd, &byte, 1, 0) < 0 && errno == EAGAIN;
}
