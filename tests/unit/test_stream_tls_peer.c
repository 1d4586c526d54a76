/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams over TLS with peers that are plain OpenSSL on a socket, so that they end, flood and
 * refuse when a test wants it. The listener asks nobody for a certificate.
 */
#include "tests/unit/stream_tls_bed.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define A "OPTIONS sip:a SIP/2.0\r\nl: 3\r\n\r\nabc"
#define B "SIP/2.0 200 OK\r\nl: 0\r\n\r\n"

static void set_up(void)
{
	tls_bed_open("");
}

TestSuite(stream_tls_peer, .init = set_up, .fini = tls_bed_close);

/* Until the handshake of @ssl is over, on a socket that does not block. */
static void shake_hands(SSL *ssl)
{
	int rc = 0;

	BED_UNTIL((rc = SSL_do_handshake(ssl)) == 1 || SSL_get_error(ssl, rc) == SSL_ERROR_SSL);
	cr_assert_eq(rc, 1);
}

/* A client that has connected to the listener, over @fd. */
static SSL *client(int fd)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);

	SSL_CTX_free(ctx);
	SSL_set_fd(ssl, fd);
	SSL_set_connect_state(ssl);
	shake_hands(ssl);
	bed_turn();
	return ssl;
}

static void say(SSL *ssl, const char *text)
{
	cr_assert_eq(SSL_write(ssl, text, (int)strlen(text)), (int)strlen(text));
}

/* Who may not come in is sent away before anything is made for him. */
Test(stream_tls_peer, one_too_many_of_a_source_costs_nothing)
{
	int first = peer_new(), second;

	bed.config.streams.max_per_source = 1;
	bed_use_config();
	second = peer_connect(&bed.listener[0].addr);
	cr_assert(peer_hears_end(second));
	cr_assert_eq(bed_count(C_STREAM_SOURCE_FULL), 1);
	cr_assert_eq(bed_count(C_STREAM_ACCEPTED), 1);
	cr_assert_eq(bed_count(C_STREAM_CLOSED), 0);
	close(first);
	close(second);
}

/* A crowd that comes at once must leave time for others. */
Test(stream_tls_peer, handshakes_have_a_rate)
{
	int fd[5];

	bed.config.tls.handshakes = 4;
	bed_use_config();
	for (int i = 0; i < 5; i++)
		fd[i] = peer_connect(&bed.listener[0].addr);
	BED_UNTIL(bed_count(C_STREAM_TLS_WAITED) == 1);
	cr_assert_eq(bed_count(C_STREAM_ACCEPTED), 2);
	bed_pass(WHEEL_MS);
	cr_assert_eq(bed_count(C_STREAM_ACCEPTED), 4);
	cr_assert_eq(bed_count(C_STREAM_TLS_WAITED), 2);
	bed_pass(WHEEL_MS);
	cr_assert_eq(bed_count(C_STREAM_ACCEPTED), 5);
	for (int i = 0; i < 5; i++)
		close(fd[i]);
}

/* A response and the end of its connection are often one segment. */
Test(stream_tls_peer, what_came_before_an_end_is_not_lost)
{
	int fd = peer_new();
	SSL *ssl = client(fd);

	say(ssl, A B);
	SSL_shutdown(ssl);
	close(fd);
	BED_UNTIL(streams_count(bed.s) == 0);
	cr_assert_eq(bed.n, 2, "%u", bed.n);
	cr_assert(bed_is(0, A) && bed_is(1, B));
	SSL_free(ssl);
}

/* The same without close_notify. */
Test(stream_tls_peer, what_came_before_a_bare_fin_is_not_lost)
{
	int fd = peer_new();
	SSL *ssl = client(fd);

	say(ssl, A B);
	close(fd);
	BED_UNTIL(streams_count(bed.s) == 0);
	cr_assert_eq(bed.n, 2, "%u", bed.n);
	SSL_free(ssl);
}

Test(stream_tls_peer, answers_still_reach_one_who_has_ended_his_sending)
{
	int fd = peer_new();
	SSL *ssl = client(fd);
	char got[sizeof(A)] = "";

	bed.answer = bed_echo;
	say(ssl, A);
	SSL_shutdown(ssl);
	shutdown(fd, SHUT_WR);
	BED_UNTIL(SSL_read(ssl, got, sizeof(got) - 1) > 0);
	cr_assert_str_eq(got, A);
	BED_UNTIL(streams_count(bed.s) == 0);
	SSL_free(ssl);
	close(fd);
}

