/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The message generator of messages.h. A message is a table of header values, filled by kind, then
 * written in one of four orders. Randomness is splitmix64 from the seed: no libc state, nothing
 * that differs between machines.
 */
#include "bench/draft.h"
#include "dataplane/proxy/branch.h"
#include "dataplane/proxy/mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

const char *const message_kind_names[MESSAGE_KINDS] = {
	"INVITE",  "re-INVITE", "REGISTER", "OPTIONS", "100",    "180",
	"200+SDP", "200",       "ACK",      "BYE",     "CANCEL", "NOTIFY",
};

static const struct lab lab = {
	.secret = "the secret of all benches",
	.listeners = { [OUTSIDE] = { .address = "203.0.113.1:5060", .iface = 0 },
		       [INSIDE] = { .address = "10.20.0.1:5060", .iface = 1 } },
	.domains = { "sip.carrier.example", "ims.carrier.example", "voice.carrier.example",
		     "reg.carrier.example" },
	.trusted = { "198.51.100.0/24", "192.0.2.0/24" },
	.pools = { { .name = "core",
		     .backends = { LAB_SERVER("core1", "10.20.0.11:5060"),
				   LAB_SERVER("core2", "10.20.0.12:5060"),
				   LAB_SERVER("core3", "10.20.0.13:5060"),
				   LAB_SERVER("core4", "10.20.0.14:5060"),
				   LAB_SERVER("core5", "10.20.0.15:5060"),
				   LAB_SERVER("core6", "10.20.0.16:5060"),
				   LAB_SERVER("core7", "10.20.0.17:5060"),
				   LAB_SERVER("core8", "10.20.0.18:5060") } },
		   { .name = "registrars",
		     .backends = { LAB_SERVER("reg1", "10.20.1.11:5060"),
				   LAB_SERVER("reg2", "10.20.1.12:5060") } } },
	.rules = { { .pool = "registrars", .methods = 1u << SIP_M_REGISTER }, { .pool = "core" } },
	.routes = { { "203.0.113.0/24", 0, FIB_UNICAST, NULL },
		    { "10.20.0.0/16", 1, FIB_UNICAST, NULL },
		    { "0.0.0.0/0", 0, FIB_UNICAST, "203.0.113.254" } },
	.neighbors = { { "203.0.113.254", 0 },
		       { "10.20.0.11", 1 },
		       { "10.20.0.12", 1 },
		       { "10.20.0.13", 1 },
		       { "10.20.0.14", 1 },
		       { "10.20.0.15", 1 },
		       { "10.20.0.16", 1 },
		       { "10.20.0.17", 1 },
		       { "10.20.0.18", 1 },
		       { "10.20.1.11", 1 },
		       { "10.20.1.12", 1 } },
	.record_route = true,
};

const struct lab_world *messages_world(void)
{
	static struct lab_world world;

	if (!world.fib)
		lab_build(&lab, &world);
	return &world;
}
static const struct {
	const char *name, *compact;
} row_names[N_ROWS] = {
	[R_VIA] = { "Via", "v" },
	[R_VIA2] = { "Via", "v" },
	[R_VIA3] = { "Via", "v" },
	[R_RECORD_ROUTE] = { "Record-Route", NULL },
	[R_ROUTE] = { "Route", NULL },
	[R_MAX_FORWARDS] = { "Max-Forwards", NULL },
	[R_FROM] = { "From", "f" },
	[R_TO] = { "To", "t" },
	[R_CALL_ID] = { "Call-ID", "i" },
	[R_CSEQ] = { "CSeq", NULL },
	[R_CONTACT] = { "Contact", "m" },
	[R_USER_AGENT] = { "User-Agent", NULL },
	[R_ALLOW] = { "Allow", NULL },
	[R_SUPPORTED] = { "Supported", "k" },
	[R_REQUIRE] = { "Require", NULL },
	[R_EXPIRES] = { "Expires", NULL },
	[R_SESSION] = { "Session-Expires", "x" },
	[R_IDENTITY] = { "P-Asserted-Identity", NULL },
	[R_CHARGING] = { "P-Charging-Vector", NULL },
	[R_AUTH] = { "Authorization", NULL },
	[R_EVENT] = { "Event", "o" },
	[R_STATE] = { "Subscription-State", NULL },
	[R_ACCEPT] = { "Accept", NULL },
	[R_REASON] = { "Reason", NULL },
	[R_TYPE] = { "Content-Type", "c" },
	[R_LENGTH] = { "Content-Length", "l" },
};

