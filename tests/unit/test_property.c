/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must hold for every message: thousands of generated ones, all their prefixes, and changes of
 * single bytes. One verdict each, twice the same; what leaves is what came but for what a proxy may
 * change (slow_message.h); a response finds its way back over the Vias that the request built.
 * Inputs end at a guard page.
 */
#include "bench/messages.h"
#include "tests/unit/guard.h"
#include "tests/unit/slow_message.h"

#include <criterion/criterion.h>

#define ROOM 4096u /* around messages that are edited in place */

static struct message_set set;
static struct guard guard;
static struct sip_msg m, m2;
static struct proxy_out out, out2;
static uint8_t sent[70000], sent2[70000];
static unsigned int n_pool,
	n_ahead; /* decisions for a pool, those of them that were looked ahead to
		  */

static void setup(void)
{
	messages_make(MESSAGES, MESSAGES_SEED, &set);
	guard = guard_open(MESSAGE_STRIDE);
}

/* Bytes on the wire of a decision, at @to. Returns the length, 0 for a drop. */
static uint32_t bytes_of(const struct sip_msg *msg, const struct proxy_out *o, uint8_t *to)
{
	int n = 0;

	if (o->verdict == PROXY_FORWARD)
		n = edit_copy(&o->edits, msg->p, msg->len, to, sizeof(sent));
	else if (o->verdict == PROXY_ANSWER)
		memcpy(to, o->answer, (size_t)(n = (int)o->answer_len));
	return n > 0 ? (uint32_t)n : 0;
}

/* Puts @n bytes through the whole path twice, in one step and as a worker does. Returns what is
 * wrong with what came of it, NULL = nothing. */
static const char *check(const struct proxy_in *in, const uint8_t *bytes, uint32_t n)
{
	const struct lab_world *w = messages_world();
	const uint8_t *p = guard_at_end(&guard, bytes, n);
	struct piece a = { p, n }, b = { sent, 0 };
	struct proxy_in by_worker = *in;

	sip_parse(p, n, SIP_EXACT, &m);
	proxy_message(&w->world, w->fib, in, &m, &out);
	b.n = bytes_of(&m, &out, sent);
	sip_parse_lines(p, n, SIP_EXACT, &m2);
	proxy_look_ahead(&w->world, &m2, &by_worker);
	sip_parse_values(&m2);
	proxy_message(&w->world, w->fib, &by_worker, &m2, &out2);
	n_pool += out.target == TARGET_POOL;
	n_ahead += out.target == TARGET_POOL && by_worker.ahead.slot;
	if (out.verdict != out2.verdict || out.reason != out2.reason || m.reason != m2.reason ||
	    out.pool != out2.pool || out.backend != out2.backend ||
	    bytes_of(&m2, &out2, sent2) != b.n || memcmp(sent, sent2, b.n) != 0)
		return "not the same twice";
	if (out.verdict == PROXY_DROP || out.verdict == PROXY_HAND_OVER)
		return out.reason == SIP_OK ? "dropped without a reason" : NULL;
	if (b.n == 0)
		return "nothing to send";
	if (out.verdict == PROXY_ANSWER) {
		if (!m.request || m.method == SIP_M_ACK)
			return "an answer to what must not be answered";
		if (out.answer_status < 200)
			return "a provisional answer";
		return slow_check_answer(a, b);
	}
	if (sip_parse(sent, b.n, SIP_EXACT, &m2) != SIP_OK)
		return "the output is faulty";
	return slow_check_forward(&w->world, &in->src, a, b);
}

Test(property, generated_messages_are_many_and_like_those_of_carriers, .init = setup)
{
	unsigned int kinds[MESSAGE_KINDS] = { 0 }, compact = 0;
	static struct message_set again;
	uint64_t total = 0;

	messages_make(MESSAGES, MESSAGES_SEED, &again);
	cr_expect(memcmp(set.slots, again.slots, (size_t)MESSAGES * MESSAGE_STRIDE) == 0,
		  "the seed does not decide");
	for (uint32_t i = 0; i < set.n; i++) {
		const struct message *x = &set.m[i];

		cr_assert(x->len >= MESSAGE_MIN && x->len <= MESSAGE_MAX);
		kinds[x->kind]++;
		total += x->len;
		compact += memmem(x->p, x->len, "\r\ni: ", 5) != NULL;
		if (i > 0)
			cr_assert(x->len != x[-1].len || memcmp(x->p, x[-1].p, x->len) != 0,
				  "message %u repeats", i);
	}
	for (int k = 0; k < MESSAGE_KINDS; k++)
		cr_expect(kinds[k] == MESSAGES / MESSAGE_KINDS ||
				  kinds[k] == MESSAGES / MESSAGE_KINDS + 1,
			  "%u %s", kinds[k], message_kind_names[k]);
	cr_expect(total / MESSAGES > 700 && total / MESSAGES < 800, "mean length %lu",
		  (unsigned long)(total / MESSAGES));
	cr_expect(compact > MESSAGES / 20 && compact < MESSAGES / 5, "%u with compact names",
		  compact);
}

/* R16.6-1, R16.6-4, R16.11-1, R16.1-1, R16.1-4, R5393-3, LB-8 */
Test(property, generated_messages_are_forwarded_with_the_intended_changes_only, .init = setup)
{
	for (uint32_t i = 0; i < set.n; i++) {
		const struct message *x = &set.m[i];
		const char *fault = check(&x->in, x->p, x->len);

		cr_expect(!fault && out.verdict == PROXY_FORWARD, "message %u (%s): %s, %s\n%.*s",
			  i, message_kind_names[x->kind], fault ? fault : "",
			  sip_reason_info(out.reason)->name, (int)x->len, (const char *)x->p);
	}
	/* Right before the guard page those without a body are not as nearly all are. */
	cr_expect(n_ahead > n_pool / 8, "%u of %u looked ahead to", n_ahead, n_pool);
}

