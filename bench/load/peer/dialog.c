/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Draws up the texts of a dialog. What carriers' messages look like (rows, orders, compact names,
 * bodies) comes from bench/draft.h; this file makes the messages of one dialog belong together:
 * parties, tags, Call-ID, CSeq, Vias, Contacts, and a mark at the end of each.
 *
 * Bytes that differ between calls are drawn up as field and block bytes, see text.h.
 */
#include "bench/draft.h"
#include "bench/load/peer/template.h"

#include <stdio.h>

#define BUFFER 131072
#define PER_VIA_ROW 12 /* Via values in one str */

/* What all messages of a dialog share. */
struct cast {
	const struct load_plan *plan;
	const struct script *script;
	const struct script_facts *facts;
	const struct endpoint *caller;
	struct str party[PEER_SIDES]; /* name and URI, no tag */
	struct str tag[PEER_SIDES];
	struct str call_id, contact, target, domain;
	struct str via, lower[2]; /* of step 0: the caller's, and those below it */
	unsigned int cseq[PEER_SIDES], order[PEER_SIDES];
	bool compact[PEER_SIDES];
};

static struct cast cast;
static struct draft draft;
static uint8_t buffer[BUFFER];
static uint8_t compiled[BUFFER] __attribute__((aligned(64)));

static void set(struct str *s, const char *text)
{
	s->n = 0;
	s->s[0] = 0;
	draft_add(s, "%s", text);
}

static void add_field_bytes(struct str *s, enum field_kind kind)
{
	for (unsigned int i = 0; i < field_len(kind); i++)
		draft_add(s, "%c", FIELD_BYTE(kind));
}

static void set_block(struct str *s, enum block_kind kind)
{
	set(s, "");
	draft_add(s, "%c", BLOCK_BYTE(kind));
}

static void add_random(struct str *s, const char *letters, unsigned int n_letters, unsigned int n)
{
	while (n--)
		draft_add(s, "%c", letters[draft_below(n_letters)]);
}

static void add_endpoint(struct str *s, const struct endpoint *e)
{
	char host[IP_TEXT_MAX + 2];

	host[ip_format_host(&e->ip, host)] = 0;
	draft_add(s, "%s", host);
	if (e->port != 5060)
		draft_add(s, ":%u", e->port);
}

/* --- what the dialog shares ------------------------------------------------------------------ */

static void cast_parties(struct cast *c)
{
	for (unsigned int side = 0; side < PEER_SIDES; side++) {
		struct str *from = &draft.row[R_FROM];
		const char *tag;

		draft_fill(&draft, MESSAGE_INVITE);
		tag = strstr(from->s, ";tag=");
		set(&c->party[side], "");
		draft_add(&c->party[side], "%.*s", tag ? (int)(tag - from->s) : (int)from->n,
			  from->s);
		set(&c->tag[side], "");
		add_random(&c->tag[side], "abcdefghijkmnpqrstuvwxyz23456789", 32, draft_below(7));
		add_field_bytes(&c->tag[side], FIELD_TAG);
		draft_add(&c->tag[side], "%c", side == PEER_CALLER ? 'c' : 's');
		c->cseq[side] = 1 + draft_below(draft_chance(90) ? 200 : 2000000000);
		c->order[side] = draft_below(4);
		c->compact[side] = draft_chance(10);
	}
}

static void cast_addresses(struct cast *c)
{
	char host[IP_TEXT_MAX + 2];

	host[ip_format_host(&c->caller->ip, host)] = 0;
	set(&c->call_id, "");
	add_field_bytes(&c->call_id, FIELD_CALL_ID);
	add_random(&c->call_id, "0123456789abcdef", 16, draft_below(20));
	draft_add(&c->call_id, "@%s", host);
	set(&c->contact, "");
	draft_add(&c->contact, "sip:+4930%u@", 10000 + draft_below(90000000));
	add_endpoint(&c->contact, c->caller);
	if (draft_chance(30))
		draft_add(&c->contact, ";transport=udp");
	set(&c->domain, c->plan->domain ? c->plan->domain : "");
	if (!c->plan->domain)
		add_endpoint(&c->domain, &c->plan->caller.proxy);
	set(&c->target, "");
	draft_add(&c->target, "sip:+4420%u@%s", 10000 + draft_below(90000000), c->domain.s);
	if (draft_chance(40))
		draft_add(&c->target, ";user=phone");
}

/* --- rows ------------------------------------------------------------------------------------ */