/* As four families of equipment write them. */
static const uint8_t orders[4][N_ROWS] = {
	{ R_VIA,      R_VIA2,     R_VIA3,   R_MAX_FORWARDS, R_ROUTE,   R_RECORD_ROUTE, R_FROM,
	  R_TO,       R_CALL_ID,  R_CSEQ,   R_CONTACT,      R_EXPIRES, R_ALLOW,        R_SUPPORTED,
	  R_REQUIRE,  R_SESSION,  R_AUTH,   R_EVENT,        R_STATE,   R_ACCEPT,       R_USER_AGENT,
	  R_IDENTITY, R_CHARGING, R_REASON, R_TYPE,         R_LENGTH },
	{ R_VIA,       R_VIA2,    R_VIA3,       R_RECORD_ROUTE, R_FROM,     R_TO,
	  R_CALL_ID,   R_CSEQ,    R_USER_AGENT, R_MAX_FORWARDS, R_ROUTE,    R_ALLOW,
	  R_SUPPORTED, R_REQUIRE, R_CONTACT,    R_SESSION,      R_EVENT,    R_STATE,
	  R_ACCEPT,    R_AUTH,    R_EXPIRES,    R_IDENTITY,     R_CHARGING, R_REASON,
	  R_LENGTH,    R_TYPE },
	{ R_RECORD_ROUTE, R_ROUTE,     R_CALL_ID,      R_CSEQ,    R_FROM,     R_TO,       R_VIA,
	  R_VIA2,         R_VIA3,      R_MAX_FORWARDS, R_CONTACT, R_IDENTITY, R_CHARGING, R_ALLOW,
	  R_ACCEPT,       R_SUPPORTED, R_REQUIRE,      R_SESSION, R_EVENT,    R_STATE,    R_EXPIRES,
	  R_AUTH,         R_REASON,    R_USER_AGENT,   R_TYPE,    R_LENGTH },
	{ R_TO,         R_FROM,    R_VIA,          R_VIA2,         R_VIA3,    R_CSEQ,
	  R_CALL_ID,    R_CONTACT, R_MAX_FORWARDS, R_RECORD_ROUTE, R_ROUTE,   R_TYPE,
	  R_USER_AGENT, R_ALLOW,   R_SUPPORTED,    R_REQUIRE,      R_SESSION, R_IDENTITY,
	  R_CHARGING,   R_EVENT,   R_STATE,        R_ACCEPT,       R_EXPIRES, R_AUTH,
	  R_REASON,     R_LENGTH },
};

static struct draft draft; /* 30 KiB: one, reused */

static unsigned int put(uint8_t *p, unsigned int n, const struct str *t)
{
	memcpy(p + n, t->s, t->n);
	return n + t->n;
}

static unsigned int put_row(uint8_t *p, unsigned int n, unsigned int row, bool compact,
			    const struct str *value)
{
	static struct str line;
	const char *name =
		compact && row_names[row].compact ? row_names[row].compact : row_names[row].name;

	line.n = 0;
	draft_add(&line, "%s: ", name);
	n = put(p, n, &line);
	n = put(p, n, value);
	memcpy(p + n, "\r\n", 2);
	return n + 2;
}

unsigned int draft_write(const struct draft *d, uint8_t *p, unsigned int order, bool compact)
{
	unsigned int n = put(p, 0, &d->start);

	memcpy(p + n, "\r\n", 2);
	n += 2;
	for (unsigned int i = 0; i < N_ROWS; i++) {
		unsigned int row = orders[order][i];

		if (d->row[row].n)
			n = put_row(p, n, row, compact, &d->row[row]);
	}
	memcpy(p + n, "\r\n", 2);
	return put(p, n + 2, &d->body);
}

/* What the proxy wrote into the Via of the request: received, and rport where it was asked for. */
static void mark_source(struct str *via, const char *address)
{
	struct str old = *via;
	const char *rport = strstr(old.s, ";rport");
	unsigned int head = rport ? (unsigned int)(rport - old.s) : old.n;

	via->n = head;
	draft_add(via, ";received=%s", address);
	if (rport)
		draft_add(via, ";rport=%u%s", 1024 + draft_below(60000), rport + strlen(";rport"));
}

/* The Vias of a response: ours on top, made as the proxy makes it for a request with the Via that d
 * has. */
