/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One explanation, from text to object. A struct explain is some 300 KiB: it lives on the heap for
 * the time of one command.
 */
#include "control/explain/explain.h"

#include "control/explain/explain_parts.h"

#include <stdio.h>

static void run(struct explain *x)
{
	const struct explain_in *in = x->in;

	sip_parse(x->bytes, x->n, SIP_PADDED, &x->m);
	if (x->m.request)
		proxy_request_facts(in->world, in->fib, &x->at, &x->m, &x->out, &x->facts);
	else
		proxy_message(in->world, in->fib, &x->at, &x->m, &x->out);
}

/* The bytes that would leave. */
static void write_sent(struct explain *x)
{
	int n = 0;

	if (x->out.verdict == PROXY_FORWARD) {
		n = edit_copy(&x->out.edits, x->bytes, x->m.len, x->sent, sizeof(x->sent));
	} else if (x->out.verdict == PROXY_ANSWER) {
		n = (int)x->out.answer_len;
		memcpy(x->sent, x->out.answer, x->out.answer_len);
	}
	x->sent_len = n < 0 ? 0 : (uint32_t)n;
}

static bool is_sent(const struct explain *x)
{
	return x->out.verdict == PROXY_FORWARD || x->out.verdict == PROXY_ANSWER;
}

static void tell(struct explain *x)
{
	explain_arrival(x);
	explain_parse(x);
	if (x->m.request)
		explain_request(x);
	else if (!x->stopped)
		explain_response(x);
	if (!is_sent(x))
		return;
	explain_way(x);
	if (x->out.verdict == PROXY_FORWARD)
		explain_edits(x);
	explain_size(x);
}

static void set_text(struct explain *x, const char *key, const char *text)
{
	explain_set(x, x->result, key, text ? json_string(text) : json_null());
}

static void set_verdict(struct explain *x)
{
	static const char *const verdicts[] = {
		[PROXY_DROP] = "drop",
		[PROXY_FORWARD] = "forward",
		[PROXY_ANSWER] = "answer",
		[PROXY_HAND_OVER] = "resolve",
	};
	const struct world *w = x->in->world;
	const struct proxy_out *out = &x->out;
	bool sent = is_sent(x);

	set_text(x, "verdict", verdicts[out->verdict]);
	set_text(x, "reason", out->reason == SIP_OK ? NULL : sip_reason_info(out->reason)->name);
	explain_set(x, x->result, "status",
		    out->verdict == PROXY_ANSWER ? json_integer(out->answer_status) : json_null());
	set_text(x, "source", explain_at(x, &x->at.src));
	set_text(x, "listener", w->listeners[x->at.listener].name.s);
	set_text(x, "from", sent ? w->listeners[out->listener].name.s : NULL);
	set_text(x, "to", sent ? explain_at(x, &out->dst) : NULL);
	set_text(x, "transport", sent ? explain_transport(out->transport) : NULL);
	explain_set(x, x->result, "crossing",
		    json_boolean(out->verdict == PROXY_FORWARD && out->crossing));
}

/* What is not set by the parts. */
static void set_rest(struct explain *x)
{
	static const char *const absent[] = { "next_hop", "route",  "pool",   "backend",
					      "key",      "window", "message" };

	explain_set(x, x->result, "received", explain_utf8(x->bytes, x->n));
	if (is_sent(x))
		explain_set(x, x->result, "message", explain_utf8(x->sent, x->sent_len));
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (!json_object_get(x->result, absent[i]))
			set_text(x, absent[i], NULL);
	if (!json_object_get(x->result, "edits"))
		explain_set(x, x->result, "edits", json_array());
	if (!json_object_get(x->result, "difference"))
		explain_set(x, x->result, "difference", json_array());
	explain_set(x, x->result, "steps", json_incref(x->steps));
}

json_t *explain(const struct explain_in *in)
{
	struct explain *x = mem_alloc(sizeof(*x));
	json_t *result = NULL;

	if (!x)
		return NULL;
	x->in = in;
	x->at = (struct proxy_in){
		.src = in->src,
		.listener = in->listener,
		.transport = in->transport,
		.connection = proxy_is_stream(in->transport) ? EXPLAIN_CONNECTION : 0,
		.able = true,
	};
	x->steps = json_array();
	x->result = json_object();
	if (x->steps && x->result) {
		explain_take_text(x);
		run(x);
		write_sent(x);
		set_verdict(x);
		tell(x);
		set_rest(x);
	}
	if (x->steps && x->result && !x->no_memory)
		result = json_incref(x->result);
	json_decref(x->steps);
	json_decref(x->result);
	arena_free(&x->arena);
	mem_free(x);
	return result;
}
