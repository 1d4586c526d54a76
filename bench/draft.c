/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What messages say (draft.h): who calls whom over which boxes, by kind. Shapes and shares are
 * those of interconnection between carriers: numbers as users, addresses as hosts, SDP of audio
 * calls, names for one host in four.
 */
#include "bench/draft.h"

#include "dataplane/proxy/token.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t random_state;

static uint64_t next_random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

unsigned int draft_below(unsigned int n)
{
	return (unsigned int)(next_random() % n);
}

bool draft_chance(unsigned int percent)
{
	return draft_below(100) < percent;
}

#define PICK(list) ((list)[draft_below(sizeof(list) / sizeof((list)[0]))])

void draft_add(struct str *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->s + t->n, sizeof(t->s) - t->n, format, args);
	va_end(args);
	if (n < 0 || t->n + (unsigned int)n >= sizeof(t->s)) {
		fprintf(stderr, "messages: a value is too long\n");
		exit(2);
	}
	t->n += (unsigned int)n;
}

static void add_random(struct str *t, const char *letters, unsigned int n_letters, unsigned int n)
{
	while (n--)
		draft_add(t, "%c", letters[draft_below(n_letters)]);
}

static void add_hex(struct str *t, unsigned int n)
{
	add_random(t, "0123456789abcdef", 16, n);
}

static void add_word(struct str *t, unsigned int n)
{
	add_random(t, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 62, n);
}

static void add_digits(struct str *t, unsigned int n)
{
	add_random(t, "0123456789", 10, n);
}

static void add_number(struct str *t)
{
	static const char *const prefixes[] = { "+4930",  "+44207",  "+1212555",
						"+33142", "+390669", "+8635" };

	draft_add(t, "%s", PICK(prefixes));
	add_digits(t, 4 + draft_below(4));
}

static void add_caller_host(struct str *t)
{
	static const char *const networks[] = { "198.51.100", "192.0.2" };

	draft_add(t, "%s.%u", PICK(networks), 1 + draft_below(250));
}

static void fill_via(struct draft *d)
{
	static const char *const hosts[] = { "sbc", "pgw-", "p-cscf-" };
	static const char *const zones[] = { "border.example", "transit.example",
					     "ims.visited.example" };
	struct str *via = &d->row[R_VIA];

	/* Three in four carriers write their address, one a name. */
	if (draft_chance(75))
		draft_add(via, "SIP/2.0/UDP %s", d->caller.s);
	else
		draft_add(via, "SIP/2.0/UDP %s%u.%s", PICK(hosts), draft_below(40), PICK(zones));
	if (draft_chance(60))
		draft_add(via, ":%u", draft_chance(70) ? 5060 : 5060 + draft_below(40));
	if (draft_chance(37))
		draft_add(via, ";rport");
	draft_add(via, ";branch=z9hG4bK");
	if (draft_chance(50))
		add_hex(via, 16 + draft_below(17));
	else
		add_word(via, 10 + draft_below(22));
	if (draft_chance(8))
		draft_add(via, ";keep");
}

static void fill_lower_vias(struct draft *d)
{
	if (draft_chance(40)) {
		draft_add(&d->row[R_VIA2], "SIP/2.0/%s 10.%u.%u.%u:5060;branch=z9hG4bK",
			  draft_chance(80) ? "UDP" : "TCP", draft_below(250), draft_below(250),
			  draft_below(250));
		add_word(&d->row[R_VIA2], 12 + draft_below(16));
		draft_add(&d->row[R_VIA2], ";received=10.%u.0.9", draft_below(250));
	}
	if (d->row[R_VIA2].n && draft_chance(25)) {
		draft_add(&d->row[R_VIA3], "SIP/2.0/UDP 192.168.%u.%u:%u;rport=%u;branch=z9hG4bK",
			  draft_below(250), draft_below(250), 1024 + draft_below(60000),
			  1024 + draft_below(60000));
		add_hex(&d->row[R_VIA3], 10);
	}
}