static void put_own_via(struct draft *d)
{
	static struct sip_msg m;
	static uint8_t text[MESSAGE_STRIDE];
	const struct lab_world *w = messages_world();
	const struct listener *in = &w->world.listeners[INSIDE];
	uint8_t branch[BRANCH_LEN], mark[MARK_LEN];
	struct str below_us = d->row[R_VIA];
	struct str *top = &d->row[R_VIA];
	unsigned int n = draft_write(d, text, 0, false);

	/* Parsed as the request that it answers. */
	memmove(text + 23, text + d->start.n, n - d->start.n);
	memcpy(text, "OPTIONS sip:any SIP/2.0", 23);
	sip_parse(text, n - d->start.n + 23, SIP_EXACT, &m);
	branch_make(&w->world.keys, &m, branch);
	mark_make(&w->world.keys, branch, w->world.listeners[OUTSIDE].id, mark);
	d->row[R_VIA3] = d->row[R_VIA2];
	d->row[R_VIA2] = below_us;
	mark_source(&d->row[R_VIA2], d->caller.s);
	top->n = 0;
	draft_add(top, "%.*s%.*s;vl=%.*s", in->via[SIP_UDP].len - 5, in->via[SIP_UDP].s + 5,
		  BRANCH_LEN, (const char *)branch, MARK_LEN, (const char *)mark);
}

static void set_source(const struct draft *d, struct proxy_in *in)
{
	struct str text = { .n = 0 };

	in->listener = d->from_inside ? INSIDE : OUTSIDE;
	if (d->from_inside)
		draft_add(&text, "10.20.0.%u:5060", 11 + draft_below(8));
	else
		draft_add(&text, "%s:5060", d->caller.s);
	in->src = lab_endpoint(text.s);
	if (!d->from_inside && draft_chance(37))
		in->src.port = (uint16_t)(1024 + draft_below(60000));
}

/* The memory of transactions that the messages pass through: of large pages, as on a worker. */
static struct recent *memory(void)
{
	static struct recent recent;
	size_t size = recent_size(RECENT_LOG2);
	void *lines;

	if (recent.lines)
		return &recent;
	lines = aligned_alloc((size_t)2 << 20, size);
	if (!lines) {
		fprintf(stderr, "bench: no memory\n");
		exit(2);
	}
	madvise(lines, size, MADV_HUGEPAGE);
	memset(lines, 0, size);
	recent_init(&recent, lines, RECENT_LOG2);
	return &recent;
}

static void make_one(struct message *m, uint8_t *slot, enum message_kind kind)
{
	struct draft *d = &draft;

	draft_fill(d, kind);
	if (!d->request)
		put_own_via(d);
	set_source(d, &m->in);
	m->in.recent = memory();
	m->kind = kind;
	m->p = slot + MESSAGE_HEADROOM;
	m->len = draft_write(d, m->p, draft_below(4), draft_chance(10));
}

/* Each kind once, in random order: a dozen is always complete. */
static void shuffle(enum message_kind *kinds)
{
	for (unsigned int i = 0; i < MESSAGE_KINDS; i++) {
		unsigned int j = draft_below(i + 1);

		kinds[i] = kinds[j];
		kinds[j] = i;
	}
}

void messages_make(uint32_t n, uint64_t seed, struct message_set *set)
{
	enum message_kind kinds[MESSAGE_KINDS];

	set->n = n;
	set->stride = MESSAGE_STRIDE;
	set->slots = aligned_alloc(4096, ((size_t)n * MESSAGE_STRIDE + 8191) & ~(size_t)4095);
	set->m = calloc(n, sizeof(*set->m));
	if (!set->slots || !set->m) {
		fprintf(stderr, "messages: no memory\n");
		exit(2);
	}
	memset(set->slots, 0, (size_t)n * MESSAGE_STRIDE);
	draft_seed(seed);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *slot = set->slots + (size_t)i * MESSAGE_STRIDE;

		if (i % MESSAGE_KINDS == 0)
			shuffle(kinds);
		do {
			make_one(&set->m[i], slot, kinds[i % MESSAGE_KINDS]);
		} while (set->m[i].len < MESSAGE_MIN || set->m[i].len > MESSAGE_MAX);
		memset(slot + MESSAGE_HEADROOM + set->m[i].len, 0,
		       MESSAGE_STRIDE - MESSAGE_HEADROOM - set->m[i].len);
	}
}
