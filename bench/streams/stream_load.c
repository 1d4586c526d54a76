/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stream_load: SIP over TCP through a proxy, callers and server in one process and one thread.
 *
 *   stream_load --to ADDRESS:PORT --server ADDRESS:PORT [--connections N] [--idle N]
 *               [--rate N] [--window N] [--time S] [--json FILE]
 *
 * Callers send OPTIONS for a user down N connections, at a rate of so many per second in all or, at
 * rate 0, each connection with `window` of them under way. The server answers 200 to whatever
 * reaches it. Each answer is looked up by its Call-ID: one that nobody waits for, or that comes by
 * another connection, is wrong and makes the exit status 1. Idle connections are opened first and
 * must still be there at the end.
 */
#include "bench/streams/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WINDOW_MAX 4096 /* requests under way on one connection */
#define EVENTS 256
#define LATENCIES 2000000

enum kind { LISTENER, CALLER, SERVED, IDLE };

struct connection {
	enum kind kind;
	struct pipe pipe;
	uint32_t index;
	uint64_t sent, answered;
	double *began; /* callers: of request i, at i % WINDOW_MAX; 0 = nobody waits */
};

static struct options {
	struct pipe_address to, server;
	uint32_t connections, idle, rate, window;
	double seconds;
	const char *json;
} options = { .connections = 64, .window = 32, .seconds = 5 };

static struct results {
	uint64_t requests, answers, served, wrong, idle_lost;
	double seconds;
	uint64_t n_latencies;
	float *latency; /* ms */
} results;

static int epoll_fd;
static struct connection *callers, *idles;

