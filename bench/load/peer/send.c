/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making the messages of a call. A request is its template's text with this call's digits; a
 * response gets the Via and Record-Route rows of the request that it answers, as they came (8.2.6,
 * 12.1.1); a request inside a dialog follows the route set that was learned (12.2.1.1).
 */
#include "bench/load/peer/state.h"

void event_open(struct event *e, struct peer *p, struct call *c, uint64_t now, struct peer_out *out,
		unsigned int room_out)
{
	e->p = p;
	e->c = c;
	e->now = now;
	e->tmpl = &p->t->t[c->tmpl];
	e->script = &scripts[c->script];
	e->facts = &p->t->facts[c->script];
	e->in = NULL;
	e->shape = NULL;
	e->out = out;
	e->n_out = 0;
	e->room_out = room_out;
	identity_make(c->key, p->plan->flows, p->plan->seed, &e->identity);
	e->v.v[FIELD_CALL_ID] = e->identity.call_id;
	e->v.v[FIELD_TAG] = e->identity.tag;
	e->v.v[FIELD_BRANCH] = e->identity.branch;
	e->v.v[FIELD_SERVER_URI] = c->server == NO_SERVER ? NULL : p->server[c->server].uri;
	e->v.v[FIELD_SERVER_VIA] = c->server == NO_SERVER ? NULL : p->server[c->server].via;
}

static void block_from(struct block *b, const uint8_t *p, const struct shape_piece *piece,
		       unsigned int n)
{
	b->n = n;
	for (unsigned int i = 0; i < n; i++)
		b->piece[i] = (struct piece){ p + piece[i].off, piece[i].len };
}

static void address(const struct event *e, unsigned int side, bool answer, struct peer_out *out)
{
	const struct load_plan *plan = e->p->plan;

	out->side = (enum peer_side)side;
	if (side == PEER_CALLER) {
		out->from = plan->caller.local[e->tmpl->caller];
		out->to = answer ? e->in->from : plan->caller.proxy;
	} else {
		out->from = plan->server.local[e->c->server];
		out->to = answer ? e->in->from : e->p->server_proxy[e->c->server];
	}
}

/* A request that wants an answer is sent again until it has it. */
static void keep_for_again(struct event *e, unsigned int side, unsigned int step, uint64_t due)
{
	struct again *a;

	if (!e->p->plan->retransmit || e->script->step[step].status || e->facts->acks >> step & 1)
		return;
	e->c->half[side].again_step = (uint8_t)step;
	a = &e->p->again[e->c - e->p->call][side];
	*a = (struct again){ e->now + e->p->t1, due, 2 * e->p->t1 };
}

static void sent(struct event *e, unsigned int side, unsigned int step, uint64_t due, bool again)
{
	struct peer *p = e->p;

	count(p, L_SENT, 1);
	count(p, L_SENT_BYTES, e->out[e->n_out].len);
	e->n_out++;
	if (again) {
		count(p, L_REPEATED, 1);
		return;
	}
	e->c->half[side].sent |= (uint16_t)(1u << step);
	keep_for_again(e, side, step, due);
	if (!e->script->step[step].status && call_repeats(p->t, e->c->key, step))
		queue_put(&p->repeats, (struct later){ due, e->c->key, (uint32_t)(e->c - p->call),
						       (uint8_t)step, (uint8_t)side });
}

void event_send(struct event *e, unsigned int side, unsigned int step, uint64_t due, bool again)
{
	struct peer *p = e->p;
	bool answer = e->script->step[step].status != 0;
	const struct text *text = template_text(p->t, e->tmpl, step);
	struct block block[BLOCK_KINDS];
	struct peer_out *out = &e->out[e->n_out];

	if (e->n_out == e->room_out)
		return;
	if (answer) {
		block_from(&block[BLOCK_VIA], e->in->p, e->shape->via, e->shape->n_vias);
		block_from(&block[BLOCK_RECORD_ROUTE], e->in->p, e->shape->rr, e->shape->n_rrs);
	} else if (text->n_blocks) {
		block[BLOCK_ROUTE].n = 1;
		block[BLOCK_ROUTE].piece[0] =
			routes_row(&p->routes, &e->c->path[side], p->route_text);
	}
	address(e, side, answer, out);
	out->len = text_write(text, &e->v, block, e->c->key << 8 | step, due, out->p, out->room);
	if (out->len)
		sent(e, side, step, due, again);
	else
		count(p, L_TX_FULL, 1);
}

void event_react(struct event *e, bool again)
{
	unsigned int first = e->facts->first[e->step], n = e->facts->n[e->step];
	unsigned int side = e->in->side;

	for (unsigned int i = first; i < first + n; i++) {
		const struct step *s = &e->script->step[i];
		struct later later = { e->now + e->p->hold, e->c->key,
				       (uint32_t)(e->c - e->p->call), (uint8_t)i, (uint8_t)side };

		if (again && (!(e->c->half[side].sent >> i & 1) || (!s->status && !step_is_ack(s))))
			continue;
		if (!again && s->flags & STEP_HOLD && e->p->hold && queue_put(&e->p->holds, later))
			e->c->holds++;
		else
			event_send(e, side, i, e->now, again);
	}
}

/* The Via rows of the message of @len bytes at @p, for the response to it. */
static void vias_of(const uint8_t *p, uint32_t len, struct rows *rows, struct block *b)
{
	b->n = 0;
	if (!rows_read(p, len, rows))
		return;
	for (int i = rows_find(rows, ROW_VIA, 0); i >= 0 && b->n < BLOCK_PIECES;
	     i = rows_find(rows, ROW_VIA, (unsigned int)i + 1)) {
		struct row_span w = rows->row[i].whole;

		if (b->n && b->piece[b->n - 1].p + b->piece[b->n - 1].len == p + w.off)
			b->piece[b->n - 1].len += w.len;
		else
			b->piece[b->n++] = (struct piece){ p + w.off, w.len };
	}
}

uint32_t event_expected(const struct event *e, uint8_t *out, uint32_t room)
{
	struct peer *p = e->p;
	const struct step *s = &e->script->step[e->step];
	struct block block[BLOCK_KINDS] = { { .n = 0 } };
	static const struct block none[BLOCK_KINDS];
	uint8_t *request = p->scratch[1];
	uint32_t len;

	if (s->status) {
		len = text_write(template_text(p->t, e->tmpl, s->on), &e->v, none, 0, 0, request,
				 PEER_ROOM);
		vias_of(request, len, &p->found.rows, &block[BLOCK_VIA]);
	}
	return text_write(template_text(p->t, e->tmpl, e->step), &e->v, block, e->id, e->time, out,
			  room);
}