/* Where the answer to @n bytes of a request goes, made as a server makes it: its Vias and the rest,
 * status 200. */
static uint32_t make_response(const uint8_t *request, uint32_t n, uint8_t *to)
{
	static const char status[] = "SIP/2.0 200 OK\r\n";
	static struct slow_message s;
	uint32_t len = sizeof(status) - 1;

	cr_assert(slow_read(request, n, &s));
	memcpy(to, status, len);
	for (size_t i = 0; i < s.n_rows; i++) {
		if (slow_find(&s, "route", NULL, i) == i ||
		    slow_find(&s, "content-length", "l", i) == i)
			continue;
		memcpy(to + len, s.row[i].whole.p, s.row[i].whole.n);
		len += (uint32_t)s.row[i].whole.n;
	}
	memcpy(to + len, "\r\n", 2);
	return len + 2;
}

/* R16.11-R3, R18.2.2-4, R3581-3: over the same listener to the same place, with the Vias as they
 * were. */
Test(property, responses_return_over_the_vias_of_their_requests, .init = setup)
{
	static uint8_t response[4096];
	const struct lab_world *w = messages_world();

	for (uint32_t i = 0; i < set.n; i++) {
		const struct message *x = &set.m[i];
		struct proxy_in back;
		uint32_t n;

		if (memcmp(x->p, "SIP/2.0", 7) == 0)
			continue;
		cr_assert(!check(&x->in, x->p, x->len));
		back = (struct proxy_in){ .src = out.dst, .listener = out.listener };
		n = make_response(sent, bytes_of(&m, &out, sent), response);
		cr_expect(!check(&back, response, n), "message %u: the response is changed wrongly",
			  i);
		cr_assert(out.verdict == PROXY_FORWARD,
			  "message %u: the response is lost: %s\n%.*s", i,
			  sip_reason_info(out.reason)->name, (int)n, (char *)response);
		cr_expect(ip_equal(&out.dst.ip, &x->in.src.ip) && out.listener == x->in.listener,
			  "message %u: the response goes elsewhere", i);
		sip_parse(x->p, x->len, SIP_EXACT, &m);
		cr_expect(out.dst.port == (m.via.has_rport ? x->in.src.port
					   : m.via.port    ? m.via.port
							   : 5060),
			  "message %u: the response goes to port %u", i, out.dst.port);
	}
	cr_expect(w->world.n_listeners == 2);
}

/* LB-9, LB-10 */
Test(property, every_prefix_gets_one_verdict, .init = setup)
{
	for (uint32_t i = 0; i < 3 * MESSAGE_KINDS; i++) {
		const struct message *x = &set.m[i];

		for (uint32_t n = 0; n < x->len; n++) {
			const char *fault = check(&x->in, x->p, n);

			cr_assert(!fault, "message %u cut at %u: %s", i, n, fault);
			cr_expect(out.verdict != PROXY_FORWARD, "message %u cut at %u is forwarded",
				  i, n);
		}
	}
}

/* Bytes that mean something in SIP, and some that never should. */
static const uint8_t changes[] = "\0\r\n\t ,;:<>@\"\\=?&%/[].0zZ\x7f\x80\xff";

/* LB-9, LB-10, LB-8, R16.11-9 */
Test(property, every_one_byte_change_gets_one_verdict, .init = setup)
{
	static uint8_t changed[MESSAGE_STRIDE];

	for (uint32_t i = 0; i < MESSAGE_KINDS; i++) {
		const struct message *x = &set.m[i + 5 * MESSAGE_KINDS];

		memcpy(changed, x->p, x->len);
		for (uint32_t at = 0; at < x->len; at++) {
			for (uint32_t c = at % 3; c < sizeof(changes); c += 3) {
				const char *fault;

				changed[at] = changes[c];
				fault = check(&x->in, changed, x->len);
				cr_assert(!fault, "message %u with 0x%02x at %u: %s\n%.*s", i,
					  changes[c], at, fault, (int)x->len, (char *)changed);
			}
			changed[at] = x->p[at];
		}
	}
}

Test(property, edits_in_place_and_into_a_copy_agree_at_the_edges_of_headroom, .init = setup)
{
	static uint8_t buffer[64 + ROOM + MESSAGE_STRIDE + ROOM];
	static const uint32_t heads[] = { 0, 1, 63, 64, 126, 127, 128, 129, 130, 255, 256, ROOM };

	for (uint32_t i = 0; i < 20 * MESSAGE_KINDS; i++) {
		const struct message *x = &set.m[i];
		uint32_t n;

		cr_assert(!check(&x->in, x->p, x->len));
		n = bytes_of(&m, &out, sent);
		for (size_t h = 0; h < sizeof(heads) / sizeof(heads[0]); h++) {
			struct edit_room room = { heads[h], ROOM };
			struct edit_result res;
			uint8_t *p = buffer + 64 + ROOM;

			memset(buffer, 0xee, sizeof(buffer));
			memcpy(p, m.p, m.len);
			cr_assert_eq(edit_apply(&out.edits, p, m.len, room, &res), 0,
				     "message %u, headroom %u", i, heads[h]);
			cr_expect(res.len == n && memcmp(p + res.head_shift, sent, n) == 0,
				  "message %u, headroom %u", i, heads[h]);
			cr_expect(p[-(int)heads[h] - 1] == 0xee,
				  "message %u: wrote before its headroom of %u", i, heads[h]);
		}
	}
}