static void die(const char *what)
{
	fprintf(stderr, "stream_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void watch(struct connection *c, uint32_t events, int op)
{
	struct epoll_event e = { .events = events, .data.ptr = c };

	if (epoll_ctl(epoll_fd, op, c->pipe.fd, &e) < 0)
		die("epoll_ctl");
}

/* --- the server -------------------------------------------------------------------------- */

static void serve(void *arg, const char *message, size_t n)
{
	struct connection *c = arg;

	results.served++;
	if (!pipe_answer(&c->pipe, message, n))
		die("the server's buffer is full");
}

static void accept_all(struct connection *listener)
{
	int fd;

	while ((fd = accept4(listener->pipe.fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct connection *c = calloc(1, sizeof(*c));

		if (!c || !pipe_open(&c->pipe, fd))
			die("accept");
		c->kind = SERVED;
		watch(c, EPOLLIN, EPOLL_CTL_ADD);
	}
}

static void listen_at(struct connection *c, const struct pipe_address *at)
{
	int one = 1;

	c->kind = LISTENER;
	c->pipe.fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(c->pipe.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (c->pipe.fd < 0 || bind(c->pipe.fd, &at->any, at->len) < 0 ||
	    listen(c->pipe.fd, 4096) < 0)
		die("listen");
	watch(c, EPOLLIN, EPOLL_CTL_ADD);
}

/* --- the callers ------------------------------------------------------------------------- */

static void request(struct connection *c, double at)
{
	char text[512];
	int n = snprintf(text, sizeof(text),
			 "OPTIONS sip:bob@example.com SIP/2.0\r\n"
			 "Via: SIP/2.0/TCP load.example.com:5060;branch=z9hG4bKs%u.%lu\r\n"
			 "Max-Forwards: 70\r\n"
			 "From: <sip:alice@example.com>;tag=a%u\r\nTo: <sip:bob@example.com>\r\n"
			 "Call-ID: %u-%lu@load.example.com\r\nCSeq: 1 OPTIONS\r\n"
			 "User-Agent: stream_load\r\nContent-Length: 0\r\n\r\n",
			 c->index, c->sent, c->index, c->index, c->sent);

	if (!pipe_put(&c->pipe, text, (size_t)n))
		return;
	c->began[c->sent++ % WINDOW_MAX] = at;
	results.requests++;
}

static void take_answer(void *arg, const char *message, size_t n)
{
	struct connection *c = arg;
	const char *id = memmem(message, n, "\r\nCall-ID: ", 11);
	unsigned int index = UINT32_MAX;
	unsigned long number = 0;
	double *began;

	if (!id || sscanf(id + 11, "%u-%lu@", &index, &number) != 2 || index != c->index ||
	    number >= c->sent || strncmp(message, "SIP/2.0 200 ", 12) != 0) {
		results.wrong++;
		return;
	}
	began = &c->began[number % WINDOW_MAX];
	if (*began == 0) {
		results.wrong++;
		return;
	}
	if (results.n_latencies < LATENCIES)
		results.latency[results.n_latencies++] = (float)((now() - *began) * 1e3);
	*began = 0;
	c->answered++;
	results.answers++;
}

static int connect_to(const struct pipe_address *to)
{
	int fd = socket(to->any.sa_family, SOCK_STREAM, 0), one = 1;

	if (fd < 0 || connect(fd, &to->any, to->len) < 0)
		die("connect");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void open_callers(void)
{
	callers = calloc(options.connections, sizeof(*callers));
	idles = calloc(options.idle + 1, sizeof(*idles));
	if (!callers || !idles)
		die("memory");
	for (uint32_t i = 0; i < options.idle; i++) {
		idles[i].kind = IDLE;
		idles[i].pipe.fd = connect_to(&options.to);
		watch(&idles[i], EPOLLIN | EPOLLRDHUP, EPOLL_CTL_ADD);
	}
	for (uint32_t i = 0; i < options.connections; i++) {
		struct connection *c = &callers[i];

		c->kind = CALLER;
		c->index = i;
		c->began = calloc(WINDOW_MAX, sizeof(double));
		if (!c->began || !pipe_open(&c->pipe, connect_to(&options.to)))
			die("memory");
		watch(c, EPOLLIN, EPOLL_CTL_ADD);
	}
}

/* As many requests as are due: by the clock, or to fill the windows. */
static void send_due(double start, double at)
{
	static uint64_t due_sent;
	static uint32_t next;
	uint64_t due = options.rate ? (uint64_t)((at - start) * options.rate) : UINT64_MAX;

	for (uint32_t full = 0; due_sent < due && full < options.connections;) {
		struct connection *c = &callers[next++ % options.connections];
		uint32_t window = options.rate ? WINDOW_MAX : options.window;

		if (c->sent - c->answered >= window || !pipe_has_room(&c->pipe)) {
			full++;
			continue;
		}
		full = 0;
		request(c, at);
		due_sent++;
	}
	for (uint32_t i = 0; i < options.connections; i++)
		pipe_flush(&callers[i].pipe);
}

/* --- the loop ---------------------------------------------------------------------------- */

static void handle(const struct epoll_event *e)
{
	struct connection *c = e->data.ptr;
	bool open = true;

	switch (c->kind) {
	case LISTENER:
		accept_all(c);
		return;
	case IDLE:
		results.idle_lost++;
		epoll_ctl(epoll_fd, EPOLL_CTL_DEL, c->pipe.fd, NULL);
		return;
	case CALLER:
		open = pipe_read(&c->pipe, take_answer, c);
		break;
	case SERVED:
		open = pipe_read(&c->pipe, serve, c);
		break;
	}
	if (open && pipe_flush(&c->pipe))
		return;
	if (c->kind == CALLER)
		die("a caller's connection was closed");
	close(c->pipe.fd);
}

static void run(void)
{
	struct epoll_event events[EVENTS];
	double start = now(), end = start + options.seconds, drained = end + 2, at;

	while ((at = now()) < drained) {
		int n = epoll_wait(epoll_fd, events, EVENTS, options.rate || at >= end ? 1 : 10);

		for (int i = 0; i < n; i++)
			handle(&events[i]);
		if (at < end)
			send_due(start, at);
		else if (results.answers + results.wrong >= results.requests)
			break;
	}
	results.seconds = options.seconds;
}

/* --- results ----------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static double percentile(double share)
{
	uint64_t n = results.n_latencies;

	return n ? (double)results.latency[(uint64_t)(share * (double)(n - 1))] : 0;
}

static void report(FILE *to)
{
	qsort(results.latency, results.n_latencies, sizeof(float), by_value);
	fprintf(to,
		"{\"requests\": %lu, \"answers\": %lu, \"served\": %lu, \"wrong\": %lu, "
		"\"lost\": %lu, \"idle\": %u, \"idle_lost\": %lu, \"seconds\": %.3f, "
		"\"messages_per_s\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
		results.requests, results.answers, results.served, results.wrong,
		results.requests - results.answers, options.idle, results.idle_lost,
		results.seconds, (double)(2 * results.answers) / results.seconds, percentile(0.5),
		percentile(0.99), percentile(1));
}

static bool number(const char *text, uint32_t *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*out = (uint32_t)n;
	return *text && !*end && n <= 10000000;
}

static bool take_option(int which, const char *value)
{
	uint32_t seconds;

	switch (which) {
	case 't':
		return pipe_address(value, &options.to);
	case 's':
		return pipe_address(value, &options.server);
	case 'c':
		return number(value, &options.connections) && options.connections > 0;
	case 'i':
		return number(value, &options.idle);
	case 'r':
		return number(value, &options.rate);
	case 'w':
		return number(value, &options.window) && options.window <= WINDOW_MAX;
	case 'T':
		if (!number(value, &seconds))
			return false;
		options.seconds = seconds;
		return true;
	case 'j':
		options.json = value;
		return true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	static const struct option known[] = { { "to", required_argument, NULL, 't' },
					       { "server", required_argument, NULL, 's' },
					       { "connections", required_argument, NULL, 'c' },
					       { "idle", required_argument, NULL, 'i' },
					       { "rate", required_argument, NULL, 'r' },
					       { "window", required_argument, NULL, 'w' },
					       { "time", required_argument, NULL, 'T' },
					       { "json", required_argument, NULL, 'j' },
					       { NULL, 0, NULL, 0 } };
	static struct connection listener;
	FILE *to = stdout;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!take_option(c, optarg)) {
			fprintf(stderr, "stream_load: wrong option or value\n");
			return 2;
		}
	epoll_fd = epoll_create1(0);
	results.latency = calloc(LATENCIES, sizeof(float));
	if (!options.to.len || epoll_fd < 0 || !results.latency)
		die("--to is missing, or no memory");
	if (options.server.len)
		listen_at(&listener, &options.server);
	open_callers();
	run();
	if (options.json && !(to = fopen(options.json, "w")))
		die(options.json);
	report(to);
	if (to != stdout)
		fclose(to);
	return results.wrong || results.idle_lost || results.answers < results.requests;
}