static void fill_parties(struct draft *d)
{
	static const char *const names[] = { "\"Alice Weber\" ", "\"Office, Berlin\" ",
					     "\"O'Brien; J.\" ", "Anonymous ", "" };
	static const char *const domains[] = { "sip.carrier.example", "ims.carrier.example",
					       "voice.carrier.example" };
	bool backward = d->from_inside && d->request;
	struct str *from = &d->row[R_FROM], *to = &d->row[R_TO];

	draft_add(from, "%s<sip:", PICK(names));
	add_number(from);
	draft_add(from, "@%s%s>;tag=", PICK(domains), draft_chance(40) ? ";user=phone" : "");
	add_word(from, 8 + draft_below(16));
	draft_add(to, "%s<sip:", draft_chance(20) ? PICK(names) : "");
	add_number(to);
	draft_add(to, "@%s%s>", PICK(domains), draft_chance(40) ? ";user=phone" : "");
	if (d->dialog || backward) {
		draft_add(to, ";tag=");
		add_hex(to, 8 + draft_below(12));
	}
	add_hex(&d->call_id, 16 + draft_below(24));
	draft_add(&d->call_id, "@%s", d->caller.s);
	draft_add(&d->row[R_CALL_ID], "%s", d->call_id.s);
	d->cseq = 1 + draft_below(draft_chance(90) ? 200 : 2000000000);
	draft_add(&d->row[R_CSEQ], "%u %s", d->cseq, d->method);
}

static void fill_contact(struct draft *d)
{
	draft_add(&d->row[R_CONTACT], "<sip:");
	add_number(&d->row[R_CONTACT]);
	draft_add(&d->row[R_CONTACT], "@%s:5060%s>", d->caller.s,
		  draft_chance(30) ? ";transport=udp" : "");
	if (d->kind == MESSAGE_REGISTER)
		draft_add(&d->row[R_CONTACT],
			  ";expires=%u;+sip.instance=\"<urn:uuid:%08x-0000-1000-8000-%08x>\"",
			  60 * (1 + draft_below(60)), draft_below(1u << 31), draft_below(1u << 31));
}

static void fill_common(struct draft *d)
{
	static const char *const agents[] = { "Border Controller 9.4.2",
					      "TransitSwitch/7.2 (build 20551)",
					      "PhoneOS 4.12.0.77-beta", "GW-3000 R12" };
	static const char *const allows[] = {
		("INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, "
		 "SUBSCRIBE, MESSAGE"),
		"INVITE,ACK,OPTIONS,BYE,CANCEL,UPDATE,PRACK", "ACK, BYE, CANCEL, INVITE, OPTIONS"
	};
	bool first = d->kind != MESSAGE_100 && d->kind != MESSAGE_ACK &&
		     d->kind != MESSAGE_CANCEL && d->kind != MESSAGE_BYE;

	if (draft_chance(70))
		draft_add(&d->row[R_USER_AGENT], "%s", PICK(agents));
	if (d->request)
		draft_add(&d->row[R_MAX_FORWARDS], "%u",
			  draft_chance(60) ? 70 : 5 + draft_below(65));
	if (!first)
		return;
	if (draft_chance(80))
		draft_add(&d->row[R_ALLOW], "%s", PICK(allows));
	if (draft_chance(80))
		draft_add(&d->row[R_SUPPORTED], "%s",
			  draft_chance(50) ? "100rel, timer, "
					     "replaces"
					   : "timer");
	if (draft_chance(35)) {
		draft_add(&d->row[R_CHARGING], "icid-value=");
		add_hex(&d->row[R_CHARGING], 24);
		draft_add(&d->row[R_CHARGING], ";orig-ioi=home1.example;icid-generated-at=%s",
			  d->caller.s);
	}
}