/* However much waits for one who reads late. */
Test(stream_tls_peer, what_waits_is_written_to_one_who_has_ended_his_sending)
{
	static char text[60001];
	int fd = peer_new_small();
	SSL *ssl = client(fd);
	size_t given = 0, got = 0;
	uint64_t number;
	int n = 0;

	say(ssl, A);
	BED_UNTIL(bed.n == 1);
	number = bed.got[0].connection;
	memset(text, 'x', sizeof(text) - 1);
	while (streams_send(bed.s, number, text, sizeof(text) - 1) == 0) {
		given += sizeof(text) - 1;
		bed_turn();
	}
	SSL_shutdown(ssl);
	BED_UNTIL(number_find(bed.s, number) == NULL);
	while (got < given) {
		BED_UNTIL((n = SSL_read(ssl, text, sizeof(text))) > 0 ||
			  SSL_get_error(ssl, n) != SSL_ERROR_WANT_READ);
		cr_assert(n > 0, "%zu of %zu came", got, given);
		got += (size_t)n;
	}
	BED_UNTIL(streams_count(bed.s) == 0);
	SSL_free(ssl);
	close(fd);
}

/* RFC 5923: to be at an address is not to be the server that is wanted there. But a user agent that
 * cannot be connected to is whoever connected from there (RFC 3261 18.1.1). */
Test(stream_tls_peer, who_showed_no_certificate_gets_no_requests_for_servers)
{
	int fd = peer_new();
	SSL *ssl = client(fd);
	struct endpoint at = peer_address(fd);
	struct stream_target to = bed_target(&at);

	say(ssl, A);
	BED_UNTIL(bed.n == 1);
	to.transport = SIP_TLS;
	cr_assert_eq(streams_find(bed.s, &to), 0);
	to.anybody = true;
	cr_assert_eq(streams_find(bed.s, &to), bed.got[0].connection);
	to.name = "example.com";
	cr_assert_eq(streams_find(bed.s, &to), 0);
	SSL_free(ssl);
	close(fd);
}

/* A server that wants a certificate of one authority, which is not that of ours. */
static SSL *strict_server(int fd)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	cr_assert(SSL_CTX_use_cert_and_key(ctx, tls_bed_server.cert, tls_bed_server.key, NULL, 1));
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_fd(ssl, fd);
	SSL_set_accept_state(ssl);
	return ssl;
}

/* In TLS 1.3 we are done with the handshake before the server has looked at our certificate. */
Test(stream_tls_peer, a_refusal_after_our_handshake_is_one_of_the_handshake)
{
	struct endpoint at;
	int listener = peer_listen(&at), fd, rc = 0;
	struct stream_target to = bed_target(&at);
	SSL *ssl;

	to.transport = SIP_TLS;
	cr_assert_eq(streams_send_to(bed.s, &to, A, strlen(A), NULL, bed_sent, &bed), 0);
	fd = peer_accept(listener);
	ssl = strict_server(fd);
	BED_UNTIL((rc = SSL_do_handshake(ssl)) == 1 || SSL_get_error(ssl, rc) == SSL_ERROR_SSL);
	cr_assert_neq(rc, 1);
	BED_UNTIL(streams_count(bed.s) == 0);
	cr_assert_str_eq(streams_why(bed.s, &to), "the peer says: unknown CA");
	cr_assert_eq(bed_count(C_STREAM_NO_TLS), 1);
	cr_assert_eq(streams_send_to(bed.s, &to, A, strlen(A), NULL, bed_sent, &bed), -EPROTO);
	SSL_free(ssl);
	ERR_clear_error();
	close(fd);
	close(listener);
}

static size_t most;

static void note_input(const struct stream_message *m)
{
	const struct stream *c = number_find(bed.s, m->connection);
	size_t n = evbuffer_get_length(bufferevent_get_input(c->io));

	most = n > most ? n : most;
}

/* One who sends faster than he is read must not keep the event loop for himself. */
Test(stream_tls_peer, a_flood_is_read_in_pieces)
{
	static char text[1 << 20];
	int fd = peer_new(), room = 4 << 20;
	SSL *ssl = client(fd);
	size_t n = 0;

	bed.answer = note_input;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	while (n + sizeof(A) < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", A);
	SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
	for (int sent, at = 0; at < (int)n && (sent = SSL_write(ssl, text + at, (int)n - at)) > 0;)
		at += sent;
	BED_UNTIL(bed.n > 10000);
	cr_expect_leq(most, 64u << 10, "%zu bytes at once", most);
	SSL_free(ssl);
	close(fd);
}