static void draw_start(struct draft *d, const struct cast *c, const struct step *s)
{
	set(&d->start, "");
	if (s->status) {
		draft_add(&d->start, "SIP/2.0 %u %s", s->status, s->method);
		return;
	}
	draft_add(&d->start, "%s ", s->method);
	if (s->kind == MESSAGE_REGISTER)
		draft_add(&d->start, "sip:%s", c->domain.s);
	else if (!(s->flags & STEP_DIALOG))
		draft_add(&d->start, "%s", c->target.s);
	else if (s->side == PEER_SERVER)
		draft_add(&d->start, "%s", c->contact.s);
	else
		add_field_bytes(&d->start, FIELD_SERVER_URI);
	draft_add(&d->start, " SIP/2.0");
}

static void draw_parties(struct draft *d, const struct cast *c, unsigned int i)
{
	const struct step *s = &c->script->step[i], *request = &c->script->step[s->of];
	unsigned int from = request->side, to = !from, cseq = c->cseq[from];
	bool both = s->status ? s->status != 100 : s->flags & STEP_DIALOG || step_is_ack(s);

	for (unsigned int k = 0; k < s->of; k++)
		cseq += !c->script->step[k].status && c->script->step[k].of == k &&
			c->script->step[k].side == from;
	set(&d->row[R_FROM], "");
	draft_add(&d->row[R_FROM], "%s;tag=%s", c->party[from].s, c->tag[from].s);
	set(&d->row[R_TO], c->party[to].s);
	if (both)
		draft_add(&d->row[R_TO], ";tag=%s", c->tag[to].s);
	set(&d->row[R_CALL_ID], c->call_id.s);
	set(&d->row[R_CSEQ], "");
	draft_add(&d->row[R_CSEQ], "%u %s", cseq, s->status ? request->method : s->method);
}

static void draw_top_via(struct str *via, const struct cast *c, unsigned int i)
{
	static const char *const hosts[] = { "sbc", "pgw-", "p-cscf-" };
	const struct step *s = &c->script->step[i];

	set(via, "SIP/2.0/UDP ");
	if (s->side == PEER_SERVER) {
		add_field_bytes(via, FIELD_SERVER_VIA);
	} else if (draft_chance(75)) {
		add_endpoint(via, c->caller);
	} else {
		draft_add(via, "%s%u.border.example", hosts[draft_below(3)], draft_below(40));
		if (c->caller->port != 5060)
			draft_add(via, ":%u", c->caller->port);
	}
	if (s->side == PEER_CALLER && draft_chance(37))
		draft_add(via, ";rport");
	draft_add(via, ";branch=z9hG4bK");
	add_field_bytes(via, FIELD_BRANCH);
	draft_add(via, "-%x", c->facts->txn[i]);
}

/* As many as the plan asks for, in rows of their own. */
static void draw_lower_vias(struct draft *d, const struct cast *c)
{
	unsigned int n = c->plan->vias;

	if (n == 0 && c->plan->scenario == LOAD_MIX)
		return; /* those of the draft */
	set(&d->row[R_VIA2], "");
	set(&d->row[R_VIA3], "");
	for (unsigned int i = 0; i < n && i < 2 * PER_VIA_ROW; i++) {
		struct str *via = &d->row[i < PER_VIA_ROW ? R_VIA2 : R_VIA3];

		draft_add(via, "%sSIP/2.0/UDP 10.%u.%u.%u:5060;branch=z9hG4bK%08x",
			  via->n ? "\r\nVia: " : "", draft_below(250), draft_below(250),
			  draft_below(250), draft_below(1u << 31));
	}
}

/* CANCEL and the ACK to a non-2xx have one Via and its branch; so has the CANCEL that the 487 is
 * made from, to which the others are given back here. */
static void draw_vias(struct draft *d, struct cast *c, unsigned int i)
{
	const struct step *s = &c->script->step[i];
	if (s->status) {
		set_block(&d->row[R_VIA], BLOCK_VIA);
		d->row[R_VIA2].n = d->row[R_VIA3].n = 0;
		if (s->on != s->of) {
			d->row[R_VIA2] = c->lower[0];
			d->row[R_VIA3] = c->lower[1];
		}
		return;
	}
	if (c->facts->txn[i] != i) {
		d->row[R_VIA] = c->via;
		d->row[R_VIA2].n = d->row[R_VIA3].n = 0;
		return;
	}
	draw_top_via(&d->row[R_VIA], c, i);
	if (s->side == PEER_SERVER)
		d->row[R_VIA2].n = d->row[R_VIA3].n = 0;
	else
		draw_lower_vias(d, c);
	if (i == 0) {
		c->via = d->row[R_VIA];
		c->lower[0] = d->row[R_VIA2];
		c->lower[1] = d->row[R_VIA3];
	}
}

