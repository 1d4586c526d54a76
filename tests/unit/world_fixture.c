/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worlds of world_fixture.h and the expansion of message templates.
 */
#include "tests/unit/world_fixture.h"

#include "dataplane/proxy/branch.h"
#include "dataplane/proxy/mark.h"
#include "dataplane/proxy/token.h"
#include "tests/unit/guard.h"

#include <stdio.h>
#include <stdlib.h>

#define LISTENERS                                                               \
	.listeners = {                                                          \
		[OUT4] = { "203.0.113.1:5060", NULL, 0 },                       \
		[IN4] = { "10.0.0.1:5060", NULL, 1 },                           \
		[OUT6] = { "[2001:db8:1::1]:5060", NULL, 0 },                   \
		[IN6] = { "[2001:db8:2::1]:5060", NULL, 1 },                    \
		[OUT4_ALT] = { "203.0.113.1:5070", NULL, 0 },                   \
		[OUT4_NAME] = { "203.0.113.2:5060", "sip.lb.example:5060", 0 }, \
	}

#define NETWORK \
	.routes = {                                                                                \
		{ "203.0.113.0/24", 0, FIB_UNICAST, NULL },                                        \
		{ "203.0.113.255", 0, FIB_REJECT, NULL },                                          \
		{ "10.0.0.0/8", 1, FIB_UNICAST, NULL },                                            \
		{ "0.0.0.0/0", 0, FIB_UNICAST, "203.0.113.254" },                                  \
		{ "127.0.0.0/8", FIB_NO_IFACE, FIB_UNICAST, NULL },                                \
		{ "198.18.0.0/15", FIB_NO_IFACE, FIB_REJECT, NULL },                               \
		{ "2001:db8:1::/64", 0, FIB_UNICAST, NULL },                                       \
		{ "2001:db8:2::/64", 1, FIB_UNICAST, NULL },                                       \
		{ "2001:db8::/32", 0, FIB_UNICAST, "2001:db8:1::fe" },                             \
	},                                                                                         \
	.neighbors = { { "203.0.113.254", 0 }, { "10.0.0.11", 1 }, { "2001:db8:2::11", 1 } },      \
	.secret = "a secret of the tests"

#define SERVICE \
	.domains = { "example.com", "three.example.com", "six.example.com", "dead.example.com",    \
		     "drain.example.com", "tcp.example.com", "tier.example.com",                   \
		     "norule.example.com", "a.ims.example.com", "m.example.com" },                 \
	.trusted = { "198.51.100.0/24", "2001:db8:aa::/48" },                                      \
	.pools = {                                                                                 \
		{ .name = "one", .backends = { LAB_SERVER("core1", "10.0.0.11:5060") } },          \
		{ .name = "three",                                                            \
		  .backends = { LAB_SERVER("t1", "10.0.0.21:5060"),                                \
				LAB_SERVER("t2", "10.0.0.22:5060"),                                \
				LAB_SERVER("t3", "10.0.0.23:5080") } },                            \
		{ .name = "reg", .backends = { LAB_SERVER("reg1", "10.0.0.31:5060") } },           \
		{ .name = "ims", .backends = { LAB_SERVER("ims1", "10.0.0.41:5060") } },           \
		{ .name = "six", .backends = { LAB_SERVER("six1", "[2001:db8:2::11]:5060") } },    \
		{ .name = "dead",                                                                  \
		  .backends = { { "dead1", "10.0.0.51:5060", 1, .state = BACKEND_DOWN } } },       \
		{ .name = "drain",                                                                 \
		  .backends = { { "drain1", "10.0.0.52:5060", 1, .state = BACKEND_DRAIN } } },     \
		{ .name = "tcp",                                                                   \
		  .backends = { { "tcp1", "10.0.0.61:5060", 1, .transports = WORLD_TCP } } },      \
		{ .name = "tier",                                                                  \
		  .backends = { { "tier0", "10.0.0.70:5060", 1, .state = BACKEND_DOWN },           \
				{ "tier1", "10.0.0.71:5060", 1, .tier = 1 },                       \
				{ "tier2", "10.0.0.72:5060", 1, .tier = 2 } } },                   \
	},                                                                                         \
	.rules = {                                                                                 \
		{ "reg", .methods = 1u << SIP_M_REGISTER, .domain = "example.com" },               \
		{ "reg", .method_name = "FOO", .domain = "m.example.com" },                        \
		{ "ims", .domain = "*.ims.example.com", .source = "198.51.100.0/24" },             \
		{ "three", .domain = "three.example.com" },                                        \
		{ "six", .domain = "six.example.com" },                                            \
		{ "dead", .domain = "dead.example.com" },                                          \
		{ "drain", .domain = "drain.example.com" },                                        \
		{ "tcp", .domain = "tcp.example.com" },                                            \
		{ "tier", .domain = "tier.example.com" },                                          \
		{ "one", .domain = "example.com" },                                                \
		{ "one", .domain = "203.0.113.1" },                                                \
		{ "one", .domain = "2001:db8:1::1" },                                              \
	},                                                                                         \
	.hosts = { { "p2.example", "10.0.0.90" },                                                  \
		   { "p3.example", "203.0.113.90" },                                               \
		   { "six.peer.example", "2001:db8:1::90" },                                       \
		   { "self.example", "203.0.113.1" } }