static void add_own_route(struct str *t, const struct draft *d, unsigned int listener)
{
	static struct sip_msg m; /* only its Call-ID is looked at */
	const struct lab_world *w = messages_world();
	const struct listener *l = &w->world.listeners[listener];
	uint8_t token[TOKEN_LEN];

	m.p = (const uint8_t *)d->call_id.s;
	m.call_id = span_of(0, d->call_id.n);
	token_make(&w->world.keys, &m, token);
	draft_add(t, "%.*s%.*s>", l->rr[SIP_UDP].len, l->rr[SIP_UDP].s, TOKEN_LEN,
		  (const char *)token);
}

static void fill_routes(struct draft *d)
{
	bool request = d->request;
	struct str *t = request ? &d->row[R_ROUTE] : &d->row[R_RECORD_ROUTE];

	if (request && !d->dialog)
		return;
	if (!request && d->kind != MESSAGE_180 && d->kind != MESSAGE_200_SDP)
		return;
	/* Both of our double Record-Route, in the order that this side sees them. */
	add_own_route(t, d, d->from_inside || !request ? INSIDE : OUTSIDE);
	draft_add(t, draft_chance(70) ? ", " : ",");
	add_own_route(t, d, d->from_inside || !request ? OUTSIDE : INSIDE);
	if (!request && draft_chance(30))
		draft_add(t, ",<sip:%s;lr>", d->caller.s);
}

static void fill_sdp(struct draft *d)
{
	static const char *const codecs[] = {
		"8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
		"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15",
		"9 8 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\n"
		"a=rtpmap:101 telephone-event/8000",
		"18 8\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\na=rtpmap:8 PCMA/8000",
	};
	struct str *b = &d->body;

	draft_add(b,
		  "v=0\r\no=- %u %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
		  "m=audio %u RTP/AVP %s\r\n",
		  draft_below(1u << 30), draft_below(1u << 30), d->caller.s, d->caller.s,
		  10000 + 2 * draft_below(20000), PICK(codecs));
	draft_add(b, "a=ptime:20\r\na=%s\r\n", draft_chance(85) ? "sendrecv" : "sendonly");
	if (draft_chance(30))
		draft_add(b, "a=rtcp:%u\r\na=maxptime:40\r\n", 10001 + 2 * draft_below(20000));
	draft_add(&d->row[R_TYPE], "application/sdp");
}

static void fill_notify(struct draft *d)
{
	draft_add(&d->row[R_EVENT], "%s", draft_chance(50) ? "message-summary" : "dialog");
	draft_add(&d->row[R_STATE], "active;expires=%u", 60 + draft_below(3600));
	draft_add(&d->row[R_TYPE], "application/simple-message-summary");
	draft_add(&d->body,
		  "Messages-Waiting: %s\r\nMessage-Account: sip:vm@carrier.example\r\n"
		  "Voice-Message: %u/%u (%u/0)\r\n",
		  draft_chance(50) ? "yes" : "no", draft_below(30), draft_below(30),
		  draft_below(9));
}

static void fill_register(struct draft *d)
{
	draft_add(&d->row[R_EXPIRES], "%u", 60 * (1 + draft_below(60)));
	if (draft_chance(70)) {
		draft_add(&d->row[R_AUTH], "Digest username=\"");
		add_number(&d->row[R_AUTH]);
		draft_add(&d->row[R_AUTH], "\", realm=\"carrier.example\", nonce=\"");
		add_hex(&d->row[R_AUTH], 32);
		draft_add(&d->row[R_AUTH], "\", uri=\"sip:reg.carrier.example\", response=\"");
		add_hex(&d->row[R_AUTH], 32);
		draft_add(&d->row[R_AUTH], "\", algorithm=MD5");
	}
}

