/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A generator that finds nothing wrong proves nothing unless it finds what is: each row does one
 * kind of harm to messages behind the proxy and says which counter has to see it.
 */
#include "bench/load/peer/identity.h"
#include "tests/unit/load_lab.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct load_lab lab;

/* The 200th message and each 50th after it: shapes are learned by then. */
static bool chosen(struct load_lab *l)
{
	return ++l->n_tampered >= 200 && l->n_tampered % 50 == 0;
}

static uint8_t *find(const struct load_packet *k, const char *text)
{
	return memmem(k->p, k->in.len, text, strlen(text));
}

/* Takes the row at @at out; @at is the line end before it. */
static void cut_row(struct load_packet *k, uint8_t *at)
{
	uint8_t *end = memmem(at + 2, (size_t)(k->p + k->in.len - at) - 2, "\r\n", 2);

	memmove(at, end, (size_t)(k->p + k->in.len - end));
	k->in.len -= (uint32_t)(end - at);
}

/* Puts @text in the place of @n bytes at @at. */
static void replace(struct load_packet *k, uint8_t *at, size_t n, const char *text)
{
	size_t more = strlen(text), tail = (size_t)(k->p + k->in.len - at) - n;

	memmove(at + more, at + n, tail);
	memcpy(at, text, more);
	k->in.len = (uint32_t)(k->in.len + more - n);
}

static enum tamper alter_body(struct load_lab *l, struct load_packet *k)
{
	uint8_t *at = find(k, "\r\nm=audio ");

	if (at && chosen(l))
		at[12] ^= 1;
	return TAMPER_NOTHING;
}

static enum tamper alter_any_byte(struct load_lab *l, struct load_packet *k)
{
	if (chosen(l))
		k->p[l->n_tampered / 50 * 37 % (k->in.len - 60)] ^= 1;
	return TAMPER_NOTHING;
}

static enum tamper alter_time(struct load_lab *l, struct load_packet *k)
{
	if (chosen(l))
		k->p[k->in.len - MARK_FROM_END + 16] = 'f';
	return TAMPER_NOTHING;
}

static enum tamper drop_via(struct load_lab *l, struct load_packet *k)
{
	uint8_t *at = find(k, "\r\nVia: ");

	if (at && chosen(l))
		cut_row(k, at);
	return TAMPER_NOTHING;
}

static enum tamper add_via(struct load_lab *l, struct load_packet *k)
{
	uint8_t *at = find(k, "\r\nVia: ");

	if (at && chosen(l))
		replace(k, at, 0, "\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKabc");
	return TAMPER_NOTHING;
}

static enum tamper drop_row(struct load_lab *l, struct load_packet *k)
{
	uint8_t *at = find(k, "\r\nCSeq: ");

	if (at && chosen(l))
		cut_row(k, at);
	return TAMPER_NOTHING;
}

static enum tamper keep_max_forwards(struct load_lab *l, struct load_packet *k)
{
	uint8_t *at = find(k, "\r\nMax-Forwards: ");

	if (at && at[17] != '\r' && chosen(l))
		at[17] = at[17] == '9' ? '8' : (uint8_t)(at[17] + 1);
	return TAMPER_NOTHING;
}

static enum tamper keep_route(struct load_lab *l, struct load_packet *k)
{
	uint8_t *at = find(k, "\r\nMax-Forwards: ");

	if (at && chosen(l))
		replace(k, at, 0, "\r\nRoute: <sip:203.0.113.1;lr>");
	return TAMPER_NOTHING;
}

static enum tamper cut_body(struct load_lab *l, struct load_packet *k)
{
	uint8_t *at = find(k, "\r\na=ptime:20");

	if (at && chosen(l))
		replace(k, at, 12, "");
	return TAMPER_NOTHING;
}

static enum tamper other_server(struct load_lab *l, struct load_packet *k)
{
	const struct load_side *s = &l->plan.server;

	if (k->in.side == PEER_SERVER && load_packet_is(k, "BYE", true) && chosen(l))
		k->in.to = endpoint_equal(&k->in.to, &s->local[0]) ? s->local[1] : s->local[0];
	return TAMPER_NOTHING;
}

static enum tamper other_caller(struct load_lab *l, struct load_packet *k)
{
	if (k->in.side == PEER_CALLER && chosen(l))
		k->in.to.port ^= 1;
	return TAMPER_NOTHING;
}

static enum tamper lose(struct load_lab *l, struct load_packet *k)
{
	(void)k;
	return chosen(l) ? TAMPER_DROP : TAMPER_NOTHING;
}

static enum tamper lose_ack(struct load_lab *l, struct load_packet *k)
{
	return load_packet_is(k, "ACK", true) && chosen(l) ? TAMPER_DROP : TAMPER_NOTHING;
}

static enum tamper lose_ringing(struct load_lab *l, struct load_packet *k)
{
	return load_packet_is(k, "180", false) && chosen(l) ? TAMPER_DROP : TAMPER_NOTHING;
}

static enum tamper twice(struct load_lab *l, struct load_packet *k)
{
	(void)k;
	return chosen(l) ? TAMPER_TWICE : TAMPER_NOTHING;
}