/* One more listener on each side, by TLS; the others take TCP too, but for the alternative one. */
#define STREAM_LISTENERS                                                                       \
	[OUT4] = { "203.0.113.1:5060", NULL, 0, WORLD_UDP | WORLD_TCP },                       \
	[IN4] = { "10.0.0.1:5060", NULL, 1, WORLD_UDP | WORLD_TCP },                           \
	[OUT6] = { "[2001:db8:1::1]:5060", NULL, 0, WORLD_UDP | WORLD_TCP },                   \
	[IN6] = { "[2001:db8:2::1]:5060", NULL, 1, WORLD_UDP | WORLD_TCP },                    \
	[OUT4_ALT] = { "203.0.113.1:5070", NULL, 0 },                                          \
	[OUT4_NAME] = { "203.0.113.2:5060", "sip.lb.example:5060", 0, WORLD_UDP | WORLD_TCP }, \
	[OUT4_TLS] = { "203.0.113.1:5061", NULL, 0, WORLD_TLS },                               \
	[IN4_TLS] = { "10.0.0.1:5061", NULL, 1, WORLD_TLS }

/* Pools by what their one server takes. */
#define STREAM_SERVICE \
	.domains = { "udp.example", "tcp.example", "tls.example", "both.example", "all.example" }, \
	.trusted = { "198.51.100.0/24" },                                                          \
	.pools = {                                                                                 \
		{ .name = "udp", .backends = { { "u1", "10.0.0.11:5060", 1 } } },                  \
		{ .name = "tcp",                                                                   \
		  .backends = { { "t1", "10.0.0.12:5060", 1, .transports = WORLD_TCP } } },        \
		{ .name = "tls",                                                                   \
		  .backends = { { "s1", "10.0.0.13:5071", 1, .transports = WORLD_TLS } } },        \
		{ .name = "both",                                                                  \
		  .backends = { { "b1", "10.0.0.14:5060", 1,                                       \
				  .transports = WORLD_UDP | WORLD_TCP } } },                       \
		{ .name = "all",                                                                   \
		  .backends = { { "a1", "10.0.0.15:5060", 1,                                       \
				  .transports = WORLD_UDP | WORLD_TCP | WORLD_TLS } } },           \
	},                                                                                         \
	.rules = {                                                                                 \
		{ "udp", .domain = "udp.example" },                                                \
		{ "tcp", .domain = "tcp.example" },                                                \
		{ "tls", .domain = "tls.example" },                                                \
		{ "both", .domain = "both.example" },                                              \
		{ "all", .domain = "all.example" },                                                \
	}

static const struct lab beds[N_BEDS] = {
	[BED_MAIN] = { LISTENERS, NETWORK, SERVICE, .record_route = true },
	[BED_NO_RECORD_ROUTE] = { LISTENERS, NETWORK, SERVICE, .no_preloaded_route = true },
	[BED_DRAINING] = { LISTENERS, NETWORK, SERVICE, .record_route = true, .draining = true },
	[BED_BREADTH] = { LISTENERS, NETWORK, SERVICE, .record_route = true, .max_breadth = 60 },
	[BED_STREAMS] = { .listeners = { STREAM_LISTENERS },
			  NETWORK,
			  STREAM_SERVICE,
			  .record_route = true },
	[BED_CORPUS] = {
		LISTENERS, NETWORK,
		.domains = { "example.com", "example.net", "example.org", "company.com",
			     "registrar.example.com", "chair-dnrc.example.com", "host.example.net",
			     "2001:db8::10" },
		.trusted = { "0.0.0.0/0", "::/0" },
		.pools = { { .name = "core",
			     .backends = { LAB_SERVER("core1", "10.0.0.11:5060"),
					   LAB_SERVER("core2", "10.0.0.12:5060"),
					   LAB_SERVER("core3", "10.0.0.13:5060") } } },
		.rules = { { .pool = "core" } },
		.hosts = { { "services.example.com", "203.0.113.91" } },
		.record_route = true,
	},
};

const struct lab_world *fixture_world(enum bed bed)
{
	static struct lab_world worlds[N_BEDS];

	if (!worlds[bed].fib)
		lab_build(&beds[bed], &worlds[bed]);
	return &worlds[bed];
}

