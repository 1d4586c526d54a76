/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sip_stage.h"

#include "dataplane/account.h"
#include "dataplane/net_out.h"
#include "dataplane/worker.h"

static void refuse(struct pkt *k, enum sip_reason reason)
{
	k->verdict = V_REASON;
	k->reason = (uint16_t)reason;
}

/* The edits do not fit where the message is. */
static int edit_elsewhere(struct worker *w, const uint8_t *p, struct outgoing *o)
{
	int n = edit_copy(&w->out.edits, p, w->msg.len, w->copy, SCRATCH_SIZE);

	*o = (struct outgoing){ .p = w->copy, .len = n < 0 ? 0 : (uint32_t)n };
	return n < 0 ? n : 0;
}

static int edit_here(struct worker *w, const struct pkt *k, const struct buffer *buf,
		     struct outgoing *o)
{
	uint8_t *p = buf->f + k->off;
	uint32_t before = (uint32_t)(p - buf->start);
	uint32_t headers = buf->m ? net_out_headers(&w->out.dst.ip) : 0;
	struct edit_room room = {
		.head = before > headers ? before - headers : 0,
		.tail = (uint32_t)(buf->end - (p + w->msg.len)),
	};
	struct edit_result res;
	int r;

	if (before < headers)
		return edit_elsewhere(w, p, o);
	r = edit_apply(&w->out.edits, p, w->msg.len, room, &res);
	if (r == EDIT_NO_ROOM)
		return edit_elsewhere(w, p, o);
	if (r < 0)
		return r;
	*o = (struct outgoing){ .p = p + res.head_shift, .len = res.len, .m = buf->m };
	return 0;
}

static void answer(struct worker *w, struct pkt *k, struct outgoing *o)
{
	const struct proxy_out *out = &w->out;

	if (out->answer_status >= 300 && !limit_take(&w->answers)) {
		refuse(k, SIP_R_ANSWER_LIMIT);
		return;
	}
	k->flags |= PKT_ANSWER;
	k->reason = (uint16_t)out->reason;
	*o = (struct outgoing){ .p = out->answer, .len = out->answer_len };
}

/* The control thread decides, with streams and names at hand. */
static void hand_over(struct worker *w, struct pkt *k, const struct buffer *buf)
{
	const struct listener *l = &w->view.world->listeners[k->listener];
	struct punt p = { .kind = PUNT_MESSAGE,
			  .listener = k->listener,
			  .generation = w->view.world->generation,
			  .src = k->src,
			  .dst = l->addr,
			  .data = buf->f + k->off,
			  .len = k->len };

	k->verdict = punt_put(&w->punt, &p) ? V_HANDED_OVER : V_DROP_PUNT_FULL;
}

void sip_decide(struct worker *w, const struct pkt *k, const struct buffer *buf)
{
	const uint8_t *p = buf->f + k->off;
	struct proxy_in in = { .src = k->src,
			       .listener = k->listener,
			       .held = &w->sh->held,
			       .recent = &w->sh->recents.of[w->id] };
	enum sip_parse_flags flags = buf->end - (p + k->len) >= SIP_PAD ? SIP_PADDED : SIP_EXACT;

	sip_parse_lines(p, k->len, flags, &w->msg);
	proxy_look_ahead(w->view.world, &w->msg, &in);
	sip_parse_values(&w->msg);
	account_received(w->stats, &w->msg);
	proxy_message(w->view.world, w->view.fib, &in, &w->msg, &w->out);
	account(w->stats, &(struct accounted){ .world = w->view.world,
					       .src = &k->src,
					       .m = &w->msg,
					       .out = &w->out,
					       .now = w->now,
					       .hz = w->hz });
}

void sip_edit(struct worker *w, struct pkt *k, const struct buffer *buf, struct outgoing *o)
{
	switch (w->out.verdict) {
	case PROXY_DROP:
		refuse(k, w->out.reason);
		break;
	case PROXY_HAND_OVER:
		hand_over(w, k, buf);
		break;
	case PROXY_ANSWER:
		answer(w, k, o);
		break;
	case PROXY_FORWARD:
		stat_window(w->stats, (enum window_choice)w->out.window);
		/* The rules have checked the length; an edit that fails all the same fails by it.
		 */
		if (edit_here(w, k, buf, o) < 0)
			refuse(k, SIP_R_TOO_LARGE);
		else if (w->out.target == TARGET_POOL)
			stat_add(&w->stats->backend[w->out.backend], 1);
		break;
	}
}

void sip_stage(struct worker *w, struct pkt *k, const struct buffer *buf, struct outgoing *o)
{
	sip_decide(w, k, buf);
	sip_edit(w, k, buf, o);
}