static enum tamper delay(struct load_lab *l, struct load_packet *k)
{
	if (chosen(l))
		k->at += 3 * LOAD_LAB_HZ;
	return TAMPER_NOTHING;
}

/* Each branch is a new one, though the request is a retransmission. */
static enum tamper new_branch(struct load_lab *l, struct load_packet *k)
{
	uint8_t *at = find(k, "branch=z9hG4bK");

	if (k->in.side == PEER_SERVER && at)
		snprintf((char *)at + 14, 9, "%08x", l->n_tampered++), at[22] = 'e';
	return TAMPER_NOTHING;
}

/* All requests have the same branch. */
static enum tamper one_branch(struct load_lab *l, struct load_packet *k)
{
	uint8_t *at = find(k, "branch=z9hG4bK");

	(void)l;
	if (k->in.side == PEER_SERVER && at)
		memset(at + 14, 'a', 32);
	return TAMPER_NOTHING;
}

static enum tamper foreign(struct load_lab *l, struct load_packet *k)
{
	if (chosen(l))
		mark_put(k->p + k->in.len - MARK_FROM_END, 0x0123456789abcdef, 1);
	return TAMPER_NOTHING;
}

static enum tamper refuse(struct load_lab *l, struct load_packet *k)
{
	uint8_t *at = find(k, "SIP/2.0 100 Trying"), *mark;

	if (at != k->p || !chosen(l))
		return TAMPER_NOTHING;
	memcpy(k->p, "SIP/2.0 503 Trying", 18);
	mark = find(k, "X-Mark: ");
	memcpy(mark, "X-None: not hex", 15);
	return TAMPER_NOTHING;
}

static const struct row {
	const char *name;
	enum tamper (*tamper)(struct load_lab *l, struct load_packet *k);
	enum load_counter what;
	bool exactly; /* as often as harm was done, and nothing else is wrong */
	enum load_scenario scenario;
	uint8_t repeat;
} rows[] = {
	{ "an altered byte of the body", alter_body, L_ALTERED, true, LOAD_CALL, 0 },
	{ "an altered byte anywhere", alter_any_byte, L_ALTERED, false, LOAD_MIX, 0 },
	{ "a time that is to come", alter_time, L_ALTERED, true, LOAD_MIX, 0 },
	{ "a Via less", drop_via, L_ALTERED, false, LOAD_MIX, 0 },
	{ "a Via more", add_via, L_ALTERED, true, LOAD_MIX, 0 },
	{ "a row less", drop_row, L_ALTERED, true, LOAD_MIX, 0 },
	{ "Max-Forwards not lowered", keep_max_forwards, L_ALTERED, true, LOAD_OPTIONS, 0 },
	{ "a Route that stays", keep_route, L_ALTERED, true, LOAD_OPTIONS, 0 },
	{ "a body that is cut", cut_body, L_ALTERED, true, LOAD_CALL, 0 },
	{ "another server for the BYE", other_server, L_MISROUTED, false, LOAD_CALL, 0 },
	{ "another caller", other_caller, L_MISROUTED, true, LOAD_OPTIONS, 0 },
	{ "a message lost", lose, L_LOST, true, LOAD_MIX, 0 },
	{ "an ACK lost", lose_ack, L_LOST, true, LOAD_CALL, 0 },
	{ "a 180 lost", lose_ringing, L_LOST, true, LOAD_CALL, 0 },
	{ "a message twice", twice, L_DUPLICATED, true, LOAD_MIX, 0 },
	{ "a message three seconds late", delay, L_LATE, true, LOAD_OPTIONS, 0 },
	{ "retransmissions with a new branch", new_branch, L_BRANCH_CHANGED, false, LOAD_OPTIONS,
	  30 },
	{ "one branch for all", one_branch, L_BRANCH_REUSED, false, LOAD_OPTIONS, 0 },
	{ "marks of no call", foreign, L_UNKNOWN, false, LOAD_MIX, 0 },
	{ "the proxy's own answers", refuse, L_REFUSED, false, LOAD_CALL, 0 },
};

Test(load_peer_faults, are_all_seen)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		unsigned int done;
		uint64_t got, wrong;

		load_lab_plan(&lab, 0);
		lab.plan.scenario = r->scenario;
		lab.plan.distinct = 40;
		lab.plan.repeat_percent = r->repeat;
		load_lab_open(&lab, false);
		lab.tamper = r->tamper;
		load_lab_run(&lab, 1500, 32, 60 * LOAD_LAB_HZ);
		load_lab_finish(&lab);
		got = load_lab_count(&lab, r->what);
		wrong = load_lab_wrong(&lab) - load_lab_count(&lab, L_CALLS_FAILED);
		done = lab.n_tampered < 200 ? 0 : lab.n_tampered / 50 - 3;
		cr_expect(got > 5, "%s: %s", r->name, load_lab_text(&lab));
		if (r->exactly) {
			cr_expect(got == done, "%s: %lu of %u, %s", r->name, (unsigned long)got,
				  done, load_lab_text(&lab));
			cr_expect(wrong == (load_counter_wrong[r->what] ? got : 0), "%s: %s",
				  r->name, load_lab_text(&lab));
		}
		load_lab_close(&lab);
	}
}