/* What the braces of a template may need. */
struct context {
	const struct lab_world *w;
	uint16_t arrival;
	uint64_t connection;
	char vt[TOKEN_LEN + 1];
	char totag[TOKEN_LEN + 1];
	char branch[BRANCH_LEN + 1];
};

static void die(const char *what, const char *text)
{
	fprintf(stderr, "template: %s: %s\n", what, text);
	exit(2);
}

static void put(struct text *t, const void *bytes, size_t n)
{
	if (t->n + n > TEXT_MAX)
		die("too long", "");
	memcpy(t->b + t->n, bytes, n);
	t->n += (uint32_t)n;
}

static void put_string(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

static void put_fill(struct text *t, unsigned long n)
{
	while (n--)
		put(t, "x", 1);
}

static void put_vl(struct text *t, const struct context *c, unsigned long n)
{
	uint8_t mark[MARK_LEN];

	mark_make(&c->w->world.keys, (const uint8_t *)c->branch, c->w->world.listeners[n].id, mark);
	put(t, mark, sizeof(mark));
}

static void put_vc(struct text *t, const struct context *c)
{
	uint8_t mark[MARK_CONNECTION_LEN];
	struct hex32 digits;

	memcpy(&digits, c->branch + BRANCH_COOKIE_LEN, 2 * sizeof(digits.first));
	mark_put_connection(&c->w->world.keys, &digits, CONNECTION, mark);
	put(t, mark, sizeof(mark));
}

static void put_via(struct text *t, const struct context *c, unsigned long n, enum sip_transport by)
{
	const struct listener *l = &c->w->world.listeners[n];

	put(t, l->via[by].s, l->via[by].len);
	put_string(t, c->branch);
	if (n != c->arrival) {
		put_string(t, ";vl=");
		put_vl(t, c, c->arrival);
	}
	if (c->connection) {
		put_string(t, ";vc=");
		put_vc(t, c);
	}
	put_string(t, "\r\n");
}

static void put_rr(struct text *t, const struct context *c, unsigned long n, unsigned int by)
{
	const struct listener *l = &c->w->world.listeners[n];

	put(t, l->rr[by].s, l->rr[by].len);
	put_string(t, c->vt);
	put_string(t, ">");
}

static bool word(const char *from, const char *name, unsigned long *value)
{
	size_t n = strlen(name);

	if (strncmp(from, name, n) != 0)
		return false;
	if (from[n] == ':')
		*value = strtoul(from + n + 1, NULL, 10);
	return from[n] == '}' || from[n] == ':';
}

/* {via:N}, {rr:N} and their kin. */
static bool put_row_word(struct text *t, const struct context *c, const char *from)
{
	static const char *const vias[] = { "via", "tcp", "tls" };
	static const char *const rrs[] = { "rr", "rrtcp", "rrtls", "rrsips" };
	unsigned long value = 0;

	for (unsigned int i = 0; i < 3; i++) {
		if (!word(from, vias[i], &value))
			continue;
		put_via(t, c, value, (enum sip_transport)i);
		return true;
	}
	for (unsigned int i = 0; i < 4; i++) {
		if (!word(from, rrs[i], &value))
			continue;
		put_rr(t, c, value, i);
		return true;
	}
	return false;
}

/* One {...}, @from being what follows the brace. */
static void put_word(struct text *t, const struct context *c, const char *from)
{
	unsigned long value = 0;

	if (word(from, "nul", &value))
		put(t, "", 1);
	else if (word(from, "lf", &value))
		put(t, "\n", 1);
	else if (word(from, "cr", &value))
		put(t, "\r", 1);
	else if (word(from, "fill", &value))
		put_fill(t, value);
	else if (word(from, "vt", &value))
		put_string(t, c->vt);
	else if (word(from, "totag", &value))
		put_string(t, c->totag);
	else if (word(from, "branch", &value))
		put_string(t, c->branch);
	else if (word(from, "vl", &value))
		put_vl(t, c, value);
	else if (word(from, "vc", &value))
		put_vc(t, c);
	else if (!put_row_word(t, c, from))
		die("unknown word", from);
}

static void expand(const struct context *c, const char *from, struct text *to)
{
	to->n = 0;
	for (; *from; from++) {
		if (*from == '\n') {
			put(to, "\r\n", 2);
		} else if (*from == '{') {
			put_word(to, c, from + 1);
			from = strchr(from, '}');
		} else {
			put(to, from, 1);
		}
	}
}

static void put_row(struct text *t, const struct sip_msg *m, const char *name, struct span value)
{
	put_string(t, name);
	put(t, span_ptr(m->p, value), value.len);
	put_string(t, "\r\n");
}

/* The branch of the request that response @m answers, as far as the response tells: what its second
 * Via makes. */
void fixture_response_branch(const struct lab_world *w, const struct sip_msg *m, char *out)
{
	static struct text request;
	static struct sip_msg r;
	int row = sip_find(m, SIP_H_VIA, m->first[SIP_H_VIA] + 1u);
	struct span below = m->via_rest;

	if (!below.len && row >= 0)
		below = sip_row_value(m, (unsigned int)row);
	request.n = 0;
	put_string(&request, "INVITE sip:any SIP/2.0\r\n");
	put_row(&request, m, "Via: ", below);
	put_row(&request, m, "From: ", m->from);
	put_row(&request, m, "To: ", m->to);
	put_row(&request, m, "Call-ID: ", m->call_id);
	put_string(&request, "CSeq: 1 INVITE\r\n\r\n");
	sip_parse(request.b, request.n, SIP_EXACT, &r);
	branch_make(&w->world.keys, &r, (uint8_t *)out);
}

static void context_fill(struct context *c, const struct sip_msg *m)
{
	const struct keys *k = &c->w->world.keys;

	token_make(k, m, (uint8_t *)c->vt);
	if (m->request) {
		to_tag_make(k, m, (uint8_t *)c->totag);
		branch_make(k, m, (uint8_t *)c->branch);
	} else {
		fixture_response_branch(c->w, m, c->branch);
	}
}

void fixture_message(const struct lab_world *w, const char *from, struct text *to)
{
	static struct sip_msg m;
	struct context c = {
		.w = w,
		.vt = "0000000000000000",
		.totag = "0000000000000000",
		.branch = "z9hG4bK00000000000000000000000000000000",
	};

	/* Twice: what depends on the message does not depend on its own value. */
	expand(&c, from, to);
	if (!strstr(from, "{vt}") && !strstr(from, "{totag}") && !strstr(from, "{branch}") &&
	    !strstr(from, "{vl:") && !strstr(from, "{vc}") && !strstr(from, "{rr"))
		return;
	sip_parse(to->b, to->n, SIP_EXACT, &m);
	context_fill(&c, &m);
	expand(&c, from, to);
}

void fixture_expected(const struct lab_world *w, const struct run *r, const char *from,
		      struct text *to)
{
	struct context c = { .w = w, .arrival = r->in.listener, .connection = r->in.connection };

	context_fill(&c, &r->m);
	expand(&c, from, to);
}

/* Copies @t so that its last byte is the last one before a page that must not be read. */
static const uint8_t *guarded(const struct text *t)
{
	static struct guard g;

	if (!g.room)
		g = guard_open(TEXT_MAX);
	return guard_at_end(&g, t->b, t->n);
}

void fixture_run(const struct lab_world *w, const char *source, uint16_t listener,
		 const struct text *message, struct run *r)
{
	struct proxy_in in = { .src = lab_endpoint(source), .listener = listener };

	fixture_take(w, &in, message, r);
}

void fixture_take(const struct lab_world *w, const struct proxy_in *in, const struct text *message,
		  struct run *r)
{
	int n = 0;

	r->in = *in;
	sip_parse(guarded(message), message->n, SIP_EXACT, &r->m);
	proxy_message(&w->world, w->fib, &r->in, &r->m, &r->out);
	if (r->out.verdict == PROXY_FORWARD)
		n = edit_copy(&r->out.edits, r->m.p, r->m.len, r->sent.b, TEXT_MAX);
	else if (r->out.verdict == PROXY_ANSWER)
		memcpy(r->sent.b, r->out.answer, (size_t)(n = (int)r->out.answer_len));
	r->sent.n = n > 0 ? (uint32_t)n : 0;
}

bool text_replace(struct text *t, const struct text *find, const struct text *put_in)
{
	uint8_t *at = memmem(t->b, t->n, find->b, find->n);
	uint8_t *rest;

	if (!at || t->n - find->n + put_in->n > TEXT_MAX)
		return false;
	rest = at + find->n;
	memmove(at + put_in->n, rest, (size_t)(t->b + t->n - rest));
	memcpy(at, put_in->b, put_in->n);
	t->n += put_in->n - find->n;
	return true;
}

const char *text_show(const uint8_t *p, size_t n, char *out, size_t size)
{
	size_t o = 0;

	for (size_t i = 0; i < n && o + 8 < size; i++) {
		if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n') {
			out[o++] = '\n';
			i++;
		} else if (p[i] < ' ' || p[i] == 0x7f) {
			o += (size_t)snprintf(out + o, size - o, "\\x%02x", p[i]);
		} else {
			out[o++] = (char)p[i];
		}
	}
	out[o] = 0;
	return out;
}