static void fill_start(struct draft *d)
{
	static const char *const domains[] = { "sip.carrier.example", "ims.carrier.example",
					       "voice.carrier.example" };
	static const char *const reasons[] = {
		[MESSAGE_100] = "100 Trying",
		[MESSAGE_180] = "180 Ringing",
		[MESSAGE_200_SDP] = "200 OK",
		[MESSAGE_200] = "200 OK",
	};

	if (!d->request) {
		draft_add(&d->start, "SIP/2.0 %s", reasons[d->kind]);
		return;
	}
	draft_add(&d->start, "%s sip:", d->method);
	if (d->kind == MESSAGE_REGISTER) {
		draft_add(&d->start, "reg.carrier.example");
	} else {
		add_number(&d->start);
		if (d->dialog && d->from_inside)
			draft_add(&d->start, "@%s:%u", d->caller.s, 5060 + draft_below(3));
		else if (d->dialog)
			draft_add(&d->start, "@10.20.0.%u:5060", 11 + draft_below(8));
		else
			draft_add(&d->start, "@%s%s", PICK(domains),
				  draft_chance(40) ? ";user=phone" : "");
	}
	draft_add(&d->start, " SIP/2.0");
}

static void fill_by_kind(struct draft *d)
{
	switch (d->kind) {
	case MESSAGE_INVITE:
		if (draft_chance(60))
			draft_add(&d->row[R_SESSION], "1800;refresher=uac");
		if (draft_chance(50)) {
			draft_add(&d->row[R_IDENTITY], "<sip:");
			add_number(&d->row[R_IDENTITY]);
			draft_add(&d->row[R_IDENTITY], "@ims.carrier.example;user=phone>");
		}
		fill_contact(d);
		fill_sdp(d);
		break;
	case MESSAGE_REINVITE:
	case MESSAGE_200_SDP:
		fill_contact(d);
		fill_sdp(d);
		break;
	case MESSAGE_REGISTER:
		fill_contact(d);
		fill_register(d);
		break;
	case MESSAGE_NOTIFY:
		fill_contact(d);
		fill_notify(d);
		break;
	case MESSAGE_OPTIONS:
		fill_contact(d);
		draft_add(&d->row[R_ACCEPT], "application/sdp, application/dtmf-relay");
		break;
	case MESSAGE_180:
		fill_contact(d);
		break;
	case MESSAGE_BYE:
	case MESSAGE_CANCEL:
		if (draft_chance(60))
			draft_add(&d->row[R_REASON], "Q.850;cause=%u;text=\"Normal call clearing\"",
				  16 + draft_below(16));
		break;
	default:
		break;
	}
}

/* What the message is, as far as the kind decides. */
static void draft_open(struct draft *d, enum message_kind kind)
{
	static const char *const methods[MESSAGE_KINDS] = {
		"INVITE", "INVITE", "REGISTER", "OPTIONS", "INVITE", "INVITE",
		"INVITE", "BYE",    "ACK",      "BYE",     "CANCEL", "NOTIFY",
	};

	memset(d, 0, offsetof(struct draft, row));
	for (int i = 0; i < N_ROWS; i++)
		d->row[i].n = 0, d->row[i].s[0] = 0;
	d->start.s[0] = d->caller.s[0] = d->call_id.s[0] = d->body.s[0] = 0;
	d->kind = kind;
	d->method = methods[kind];
	d->request = kind < MESSAGE_100 || kind > MESSAGE_200;
	d->dialog = kind == MESSAGE_REINVITE || kind == MESSAGE_ACK || kind == MESSAGE_BYE ||
		    kind == MESSAGE_NOTIFY || (kind != MESSAGE_100 && !d->request);
	/* One in three requests inside a dialog comes from the called side. */
	d->from_inside = !d->request || (d->dialog && kind != MESSAGE_ACK && draft_chance(33));
	add_caller_host(&d->caller);
}

void draft_seed(uint64_t seed)
{
	random_state = seed;
}

void draft_fill(struct draft *d, enum message_kind kind)
{
	draft_open(d, kind);
	fill_via(d);
	fill_lower_vias(d);
	fill_parties(d);
	fill_start(d);
	fill_routes(d);
	fill_common(d);
	fill_by_kind(d);
	draft_add(&d->row[R_LENGTH], "%u", d->body.n);
}
