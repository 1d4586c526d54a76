/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes the crossings between UDP and streams: any order of messages, failures and waiting, some
 * of it beyond the bounds. Two bytes are one event: what happens, and to which transaction or for
 * how long. The first byte says which legs. Nothing may crash or leak, the bounds hold, nobody is
 * held twice, and when time has passed nothing is left.
 */
#include "control/config/alloc.h"
#include "control/transaction/transaction.h"
#include "dataplane/sip/answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NUMBERS 16u /* transactions */
#define COUNT_MAX 8u
#define MEMORY_MAX 16384u
#define TEXT_MAX 2048

static struct transactions *t;
static struct txn_leg legs[2];
static struct sip_msg m;
static uint64_t now_ms;
static bool held[NUMBERS], refuses[2];

static void check(bool ok)
{
	if (!ok)
		abort();
}

static struct branch_hash branch_of(uint32_t number)
{
	return (struct branch_hash){ .digits = hex_of128(number % 4, number), .id = number };
}

static int send_one(void *arg, const struct txn_leg *leg, bool caller, const uint8_t *branch,
		    const uint8_t *p, size_t n)
{
	static struct sip_msg sent;

	(void)arg;
	(void)branch;
	check(leg->transport == legs[!caller].transport);
	check(sip_parse(p, n, SIP_EXACT, &sent) == SIP_OK && sent.request != caller);
	return refuses[caller] ? -ENOBUFS : 0;
}

static void hold(void *arg, uint64_t id, bool on)
{
	(void)arg;
	check(id < NUMBERS && held[id] != on);
	held[id] = on;
}

static uint32_t answer(void *arg, const struct sip_msg *request, uint16_t status,
		       const char *phrase, const struct txn_leg *caller, uint8_t *out, size_t room)
{
	const struct answer a = { .status = status, .phrase = phrase };
	int n = answer_write(request, &a, out, (uint32_t)room);

	(void)arg;
	(void)caller;
	return n < 0 ? 0 : (uint32_t)n;
}

/* The header section of all messages after the start line and our Via. */
static int put_rows(char *out, uint32_t number, const char *method)
{
	return snprintf(out, TEXT_MAX / 2,
			"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx%u\r\nReason: SIP;cause=200\r\n"
			"From: <sip:a@b.example>;tag=f\r\nTo: <sip:b@c.example>;tag=t\r\n"
			"Call-ID: c\r\nCSeq: %u %s\r\n\r\n",
			number, number, method);
}

static void request(uint32_t number, const char *method)
{
	struct branch_hash branch = branch_of(number);
	char rows[TEXT_MAX / 2], in[TEXT_MAX], out[TEXT_MAX];
	struct txn_request r = { .m = &m,
				 .out = (const uint8_t *)out,
				 .branch = &branch,
				 .caller = legs[0],
				 .server = legs[1] };
	int n;

	put_rows(rows, number, method);
	n = snprintf(in, sizeof(in), "%s sip:b@c.example SIP/2.0\r\n%s", method, rows);
	r.n_out = (uint32_t)snprintf(out, sizeof(out),
				     "%s sip:b@c.example SIP/2.0\r\n"
				     "Via: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKours\r\n%s",
				     method, rows);
	check(sip_parse((const uint8_t *)in, (size_t)n, SIP_EXACT, &m) == SIP_OK);
	(void)txns_request(t, &r, now_ms);
}

static void response(uint32_t number, const char *method, unsigned int status)
{
	struct branch_hash branch = branch_of(number);
	char rows[TEXT_MAX / 2], in[TEXT_MAX], out[TEXT_MAX];
	int n, n_out;

	put_rows(rows, number, method);
	n = snprintf(in, sizeof(in),
		     "SIP/2.0 %u X\r\nVia: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKours\r\n%s", status,
		     rows);
	n_out = snprintf(out, sizeof(out), "SIP/2.0 %u X\r\n%s", status, rows);
	check(sip_parse((const uint8_t *)in, (size_t)n, SIP_EXACT, &m) == SIP_OK);
	(void)txns_response(t, &m, &branch.digits, (const uint8_t *)out, (uint32_t)n_out, now_ms);
}

static void wait_until(uint64_t to_ms)
{
	uint64_t next;

	while ((next = txns_next(t)) <= to_ms && next != UINT64_MAX) {
		now_ms = next > now_ms ? next : now_ms;
		txns_tick(t, now_ms);
	}
	now_ms = to_ms > now_ms && to_ms != UINT64_MAX ? to_ms : now_ms;
}

static void other(unsigned int what, uint8_t value)
{
	struct branch_hash branch = branch_of(value % NUMBERS);
	uint8_t digits[32];

	hex_put32(digits, &branch.digits);
	if (what == 0)
		txns_failed(t, digits, now_ms);
	else if (what == 1)
		(void)txns_forget(t, digits, now_ms);
	else if (what == 2)
		refuses[value & 1] = value & 2;
	else
		wait_until(now_ms + (uint64_t)value * value * 8);
}

static void happen(uint8_t what, uint8_t value)
{
	static const char *const methods[] = { "INVITE", "ACK", "CANCEL", "MESSAGE", "INVITE" };
	static const uint16_t statuses[] = { 100, 180, 200, 486 };
	uint32_t number = value % NUMBERS;

	if (what < 100)
		request(number, methods[what % 5]);
	else if (what < 200)
		response(number, methods[what % 5], statuses[what / 5 % 4]);
	else
		other(what % 4, value);
}

static bool look(void *arg, const struct txn_info *i)
{
	uint32_t *n = arg;

	check(i->server_state[0] || i->client_state[0]);
	++*n;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum sip_transport kinds[] = { SIP_UDP, SIP_TCP, SIP_TLS };
	const struct txn_bounds bounds = { .count_max = COUNT_MAX, .memory_max = MEMORY_MAX };
	const struct txn_owner owner = { NULL, send_one, hold, answer };
	uint8_t first = size ? data[0] : 0;
	uint32_t n = 0;

	memset(held, 0, sizeof(held));
	memset(refuses, 0, sizeof(refuses));
	now_ms = (uint64_t)first << 16;
	legs[0].transport = kinds[first % 3];
	legs[1].transport = kinds[first / 3 % 3];
	t = txns_new(&bounds, &owner);
	check(t != NULL);
	for (size_t i = 1; i + 1 < size; i += 2) {
		happen(data[i], data[i + 1]);
		check(txns_counts(t)->bytes <= MEMORY_MAX);
		check(txns_counts(t)->present <= 2 * COUNT_MAX);
	}
	txns_each(t, now_ms, look, &n);
	check(n == txns_counts(t)->present);
	if (first & 0x80)
		wait_until(UINT64_MAX);
	check(!(first & 0x80) || (txns_counts(t)->present == 0 && txns_counts(t)->bytes == 0));
	txns_free(t);
	for (n = 0; n < NUMBERS; n++)
		check(!held[n]);
	check(mem_live() == 0);
	return 0;
}