static void draw_routes(struct draft *d, const struct cast *c, unsigned int i)
{
	const struct step *s = &c->script->step[i];
	bool record = s->status && c->script->step[s->of].flags & (STEP_PATH | STEP_DIALOG) &&
		      (s->kind == MESSAGE_180 || s->kind == MESSAGE_200_SDP);

	set(&d->row[R_ROUTE], "");
	set(&d->row[R_RECORD_ROUTE], "");
	if (record)
		set_block(&d->row[R_RECORD_ROUTE], BLOCK_RECORD_ROUTE);
	if (s->flags & STEP_DIALOG)
		set_block(&d->row[R_ROUTE], BLOCK_ROUTE);
	if (!d->row[R_CONTACT].n || s->kind == MESSAGE_REGISTER)
		return;
	set(&d->row[R_CONTACT], "<");
	if (s->side == PEER_CALLER)
		draft_add(&d->row[R_CONTACT], "%s", c->contact.s);
	else
		add_field_bytes(&d->row[R_CONTACT], FIELD_SERVER_URI);
	draft_add(&d->row[R_CONTACT], ">");
}

/* --- bodies and marks ------------------------------------------------------------------------ */

#define DIGITS "00000000000000000000000000000000"

static const char *mark_line(const struct draft *d)
{
	return d->kind == MESSAGE_NOTIFY ? "X-Mark: " DIGITS "-v\r\n" : "a=x-mark:" DIGITS "-v\r\n";
}

/* Lines that make @n bytes. */
static size_t pad_body(uint8_t *p, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t done = 0;

	while (done < n) {
		size_t line = n - done < 80 ? n - done : n - done < 96 ? 40 : 76;

		for (size_t i = 0; i < line; i++)
			p[done + i] = (uint8_t)letters[draft_below(sizeof(letters) - 1)];
		if (line > 8) {
			memcpy(p + done, "a=x-pad:", 8);
			memcpy(p + done + line - 2, "\r\n", 2);
		}
		done += line;
	}
	return n;
}

static size_t draw_body(uint8_t *p, const struct draft *d, const struct cast *c)
{
	const char *mark = mark_line(d);
	size_t n = d->body.n, want = c->plan->body, mark_len = strlen(mark);

	memcpy(p, d->body.s, n);
	if (d->kind == MESSAGE_INVITE && want) {
		n = n + mark_len + 10 <= want ? n : 0;
		if (want > n + mark_len)
			n += pad_body(p + n, want - n - mark_len);
	}
	memcpy(p + n, mark, mark_len);
	return n + mark_len;
}

/* The whole message; returns its length as drawn up. */
static size_t draw(struct cast *c, unsigned int i)
{
	const struct step *s = &c->script->step[i];
	static uint8_t body[BUFFER / 2];
	struct draft *d = &draft;
	size_t n, body_len = 0;

	draft_fill(d, s->kind);
	draw_start(d, c, s);
	draw_parties(d, c, i);
	draw_vias(d, c, i);
	draw_routes(d, c, i);
	if (d->body.n)
		body_len = draw_body(body, d, c);
	d->body.n = 0;
	set(&d->row[R_LENGTH], "");
	draft_add(&d->row[R_LENGTH], "%zu", body_len);
	n = draft_write(d, buffer, c->order[s->side], c->compact[s->side]);
	if (!body_len) {
		static const char row[] = "X-Mark: " DIGITS "\r\n\r\n";

		memcpy(buffer + n - 2, row, sizeof(row) - 1);
		return n - 2 + sizeof(row) - 1;
	}
	memcpy(buffer + n, body, body_len);
	return n + body_len;
}

/* As long as carriers' messages are, unless the plan wants otherwise. */
static size_t draw_usual(struct cast *c, unsigned int i)
{
	bool asked = c->plan->body || c->plan->vias;
	size_t blocks = c->script->step[i].status ? 200 : 0; /* about what comes between */
	size_t n = draw(c, i);

	for (unsigned int tries = 0; tries < 20 && !asked; tries++) {
		if (n + blocks >= MESSAGE_MIN && n + blocks <= MESSAGE_MAX - 200)
			break;
		n = draw(c, i);
	}
	return n;
}

bool dialog_draw(struct peer_templates *t, uint32_t i)
{
	const struct template *tmpl = &t->t[i];
	struct cast *c = &cast;

	c->plan = t->plan;
	c->script = &scripts[tmpl->script];
	c->facts = &t->facts[tmpl->script];
	c->caller = &t->plan->caller.local[tmpl->caller];
	cast_parties(c);
	cast_addresses(c);
	for (unsigned int k = 0; k < c->script->n; k++) {
		size_t n = draw_usual(c, k), room = text_room(n);
		struct text *text = arena_take(&t->arena, room);

		if (!text || room > sizeof(compiled))
			return false;
		if (!text_compile(buffer, n, (struct text *)(void *)compiled))
			return false;
		memcpy(text, compiled, room);
		t->text[tmpl->text + k] = text;
	}
	return true;
}
